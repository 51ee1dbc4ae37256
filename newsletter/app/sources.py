"""The files a newsletter is written in, shown line by line with the key that each belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter.app.live_reading import Reading
from newsletter.toml_file import UnreadableToml, read_toml

_MOST_LINES: Final = 2_000
_WRITTEN: Final = {".toml", ".j2", ".css", ".csv"}
_PLACES: Final = {"issues", "templates", "subscribers"}


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of a file; ``where`` is the key that it belongs to."""

    number: int
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or of a long one the part around a line."""

    file: str
    lines: tuple[SourceLine, ...]
    whole: bool


def source_files(reading: Reading, wanted: str) -> Mapping[str, Path]:
    """The issue's files by their names from the newsletter's folder, and ``wanted`` if it may be.

    Nothing outside the newsletter's folder is shown, nor what this machine alone knows.
    """
    root = reading.app.root
    own = sorted(reading.issue.folder.glob("issue*.toml"), key=lambda file: len(file.name))
    files = {file.relative_to(root).as_posix(): file for file in own}
    path = (root / wanted).resolve()
    if wanted and _may_be_shown(path, root.resolve()):
        files.setdefault(path.relative_to(root.resolve()).as_posix(), path)
    return files


def read_source(reading: Reading, wanted: str, line: int) -> Source | None:
    """A file as it is now, mistakes and all; None for one that is not shown or not there."""
    path = source_files(reading, wanted).get(wanted)
    try:
        text = path.read_text("utf-8-sig", errors="replace") if path else None
    except OSError:
        return None
    if path is None or text is None:
        return None
    lines = text.splitlines()
    first = max(0, min(line - _MOST_LINES // 2, len(lines) - _MOST_LINES))
    keys = _keys(path)
    shown, where = [], ""
    for number, words in enumerate(lines, 1):
        where = keys.get(number, where)
        if first < number <= first + _MOST_LINES:
            shown.append(SourceLine(number, words, where))
    return Source(wanted, tuple(shown), len(shown) == len(lines))


def _keys(path: Path) -> Mapping[int, str]:
    """The key that begins on each line of a TOML file."""
    if path.suffix != ".toml":
        return {}
    try:
        places = read_toml(path).places
    except UnreadableToml:
        return {}
    begins: dict[int, str] = {}
    for where, (line, _) in places.items():
        begins[line] = max(begins.get(line, ""), where, key=len)
    return begins


def _may_be_shown(path: Path, root: Path) -> bool:
    if not path.is_relative_to(root) or path.suffix not in _WRITTEN:
        return False
    inside = path.relative_to(root).parts
    return len(inside) == 1 or inside[0] in _PLACES
