"""Write: issue image add."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.command import command, group
from newsletter.cli.desk import Desk
from newsletter.cli.layout import shown_path, size
from newsletter.errors import UsageError


def register(issue: typer.Typer) -> None:
    """Add this group's command to `issue`."""
    images = group("The pictures of an issue.")
    issue.add_typer(images, name="image")
    command(
        images,
        "add",
        example='newsletter issue image add hall.jpg --issue 2026-12 --alt "The hall, full"',
        exits="0 done · 2 not a picture, no alt text, or a name that is taken",
    )(add)


def add(
    desk: Desk,
    file: Annotated[Path, typer.Argument(help="A JPEG, PNG, GIF, WebP, TIFF or BMP.")],
    issue: Annotated[str, typer.Option("--issue", help="The issue, or a beginning of its name.")],
    alt: Annotated[
        str | None, typer.Option("--alt", help="What it shows; asked for when not given.")
    ] = None,
    section: Annotated[
        str, typer.Option("--section", help="Write it into this section; ID.2 is its second card.")
    ] = "",
    width: Annotated[
        int | None,
        typer.Option("--width", min=16, max=600, help="Shown width; by default what is usual."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Its file's name; else the file's own.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over another picture of that name.")
    ] = False,
) -> None:
    """File a picture: twice its shown width, compressed, upright, without the camera's data."""
    from newsletter.app.pictures import ImageOrder, add_image

    order = ImageOrder(file, issue, section, alt, width, name, replace)
    added = add_image(desk.app, order, lambda: _ask(desk))
    width_now, height = added.pixels
    weight = f"{width_now} × {height} pixels, {size(added.octets)}, shown {added.width} wide"
    lines = [f"{shown_path(added.path)}   {weight}", *_lines(added.toml, added.written_to)]
    lines += [f"translate its alt text in {each}" for each in added.translations]
    desk.show(added, lines, f"newsletter check {added.issue}", notes=added.notes)


def _lines(toml: tuple[str, ...], written_to: Path | None) -> Iterator[str]:
    if written_to:
        yield f"written into {shown_path(written_to)}:"
    else:
        yield "paste into issue.toml, with your section's id:"
    yield from (f"  {line}" for line in toml)


def _ask(desk: Desk) -> str:
    """The officer's words; where nobody can be asked, an error says what to type."""
    from newsletter.cli.live import ask

    prompt = ask(desk)
    if prompt is None:
        cure = 'say what it shows: --alt "…"; readers hear it instead'
        raise UsageError("the picture has no alt text", cure=cure)
    return prompt("What does the picture show? Readers may hear this instead of it: ")
