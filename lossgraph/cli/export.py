"""`lossgraph export`: the graph, or a part of it, in a file format or as a picture."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from lossgraph.catalog import load
from lossgraph.cli._arguments import complete_losses, complete_tasks
from lossgraph.export import DOCUMENTS, FORMATS, PARTS, render
from lossgraph.model import InputError


@click.command()
@click.option("--format", "form", type=click.Choice([*FORMATS, *DOCUMENTS]), required=True, help="How to write it.")
@click.option("--of", type=click.Choice(PARTS), help="Which part; all for json and graphml, taxonomy for the others, unless given.")
@click.option("--task", metavar="T", shell_complete=complete_tasks, help="Only losses of this task.")
@click.option("--around", metavar="ID", shell_complete=complete_losses, help="Only losses near this one.")
@click.option("--depth", metavar="N", type=click.IntRange(0), default=1, show_default=True, help="With --around: how many relations away.")
@click.option("--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead of stdout.")
def command(form: str, of: str | None, task: str | None, around: str | None, depth: int, output: Path | None) -> None:
    """Write the graph of losses, or a part of it, as json, mermaid, dot, graphml or svg; facts-schema is the facts of `recommend` as a JSON Schema.

    Proved relations are drawn solid, stated ones dashed.

    Example: lossgraph export --format svg --of relations --around hinge --depth 2 --output hinge.svg
    """
    text = render(load(), form, of, task=task, around=around, depth=depth)
    if output is None:
        # A file is UTF-8 whatever the terminal speaks; a stream without bytes underneath (a test's, a notebook's) takes the text.
        click.echo(text.encode("utf-8") if hasattr(sys.stdout, "buffer") else text, nl=False)
    else:
        write_file(output, text)
        click.echo(f"wrote {output}", err=True)


def write_file(path: Path, text: str) -> None:
    """Writes the whole file or nothing: a reader never sees half of it. Raises `InputError` where the place cannot be written."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(temporary).chmod(mode)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}; choose another --output") from None


def _umask() -> int:
    """The process's umask; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
