"""The files of a relay's log: plain or compressed, or the standard input, oldest first."""

import bz2
import contextlib
import datetime as dt
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from newsletter.errors import UsageError
from newsletter.relay_log.line import parse_line

_LONGEST_LINE = 65_536
_LOOKED_AT = 1_000
"""Lines in which a first time must stand, for its file to be put in order."""
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
"""The first octets of gzip, bzip2 and xz; a file's name says nothing."""
_UNKNOWN = {b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip", b"\x04\x22\x4d\x18": "lz4"}
"""Ways of packing that Python does not read by itself."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file that is open, and its lines."""

    name: str
    begins: dt.datetime | None
    lines: Iterable[bytes]


@contextlib.contextmanager
def open_logs(names: Sequence[str], now: dt.datetime) -> Iterator[list[LogFile]]:
    """All files open at once, in the order of their first lines' times.

    ``-`` is the standard input. Raises ``UsageError`` for a file that cannot be read.
    """
    with contextlib.ExitStack() as stack:
        opened = [_open(name, stack, now) for name in dict.fromkeys(names)]
        always = dt.datetime.min.replace(tzinfo=dt.UTC)
        yield sorted(opened, key=lambda file: file.begins or always)


def _open(name: str, stack: contextlib.ExitStack, now: dt.datetime) -> LogFile:
    try:
        raw = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))  # noqa: SIM115 the stack closes it
    except OSError as error:
        raise _unreadable(name, error.strerror or str(error)) from error
    lines = _lines(name, raw)
    head: list[bytes] = []
    begins = None
    for line in lines:
        head.append(line)
        parsed = parse_line(line, now)
        begins = parsed.at if parsed else None
        if begins or len(head) >= _LOOKED_AT:
            break
    return LogFile(name, begins, chain(head, lines))


def _lines(name: str, raw: BinaryIO) -> Iterator[bytes]:
    """Line by line; of a line without end only the beginning, so that memory stays small."""
    try:
        file = _plain(name, raw)
        begun = False
        while line := file.readline(_LONGEST_LINE):
            if not begun:
                yield line
            begun = not line.endswith(b"\n")
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise _unreadable(name, str(error) or "it ends in the middle") from error


def _plain(name: str, raw: BinaryIO) -> io.BufferedIOBase:
    file = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)  # type: ignore[type-var]  # a stream of bytes
    first = file.peek(6)
    packed = next((way for sign, way in _UNKNOWN.items() if first.startswith(sign)), "")
    if packed:
        raise _unreadable(name, f"it is packed with {packed}: unpack it first")
    gzipped, bzipped, xzipped = (first.startswith(sign) for sign in _PACKED)
    if gzipped:
        return gzip.GzipFile(fileobj=file)
    if bzipped:
        return bz2.BZ2File(file)
    return lzma.LZMAFile(file) if xzipped else file


def _unreadable(name: str, why: str) -> UsageError:
    return UsageError(
        f"the log {name} cannot be read: {why}",
        cure="nothing was changed; name a file of the relay's mail log",
        next_command="newsletter reconcile --help",
    )
