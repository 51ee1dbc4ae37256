"""A process that forks: it has imported everything, so a child begins within milliseconds."""

import contextlib
import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
_MOST = 1 << 20


class Forks:
    """The rig's side: children are begun and waited for through a pipe."""

    def __enter__(self) -> Self:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forks"],
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


def main() -> None:
    """Fork until stdin ends."""
    from tests.crash.child import work

    lessons = _Lessons()
    gc.freeze()
    while line := sys.stdin.readline():
        asked = json.loads(line)
        if "wait" in asked:
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
    silence = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1):
        os.dup2(silence, handle)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  the child's for its life
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115  same


if __name__ == "__main__":
    main()
