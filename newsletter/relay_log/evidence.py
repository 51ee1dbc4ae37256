"""What a Postfix log says of certain messages, gathered line by line in bounded memory.

Postfix's cleanup(8) writes ``message-id=`` while it still receives the message, so that line
alone proves nothing. It makes the queue file readable and wakes the queue manager only when the
file is whole, and the queue manager leaves unfinished files alone (Postfix, QSHAPE_README, "The
incoming queue"). Hence a line of qmgr(8) or of a delivery agent about the same queue id proves
that Postfix had taken the message; smtpd(8) answers 250 after that.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from newsletter.relay_log.line import Entry, LogLine, Origin, parse_entry, parse_line

_MESSAGE_ID = "message-id="
_QUEUED = re.compile(r"from=<.{0,1000}>, size=\d+, nrcpt=\d+ \(queue active\)")
_STATUS = re.compile(r"to=<.*, status=(?P<status>[a-z]{2,20})(?: \((?P<words>.*)\))?")
_REFUSED = re.compile(r"(?:milter-)?reject: .*: (?P<code>[45]\.\d{1,3}\.\d{1,3} .*)", re.DOTALL)
_PROXY_TOOK = re.compile(r"proxy-accept: .*: 250 .*queued as ")
_LOST_LINES = re.compile(rb"Suppressed \d+ messages|begin to drop messages|messages lost")
_RECEIVING = frozenset({"cleanup", "smtpd"})
_MOST_ORIGINS = 1_000
"""Hosts whose first and last line are remembered; more are no log of a relay."""
_LONGEST_FATE = 300
_MOST_RECEPTIONS = 100
"""Times that one message was received, by all its tries and all hosts on its way."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A line about one of the messages: where, when, under which queue id, and its words."""

    origin: Origin
    at: dt.datetime
    queue_id: str
    words: str


@dataclass(slots=True)
class Traces:
    """Everything that the log says of one message."""

    receptions: list[Sighting] = field(default_factory=list)
    """Cleanup saw its Message-ID; whether it was queued is another line's to say."""
    queued: Sighting | None = None
    """Postfix had taken it."""
    refusals: list[Sighting] = field(default_factory=list)
    """Cleanup refused it while it was received; the words begin with an enhanced code."""
    fate: str = ""
    """What became of it afterwards: ``sent``, or ``bounced (…)``."""

    @property
    def taken(self) -> Sighting | None:
        """When it came in for good, or at last."""
        return self.queued or (self.receptions[-1] if self.receptions else None)


@dataclass(slots=True)
class Span:
    """What a log holds of one host: from its first line to its last."""

    first: dt.datetime
    last: dt.datetime

    def include(self, at: dt.datetime) -> None:
        """One more line."""
        if at < self.first:
            self.first = at
        elif at > self.last:
            self.last = at


@dataclass
class Evidence:
    """Reads lines, and keeps what they say of the messages whose Message-IDs it was given.

    ``wanted`` maps Message-IDs, angle brackets included, to numbers of deliveries. Rotated
    files are to be read oldest first; the same lines twice do no harm.
    """

    wanted: Mapping[str, int]
    now: dt.datetime
    traces: dict[int, Traces] = field(default_factory=dict)
    spans: dict[Origin, Span] = field(default_factory=dict)
    has_gaps: bool = False
    """A line says that others were lost (journald's or rsyslog's rate limit)."""
    lines: int = 0
    understood: int = 0
    _in_queue: dict[tuple[Origin, str], int] = field(default_factory=dict)

    def read(self, lines: Iterable[bytes]) -> None:
        """Take every line of one file; whatever the bytes, it never raises."""
        for raw in lines:
            self.lines += 1
            line = parse_line(raw, self.now)
            if line is not None:
                self.understood += 1
                self._take(line)

    def _take(self, line: LogLine) -> None:
        span = self.spans.get(line.origin)
        if span is not None:
            span.include(line.at)
        elif len(self.spans) < _MOST_ORIGINS:
            self.spans[line.origin] = Span(line.at, line.at)
        entry = parse_entry(line.rest)
        if entry is None:
            self.has_gaps = self.has_gaps or _LOST_LINES.search(line.rest) is not None
        elif entry.program == "cleanup" and entry.text.startswith(_MESSAGE_ID):
            self._received(line, entry)
        elif (seq := self._in_queue.get((line.origin, entry.queue_id))) is not None:
            self._follow(line, entry, self.traces[seq])

    def _received(self, line: LogLine, entry: Entry) -> None:
        """A queue id begins to stand for this message; short ones are used again and again."""
        place = (line.origin, entry.queue_id)
        seq = self.wanted.get(entry.text.removeprefix(_MESSAGE_ID).strip())
        if seq is None:
            self._in_queue.pop(place, None)
            return
        self._in_queue[place] = seq
        traces = self.traces.setdefault(seq, Traces())
        _add(traces.receptions, _seen(line, entry))

    def _follow(self, line: LogLine, entry: Entry, traces: Traces) -> None:
        if entry.program in _RECEIVING:
            if refused := _REFUSED.fullmatch(entry.text):
                _add(traces.refusals, _seen(line, entry, refused["code"]))
            elif entry.program == "smtpd" and _PROXY_TOOK.match(entry.text):
                traces.queued = traces.queued or _seen(line, entry)
        elif entry.program == "qmgr":
            self._queue_manager(line, entry, traces)
        elif status := _STATUS.match(entry.text):
            traces.queued = traces.queued or _seen(line, entry)
            words = f" ({status['words']})" if status["words"] else ""
            traces.fate = f"{status['status']}{words}"[:_LONGEST_FATE]

    def _queue_manager(self, line: LogLine, entry: Entry, traces: Traces) -> None:
        if _QUEUED.fullmatch(entry.text):
            traces.queued = traces.queued or _seen(line, entry)
        elif entry.text == "removed":
            self._in_queue.pop((line.origin, entry.queue_id), None)


def _seen(line: LogLine, entry: Entry, words: str = "") -> Sighting:
    return Sighting(line.origin, line.at, entry.queue_id, words or entry.text)


def _add(seen: list[Sighting], one: Sighting) -> None:
    """One more, once; of too many the first go."""
    if one not in seen:
        seen.append(one)
    del seen[:-_MOST_RECEPTIONS]
