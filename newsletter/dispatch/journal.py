"""What happened since the ledger's last commit: each final dot before it leaves, each answer.

One ``write`` a round of the event loop, never a flush to the disk: what a process wrote outlives
its death, but not the machine's, which is why the heading names the boot. An answer waits for the
next dot, or for ``flush``. Each line carries its CRC-32 and is a JSON array: a heading, or
records, which are ``[seq, n]`` for a dot, ``[seq, n, at, code, text]`` for an acceptance, and
``[seq, n, at, {…}]`` for any other outcome; ``n`` counts the attempts from 1, ``at`` is in
microseconds since 1970.
"""

import contextlib
import dataclasses
import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Any, Self
from zlib import crc32

from newsletter.delivery import Accepted, Blame, Deferred, InDoubt, Outcome, Phase, Refused, Reply
from newsletter.errors import LedgerError
from newsletter.ledger.instants import from_microseconds, to_microseconds
from newsletter.ledger.model import Acceptance

_COMPACT_ABOVE = 4_000_000
_SIGN = "newsletter journal 2"
Try = tuple[int, int]
"""A delivery's number and the number of the attempt, from 1."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose journal it is: the ledger, the campaign, the run, and the machine's boot."""

    ledger: str
    campaign: int
    run: int
    boot: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What a journal tells. ``torn``: a line is damaged, so silence proves nothing."""

    heading: Heading
    dots: frozenset[Try]
    outcomes: Mapping[Try, tuple[dt.datetime, Outcome]]
    torn: bool


@dataclass
class Journal:
    """The journal of one run; ``OSError`` from any method means that the run must stop."""

    path: Path
    heading: Heading
    _handle: int = -1
    _size: int = 0
    _waiting: list[str] = field(default_factory=list)
    """Answers that are not in the file yet."""
    _answers: list[str] = field(default_factory=list)
    """Answers that the ledger does not have yet, in the order in which they came."""
    _dots: dict[Try, str] = field(default_factory=dict)
    """Dots that nobody answered yet."""
    _torn: bool = False

    @classmethod
    def create(cls, path: Path, heading: Heading) -> Self:
        """Begin a new one in place of any that was there; that one must have been replayed."""
        journal = cls(path, heading)
        journal._rewrite()
        return journal

    def dot(self, *attempts: Try) -> None:
        """The final dots of these are about to be written; waiting answers go with them."""
        records = ["[%d,%d]" % attempt for attempt in attempts]  # noqa: UP031  half of an f-string
        self._put(f"[{','.join(self._waiting + records)}]")
        self._dots.update(zip(attempts, records, strict=True))

    def accepted(self, told: Acceptance) -> None:
        """The commonest answer came; it waits."""
        seq, at, code, text = told
        record = "[%d,1,%d,%d,%s]" % (seq, at, code, quoted(text))  # noqa: UP031
        self._dots.pop((seq, 1), None)
        self._waiting.append(record)
        self._answers.append(record)

    def outcome(self, attempt: Try, at: dt.datetime, outcome: Outcome) -> None:
        """Any answer came; it waits."""
        self._tell(attempt, _encode([*attempt, to_microseconds(at), *_pack(outcome)]))

    def flush(self) -> None:
        """Write the answers that wait."""
        if self._waiting:
            self._put(f"[{','.join(self._waiting)}]")

    def forget(self, count: int) -> None:
        """The ledger has the first so many answers now; they go when the file has grown."""
        del self._answers[:count]
        if self._size > _COMPACT_ABOVE:
            self._rewrite()

    def close(self) -> None:
        """Let go of the file and leave it, with the answers that wait if it takes them."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):  # without them, their rows are in doubt
                self.flush()
            self._let_go()

    def _let_go(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _tell(self, attempt: Try, record: str) -> None:
        self._dots.pop(attempt, None)
        self._waiting.append(record)
        self._answers.append(record)

    def _put(self, records: str) -> None:
        """After half a line the next one begins anew, so that only one is lost."""
        told = records.encode("ascii")
        data = b"%08x %s\n" % (crc32(told), told)
        if self._torn:
            data = b"\n" + data
        self._torn = True
        _write_whole(self._handle, data)
        self._torn = False
        self._size += len(data)
        self._waiting.clear()

    def _rewrite(self) -> None:
        """A new file with what still counts takes the old one's place in one step, or none does."""
        part = self.path.with_name(f"{self.path.name}.part")
        records = [*self._answers, *self._dots.values()]
        heading = _summed(_encode([_SIGN, dataclasses.asdict(self.heading)]))
        data = heading + (_summed(f"[{','.join(records)}]") if records else b"")
        handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            _write_whole(handle, data)
            part.replace(self.path)
        except OSError:
            os.close(handle)
            raise
        self._let_go()
        self._handle, self._size, self._torn, self._waiting = handle, len(data), False, []


def _write_whole(handle: int, data: bytes) -> None:
    if os.write(handle, data) != len(data):
        message = "the disk is full: the journal took half a line"
        raise OSError(message)


def read_journal(path: Path) -> Replay | None:
    """What the journal at ``path`` tells; None when there is none or it has no such heading.

    ``LedgerError`` when it is there and cannot be read: then nobody may guess.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"the journal {path} cannot be read: {error.strerror or error}"
        cure = "give yourself the right to read it: it tells which messages may have left"
        raise LedgerError(message, cure=cure) from error
    heading = _heading_of(_parse(lines[0]))
    return _replay(heading, lines[1:]) if heading else None


def _replay(heading: Heading, lines: list[bytes]) -> Replay:
    dots: set[Try] = set()
    outcomes: dict[Try, tuple[dt.datetime, Outcome]] = {}
    torn = lines[-1:] != [b""]  # the last line has an end too
    for line in lines[:-1]:
        records = _parse(line)
        torn = torn or not isinstance(records, list)
        for record in records if isinstance(records, list) else ():
            try:
                _take(record, dots, outcomes)
            except (ValueError, TypeError, LookupError, OverflowError):  # of another program
                torn = True
    return Replay(heading, frozenset(dots), outcomes, torn)


def _heading_of(record: object) -> Heading | None:
    match record:
        case [sign, dict(fields)] if sign == _SIGN:
            with contextlib.suppress(TypeError):
                return Heading(**fields)
    return None


def _take(record: object, dots: set[Try], outcomes: dict[Try, tuple[dt.datetime, Outcome]]) -> None:
    match record:
        case [int(seq), int(n)]:
            dots.add((seq, n))
        case [int(seq), int(n), int(at), *packed]:
            outcomes[seq, n] = (from_microseconds(at), _unpack(packed))
        case _:
            message = f"an unknown record: {record}"
            raise ValueError(message)


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _summed(text: str) -> bytes:
    data = text.encode("ascii")
    return b"%08x %s\n" % (crc32(data), data)


def _parse(line: bytes) -> Any:
    """What the line says, or None when it is not as it was written."""
    sum_, _, text = line.partition(b" ")
    with contextlib.suppress(ValueError, RecursionError):
        if int(sum_, 16) == crc32(text):
            return json.loads(text)
    return None


def _pack(outcome: Outcome) -> list[Any]:
    """The end of a record: an acceptance in two values, any other in a table."""
    match outcome:
        case Accepted(reply):
            return [reply.code, reply.text]
        case Refused(phase, reply, blame):
            return [{"refused": phase, "reply": [reply.code, reply.text], "blame": blame}]
        case Deferred(phase, reply, detail):
            told = [reply.code, reply.text] if reply else None
            return [{"deferred": phase, "reply": told, "detail": detail}]
        case InDoubt(detail):
            return [{"in_doubt": detail}]


def _unpack(packed: list[Any]) -> Outcome:
    match packed:
        case [int(code), str(text)]:
            return Accepted(Reply(code, text))
        case [{"refused": phase, "reply": [int(code), str(text)], "blame": blame}]:
            return Refused(Phase(phase), Reply(code, text), Blame(blame))
        case [{"deferred": phase, "reply": None, "detail": str(detail)}]:
            return Deferred(Phase(phase), None, detail)
        case [{"deferred": phase, "reply": [int(code), str(text)], "detail": str(detail)}]:
            return Deferred(Phase(phase), Reply(code, text), detail)
        case [{"in_doubt": str(detail)}]:
            return InDoubt(detail)
    message = f"an unknown outcome: {packed}"
    raise ValueError(message)
