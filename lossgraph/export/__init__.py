"""Writes the graph, or a part of it, as json, mermaid, dot, graphml or svg, and the facts as a JSON Schema; one module a format, imported when used.

    text = render(lossgraph.load(), "mermaid", of="relations", around="huber", depth=2)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from lossgraph.model import InputError, UnknownNameError

if TYPE_CHECKING:
    from lossgraph.catalog import Catalog

# format -> (module, what it draws unless told)
FORMATS: dict[str, tuple[str, str]] = {
    "json": ("json_format", "all"), "mermaid": ("mermaid", "taxonomy"), "dot": ("dot", "taxonomy"), "graphml": ("graphml", "all"),
    "svg": ("svg", "taxonomy"),
}  # fmt: skip
# What is about the whole catalogue and not about its graph: format -> module
DOCUMENTS = {"facts-schema": "facts_schema"}
PARTS = ("taxonomy", "relations", "all")


def render(
    catalog: Catalog, format: str, of: str | None = None, *, task: str | None = None, around: str | None = None, depth: int = 1
) -> str:
    """The catalogue's graph as text in `format` (json, mermaid, dot, graphml or svg), or the facts of the recommender (facts-schema).

    `of` is taxonomy (task, strategy, loss), relations (losses and what joins them) or all; json and graphml give all unless told, pictures the taxonomy.
    `task` keeps the losses of a task, `around` those at most `depth` relations away from a loss. Raises `InputError` for an unknown word or a negative depth.
    """
    from lossgraph.catalog import near_names
    from lossgraph.export.selection import select

    if format in DOCUMENTS:
        if of is not None or task is not None or around is not None:
            raise InputError(f"{format} is about the whole catalogue; leave out of, task and around")
        return str(import_module(f"lossgraph.export.{DOCUMENTS[format]}").written(catalog))
    for word, known, what in ((format, {**FORMATS, **DOCUMENTS}, "format"), (of, PARTS, "part of the graph")):
        if word is not None and word not in known:
            raise UnknownNameError(f'no {what} "{word}"{near_names(word, known)}; there are {", ".join(known)}')
    if depth < 0:
        raise InputError(f"depth counts relations and is 0 or more, not {depth}")
    module, default = FORMATS[format]
    selection = select(catalog, of or default, task=task, around=around, depth=depth)
    return str(import_module(f"lossgraph.export.{module}").written(selection))


__all__ = ["DOCUMENTS", "FORMATS", "PARTS", "render"]
