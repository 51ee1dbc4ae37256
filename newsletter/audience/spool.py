"""Lines of text in any number, in little memory: what is many goes to a private temporary file.

The file has no name, so that no other process can open it and nothing of it is left behind,
however this one ends. A line holds any character but a line feed.
"""

import os
import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import IO

from newsletter.errors import UsageError

_RUN = 10_000  # lines that are sorted in memory
_KEPT = 2_000  # lines that wait for the file, where they are not sorted
_PART = 200  # lines of a sorted run that are read at once
_MOST_RUNS = 120  # that are merged at once
_Parts = list[tuple[int, int]]
"""Where blocks of lines stand in the file: offset and octets of each."""


class _Lines:
    """Lines that are counted, and a file for them."""

    def __init__(self) -> None:
        self._file = _File()
        self._count = 0

    def __len__(self) -> int:
        """How many lines there are."""
        return self._count


class Spool(_Lines):
    """Blocks of lines in the order in which they were added, to be read as often as one likes."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: _Parts = []
        self._waiting: list[list[str]] = []
        self._kept = 0

    def add(self, block: list[str]) -> None:
        """Add a block at the end; one without lines is none."""
        if block:
            self._waiting.append(block)
            self._count += len(block)
        if self._count - self._kept >= _KEPT:
            self._parts += self._file.write(self._waiting)
            self._waiting = []
            self._kept = self._count

    def blocks(self) -> Iterator[list[str]]:
        """Every block."""
        yield from self._file.read(self._parts)
        yield from map(list, self._waiting)


class SortedSpool(_Lines):
    """Lines in the order of their characters, whatever the order in which they were added."""

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[_Parts] = []
        self._waiting: list[str] = []

    def add(self, lines: Iterable[str]) -> None:
        """Add lines; none may be added once they were read."""
        before = len(self._waiting)
        self._waiting += lines
        self._count += len(self._waiting) - before
        if len(self._waiting) >= _RUN:
            self._waiting.sort()
            self._runs.append(self._file.write(_parted(self._waiting)))
            self._waiting = []
            self._shorten()

    def blocks(self) -> Iterator[list[str]]:
        """All lines in order, in blocks."""
        self._waiting.sort()
        waiting = [iter([list(self._waiting)])] if self._waiting else []
        return merge_blocks([*map(self._file.read, self._runs), *waiting])

    def _shorten(self) -> None:
        """Make one run of many, so that memory does not grow with their number."""
        if len(self._runs) >= _MOST_RUNS:
            merged: _Parts = []
            for block in merge_blocks([self._file.read(run) for run in self._runs]):
                merged += self._file.write(_parted(block))
            self._runs = [merged]


def merge_blocks(runs: Iterable[Iterator[list[str]]]) -> Iterator[list[str]]:
    """One sorted row of lines out of several, block by block.

    What is not above the lowest of the blocks' ends is complete: the next blocks lie above it.
    """
    heads = [(block, 0, run) for run in runs if (block := next(run, None))]
    while len(heads) > 1:
        limit = min(block[-1] for block, _, _ in heads)
        chunk: list[str] = []
        left = []
        for block, at, run in heads:
            end = bisect_right(block, limit, at)
            chunk += block[at:end]
            if end < len(block):
                left.append((block, end, run))
            elif following := next(run, None):
                left.append((following, 0, run))
        heads = left
        chunk.sort()
        yield chunk
    for block, at, run in heads:
        yield block[at:]
        yield from run


def _parted(lines: list[str]) -> Iterator[list[str]]:
    return (lines[at : at + _PART] for at in range(0, len(lines), _PART))


class _File:
    """A file without a name, made when it is first written to."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._size = 0

    def write(self, blocks: Iterable[list[str]]) -> _Parts:
        """Write blocks of lines at the end; where they stand now."""
        octets = ["\n".join(lines).encode("utf-8", "surrogatepass") for lines in blocks]
        parts = []
        for block in octets:
            parts.append((self._size, len(block)))
            self._size += len(block)
        try:
            self._file = self._file or self._open()
            self._file.writelines(octets)
            self._file.flush()  # reading goes by the descriptor
        except OSError as error:
            message = f"no room for temporary files in {tempfile.gettempdir()}: {error.strerror}"
            raise UsageError(message, cure="make room there, or name another in TMPDIR") from error
        return parts

    def read(self, parts: _Parts) -> Iterator[list[str]]:
        """The lines of each part."""
        for offset, size in parts:
            if self._file:
                octets = os.pread(self._file.fileno(), size, offset)
                yield octets.decode("utf-8", "surrogatepass").split("\n")

    def _open(self) -> IO[bytes]:
        """Mode 0600 where files have names at all; closed with its owner."""
        file = tempfile.TemporaryFile(prefix="newsletter-")  # noqa: SIM115 it lives as long as its owner
        weakref.finalize(self, file.close)
        return file
