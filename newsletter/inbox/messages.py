"""Reading the staging inbox: what is there, one message whole, and deleting all of it."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from newsletter.inbox.maildir import Envelope, delete_files, message_files, split_envelope
from newsletter.inbox.parts import Parts, read_headers, take_apart

PAGE_SIZE = 50
_HEAD_OCTETS = 32_768
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._,:=-]{0,200}")
_NANOSECONDS = re.compile(r"\d{20}")
_BILLION = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Summary:
    """One message in the list, from its headers alone.

    ``issue`` and ``campaign`` come from our own headers, else from List-Id; ``test`` says that
    the message is a test send. ``variant`` is the language and sections, where the message says.
    """

    name: str
    received: dt.datetime
    octets: int
    envelope: Envelope
    sender: str
    recipient: str
    subject: str
    issue: str
    campaign: str
    test: bool
    variant: str

    @property
    def group(self) -> str:
        """Messages with the same words belong together on the page."""
        what = "test" if self.test else f"campaign {self.campaign}" if self.campaign else ""
        return " · ".join(word for word in (self.issue or "other mail", what) if word)

    def matches(self, wanted: str) -> bool:
        """Whether an address or the subject holds the words, whatever their case."""
        places = (self.subject, self.recipient, self.sender, *self.envelope.recipients)
        return any(wanted.casefold() in place.casefold() for place in places)


@dataclass(frozen=True, slots=True)
class Group:
    """Messages of one issue and one test or campaign, and how many there are."""

    title: str
    count: int


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of the list: at most ``PAGE_SIZE`` messages, in the order of their groups."""

    messages: tuple[Summary, ...]
    groups: tuple[Group, ...]
    number: int
    pages: int
    total: int
    """How many match."""
    everything: int
    """How many there are."""

    @property
    def first(self) -> int:
        """The place of the page's first message in the whole list, from 1."""
        return (self.number - 1) * PAGE_SIZE + 1 if self.messages else 0

    @property
    def last(self) -> int:
        """The place of its last message."""
        return self.first + len(self.messages) - 1 if self.messages else 0


@dataclass(frozen=True, slots=True)
class Received:
    """One message whole. ``content`` holds the octets that arrived, and nothing else."""

    summary: Summary
    content: bytes
    parts: Parts


class Mailroom:
    """The messages of one Maildir. Files never change, so each is read once for the list."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, Summary] = {}

    def summaries(self) -> list[Summary]:
        """Every message, the newest first."""
        files = message_files(self.folder)
        known = {path.name: self._known.get(path.name) or _summary(path) for path in files}
        self._known = {name: summary for name, summary in known.items() if summary}
        return list(self._known.values())

    def page(self, *, number: int = 1, wanted: str = "", group: str = "") -> ListPage:
        """One page of what matches; a number beyond the end gives the last page."""
        everything = self.summaries()
        found = [summary for summary in everything if summary.matches(wanted)]
        groups = _groups(found)
        order = {title.title: place for place, title in enumerate(groups)}
        shown = [summary for summary in found if not group or summary.group == group]
        shown.sort(key=lambda summary: order[summary.group])
        pages = max(1, -(-len(shown) // PAGE_SIZE))
        number = min(max(1, number), pages)
        start = (number - 1) * PAGE_SIZE
        return ListPage(
            messages=tuple(shown[start : start + PAGE_SIZE]),
            groups=groups,
            number=number,
            pages=pages,
            total=len(shown),
            everything=len(everything),
        )

    def read(self, name: str) -> Received | None:
        """One message by its name in the list; None when there is no such message."""
        path = self._path(name)
        if path is None:
            return None
        try:
            filed = path.read_bytes()
        except OSError:
            return None
        _, content = split_envelope(filed)
        return Received(_summarize(path, filed, len(content)), content, take_apart(content))

    def delete_all(self) -> int:
        """Delete every message; returns how many there were."""
        self._known = {}
        return delete_files(message_files(self.folder))

    def _path(self, name: str) -> Path | None:
        if not _NAME.fullmatch(name):
            return None
        paths = (self.folder / part / name for part in ("new", "cur"))
        return next((path for path in paths if path.is_file()), None)


def _groups(found: Iterable[Summary]) -> tuple[Group, ...]:
    """The groups by their newest message, each with its count."""
    counts: dict[str, int] = {}
    for summary in found:
        counts[summary.group] = counts.get(summary.group, 0) + 1
    return tuple(Group(title, count) for title, count in counts.items())


def _summary(path: Path) -> Summary | None:
    try:
        with path.open("rb") as file:
            return _summarize(path, file.read(_HEAD_OCTETS), path.stat().st_size)
    except OSError:
        return None


def _summarize(path: Path, head: bytes, octets: int) -> Summary:
    envelope, content = split_envelope(head)
    headers = {name.lower(): value for name, value in reversed(read_headers(content))}
    return Summary(
        name=path.name,
        received=_arrival(path),
        octets=octets,
        envelope=envelope,
        sender=headers.get("from", envelope.sender),
        recipient=headers.get("to", ", ".join(envelope.recipients)),
        subject=headers.get("subject", ""),
        issue=headers.get("x-newsletter-issue", headers.get("list-id", "")),
        campaign=headers.get("x-newsletter-campaign", ""),
        test="x-newsletter-test" in headers,
        variant=headers.get("x-newsletter-variant", headers.get("content-language", "")),
    )


def _arrival(path: Path) -> dt.datetime:
    begins = _NANOSECONDS.match(path.name)
    seconds = int(begins[0]) / _BILLION if begins else path.stat().st_mtime
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
