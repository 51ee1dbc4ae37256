"""Links that are counted: places in a page, filled with an address of the newsletter's own.

A counted link is a slot whose default is its target: a page that is filled without saying where
its links are counted leads straight there. The plain-text body is left as it was written: its
addresses are read, and a reader who wants to see where she goes, goes there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import unescape
from urllib.parse import urlsplit

from newsletter.edition.model import Edition, Slot
from newsletter.message.compiled import CompiledMessage
from newsletter.message.places import FIELD_ENCODERS
from newsletter.values import digest_of

LINK = "link to "
"""How the name of a counted link's slot begins: no field of a reader has a blank in it."""
OPENS = "opened at"
"""The slot of the image that counts opens."""

_NOTHING_SEEN = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
_ATTRIBUTE = r"""\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?"""
_ANCHOR = re.compile(
    rf"<a(?P<attributes>(?:{_ATTRIBUTE})*)\s*>(?P<words>.*?)</a\s*>", re.DOTALL | re.IGNORECASE
)
_HREF = re.compile(r"""(\shref\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_AN_ADDRESS = re.compile(
    r"://|\bwww\.|^(?:\S+@)?(?:[^\s./@]+\.)+[a-z]{2,24}(?:[/?#:]\S*)?$", re.IGNORECASE
)
_END = re.compile(r"(?i)</body\s*>(?!.*</body)", re.DOTALL)
_WEB = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Counting:
    """What of a page is counted: its links but for some, and whether opens are."""

    never: tuple[str, ...] = ()
    """Links that are not: whole addresses, or hosts with whatever is under them."""
    opens: bool = False

    def counts(self, url: str, words: str) -> bool:
        """Whether a link with these words is counted.

        One that shows an address is not: mail programs warn of a link that leads elsewhere than
        it says, and they are right.
        """
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return False
        if parts.scheme.lower() not in _WEB or not host or _AN_ADDRESS.search(words):
            return False
        return not any(_same(url, name) or _is_under(host, name) for name in self.never)


def with_counted(edition: Edition, counting: Counting) -> Edition:
    """The edition with a slot for each link of its page that is counted."""
    marked = _Marked(edition, counting)
    page = _ANCHOR.sub(marked.anchor, edition.html)
    if counting.opens:
        page = _with_image(page, marked.token(Slot(OPENS, _NOTHING_SEEN)))
    return replace(edition, html=page, slots={**edition.slots, **marked.slots})


class _Marked:
    """Puts tokens in the place of counted links: letters and digits, as those of other slots."""

    def __init__(self, edition: Edition, counting: Counting) -> None:
        self._counting = counting
        self._known = tuple(edition.slots)
        self._nonce = _nonce(edition.html)
        self._tokens: dict[Slot, str] = {}

    @property
    def slots(self) -> Mapping[str, Slot]:
        return {token: slot for slot, token in self._tokens.items()}

    def token(self, slot: Slot) -> str:
        return self._tokens.setdefault(slot, f"zl{self._nonce}n{len(self._tokens)}z")

    def anchor(self, link: re.Match[str]) -> str:
        """One link: as it is, or with a token as its address."""
        href = _HREF.search(link["attributes"])
        if href is None:
            return link[0]
        url = unescape(href[2][1:-1]).strip()
        words = " ".join(unescape(_TAG.sub(" ", link["words"])).split())
        of_a_reader = any(token in url for token in self._known)
        if of_a_reader or not self._counting.counts(url, words):
            return link[0]
        token = self.token(Slot(f"{LINK}{url}", url))
        begin = link.start("attributes") - link.start()
        before, after = link[0][: begin + href.start()], link[0][begin + href.end() :]
        return f'{before}{href[1]}"{token}"{after}'


def counted_in(compiled: CompiledMessage) -> tuple[str, ...]:
    """The targets of a message's counted links, each once, in their order."""
    names = dict.fromkeys(slot.name for slot in compiled.slots)
    return tuple(name.removeprefix(LINK) for name in names if name.startswith(LINK))


def settled(compiled: CompiledMessage, values: Mapping[str, str]) -> CompiledMessage:
    """The message with these slots filled for good: they cost its readers' fills nothing."""
    segments, slots = [compiled.segments[0]], []
    for slot, segment in zip(compiled.slots, compiled.segments[1:], strict=True):
        if slot.name in values:
            segments[-1] += FIELD_ENCODERS[slot.context](values[slot.name]) + segment
        else:
            slots.append(slot)
            segments.append(segment)
    return CompiledMessage(tuple(segments), tuple(slots))


def _same(url: str, named: str) -> bool:
    """Whether this is the address that the officer named; a slash at its end does not count."""
    return url.rstrip("/") == named.rstrip("/")


def _is_under(host: str, name: str) -> bool:
    name = name.lower()
    return host == name or host.endswith(f".{name}")


def _with_image(page: str, token: str) -> str:
    """An image of one pixel at the page's end."""
    image = f'<img src="{token}" width="1" height="1" alt="" style="display:block;border:0">'
    end = _END.search(page)
    return page[: end.start()] + image + page[end.start() :] if end else page + image


def _nonce(html: str) -> str:
    digest = digest_of(html.encode("utf-8", "surrogatepass"))
    while digest[:12] in html:
        digest = digest_of(digest.encode())
    return digest[:12]
