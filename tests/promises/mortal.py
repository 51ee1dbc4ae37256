"""A process that can be killed at any of its steps, and tells what it does to one who outlives it.

A step is a statement of the ledger, a write to a file, or a move of the relay. The process is
forked, and its death is SIGKILL: what it leaves is what a machine would leave.
"""

import asyncio
import datetime as dt
import errno
import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from newsletter.ledger import lock
from newsletter.ledger.ledger import Ledger
from tests.doubles import FakeClock
from tests.promises.script import Harm, Script

SENDING = 1_000
"""More steps than any run takes before its first message, so that a kill may be aimed at both."""
_write, _open, _replace, _unlink = os.write, os.open, os.replace, os.unlink
_connect = sqlite3.dbapi2.connect


class SteppedClock(FakeClock):
    """A clock that somebody may set while it runs."""

    set_by = 0.0

    def now(self) -> dt.datetime:
        """The wall's time."""
        return super().now() + dt.timedelta(seconds=self.set_by)

    def all_sleep(self) -> bool:
        """Whether nothing else is to be done in the loop: no other thread works for a run here."""
        loop = asyncio.get_running_loop()
        return not loop._ready or super().all_sleep()  # type: ignore[attr-defined]


class Process:
    """The forked process: counts its steps, dies at the one it is told, reports to a file."""

    def __init__(
        self, ledger: Ledger, boot: Path, told: int, script: Script, now: dt.datetime
    ) -> None:
        self.ledger = ledger
        self.boot = boot
        self.clock = SteppedClock(now)
        self.script = script
        self._told = told
        self._steps = 0
        self._armed = False

    def tell(self, kind: str, *what: str) -> None:
        """One line to whoever waits; it outlives this process."""
        line = json.dumps([kind, *what, self.clock.now().isoformat()])
        _write(self._told, f"{line}\n".encode())

    def send(self) -> None:
        """A message begins: from the first on, steps are counted anew from ``SENDING``."""
        self._steps = max(self._steps, SENDING)

    def step(self, _what: object = None) -> None:
        """One step; perhaps the last."""
        self._steps += 1
        match self.script.harm:
            case (at, Harm.KILL) if self._steps == at:
                os.kill(os.getpid(), signal.SIGKILL)
            case (at, Harm.TEAR | Harm.FULL) if self._steps == at:
                self._armed = True

    def write(self, handle: int, data: bytes) -> int:
        """``os.write``, before and after which the process may die; or the disk is full."""
        self.step()
        if self._armed and self.script.harm and self.script.harm[1] is Harm.TEAR:
            _write(handle, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        if self._armed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = _write(handle, data)
        self.step()
        return written

    def watch(self) -> None:
        """Make steps of what touches a file or a database, in this process alone."""
        setattr(os, "write", self.write)  # noqa: B010  as below
        for name, real in (("open", _open), ("replace", _replace), ("unlink", _unlink)):
            setattr(os, name, self._stepping(real))
        for module in (sqlite3, sqlite3.dbapi2):
            setattr(module, "connect", self._connect)  # noqa: B010  mypy knows its overloads

    def _stepping(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return real(*args, **kwargs)

        return call

    def _connect(self, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = _connect(*args, **kwargs)
        connection.set_trace_callback(self.step)
        return connection


@contextmanager
def machine_started(boot: Path) -> Iterator[None]:
    """Meanwhile this file tells which start of the machine it is."""
    real, lock._BOOT_ID = lock._BOOT_ID, boot
    try:
        yield
    finally:
        lock._BOOT_ID = real
