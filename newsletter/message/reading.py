"""A compiled message as its reader reads it: subject, and the page in parts, each with its words.

It reads the very bytes that are sent or were sent, so a page that the ledger froze is read like
one that was rendered just now. Where a section begins is told by its anchor in the page; what
stands before the first is the opening, and the block with the way out is the footer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import Final

from newsletter.edition.model import URL_SLOTS
from newsletter.message.compiled import CompiledMessage
from newsletter.message.places import FIELD_ENCODERS

OPENING: Final = "opening"
FOOTER: Final = "footer"
_HOST: Final = "https://slot.invalid/"
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_INLINE = frozenset(
    ["a", "abbr", "b", "code", "del", "em", "i", "s", "small", "span", "strong", "sub", "sup", "u"]
)
_UNREAD = frozenset({"style", "script", "title"})
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_ROW = re.compile(r"margin:\s*0(?:px)?\s+auto.*max-width|max-width.*margin:\s*0(?:px)?\s+auto")
"""The style of the element that MJML makes of each mj-section."""


@dataclass(slots=True)
class Part:
    """A section, or what stands before and after them all."""

    name: str
    lines: list[str] = field(default_factory=list)
    """Its paragraphs, headings, cells: a line each, without marks."""
    links: list[tuple[str, str]] = field(default_factory=list)
    """What each link says, and where it leads."""
    images: list[tuple[str, str]] = field(default_factory=list)
    """The address of each picture, and its alt text."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One variant's message, read. Slots stand in it as an officer writes them."""

    subject: str
    parts: tuple[Part, ...]


def read_message(compiled: CompiledMessage, sections: Sequence[str]) -> Reading:
    """What a reader of these sections reads."""
    message = message_from_bytes(_with_names(compiled), policy=policy.default)
    body = message.get_body(("html",))
    page = _Page(sections)
    page.feed(str(body.get_content()) if body else "")
    page.close()
    return Reading(str(message["Subject"]), page.parts())


def _with_names(compiled: CompiledMessage) -> bytes:
    """The message with each slot's own words in its place."""
    places, values = [], dict[str, str]()
    for at, slot in enumerate(compiled.slots):
        named = slot
        if slot.context in FIELD_ENCODERS and slot.name not in URL_SLOTS:
            named = replace(slot, name=f"slot_{at}")
            default = "" if slot.default is None else f' | "{slot.default}"'
            values[named.name] = f"{{{{ {slot.name}{default} }}}}"
        places.append(named)
    values |= {name: _HOST + name for name in URL_SLOTS}
    values |= {
        "email": "reader@slot.invalid",
        "date": "Mon, 01 Jan 2024 00:00:00 +0000",
        "message_id": "<slot@slot.invalid>",
        "unsubscribe_mailto": "mailto:slot@slot.invalid",
    }
    return CompiledMessage(compiled.segments, tuple(places)).fill(values)


@dataclass(frozen=True, slots=True)
class _Element:
    """An element that is open: whether it is hidden, whether it is a row of the page."""

    tag: str
    hidden: bool
    row: bool


class _Page(HTMLParser):
    """Follows a page and gathers what is seen of each part."""

    def __init__(self, sections: Sequence[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._sections = frozenset(sections)
        self._parts = [Part(OPENING)]
        self._block = Part("")  # what the block holds before its section is known
        self._open: list[_Element] = []
        self._words = ""
        self._link: tuple[str, int] | None = None
        self._anchored = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens: perhaps a section, a line, a link, a picture."""
        named = {key: value or "" for key, value in attrs}
        if tag not in _INLINE:
            self._end_line()
        if not self._unread and named.get("id") in self._sections:
            self._begin_section(named["id"])
        if tag == "img" and not self._unread:
            self._block.images.append((named.get("src", ""), named.get("alt", "")))
        if tag == "a" and not self._unread:
            self._link = (named.get("href", ""), len(self._words))
        if _ROW.search(named.get("style", "")):
            self._end_block()
        if tag not in _VOID:
            style = named.get("style", "")
            hidden = tag in _UNREAD or bool(_HIDDEN.search(style))
            self._open.append(_Element(tag, hidden=hidden, row=bool(_ROW.search(style))))

    def handle_endtag(self, tag: str) -> None:
        """A tag closes; whatever was left open inside it closes too."""
        if not any(each.tag == tag for each in self._open):
            return
        if tag == "a" and self._link:
            label = " ".join(self._words[self._link[1] :].split())
            self._block.links.append((label, self._link[0].removeprefix(_HOST)))
            self._link = None
        if tag not in _INLINE:
            self._end_line()
        closed = self._open.pop()
        while closed.tag != tag:
            closed = self._open.pop()
        if closed.row:
            self._end_block()

    def handle_data(self, data: str) -> None:
        """Words, unless they are hidden."""
        if not self._unread:
            self._words += data

    def parts(self) -> tuple[Part, ...]:
        """The parts in their order; those that hold nothing are left out."""
        self._end_line()
        self._end_block()
        return tuple(part for part in self._parts if part.lines or part.images or part.links)

    @property
    def _unread(self) -> bool:
        return any(each.hidden for each in self._open)

    def _begin_section(self, name: str) -> None:
        """A block belongs to its section from its beginning, unless it holds an earlier one."""
        before = self._block
        self._parts.append(Part(name))
        if self._anchored:
            self._pour(before, self._parts[-2])
            self._block = Part("")
        self._anchored = True

    def _end_block(self) -> None:
        leads_out = any(url == URL_SLOTS[0] for _, url in self._block.links)
        if leads_out and not self._anchored:
            self._parts.append(Part(FOOTER))
        self._pour(self._block, self._parts[-1])
        self._block, self._anchored = Part(""), False

    @staticmethod
    def _pour(source: Part, into: Part) -> None:
        into.lines += source.lines
        into.links += source.links
        into.images += source.images

    def _end_line(self) -> None:
        line = " ".join(self._words.split())
        if line:
            self._block.lines.append(line)
        self._words = ""
        if self._link:
            self._link = (self._link[0], 0)
