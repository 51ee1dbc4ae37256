"""``python -m bench``: measure, print one table, write ``bench/results/latest.json``."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from bench import child, senders
from bench.figures import Figure, Timing, short
from bench.machine import Machine, this_machine, versions
from bench.sending import (
    COUNTS,
    FAR,
    FAR_QUICK,
    MILLION,
    QUICK,
    compare,
    compare_far,
    loudly,
    send_many,
)
from bench.sink import is_installed
from bench.table import Measured, table_of

LATEST = Path(__file__).parent / "results" / "latest.json"
PACKAGES = ("newsletter", "aiosmtplib", "uvloop", "mjml-python", "premailer", "sqlalchemy")
_SHARED = "other work may run on this machine: compare the ratios, not the times of two runs"


def main() -> None:
    """Everything, or what the options leave of it; a sender that is missing is said loudly."""
    wanted = _arguments()
    machine = this_machine()
    missing = _missing()
    cases = _cases(wanted.rounds, missing, quick=wanted.quick)
    chosen = wanted.only or list(cases)
    measured = [each for name in chosen for each in cases[name]()]
    used = versions(PACKAGES) | {name: PEERS[name] for name in PEERS if name not in missing}
    print("\n".join(table_of(measured)))
    print(f"\n{machine}; {_SHARED}")
    print(" · ".join(f"{name} {number}" for name, number in used.items()))
    if not wanted.quick and _is_whole(measured):
        _write(LATEST, _records(machine, used, measured))
    else:
        print(f"\nbench/results/{LATEST.name} is left as it was: this was not the whole benchmark")


PEERS = {"nodemailer": senders.NODEMAILER, "mjml": senders.MJML}
"""Of npm, with their versions."""
_Cases = Mapping[str, Callable[[], Iterable[Measured]]]
_NAMES = ("words", "render", "preview", "big", "small", "far", "million")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few messages; writes no file")
    parser.add_argument("--rounds", type=int, default=3, help="how often each sender has its turn")
    parser.add_argument(
        "--only",
        action="append",
        choices=_NAMES,
        help="this case (may be repeated); writes no file",
    )
    return parser.parse_args()


def _cases(rounds: int, missing: frozenset[str], *, quick: bool) -> _Cases:
    """What each case measures, without the senders that are missing."""
    divisor = QUICK if quick else 1
    far = [name for name in FAR if name not in missing]

    def sending(case: str) -> Iterable[Measured]:
        counts = {name: max(1, count // divisor) for name, count in COUNTS[case].items()}
        return compare(case, rounds, {name: counts[name] for name in counts if name not in missing})

    mjml = [] if "mjml" in missing else [str(senders.PEERS)]
    cases: dict[str, Callable[[], Iterable[Measured]]] = {
        "words": lambda: _timings("words", [str(3 * rounds)]),
        "render": lambda: _timings("render", [str(3 * rounds), *mjml]),
        "preview": lambda: _timings("preview", [str(rounds)]) if shutil.which("chromium") else [],
    }
    if _SINK not in missing:
        cases |= {case: partial(sending, case) for case in COUNTS}
        cases["million"] = lambda: send_many([count // divisor for count in MILLION])
    cases["far"] = lambda: compare_far(max(1, rounds - 1), far, FAR_QUICK if quick else 1)
    return {name: cases.get(name, list) for name in _NAMES}


def _timings(case: str, given: Sequence[str]) -> Sequence[Timing]:
    print(f"  {case}", file=sys.stderr, flush=True)
    ran = child.run([sys.executable, "-m", f"bench.{case}", *given], folder=senders.HERE.parent)
    return [Timing(**each) for each in json.loads(ran.output)]


_SINK = "smtp-sink"


def _missing() -> frozenset[str]:
    """What cannot run here; it is said."""
    missing = set()
    if not is_installed():
        loudly("Postfix's smtp-sink and smtp-source are not installed (make debian)")
        missing |= {_SINK, "smtp-source"}
    if why := senders.install_from_npm(PEERS):
        loudly(f"{', '.join(PEERS)}: {why}")
        missing |= set(PEERS)
    return frozenset(missing)


def _is_whole(measured: Iterable[Measured]) -> bool:
    """Whether every sender of every case has a figure."""
    figures = sum(isinstance(each, Figure) for each in measured)
    return figures == sum(map(len, COUNTS.values())) + len(FAR) + len(MILLION)


def _records(
    machine: Machine, used: Mapping[str, str], measured: Iterable[Measured]
) -> list[dict[str, Any]]:
    """A list of flat records, each of which can be read by itself."""
    ground = {"machine": asdict(machine), "versions": dict(used)}
    return [short(asdict(each)) | ground for each in measured]


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nwritten: bench/results/{path.name}")


if __name__ == "__main__":
    main()
