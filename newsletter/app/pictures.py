"""`issue image add`: a picture made fit, filed with the issue, and named in its TOML."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from newsletter.app.open import App
from newsletter.app.whole_file import write_whole
from newsletter.errors import IssueError, UsageError
from newsletter.issue.insertion import NoPlace, Value, table_lines, with_table
from newsletter.issue.loader import ORIGINAL
from newsletter.issue.parts import Image
from newsletter.issue.sections import SECTION_KINDS
from newsletter.pictures import Picture, fit_picture, plain_name
from newsletter.toml_file import TomlFile, UnreadableToml, read_toml
from newsletter.values import nearest

COLUMN = 520  # what a theme gives a picture, in pixels
_WIDTHS = {"cards": 248, "sponsor": 160}
_IMAGE = "image"


@dataclass(frozen=True, slots=True)
class ImageOrder:
    """What the officer asks for: a file, and where and how it is to be shown."""

    file: Path
    issue: str
    section: str = ""
    """The section that gets it: its id, and with ``.2`` the second of its cards; or none."""
    alt: str | None = None
    width: int | None = None
    name: str = ""
    replace: bool = False


@dataclass(frozen=True, slots=True)
class AddedImage:
    """What was written, and the lines that show it."""

    issue: str
    file: str
    path: Path
    octets: int
    pixels: tuple[int, int]
    width: int
    toml: tuple[str, ...]
    written_to: Path | None
    """The issue's file, when a section was named: else the lines are to be pasted."""
    translations: tuple[str, ...]
    """The files in which the alt text waits to be translated."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Target:
    """The table that gets the picture: ``sections.news``, or an element of its cards."""

    source: TomlFile
    table: str
    width: int


def add_image(app: App, order: ImageOrder, ask_alt: Callable[[], str]) -> AddedImage:
    """File a picture with an issue; nothing that is there is written over unless asked for.

    ``ask_alt`` is asked what the picture shows when the order does not say. ``UsageError`` or
    ``IssueError`` says why nothing was written.
    """
    folder = app.issue_folder(order.issue)
    target = _target(folder, order.section) if order.section else None
    picture = fit_picture(order.file, order.width or (target.width if target else COLUMN))
    file = f"images/{plain_name(order.name or order.file.stem)}{picture.suffix}"
    path = _free_path(folder, file, picture.content, replace=order.replace)
    alt = " ".join((order.alt if order.alt is not None else ask_alt()).split())
    values = _checked({"file": file, "alt": alt, "width": picture.width})
    toml = _inserted(target, values) if target else None
    path.parent.mkdir(exist_ok=True)
    write_whole(path, picture.content)
    if target and toml:
        write_whole(target.source.path, toml)
    return _added(folder, file, picture, values, target)


def _added(
    folder: Path, file: str, picture: Picture, values: dict[str, Value], target: _Target | None
) -> AddedImage:
    table = _header(target.table) if target else "sections.ID"
    return AddedImage(
        issue=folder.name,
        file=file,
        path=folder / file,
        octets=len(picture.content),
        pixels=picture.pixels,
        width=picture.width,
        toml=table_lines(f"{table}.{_IMAGE}", values),
        written_to=target.source.path if target else None,
        translations=tuple(sorted(path.name for path in folder.glob("issue.*.toml"))),
        notes=tuple(f"{file}: {note}" for note in picture.notes),
    )


def _target(folder: Path, section: str) -> _Target:
    source = _read(folder / ORIGINAL)
    name, _, number = section.partition(".")
    found = source.value(f"sections.{name}") if name else None
    if not isinstance(found, dict):
        raise _no_section(source, name)
    kind = str(found.get("kind"))
    table = f"sections.{name}"
    if number and kind == "cards":
        table = f"{table}.cards.{int(number) - 1 if number.isdecimal() else number}"
    elif number or _IMAGE not in getattr(SECTION_KINDS.get(kind), "model_fields", ()):
        cards = "; name one of its cards: " + f"--section {name}.1" if kind == "cards" else ""
        raise UsageError(
            f"the section {section} takes no image: its kind is {kind}",
            cure=f"leave --section out and paste the lines where they belong{cards}",
        )
    return _Target(source, _still_free(source, table), _WIDTHS.get(kind, COLUMN))


def _still_free(source: TomlFile, table: str) -> str:
    found = source.value(table)
    if not isinstance(found, dict):
        raise UsageError(f"there is no {table}", cure="the first card is number 1")
    if _IMAGE in found:
        line, _ = source.place(f"{table}.{_IMAGE}")
        message = f"{table} has an image already, in line {line} of {source.path.name}"
        raise UsageError(message, cure="take it out first, or leave --section out and paste")
    return table


def _no_section(source: TomlFile, name: str) -> UsageError:
    sections = source.value("sections")
    names = list(sections) if isinstance(sections, dict) else []
    near = nearest(name, names)
    cure = f"did you mean {near!r}?" if near else f"there are: {', '.join(names)}"
    return UsageError(f"{source.path.name} has no section {name!r}", cure=cure)


def _read(path: Path) -> TomlFile:
    try:
        return read_toml(path)
    except UnreadableToml as error:
        raise IssueError([error.problem]) from error


def _free_path(folder: Path, file: str, content: bytes, *, replace: bool) -> Path:
    """Where the picture goes; another one of that name stays, unless it is to be replaced."""
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{file} leads out of the issue's folder", cure="make images/ a folder")
    if path.exists() and not replace and path.read_bytes() != content:
        cure = "give this one another with --name, or write over that one with --replace"
        raise UsageError(
            f"{folder.name}/{file} is there already, and is another picture", cure=cure
        )
    return path


def _checked(values: dict[str, Value]) -> dict[str, Value]:
    """The values, if an issue may hold them: above all an alt text."""
    try:
        image = Image.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        empty = first["type"] == "string_too_short"
        message = "the alt text is empty" if empty else f"the alt text cannot be: {first['msg']}"
        cure = str(first.get("ctx", {}).get("cure", "say what the picture shows, in a sentence"))
        raise UsageError(message, cure=cure) from error
    return {"file": image.file, "alt": image.alt, "width": image.width or COLUMN}


def _inserted(target: _Target, values: dict[str, Value]) -> bytes:
    """The issue's file with the image's table, in the line ends and with the mark it had."""
    content = target.source.path.read_bytes()
    windows = b"\r\n" in content
    try:
        text = with_table(target.source, target.table, _IMAGE, values)
    except NoPlace as error:
        lines = "; ".join(table_lines(f"{_header(target.table)}.{_IMAGE}", values)[1:])
        message = f"{target.source.path.name} leaves no safe place for {target.table}.{_IMAGE}"
        cure = f"leave --section out, and write yourself: {lines}"
        raise UsageError(message, cure=cure) from error
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    return mark + (text.replace("\n", "\r\n") if windows else text).encode()


def _header(table: str) -> str:
    return ".".join(part for part in table.split(".") if not part.isdecimal())
