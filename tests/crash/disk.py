"""A disk that is full or fails, under SQLite and under the journal, from a chosen write on.

SQLite's unix VFS lets its system calls be exchanged (``xSetSystemCall``), so the fault arises
where a real one would. Installed only in a child that was forked for it.
"""

import ctypes
import ctypes.util
import errno
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_METHODS = (
    *("xOpen", "xDelete", "xAccess", "xFullPathname", "xDlOpen", "xDlError", "xDlSym", "xDlClose"),
    *("xRandomness", "xSleep", "xCurrentTime", "xGetLastError", "xCurrentTimeInt64"),
)
_SET = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_GET = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
_FD, _AT, _SIZE = ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t
_CALLS: dict[str, tuple[Any, ...]] = {
    "pwrite64": (ctypes.c_ssize_t, _FD, _AT, _SIZE, ctypes.c_int64),
    "pwrite": (ctypes.c_ssize_t, _FD, _AT, _SIZE, ctypes.c_int64),
    "write": (ctypes.c_ssize_t, _FD, _AT, _SIZE),
    "ftruncate": (ctypes.c_int, _FD, ctypes.c_int64),
}
_IO_METHODS = (
    *("xClose", "xRead", "xWrite", "xTruncate", "xSync", "xFileSize", "xLock", "xUnlock"),
    *("xCheckReservedLock", "xFileControl", "xSectorSize", "xDeviceCharacteristics"),
    *("xShmMap", "xShmLock", "xShmBarrier", "xShmUnmap", "xFetch", "xUnfetch"),
)
_NAME = ctypes.c_void_p
"""Not ``c_char_p``, which hands on a copy that is gone after the call: SQLite keeps the pointer,
and makes the name of its shared memory of it when that is needed."""
_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, _NAME, _AT, ctypes.c_int, ctypes.c_void_p)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _AT, ctypes.c_int)
_IOERR_FSYNC = 10 | 4 << 8
_OWN_CALLS = ("write", "pwrite", "replace", "ftruncate", "fsync")


class _Vfs(ctypes.Structure):
    """``sqlite3_vfs``, version 3 (https://sqlite.org/c3ref/vfs.html)."""

    _fields_ = [
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        *((name, ctypes.c_void_p) for name in _METHODS),
        ("xSetSystemCall", _SET),
        ("xGetSystemCall", _GET),
        ("xNextSystemCall", ctypes.c_void_p),
    ]


class _IoMethods(ctypes.Structure):
    """``sqlite3_io_methods``, version 3 (https://sqlite.org/c3ref/io_methods.html)."""

    _fields_ = [
        ("iVersion", ctypes.c_int),
        *((name, ctypes.c_void_p) for name in _IO_METHODS),
    ]


@dataclass
class Fault:
    """Fails the write ``at`` (from 1; 0: none), and where it ``stays`` every later one.

    ``places``: "ledger", "journal" or both. ``name``: of the errno, or "short" for a journal's
    write that takes half.
    """

    at: int
    name: str = "ENOSPC"
    stays: bool = True
    places: tuple[str, ...] = ("ledger", "journal")
    writes: int = 0
    kept: list[Any] = field(default_factory=list)
    """What C calls must not be collected."""

    def strikes(self) -> bool:
        """Whether this write fails."""
        self.writes += 1
        return bool(self.at) and (self.writes == self.at or (self.stays and self.writes > self.at))

    @property
    def number(self) -> int:
        """The errno."""
        return int(getattr(errno, self.name, errno.ENOSPC))


_installed: list[Fault] = []


def install(at: int, **how: Any) -> Fault:
    """Count writes from here on, and let them fail as told."""
    fault = Fault(at, **how)
    if "ledger" in fault.places:
        _under_sqlite(fault)
    if "journal" in fault.places:
        _under_os(fault)
    _installed.append(fault)
    return fault


def lift() -> int:
    """Let the disk work again; how many writes were counted."""
    for fault in _installed:
        fault.at = 0
    return sum(fault.writes for fault in _installed)


def reachable() -> bool:
    """Whether SQLite's system calls can be exchanged on this machine."""
    return _library() is not None


def _library() -> Any:
    """The very library that Python's sqlite3 uses, or None where it is hidden in the program."""
    for name in ("libsqlite3.so.0", None):
        try:
            library = ctypes.CDLL(name)
            library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
            library.sqlite3_libversion.restype = ctypes.c_char_p
        except (OSError, AttributeError):
            continue
        if library.sqlite3_libversion().decode() == sqlite3.sqlite_version:
            return library
    return None


def _under_sqlite(fault: Fault) -> None:
    library = _library()
    library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
    vfs = library.sqlite3_vfs_find(None).contents
    own = ctypes.addressof(vfs)
    for name, signature in _CALLS.items():
        pointer = vfs.xGetSystemCall(own, name.encode())
        if pointer:
            # use_errno: what the callback sets is errno when it returns
            kind = ctypes.CFUNCTYPE(*signature, use_errno=True)
            callback = kind(_failing(fault, kind(pointer)))
            fault.kept.append(callback)
            vfs.xSetSystemCall(own, name.encode(), ctypes.cast(callback, ctypes.c_void_p))
    _under_open(fault, vfs)


def _under_open(fault: Fault, vfs: Any) -> None:
    """``fsync`` is no system call that can be exchanged: each open file is given another xSync."""
    original = _OPEN(vfs.xOpen)
    known: dict[int, _IoMethods] = {}

    def open_(own: int, name: int | None, file: int, flags: int, out: int) -> int:
        code = original(own, name, file, flags, out)
        methods = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
        if code == 0 and methods[0]:
            if methods[0] not in known:
                known[methods[0]] = _with_failing_sync(fault, methods[0])
            methods[0] = ctypes.addressof(known[methods[0]])
        return int(code)

    callback = _OPEN(open_)
    fault.kept += [callback, known]
    vfs.xOpen = ctypes.cast(callback, ctypes.c_void_p)


def _with_failing_sync(fault: Fault, address: int) -> _IoMethods:
    """A copy of a file's methods whose xSync is a write too."""
    copy = _IoMethods.from_buffer_copy(_IoMethods.from_address(address))
    original = _SYNC(copy.xSync)
    callback = _SYNC(lambda file, flags: _IOERR_FSYNC if fault.strikes() else original(file, flags))
    fault.kept.append(callback)
    copy.xSync = ctypes.cast(callback, ctypes.c_void_p)
    return copy


def _failing(fault: Fault, original: Callable[..., int]) -> Callable[..., int]:
    def call(*args: Any) -> int:
        if fault.strikes():
            ctypes.set_errno(fault.number)
            return -1
        return original(*args)

    return call


def _under_os(fault: Fault) -> None:
    for name in _OWN_CALLS:
        setattr(os, name, _raising(fault, getattr(os, name), is_write=name == "write"))
    os.open = _opening(fault, os.open)


def _raising(fault: Fault, original: Callable[..., Any], *, is_write: bool) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        if not fault.strikes():
            return original(*args)
        if fault.name == "short" and is_write:
            return original(args[0], args[1][: len(args[1]) // 2])
        raise OSError(fault.number, os.strerror(fault.number))

    return call


def _opening(fault: Fault, original: Callable[..., int]) -> Any:
    """A file that is to be made needs room too; one that is only opened does not."""

    def call(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        made = flags & os.O_CREAT and not os.path.exists(path)  # noqa: PTH110  any kind of path
        if made and fault.strikes():
            raise OSError(fault.number, os.strerror(fault.number), str(path))
        return original(path, flags, *args, **kwargs)

    return call
