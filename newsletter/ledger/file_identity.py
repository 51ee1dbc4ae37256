"""Which file it is: a number alone does not say so, for disks give it again at once."""

import ctypes
import os
import struct
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_HERE, _WANTED = -100, 0x800
"""``AT_FDCWD`` and ``STATX_BTIME``, of Linux's <fcntl.h> and <linux/stat.h>."""
_ROOM = 256
_MASK, _BORN = struct.Struct("=I"), struct.Struct("=qI")
_AT_BORN = 80


class FileIdentity(NamedTuple):
    """A rename keeps it, writing into the file too; a copy has another one."""

    inode: int
    born: int
    """Nanoseconds since 1970 at which the file was made; 0 where that is not known."""

    def may_be(self, other: "FileIdentity") -> bool:
        """Whether both may be the same file, of one disk."""
        if self.born and other.born and self.born != other.born:
            return False
        return self.inode == other.inode


def identity_of(path: Path) -> FileIdentity:
    """Of a file that is there; else ``OSError``."""
    found = path.stat()
    return FileIdentity(found.st_ino, _born(path, found))


def _born(path: Path, found: os.stat_result) -> int:
    if statx := _statx():
        room = ctypes.create_string_buffer(_ROOM)
        failed = statx(_HERE, os.fsencode(path), 0, _WANTED, room)
        if not failed and _MASK.unpack_from(room)[0] & _WANTED:
            seconds, rest = _BORN.unpack_from(room, _AT_BORN)
            return int(seconds * 1_000_000_000 + rest)
    return int(getattr(found, "st_birthtime", 0.0) * 1_000_000_000)


@cache
def _statx() -> Any:
    """The C library's function; Python has none on Linux before 3.15."""
    return getattr(ctypes.CDLL(None), "statx", None)
