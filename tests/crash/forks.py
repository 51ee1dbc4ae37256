"""A process that forks: it has imported everything, so a child begins within milliseconds."""

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from tests.crash.scale import scaled
from tests.standing import tell_tasks

ROOT = Path(__file__).parents[2]
_MOST = 1 << 20
_PATIENCE = scaled(300, 3_600)
"""Seconds after which a child that does not end is made to tell where it stands."""


class Forks:
    """The rig's side: children are begun and waited for through a pipe."""

    def __init__(self, patience: int = _PATIENCE) -> None:
        self._patience = patience

    def __enter__(self) -> Self:
        """Start it."""
        self._process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "tests.crash.forks", str(self._patience)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End it, and with it whoever still runs."""
        self._process.communicate()

    def begin(self, job: dict[str, Any]) -> int:
        """Fork a child for the job; its pid, which stays its own until it is waited for."""
        return int(self._ask({"job": job}))

    def wait(self, pid: int) -> int:
        """How the child ended: its exit code, or the signal that killed it, negative."""
        return int(self._ask({"wait": pid}))

    def _ask(self, what: dict[str, Any]) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the forking process ended"
        return answer


def main(patience: int) -> None:
    """Fork until stdin ends."""
    from tests.crash.child import work

    lessons = _Lessons()
    gc.freeze()
    while line := sys.stdin.readline():
        asked = json.loads(line)
        if "wait" in asked:
            with _patience_with(asked["wait"], patience):
                _, status = os.waitpid(asked["wait"], 0)
            lessons.learn()
            print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  the answer
        elif pid := os.fork():
            print(pid, flush=True)  # noqa: T201  the answer
        else:
            _become_child()
            try:
                work(asked["job"], lessons.tell)
            finally:
                os._exit(70)


@contextlib.contextmanager
def _patience_with(child: int, seconds: int) -> Iterator[None]:
    """It has so long to end. Then it tells on stderr where it stands, and a second later aborts."""
    words = iter([signal.SIGUSR1])

    def abort(*_: object) -> None:
        os.kill(child, next(words, signal.SIGABRT))
        os.kill(child, signal.SIGCONT)  # who is frozen hears it as well
        signal.alarm(1)

    signal.signal(signal.SIGALRM, abort)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


class _Lessons:
    """What the children imported, so that the next ones find it there: it is half of their work.

    Commands import what they use when they use it; a child that is killed tells nothing.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("ab+", buffering=0)  # noqa: SIM115  for its life
        self._read = 0
        self._known = set(sys.modules)

    def tell(self) -> None:
        """Of a child, before it ends."""
        new = set(sys.modules) - self._known
        self._file.write("".join(f"{name}\n" for name in sorted(new)).encode())

    def learn(self) -> None:
        """Import what was told since."""
        told = os.pread(self._file.fileno(), _MOST, self._read)
        self._read += len(told)
        for name in told.decode().split():
            if name not in self._known:
                self._known.add(name)
                with contextlib.suppress(Exception):  # some can be imported by their maker only
                    importlib.import_module(name)
        if told:
            gc.freeze()


def _become_child() -> None:
    """The pipe belongs to the parent: a child that wrote to it would confuse the rig."""
    faulthandler.enable()
    signal.signal(signal.SIGUSR1, tell_tasks)
    silence = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1):
        os.dup2(silence, handle)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  the child's for its life
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  same


if __name__ == "__main__":
    main(int(sys.argv[1]))
