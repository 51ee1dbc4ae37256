"""The rig: a relay that outlives its senders, and what it saw, read from its file."""

import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.crash.forks import ROOT

_PATIENCE = 60.0


@dataclass
class Seen:
    """What the relay saw, from some moment on."""

    took: Counter[str] = field(default_factory=Counter)
    """How often it took a message to whom."""
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The Message-IDs under which."""
    bodies: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """For each connection, to whom a body was begun, in order."""
    opened: int = 0
    shut: int = 0

    def __add__(self, later: "Seen") -> "Seen":
        """Both, one after the other; a connection has its number for the relay's life."""
        both = Seen(self.took + later.took, opened=self.opened, shut=self.shut)
        for seen in (self, later):
            for who, ids in seen.ids.items():
                both.ids[who] |= ids
            for connection, begun in seen.bodies.items():
                both.bodies[connection] += begun
        return both

    def unexplained(self, doubted: AbstractSet[str]) -> set[str]:
        """Who is in doubt though no connection accounts for it.

        Each accounts for one of the last two whose body was begun: the next body may be opened
        before its final dot is noted, and the answer before is noted together with that dot.
        """
        places: dict[str, list[str]] = defaultdict(list)
        for connection, begun in self.bodies.items():
            for who in set(begun[-2:]) & doubted:
                places[who].append(connection)
        taken: dict[str, str] = {}
        return {who for who in doubted if not _seated(who, places, taken, set())}


def _seated(
    who: str,
    places: Mapping[str, list[str]],
    taken: dict[str, str],
    tried: set[str],
) -> bool:
    """Give each a place of its own, moving others where they have another (Kuhn's matching)."""
    for place in places.get(who, ()):
        if place in tried:
            continue
        tried.add(place)
        if place not in taken or _seated(taken[place], places, taken, tried):
            taken[place] = who
            return True
    return False


def wait_until(holds: Callable[[], bool]) -> None:
    """Look again and again; a busy machine is given a minute."""
    limit = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.001)


class RelayProcess:
    """A relay for the length of a test, here or in a network namespace, ``netns``."""

    def __init__(self, folder: Path, **how: Any) -> None:
        host = how.pop("netns", "")
        self._before = ["ip", "netns", "exec", host] if host else []
        self.log = folder / "relay.log"
        self.held = folder / "held"
        self._how = {"log": str(self.log), "held": str(self.held)} | how
        self._read = self._counted = self._taken = self._open = 0
        self.port = 0

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._process = subprocess.Popen(  # noqa: S603  our own program
            [*self._before, sys.executable, "-m", "tests.crash.relay", json.dumps(self._how)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._process.communicate()

    @property
    def written(self) -> int:
        """How much it has seen, in octets: more of it means that somebody talks."""
        return self.log.stat().st_size

    @property
    def taken(self) -> int:
        """How many messages it has taken, all in all; only what is new is read for it."""
        with self.log.open("rb") as file:
            file.seek(self._counted)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._counted += len(whole)
        self._taken += whole.count(b"took ")
        return self._taken

    def forget(self) -> None:
        """What it saw up to now is no longer looked at, but for who is still connected."""
        seen, self._read = self._look()
        self._open += seen.opened - seen.shut

    def seen(self) -> Seen:
        """What it saw since."""
        return self._look()[0]

    def _look(self) -> tuple[Seen, int]:
        """That, and where it ends."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        seen = Seen()
        for line in whole.decode().splitlines():
            _take(seen, *line.split(" "))
        return seen, self._read + len(whole)

    def settled(self) -> Seen:
        """The same, once every connection that was opened is shut: nobody is talking any more."""
        limit = time.monotonic() + _PATIENCE
        while time.monotonic() < limit:
            seen = self.seen()
            if self._open + seen.opened == seen.shut:
                return seen
            time.sleep(0.002)
        message = "the relay keeps a connection of a process that is gone"
        raise AssertionError(message)


def _take(seen: Seen, verb: str, connection: str, *rest: str) -> None:
    match verb, rest:
        case "open", _:
            seen.opened += 1
        case "shut", _:
            seen.shut += 1
        case "body", (who,):
            seen.bodies[connection].append(who)
        case "took", (who, message_id):
            seen.took[who] += 1
            seen.ids[who].add(message_id)
