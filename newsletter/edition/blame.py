"""Which line of a theme wrote a piece of MJML: where a mistake in the output is to be mended."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

_TAG_NAME = re.compile(r"</?([A-Za-z][\w:.-]*)")
_SHORTEST = 4
_Reads = Callable[[str], bool]


def template_line(folder: Path, template: Path, mjml: str, offset: int) -> tuple[Path, int]:
    """The template and its line, from 1, that wrote the character at ``offset``; 0 when unknown.

    It is the line that reads the same, else one that holds the same words or the same tag: in the
    template itself, else in one that it may have imported.
    """
    if offset < 0:
        return template, 0
    written = mjml.split("\n")
    at = mjml.count("\n", 0, offset)
    before = offset - sum(len(line) + 1 for line in written[:at])
    others = sorted(path for path in folder.rglob("*.mjml.j2") if path != template)
    for path in (template, *others):
        lines = path.read_text("utf-8-sig", errors="replace").split("\n")
        for reads in _ways_to_know(written[at], before):
            number = _line_that(reads, lines, written, at)
            if number:
                return path, number
    return template, 0


def _ways_to_know(line: str, before: int) -> Iterator[_Reads]:
    """The whole line, what it says from the mistake on, and the tag that stands there."""
    whole, rest = line.strip(), line[before:].strip()[:80]
    if len(whole) >= _SHORTEST:
        yield lambda read: read.strip() == whole
    if len(rest) >= _SHORTEST:
        yield lambda read: rest in read
    tag = _TAG_NAME.search(line, max(0, line.rfind("<", 0, before + 1)))
    if tag:
        named = re.compile(rf"</?{re.escape(tag[1])}(?![\w-])")
        yield lambda read: bool(named.search(read))


def _line_that(reads: _Reads, lines: list[str], written: list[str], at: int) -> int:
    """Of several lines that read so the one whose turn it is, where nothing was repeated."""
    found = [number for number, line in enumerate(lines, 1) if reads(line)]
    same = [number for number, line in enumerate(written) if reads(line)]
    if not found:
        return 0
    return found[same.index(at)] if len(same) == len(found) and at in same else found[0]
