"""What arrived: a message examined as a mail service would see it. Pure: octets in, checks out."""

import email.utils
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from html.parser import HTMLParser
from urllib.parse import unquote

from newsletter.inbox.maildir import Envelope
from newsletter.inbox.parts import Parts, take_apart

_LINE_LIMIT = 998  # RFC 5322, 2.1.1
_CLIPPED_AT = 102_400  # octets of HTML after which Gmail hides the rest
_HEAVY_IMAGE = 200_000
_PARSED = 2_000_000  # characters of a page that are looked at
_UNFILLED = re.compile(r"\{\{|\}\}|\{%|%\}|zs[0-9a-f]{12}n\d+z")
_URL = re.compile(r"https?://[^\s<>\"']+")
_ANGLED = re.compile(r"<([^<>\s]+)>\s*$")
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
_ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058, 3.1
_ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version")

_INSIDE = "cid:"  # RFC 2392

Weigh = Callable[[str], int | None]
"""The octets of the image at a URL, or None where they are not known."""


class State(StrEnum):
    """A check's result, as the word that people read."""

    PASSED = "Passed"
    WARNING = "Warning"
    FAILED = "Failed"
    NOTE = "Note"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its state, what holds, and a detail."""

    state: State
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """The links and images of a page."""

    links: tuple[str, ...]
    images: tuple[str, ...]


def verify(
    content: bytes, envelope: Envelope, parts: Parts | None = None, weigh: Weigh | None = None
) -> tuple[Check, ...]:
    """Examine a message as it arrived. ``parts`` saves taking it apart a second time."""
    parts = parts or take_apart(content)
    page = _look_through(parts.html or "")
    return (
        _signature(parts),
        _one_click(parts),
        _alternatives(parts, page),
        _slots(parts),
        _longest_line(content),
        _headers(parts),
        _recipient(parts, envelope),
        _images(page, parts, weigh),
        _charset(parts),
        _size(content, parts),
    )


def _signature(parts: Parts) -> Check:
    if parts.header("DKIM-Signature"):
        return Check(State.NOTE, "DKIM signature present", "not verified here: that needs DNS")
    return Check(State.NOTE, "Not DKIM signed", "the relay is expected to sign")


def _one_click(parts: Parts) -> Check:
    where, how = parts.header("List-Unsubscribe"), parts.header("List-Unsubscribe-Post")
    if not where:
        return Check(State.FAILED, "No List-Unsubscribe", "readers can only press “spam”")
    if "<https://" not in where or how != _ONE_CLICK:
        detail = "List-Unsubscribe needs an https address, and List-Unsubscribe-Post beside it"
        return Check(State.WARNING, "No one-click unsubscribe", detail)
    detail = "List-Unsubscribe and List-Unsubscribe-Post present"
    return Check(State.PASSED, "One-click unsubscribe", detail)


def _alternatives(parts: Parts, page: _Found) -> Check:
    if parts.html is None or parts.text is None:
        missing = "HTML" if parts.html is None else "plain text"
        return Check(State.FAILED, f"No {missing} part", "a newsletter carries both")
    in_page = set(page.links)
    in_text = {url.rstrip(".,;:)]>") for url in _URL.findall(parts.text[:_PARSED])}
    missing_links = sorted(in_page - in_text)
    if missing_links:
        detail = f"{len(missing_links)} of {len(in_page)} links are not in the text: "
        return Check(State.WARNING, "HTML and plain text differ", detail + _short(missing_links[0]))
    count = len(in_page)
    detail = f"{count} link{'' if count == 1 else 's'} in each"
    return Check(State.PASSED, "HTML and plain text agree", detail)


def _slots(parts: Parts) -> Check:
    texts = (parts.html or "", parts.text or "", parts.header("Subject"), parts.header("To"))
    for text in texts:
        found = _UNFILLED.search(text[:_PARSED])
        if found:
            around = text[max(0, found.start() - 20) : found.end() + 20]
            return Check(State.FAILED, "A slot is not filled", " ".join(around.split()))
    return Check(State.PASSED, "Every slot is filled")


def _longest_line(content: bytes) -> Check:
    longest = max((len(line.rstrip(b"\r")) for line in content.split(b"\n")), default=0)
    state = State.PASSED if longest <= _LINE_LIMIT else State.FAILED
    return Check(state, f"Longest line {longest} octets", f"limit {_LINE_LIMIT}")


def _headers(parts: Parts) -> Check:
    faults = [f"{name} {'missing' if not n else 'twice'}" for name, n in _wrong_counts(parts)]
    if not faults and not _MESSAGE_ID.fullmatch(parts.header("Message-ID").strip()):
        faults.append("Message-ID is not of the form <left@right>")
    if not faults and not _is_date(parts.header("Date")):
        faults.append("Date cannot be read")
    if faults:
        return Check(State.FAILED, "Headers are not valid", ", ".join(faults))
    return Check(State.PASSED, "Headers complete", "Message-ID and Date are valid")


def _wrong_counts(parts: Parts) -> Iterator[tuple[str, int]]:
    return ((name, parts.count(name)) for name in _ONCE if parts.count(name) != 1)


def _is_date(text: str) -> bool:
    try:
        email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return False
    return True


def _recipient(parts: Parts, envelope: Envelope) -> Check:
    shown = _address_in(parts.header("To"))
    told = {address.casefold() for address in envelope.recipients}
    if not told or shown.casefold() in told:
        return Check(State.PASSED, "Addressed to its reader", "To is the address that was mailed")
    detail = f"To says {shown or 'nobody'}, the relay was told {', '.join(envelope.recipients)}"
    return Check(State.WARNING, "To is another address", detail)


def _address_in(header: str) -> str:
    """The address after a name that is decoded already: commas and ``@`` in it end nothing."""
    angled = _ANGLED.search(header)
    return angled[1] if angled else email.utils.parseaddr(header)[1]


def _images(page: _Found, parts: Parts, weigh: Weigh | None) -> Check:
    remote = [url for url in page.images if not url.startswith(("https://", _INSIDE))]
    if remote:
        title = _plural(len(remote), "image") + " not over https"
        return Check(State.WARNING, title, _short(remote[0]))
    inside = {url: parts.embedded.get(unquote(url.removeprefix(_INSIDE)))
              for url in page.images if url.startswith(_INSIDE)}  # fmt: skip
    lost = [url for url, octets in inside.items() if octets is None]
    if lost:
        title = f"{_plural(len(lost), 'image')} missing from the message"
        return Check(State.FAILED, title, _short(lost[0]))
    weights = {url: weigh(url) or 0 for url in page.images if url not in inside} if weigh else {}
    weights |= {url: len(octets or b"") for url, octets in inside.items()}
    heavy = sorted(((w, url) for url, w in weights.items() if w > _HEAVY_IMAGE), reverse=True)
    if heavy:
        octets, url = heavy[0]
        detail = f"{url.rpartition('/')[2]}, {octets // 1000} KB"
        return Check(State.WARNING, f"{_plural(len(heavy), 'image')} over 200 KB", detail)
    detail = f"{sum(weights.values()) // 1000} KB in all" if any(weights.values()) else ""
    return Check(State.PASSED, _where_they_are(len(page.images) - len(inside), len(inside)), detail)


def _where_they_are(hosted: int, inside: int) -> str:
    if not inside:
        return f"{_plural(hosted, 'image')} over https"
    over = f", {_plural(hosted, 'image')} over https" if hosted else ""
    return f"{_plural(inside, 'image')} inside the message{over}"


def _charset(parts: Parts) -> Check:
    odd = [name for name in parts.charsets if name not in {"utf-8", "us-ascii"}]
    if odd or parts.defects:
        detail = ", ".join((*odd, *parts.defects))
        return Check(State.WARNING, "Encoding is unusual or broken", detail)
    return Check(State.PASSED, "Text in UTF-8", "every part can be read")


def _size(content: bytes, parts: Parts) -> Check:
    page = len((parts.html or "").encode("utf-8", "replace"))
    detail = f"HTML {page // 1000} KB, Gmail clips at 102 KB"
    state = State.PASSED if page < _CLIPPED_AT else State.WARNING
    return Check(state, f"Message {max(1, len(content) // 1000)} KB", detail)


class _Reader(HTMLParser):
    """Collects links and images."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: dict[str, None] = {}
        self.images: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One tag: a link leads out, an image is asked for."""
        values = {name: value or "" for name, value in attrs}
        if tag == "a" and values.get("href", "").startswith(("http://", "https://")):
            self.links[values["href"]] = None
        if tag == "img" and values.get("src"):
            self.images[values["src"]] = None


def _look_through(html: str) -> _Found:
    reader = _Reader()
    try:
        reader.feed(html[:_PARSED])
        reader.close()
    except (AssertionError, ValueError, RecursionError):  # malformed declarations
        return _Found(tuple(reader.links), tuple(reader.images))
    return _Found(tuple(reader.links), tuple(reader.images))


def _short(url: str) -> str:
    return url if len(url) <= 60 else url[:59] + "…"  # noqa: PLR2004 - a line of the panel


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
