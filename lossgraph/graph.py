"""The catalogue as a graph: one networkx MultiDiGraph of everything, and the relations between losses as neighbourhoods and paths.

Losses stand under their card ids, all else with its kind in front (`task:segmentation`). Relations are stored once, in the direction of the card that
states them; `neighbours` and `shortest_path` read them from both ends, with the inverse's name. Nothing here imports networkx until a graph is built.
"""

# networkx leaves the types of nodes open:
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from lossgraph.knowledge import findings
from lossgraph.model import EdgeStatus, UnknownNameError
from lossgraph.vocabulary import inverse

if TYPE_CHECKING:
    import networkx

    from lossgraph.catalog import Catalog
    from lossgraph.model import Edge

# A step costs 1 where it is proved. Any chain of a few proved steps is better than one that is only stated, and a formula better than a sentence.
_STATUS_COST: dict[str, float] = {"proved": 0.0, "tested": 1.0, "stated": 2.0}
_CHECKER_COST: dict[str, float] = {"identity": 0.0, "monotone": 0.25, "limit": 0.25, "bound": 0.5, "composition": 2.0, "none": 3.0}
NOT_WALKED = frozenset({"not_the_same_as"})
MOST_PATHS = 10
_ERROR_RATE = "classification_error"


@dataclass(frozen=True)
class Step:
    """A relation read from `source` to `target`; `stated_by` is the card that holds it. `identity`, `when` and `statement` stand as the card writes them.

    `checked` says whether the independent checker confirmed the proof; None where there is none.
    """

    source: str
    target: str
    type: str
    name: str
    status: EdgeStatus
    stated_by: str
    identity: str | None = None
    when: str | None = None
    statement: str | None = None
    sources: tuple[str, ...] = ()
    checked: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; the formula stands under `as`, as on the cards."""
        return {
            "source": self.source, "target": self.target, "type": self.type, "name": self.name, "status": self.status,
            "checked": self.checked, "as": self.identity,
            "when": self.when, "statement": self.statement, "sources": list(self.sources), "stated_by": self.stated_by,
        }  # fmt: skip


@dataclass(frozen=True)
class Path:
    """A chain of relations from `source` to `target`. Without any chain `connected` is false and `steps` empty."""

    source: str
    target: str
    steps: tuple[Step, ...]
    connected: bool

    @property
    def losses(self) -> tuple[str, ...]:
        """The ids along the way, both ends included."""
        return (self.source, *(step.target for step in self.steps))

    @property
    def proved(self) -> bool:
        """Whether there is a chain and every step of it is proved."""
        return self.connected and all(step.status == "proved" for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "source": self.source, "target": self.target, "connected": self.connected, "proved": self.proved, "losses": list(self.losses),
            "steps": [step.to_dict() for step in self.steps],
        }  # fmt: skip


def neighbours(catalog: Catalog, name: str, type: str | None = None) -> tuple[Step, ...]:
    """The relations at a loss, each read from it, of one type or of all; proved ones first. Raises `UnknownNameError` for an unknown loss or type."""
    loss = catalog.resolve(name)
    known = relation_names(catalog)
    if type is not None and type not in known:
        from lossgraph.catalog import near_names

        raise UnknownNameError(f'no relation "{type}"{near_names(type, known)}; there are {", ".join(known)}')
    steps = [step for step in _steps(catalog) if step.source == loss and type in (None, step.type)]
    return tuple(sorted(steps, key=lambda step: (_STATUS_COST[step.status], _order(catalog, step), step.target, step.identity or "")))


def shortest_path(catalog: Catalog, source: str, target: str) -> Path:
    """The best chain of relations between two losses, proved steps and formulas preferred. Raises `UnknownNameError` for an unknown loss."""
    start, goal = catalog.resolve(source), catalog.resolve(target)
    return _cheapest(_choices(catalog), start, goal) or Path(start, goal, (), connected=False)


def alternative_paths(catalog: Catalog, source: str, target: str, limit: int = MOST_PATHS) -> tuple[Path, ...]:
    """The best chains in order, at most `limit`, each through other losses; () where none joins the two. Raises `UnknownNameError` for an unknown loss."""
    from itertools import islice, pairwise

    import networkx

    start, goal = catalog.resolve(source), catalog.resolve(target)
    choices = _choices(catalog)
    if start == goal:
        return (Path(start, goal, (), connected=True),)
    graph: Any = networkx.Graph()
    graph.add_nodes_from([start, goal])
    for (first, second), (cost, _) in sorted(choices.items()):
        graph.add_edge(first, second, weight=cost)
    if not networkx.has_path(graph, start, goal):
        return ()
    found = islice(networkx.shortest_simple_paths(graph, start, goal, weight="weight"), limit)
    best = shortest_path(catalog, start, goal)
    paths = [Path(start, goal, tuple(choices[pair][1] for pair in pairwise(nodes)), connected=True) for nodes in found]
    return (best, *(path for path in paths if path.losses != best.losses))[:limit]


def relation_names(catalog: Catalog) -> tuple[str, ...]:
    """Every relation type and every inverse, in the order of relations.yaml."""
    return tuple(dict.fromkeys(name for entry in catalog.relation_types.values() for name in (entry.id, entry.inverse)))


def _order(catalog: Catalog, step: Step) -> int:
    return relation_names(catalog).index(step.type)


def _steps(catalog: Catalog) -> Iterator[Step]:
    """Every relation twice: as it is stated, and read from its other end."""
    types = catalog.relation_types
    for edge in catalog.edges:
        yield _step(edge, types[edge.type].name, edge.source)
        yield _step(inverse(edge, types), types[edge.type].inverse_name, edge.source)


def _step(edge: Edge, name: str, stated_by: str) -> Step:
    return Step(edge.source, edge.target, edge.type, name, edge.status, stated_by, edge.identity, edge.when, edge.statement, edge.sources, edge.checked)


def _choices(catalog: Catalog) -> dict[tuple[str, str], tuple[float, Step]]:
    """For each ordered pair of related losses the cheapest step between them and its cost."""
    inverses = {entry.inverse: entry for entry in reversed(catalog.relation_types.values())}
    best: dict[tuple[str, str], tuple[float, Step]] = {}
    for step in _steps(catalog):
        if step.type in NOT_WALKED:
            continue
        checker = (catalog.relation_types.get(step.type) or inverses[step.type]).checker
        cost = 1.0 + _STATUS_COST[step.status] + _CHECKER_COST[checker] + (0.0 if step.identity else 0.5)
        pair = (step.source, step.target)
        if pair not in best or cost < best[pair][0]:
            best[pair] = (cost, step)
    return best


def _cheapest(choices: dict[tuple[str, str], tuple[float, Step]], start: str, goal: str) -> Path | None:
    """Dijkstra; among chains of equal cost the one whose ids come first, so that the answer never depends on the order of files."""
    outgoing: dict[str, list[tuple[float, Step]]] = {}
    for (first, _), choice in choices.items():
        outgoing.setdefault(first, []).append(choice)
    waiting: list[tuple[float, tuple[str, ...], tuple[Step, ...]]] = [(0.0, (start,), ())]
    done: set[str] = set()
    while waiting:
        cost, nodes, steps = heappop(waiting)
        if nodes[-1] == goal:
            return Path(start, goal, steps, connected=True)
        if nodes[-1] in done:
            continue
        done.add(nodes[-1])
        for more, step in outgoing.get(nodes[-1], []):
            if step.target not in done:
                heappush(waiting, (cost + more, (*nodes, step.target), (*steps, step)))
    return None


def build_graph(catalog: Catalog) -> networkx.MultiDiGraph[str]:
    """Losses, tasks, strategies, properties, metrics and methods with every edge between them.

    Nodes carry `kind` and `name`; edges `type` and `status`. From a loss: its relations, `for_task`, `has_strategy`, `used_with` and `surrogate_of`
    (metrics), and for each property
    of each view `has_property`, `lacks_property` or, where that turns on the parameters, `depends_on_parameters`; undecided properties have no edge
    unless the card states them. Tasks have `subtask_of`, properties `implies`, methods `requires`, `guaranteed_by`, `helped_by` and `kind_of`.
    """
    import networkx

    graph: Any = networkx.MultiDiGraph(name="lossgraph")
    _add_vocabularies(graph, catalog)
    for loss in catalog:
        formula = loss.views[0].expression if loss.views else None
        graph.add_node(loss.id, kind=loss.kind, name=loss.name, aliases=list(loss.aliases), summary=loss.summary, strategy=loss.strategy,
                       tasks=list(loss.tasks), status=loss.status, formula=formula)  # fmt: skip
    for loss in catalog:
        for task in loss.tasks:
            graph.add_edge(loss.id, f"task:{task}", type="for_task", status="stated")
        graph.add_edge(loss.id, f"strategy:{loss.strategy}", type="has_strategy", status="stated")
        _add_metrics(graph, catalog, loss.id)
        _add_properties(graph, catalog, loss.id)
    for edge in catalog.edges:
        details = {"as": edge.identity, "when": edge.when, "statement": edge.statement, "sources": list(edge.sources) or None,
                   "checked": edge.checked}  # fmt: skip
        given = {key: value for key, value in details.items() if value is not None}
        graph.add_edge(edge.source, edge.target, type=edge.type, status=edge.status, **given)
    return graph


def _add_vocabularies(graph: Any, catalog: Catalog) -> None:
    groups: tuple[tuple[str, dict[str, Any]], ...] = (
        ("task", catalog.tasks), ("strategy", catalog.strategies), ("property", catalog.properties), ("metric", catalog.metrics),
        ("method", catalog.methods),
    )  # fmt: skip
    for kind, entries in groups:
        for identifier, entry in entries.items():
            graph.add_node(f"{kind}:{identifier}", kind=kind, name=entry.name, definition=entry.definition)
    for task in catalog.tasks.values():
        if task.parent in catalog.tasks:
            graph.add_edge(f"task:{task.id}", f"task:{task.parent}", type="subtask_of", status="stated")
    for entry in catalog.properties.values():
        for implied in entry.implies:
            graph.add_edge(f"property:{entry.id}", f"property:{implied}", type="implies", status="stated")
    for method in catalog.methods.values():
        for kind, properties in (("requires", method.requires), ("guaranteed_by", method.guarantees), ("helped_by", method.helped_by)):
            for name in properties:
                graph.add_edge(f"method:{method.id}", f"property:{name}", type=kind, status="stated")
        if method.kind_of in catalog.methods:
            graph.add_edge(f"method:{method.id}", f"method:{method.kind_of}", type="kind_of", status="stated")


def _add_metrics(graph: Any, catalog: Catalog, loss_id: str) -> None:
    """The metrics watched beside a loss, and those that it stands in for: what is proved to be classification-calibrated stands in for the error rate."""
    use = catalog[loss_id].use
    for metric in use.metrics:
        graph.add_edge(loss_id, f"metric:{metric}", type="used_with", status="stated")
    calibrated = {_ERROR_RATE} if _ERROR_RATE in catalog.metrics and catalog.holds(loss_id, "classification_calibrated") else set[str]()
    for metric in sorted({*use.surrogate_of, *calibrated}):
        details = {"statement": "classification-calibrated"} if metric in calibrated else {}
        graph.add_edge(loss_id, f"metric:{metric}", type="surrogate_of", status="proved" if metric in calibrated else "stated", **details)


def _add_properties(graph: Any, catalog: Catalog, loss_id: str) -> None:
    views = [view.name for view in catalog[loss_id].views] or [None]
    for index, view in enumerate(views):
        for finding in findings(catalog, loss_id, view):
            holds = finding.expected if finding.status == "undecided" else finding.holds
            if holds is None or (finding.status == "stated" and index):
                continue
            kind = "depends_on_parameters" if finding.status == "depends" else "has_property" if holds else "lacks_property"
            details = {"view": None if finding.status == "stated" else view, "constant": finding.constant, "when": finding.when}
            status = "stated" if finding.status in {"undecided", "stated"} else "proved"
            given = {key: value for key, value in details.items() if value is not None}
            graph.add_edge(loss_id, f"property:{finding.property}", type=kind, status=status, **given)
