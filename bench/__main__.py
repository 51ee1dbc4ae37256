"""``python -m bench``: measure, print one table, write ``bench/results/latest.json``."""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import child, senders
from bench.machine import Machine, this_machine, versions
from bench.sending import CONNECTIONS, SENDERS, Figure, compare
from bench.sink import is_installed
from bench.table import sending_table, words_table

LATEST = Path(__file__).parent / "results" / "latest.json"
COUNTS = {"big": 2_000, "small": 5_000}
QUICK_COUNTS = {"big": 300, "small": 600}
PACKAGES = ("newsletter", "aiosmtplib", "mjml-python", "premailer", "sqlalchemy")
_SHARED = "other work may run on this machine: compare the ratios, not the times of two runs"


def main() -> None:
    """Everything, or what the options leave of it; a sender that is missing is said loudly."""
    wanted = _arguments()
    machine = this_machine()
    timings = _words(wanted.rounds * 3)
    figures: list[Figure] = []
    competitors = _competitors()
    used = versions(PACKAGES)
    if "nodemailer" in competitors:
        used["nodemailer"] = senders.NODEMAILER
    for case, count in (QUICK_COUNTS if wanted.quick else COUNTS).items():
        if competitors:
            figures += compare(case, count, wanted.rounds, competitors)
    _print(machine, used, timings, figures)
    if not wanted.quick and len(competitors) == len(SENDERS):
        _write(LATEST, _records(machine, used, timings, figures))
    else:
        print(f"\nbench/results/{LATEST.name} is left as it was: this was not the whole benchmark")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few messages; writes no file")
    parser.add_argument("--rounds", type=int, default=3, help="how often each sender has its turn")
    return parser.parse_args()


def _words(rounds: int) -> list[dict[str, Any]]:
    print("  words", file=sys.stderr, flush=True)
    ran = child.run([sys.executable, "-m", "bench.words", str(rounds)], folder=senders.HERE.parent)
    timings: list[dict[str, Any]] = json.loads(ran.output)
    return timings


def _competitors() -> Mapping[str, senders.Sender]:
    """The senders that can run here; what is missing is said."""
    if not is_installed():
        _loudly("sending: Postfix's smtp-sink and smtp-source are not installed (make debian)")
        return {}
    missing = senders.install_nodemailer()
    if missing:
        _loudly(f"nodemailer: {missing}")
        return {name: sender for name, sender in SENDERS.items() if name != "nodemailer"}
    return SENDERS


def _loudly(what: str) -> None:
    print(f"\n*** NOT MEASURED: {what} ***\n", file=sys.stderr, flush=True)


def _print(
    machine: Machine,
    used: Mapping[str, str],
    timings: Iterable[Mapping[str, Any]],
    figures: list[Figure],
) -> None:
    rows = [(each["case"], each["sender"], each["microseconds"]) for each in timings]
    print("\n".join(words_table(rows)))
    if figures:
        print()
        print("\n".join(sending_table(figures)))
    print(f"\n{machine}; {_SHARED}")
    print(" · ".join(f"{name} {number}" for name, number in used.items()))


def _records(
    machine: Machine,
    used: Mapping[str, str],
    timings: Iterable[Mapping[str, Any]],
    figures: Iterable[Figure],
) -> list[dict[str, Any]]:
    """A list of flat records, each of which can be read by itself."""
    ground = {"machine": asdict(machine), "versions": dict(used)}
    words = [{**timing, "microseconds": _short(timing["microseconds"])} for timing in timings]
    sent = [
        {
            "case": each.case,
            "sender": each.sender,
            "connections": CONNECTIONS,
            "reply_delay_ms": 0,
            **{name: _short(value) for name, value in asdict(each).items()},
        }
        for each in figures
    ]
    return [record | ground for record in [*sent, *words]]


def _short(value: Any) -> Any:
    """Three digits are more than any of these figures is worth."""
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nwritten: bench/results/{path.name}")


if __name__ == "__main__":
    main()
