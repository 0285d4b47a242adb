"""A property asked of one formula: texts read into trees and SymPy, and what is quantified (parameters, targets) told from what is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from lossgraph.formula.domains import REAL, Domain, Span, parse_domain
from lossgraph.formula.parse import FUNCTIONS, parse_expression
from lossgraph.formula.tree import Node, Number, names
from lossgraph.model import InputError

# what the data or a frozen reference gives, and not the model that is trained: quantified like parameters, with every role that starts with `reference_`
QUANTIFIED_ROLES = ("target", "outcome", "advantage")
PROPERTIES = (
    "continuous", "differentiable", "continuously_differentiable", "twice_continuously_differentiable", "lipschitz", "lipschitz_gradient", "convex",
    "strictly_convex", "strongly_convex", "quasiconvex", "monotone", "symmetric", "nonnegative", "bounded_below", "bounded_above", "zero_at_target",
    "zero_only_at_target", "redescending", "classification_calibrated", "proper", "strictly_proper",
)  # fmt: skip
NEEDED_ROLES: dict[str, tuple[tuple[str, ...], str]] = {
    "zero_at_target": (("residual", "target"), "a variable of role residual or target"),
    "zero_only_at_target": (("residual", "target"), "a variable of role residual or target"),
    "redescending": (("residual",), "a variable of role residual"),
    "classification_calibrated": (("margin",), "a variable of role margin"),
}

# where the prediction equals the target y, for a variable that is a transform of the prediction
LINKS = {"log_rate": "log({y})", "log_mean": "log({y})", "log_probability": "log({y})", "logit": "log({y}/(1 - {y}))"}


def is_quantified(role: str | None) -> bool:
    """Whether a variable of this role is given by the data, so that a property is asked for every value of it."""
    return role in QUANTIFIED_ROLES or (role or "").startswith("reference_")


@dataclass(frozen=True)
class Question:
    """One property of one formula, read and checked; trees only, so that reading costs no SymPy."""

    property: str
    text: str
    formula: Node
    variables: tuple[str, ...]
    sets: Mapping[str, tuple[Span, ...]]
    conditions: tuple[Node, ...]
    parameters: Mapping[str, tuple[Span, ...]]
    parameter_conditions: tuple[Node, ...]
    domain_text: str
    parameters_text: str
    roles: Mapping[str, str] = field(default_factory=dict)
    simplices: tuple[str, ...] = ()
    lengths: Mapping[str, str | int] = field(default_factory=dict)

    def asked(self) -> tuple[str, ...]:
        """The variables that the property is about: those that are not a target or an outcome."""
        return tuple(name for name in self.variables if not is_quantified(self.roles.get(name)))

    def outcome(self) -> str | None:
        """The variable of role outcome, where the property averages over it."""
        averaged = self.property in {"proper", "strictly_proper"}
        return next((name for name in self.variables if averaged and self.roles.get(name) == "outcome"), None)

    def predicted(self) -> str | None:
        """The variable that should equal the target: the one asked about, or among several the only one of role mean; the others may have any value."""
        asked = self.asked()
        if len(asked) == 1:
            return asked[0]
        means = [name for name in asked if self.roles.get(name) == "mean"]
        return means[0] if len(means) == 1 else None

    def swapped(self) -> tuple[str, str] | None:
        """The two variables that `symmetric` swaps; None where it asks for f(-x) = f(x).

        These are the first two of several variables that are asked about; where one vector is, it and the data that stand beside it in the first two places,
        if both are of one kind: the same length and the same set.
        """
        asked = self.asked()
        if len(asked) > 1:
            return asked[0], asked[1]
        if len(self.variables) < 2 or not set(asked) & set(self.variables[:2]):
            return None
        first, second = self.variables[0], self.variables[1]
        vector = first in self.lengths or first in self.simplices
        kinds = {(self.lengths.get(name), name in self.simplices, self.sets.get(name)) for name in (first, second)}
        return (first, second) if vector and len(kinds) == 1 else None

    def target(self) -> Node | None:
        """Where the loss should be zero: at 0 for a residual, where the prediction equals the variable of role target. None where two are called targets."""
        for name in self.variables:
            if self.roles.get(name) == "residual":
                return Number(Fraction(0))
        targets = [name for name in (*self.variables, *self.parameters) if self.roles.get(name) == "target"]
        predicted = self.predicted()
        if len(targets) != 1 or predicted is None:
            return None
        link = LINKS.get(self.roles.get(predicted, ""), "{y}")
        return parse_expression(link.format(y=targets[0]), names=targets)


def read(
    expression: str,
    property_id: str,
    variables: str | None,
    domain: str | None,
    parameters: str,
    roles: Mapping[str, str] | None,
    lengths: Mapping[str, str | int] | None = None,
) -> Question:
    """Reads and checks everything that a user gives. Raises `InputError` with the place and the reason."""
    if property_id not in PROPERTIES:
        raise InputError(f"unknown property `{property_id}`{_near(property_id, PROPERTIES)}; one of {', '.join(PROPERTIES)}")
    space = _domain(domain, "domain")
    limits = _domain(parameters, "parameters")
    ordered = _order(variables, space)
    known = {*ordered, *limits.sets, *limits.simplices, *(lengths or {}).values()}
    both = sorted(set(ordered) & set(limits.sets))
    if both:
        raise InputError(f"`{both[0]}` is given both as a variable and as a parameter; keep one")
    tree = parse_expression(expression, names=sorted(str(name) for name in known))
    unknown = sorted(name for condition in (*space.conditions, *limits.conditions) for name in names(condition) if name not in known)
    if unknown:
        raise InputError(f"`{unknown[0]}` in a condition is neither a variable nor a parameter")
    _check_roles(property_id, ordered, limits, roles or {})
    sets = {name: space.sets.get(name, REAL) for name in ordered if name not in space.simplices}
    from lossgraph.formula.shapes import check_shapes

    shape = check_shapes(tree, {**dict.fromkeys(ordered), **dict.fromkeys(limits.sets), **dict.fromkeys(space.simplices, "K"), **(lengths or {})})
    if shape.kind != "number":
        raise InputError(f"formula `{expression}` is a {shape.kind}; a loss is a number")
    return Question(
        property_id,
        expression,
        tree,
        ordered,
        sets,
        space.conditions,
        dict(limits.sets),
        limits.conditions,
        domain or "",
        parameters,
        dict(roles or {}),
        space.simplices,
        lengths or {},
    )


def _domain(text: str | None, place: str) -> Domain:
    if text is not None and not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  (a guard for untyped callers)
        raise InputError(f"{place}: text is needed, such as `x: (0, 1]`, not {text!r}")
    try:
        return parse_domain(text)
    except InputError as error:
        raise InputError(f"{place}: {error}") from None


def _order(variables: str | None, space: Domain) -> tuple[str, ...]:
    given = [*space.sets, *space.simplices]
    if variables is None:
        if not given:
            raise InputError('no variable: give `variables`, such as "x", or a domain, such as "x: (0, 1)"')
        return tuple(given)
    ordered = [name.strip() for name in variables.split(",") if name.strip()]
    wrong = next((name for name in ordered if not name.isidentifier() or name in FUNCTIONS), None)
    if wrong is not None or not ordered:
        raise InputError(f"variables `{variables}`: `{wrong or variables}` is no name for a variable; write names separated by commas")
    if len(set(ordered)) < len(ordered):
        raise InputError(f"variables `{variables}`: a name stands twice")
    missing = next((name for name in given if name not in ordered), None)
    if missing is not None:
        raise InputError(f"domain names `{missing}`, which is not one of the variables {', '.join(ordered)}")
    return tuple(ordered)


def _check_roles(property_id: str, variables: tuple[str, ...], limits: Domain, roles: Mapping[str, str]) -> None:
    for name in roles:
        if name not in variables and name not in limits.sets:
            raise InputError(f"roles: `{name}` is neither a variable nor a parameter")
    if property_id in {"proper", "strictly_proper"}:
        if not {"probability", "outcome"} <= set(roles.values()):
            raise InputError(f"`{property_id}` needs one variable of role probability and one of role outcome; give `roles`")
        return
    wanted, words = NEEDED_ROLES.get(property_id, ((), ""))
    if wanted and not set(wanted) & set(roles.values()):
        raise InputError(f"`{property_id}` needs {words}; give `roles`, such as {{'{variables[0]}': '{wanted[0]}'}}")
    targets = [name for name, role in roles.items() if role == "target"]
    if "target" in wanted and "residual" not in roles.values() and len(targets) > 1:
        raise InputError(f"`{property_id}` is about one target, and {' and '.join(targets)} are called that; say which one the prediction should equal")


def _near(word: str, words: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(str(word), words, 1)
    return f", did you mean `{found[0]}`?" if found else ""
