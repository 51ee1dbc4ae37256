"""What happened since the ledger's last commit: a line before each final dot and after each answer.

One ``write`` a line, never a flush to the disk: what a process wrote outlives its death, but not
the machine's, which is why the heading names the boot. Each line carries its CRC-32.
"""

import contextlib
import dataclasses
import datetime as dt
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from newsletter.delivery import Accepted, Blame, Deferred, InDoubt, Outcome, Phase, Refused, Reply

_COMPACT_ABOVE = 4_000_000
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
    _lines: dict[Try, list[bytes]] = field(default_factory=dict)

    @classmethod
    def create(cls, path: Path, heading: Heading) -> Self:
        """Begin a new one in place of any that was there; that one must have been replayed."""
        journal = cls(path, heading)
        journal._rewrite()
        return journal

    def dot(self, attempt: Try) -> None:
        """The final dot of this message is about to be written."""
        self._add(attempt, _summed(b'["dot",%d,%d]' % attempt))

    def outcome(self, attempt: Try, at: dt.datetime, outcome: Outcome) -> None:
        """The answer came."""
        line = b'["outcome",%d,%d,"%s",%s]' % (*attempt, at.isoformat().encode(), _told(outcome))
        self._add(attempt, _summed(line))

    def forget(self, attempts: Iterable[Try]) -> None:
        """The ledger has these now; their lines go when the file has grown."""
        for attempt in attempts:
            self._lines.pop(attempt, None)
        if self._size > _COMPACT_ABOVE:
            self._rewrite()

    def close(self) -> None:
        """Let go of the file and leave it."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def discard(self) -> None:
        """The run is over and everything is in the ledger."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _add(self, attempt: Try, line: bytes) -> None:
        self._lines.setdefault(attempt, []).append(line)
        self._write(line)

    def _write(self, data: bytes) -> None:
        if os.write(self._handle, data) != len(data):
            message = "the disk is full: the journal took half a line"
            raise OSError(message)
        self._size += len(data)

    def _rewrite(self) -> None:
        """A new file with the living lines takes the old one's place in one step."""
        part = self.path.with_name(f"{self.path.name}.part")
        handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND, 0o600)
        self.close()
        self._handle, self._size = handle, 0
        self._write(_line(["journal", dataclasses.asdict(self.heading)]))
        for lines in self._lines.values():
            self._write(b"".join(lines))
        part.replace(self.path)


def read_journal(path: Path) -> Replay | None:
    """What the journal at ``path`` tells; None when there is none or it has no heading."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return None
    records = [_parse(line) for line in lines[:-1]]
    torn = bool(lines[-1]) or None in records
    first = records[0] if records else None
    if first is None or first[0] != "journal":
        return None
    dots: set[Try] = set()
    outcomes: dict[Try, tuple[dt.datetime, Outcome]] = {}
    for record in filter(None, records[1:]):
        try:
            _take(record, dots, outcomes)
        except (ValueError, TypeError, LookupError):  # whole, but of another program's making
            torn = True
    return Replay(Heading(**first[1]), frozenset(dots), outcomes, torn)


def _take(
    record: list[Any], dots: set[Try], outcomes: dict[Try, tuple[dt.datetime, Outcome]]
) -> None:
    match record:
        case ["dot", int(seq), int(n)]:
            dots.add((seq, n))
        case ["outcome", int(seq), int(n), str(at), dict(packed)]:
            outcomes[seq, n] = (dt.datetime.fromisoformat(at), _unpack(packed))
        case _:
            message = f"an unknown line: {record}"
            raise ValueError(message)


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _line(record: list[Any]) -> bytes:
    return _summed(_encode(record).encode())


def _summed(text: bytes) -> bytes:
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _parse(line: bytes) -> Any:
    """The record, or None when the line is not as it was written."""
    sum_, _, text = line.partition(b" ")
    with contextlib.suppress(ValueError):
        if int(sum_, 16) == zlib.crc32(text):
            return json.loads(text)
    return None


def _told(outcome: Outcome) -> bytes:
    """What ``_pack`` gives, as JSON; the usual one is put together by hand, it comes so often."""
    if isinstance(outcome, Accepted):
        code, text = outcome.reply.code, _encode(outcome.reply.text).encode()
        return b'{"reply":{"code":%d,"text":%s},"kind":"Accepted"}' % (code, text)
    return _encode(_pack(outcome)).encode()


def _pack(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Accepted(reply):
            return {"reply": _pack_reply(reply), "kind": "Accepted"}
        case Refused(phase, reply, blame):
            said = _pack_reply(reply)
            return {"phase": phase, "reply": said, "blame": blame, "kind": "Refused"}
        case Deferred(phase, reply, detail):
            told = _pack_reply(reply) if reply else None
            return {"phase": phase, "reply": told, "detail": detail, "kind": "Deferred"}
        case InDoubt(detail):
            return {"detail": detail, "kind": "InDoubt"}


def _pack_reply(reply: Reply) -> dict[str, Any]:
    return {"code": reply.code, "text": reply.text}


def _unpack(packed: dict[str, Any]) -> Outcome:
    reply = Reply(**packed["reply"]) if packed.get("reply") else None
    match packed["kind"], reply:
        case "Accepted", Reply():
            return Accepted(reply)
        case "Refused", Reply():
            return Refused(Phase(packed["phase"]), reply, Blame(packed["blame"]))
        case "Deferred", _:
            return Deferred(Phase(packed["phase"]), reply, packed["detail"])
        case _:
            return InDoubt(packed.get("detail", ""))
