"""Every effect that a process has on the world, counted; and a death at one of them.

Installed only in a child that was forked for it: the statements of SQLite, the writes of the
sockets, and what the journal does to its file.
"""

import itertools
import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

_FILE_EFFECTS = ("write", "writev", "pwrite", "replace", "rename", "unlink", "fsync", "ftruncate")
_SOCKET_EFFECTS = ("send", "sendall", "sendmsg")


@dataclass
class Trap:
    """Counts events; at the one it waits for, the process is killed before or after it."""

    at: int
    after: bool
    term_at: int
    events: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    """The number of the first event of each kind."""
    _count: int = 0
    _one_by_one: Any = field(default_factory=threading.RLock)

    def pass_by(self, kind: str, effect: Callable[[], Any]) -> Any:
        """Let one event happen, unless this is where it ends."""
        with self._one_by_one:
            self._count += 1
            here = self._count == self.at
            self.events[kind] = self.events.get(kind, 0) + 1
            self.first.setdefault(kind, self._count)
            if self._count == self.term_at:
                os.kill(os.getpid(), signal.SIGTERM)
        if here and not self.after:
            _die()
        result = effect()
        if here:
            _die()
        return result

    def around(self, kind: str, original: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, with each call an event."""

        def counted(*args: Any, **kwargs: Any) -> Any:
            return self.pass_by(kind, partial(original, *args, **kwargs))

        return counted


def install(at: int = 0, *, after: bool = False, term_at: int = 0) -> Trap:
    """Count from here on; kill -9 before or right after the event ``at`` (from 1; 0: never).

    At the event ``term_at`` the process is sent SIGTERM, and goes on to wind down.
    """
    trap = Trap(at, after, term_at)
    for name in _FILE_EFFECTS:
        setattr(os, name, trap.around("file", getattr(os, name)))
    for name in _SOCKET_EFFECTS:
        setattr(socket.socket, name, _method(trap, getattr(socket.socket, name)))
    connect: Any = partial(sqlite3.dbapi2.connect, factory=_connections(trap))
    sqlite3.dbapi2.connect = sqlite3.connect = connect
    return trap


def _method(trap: Trap, original: Callable[..., Any]) -> Callable[..., Any]:
    def counted(own: Any, *args: Any, **kwargs: Any) -> Any:
        return trap.pass_by("socket", partial(original, own, *args, **kwargs))

    return counted


def _connections(trap: Trap) -> type[sqlite3.Connection]:
    """Connections whose every statement is an event."""

    class Cursor(sqlite3.Cursor):
        execute = _statement(trap, sqlite3.Cursor.execute)
        executemany = _statement(trap, sqlite3.Cursor.executemany)

    class Connection(sqlite3.Connection):
        execute = _statement(trap, sqlite3.Connection.execute)
        executemany = _statement(trap, sqlite3.Connection.executemany)
        commit = _statement(trap, sqlite3.Connection.commit)
        rollback = _statement(trap, sqlite3.Connection.rollback)

        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    return Connection


def _statement(trap: Trap, original: Callable[..., Any]) -> Any:
    def counted(own: Any, *args: Any, **kwargs: Any) -> Any:
        return trap.pass_by("statement", partial(original, own, *args, **kwargs))

    return counted


def freeze_in_transaction(at: int) -> None:
    """Freeze (SIGSTOP) this process once so many statements on PostgreSQL left one open."""
    import psycopg
    from psycopg.pq import TransactionStatus

    original, seen, one_by_one = psycopg.Cursor.execute, itertools.count(1), threading.Lock()

    def execute(own: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(own, *args, **kwargs)
        if own.connection.info.transaction_status is TransactionStatus.INTRANS:
            with one_by_one:
                here = next(seen)
            if here == at:
                os.kill(os.getpid(), signal.SIGSTOP)
        return result

    setattr(psycopg.Cursor, "execute", execute)  # noqa: B010  a method, only in a child


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
