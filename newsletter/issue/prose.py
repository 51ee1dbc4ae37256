"""What prose may not hold, each fault at its own place in the officer's words.

Prose is CommonMark with tables and struck-out words. Refused are pictures (they stand in image
tables), links to anything but a whole http, https or mailto address, and raw HTML: tags, comments,
and fences marked ``{=html}``. Allowed is all that shows as it is written: HTML in code, a plain
``<``, entities such as ``&lt;``, and addresses in angle brackets.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline, autolink, html_inline, image, link
from markdown_it.token import Token

from newsletter.issue.markdown import link_allowed, markdown
from newsletter.issue.slots import URL_SLOTS, placed_slots

_WHOLE_URL = "https://slot.invalid/"
_FIELD = "slotofareader"
_NO_MARKUP = ("<!--", "<![CDATA[", "<!DOCTYPE", "<!doctype", "<?")
_TAG_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
_SHOWN = 40
_PICTURE_CURE = "name the picture in an image table: image = { file, alt }"
_LINK_CURE = "write a whole address: https://…, http://… or mailto:…"
_HTML_CURE = "write it in Markdown, or &lt; where the sign itself is meant"
_CELL_CURE = "give it a heading, or write \\| where the sign | itself is meant"
_DEEPEST = 20
"""As deep as the parser follows; what stands deeper is dropped."""
_BAR = re.compile(r"(?<!\\)\|")
_LIST_MARK = re.compile(r"(?:[-*+]|\d+[.)])[ \t]+")
_InlineRule = Callable[[StateInline, bool], bool]


@dataclass(frozen=True, slots=True)
class ProseFault:
    """One fault, its cure, and the character (from 0) of the prose where it begins."""

    message: str
    cure: str
    offset: int


@lru_cache(maxsize=512)
def prose_faults(prose: str) -> tuple[ProseFault, ...]:
    """Every fault of the prose, in order; while an issue is edited, most of it is known already.

    A slot may be the whole address of a link when dispatch fills it with one, and no part of it.
    """
    words, written = _without_slots(prose)
    said = ((_fault(token), at) for token, at in _placed_tokens(words))
    found = [ProseFault(*fault, written(at)) for fault, at in said if fault]
    return tuple(sorted(found, key=lambda fault: fault.offset))


def _without_slots(prose: str) -> tuple[str, Callable[[int], int]]:
    """The prose with a word for each slot, and the way back from its places to the prose's."""
    pieces, at, size = list[str](), 0, 0
    marks = [(0, 0)]  # a place in the new words, and the one in the prose
    for slot, start, end in placed_slots(prose):
        stand_in = _WHOLE_URL if slot.name in URL_SLOTS else _FIELD
        pieces += [prose[at:start], stand_in]
        size += start - at
        marks.append((size, start))
        size += len(stand_in)
        marks.append((size, end))
        at = end

    def written(place: int) -> int:
        new, old = marks[bisect_right(marks, (place, len(prose))) - 1]
        return old + place - new

    return "".join([*pieces, prose[at:]]), written


def _placed_tokens(words: str) -> Iterator[tuple[Token, int]]:
    """The tokens that may be at fault, each with its place in the words."""
    words = re.sub(r"\r\n?", lambda end: " " * (len(end[0]) - 1) + "\n", words)
    lines = words.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    deep = False
    searched: dict[int, int] = {}  # how far each line has been read: a table's row has many cells
    for token in _parser().parse(words):
        first = token.map[0] if token.map else 0
        if token.type == "fence":
            yield token, starts[first] + lines[first].index(token.markup)
        if token.type == "table_open":
            yield from _rows_too_long(token, lines, starts)
        if token.level == _DEEPEST and token.map and not deep:
            deep = True
            yield Token("too_deep", "", 0), starts[first]
        if token.type != "inline":
            continue
        places = _line_places(token, lines, starts, searched)
        for child in token.children or []:
            *above, before = token.content[: child.meta.get("at", 0)].split("\n")
            start, escaped = places[len(above)]
            yield child, start + len(before) + (before.count("|") if escaped else 0)


def _rows_too_long(
    table: Token, lines: list[str], starts: list[int]
) -> Iterator[tuple[Token, int]]:
    """A token at each cell that stands under no heading: the parser drops such cells' words."""
    begin, end = table.map or [0, 0]
    columns = len(_cells(lines[begin]))
    for number in range(begin + 2, end):
        lost = _cells(lines[number])[columns:]
        text, at = next(((text, at) for text, at in lost if text), ("", 0))
        if text:
            yield Token("lost_cell", "", 0, content=text), starts[number] + at


def _cells(line: str) -> list[tuple[str, int]]:
    """The cells of a table's line, each with its place; marks of lists and quotations are none."""
    start = len(line) - len(line.lstrip(" \t>"))
    mark = _LIST_MARK.match(line, start)
    start = mark.end() if mark else start
    ends = [start - 1, *(bar.start() for bar in _BAR.finditer(line, start)), len(line)]
    found = [(line[a + 1 : b], b) for a, b in pairwise(ends)]
    cells = [(cell.strip(), end - len(cell.lstrip())) for cell, end in found]
    if not cells[0][0]:
        del cells[0]
    return cells[:-1] if cells and not cells[-1][0] else cells


def _line_places(
    token: Token, lines: list[str], starts: list[int], searched: dict[int, int]
) -> list[tuple[int, bool]]:
    """Where each line of a block's own words begins: after marks of lists, cells, quotations.

    With it, whether a backslash stands before each of its bars, as in a table's cells.
    """
    places = []
    first = token.map[0] if token.map else 0
    for number, content in enumerate(token.content.split("\n"), first):
        line, begin = lines[number], searched.get(number, 0)
        held = content.lstrip(" ")  # of a tab that a list takes in part, the parser makes blanks
        escaped = held not in line
        wanted = held.replace("|", "\\|") if escaped else held
        column = max(line.find(wanted, begin), 0)
        searched[number] = column + len(wanted)
        places.append((starts[number] + column - (len(content) - len(held)), escaped))
    return places


@cache
def _parser() -> MarkdownIt:
    """The parser of every edition, but that it finds raw HTML and notes where tokens begin."""
    parser = markdown()
    finder = MarkdownIt("commonmark", {"html": True})
    finder.disable(["html_block"])
    finder.enable(["table", "strikethrough"])
    finder.options["maxNesting"] = 3 * _DEEPEST
    finder.validateLink = parser.validateLink  # type: ignore[method-assign]
    rules: dict[str, _InlineRule] = {
        "link": link, "image": image, "autolink": autolink, "html_inline": html_inline
    }  # fmt: skip
    for name, rule in rules.items():
        finder.inline.ruler.at(name, _noting(rule))
    finder.inline.ruler.after("html_inline", "no_markup", _noting(_no_markup))
    return finder


def _noting(rule: _InlineRule) -> _InlineRule:
    """The same rule, whose tokens say where they begin."""

    def apply(state: StateInline, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens)
        found = rule(state, silent)
        if found and not silent:
            for token in state.tokens[count:]:
                token.meta.setdefault("at", start)
        return found

    return apply


def _no_markup(state: StateInline, silent: bool) -> bool:
    """The beginning of a comment or a declaration that does not end in its paragraph."""
    sign = next((sign for sign in _NO_MARKUP if state.src.startswith(sign, state.pos)), "")
    if sign and not silent:
        state.push("html_inline", "", 0).content = state.src[state.pos :]
    state.pos += len(sign)
    return bool(sign)


def _fault(token: Token) -> tuple[str, str] | None:
    if token.type == "image":
        return f"a picture stands inside prose: {token.attrGet('src')}", _PICTURE_CURE
    if token.type == "html_inline":
        return _html_fault(token.content)
    if token.type == "lost_cell":
        return f"this cell stands under no heading: {_short(token.content)}", _CELL_CURE
    if token.type == "too_deep":
        return "lists or quotations are nested so deep that nobody would see this", "flatten them"
    if token.type == "fence" and token.info.strip().startswith("{="):
        return f"a block of raw HTML stands in prose: {token.markup}{token.info}", _HTML_CURE
    if token.type != "link_open":
        return None
    url = str(token.attrGet("href") or "")
    if _FIELD in url or (_WHOLE_URL in url and url != _WHOLE_URL):
        return "a slot stands inside a link's address", _LINK_CURE
    return None if link_allowed(url) else (f"a link leads to {url or 'nothing'}", _LINK_CURE)


def _html_fault(html: str) -> tuple[str, str] | None:
    """A tag that opens, or a comment; the tag that closes needs no second word."""
    if html.startswith("</"):
        return None
    return f"raw HTML stands in prose: {_short(html).splitlines()[0]}", _HTML_CURE


def _short(words: str) -> str:
    return words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"
