"""Pieces of work that take turns, so that the neighbours' load falls on all of them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from bench.figures import Timing

BATCH_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work: how many seconds of CPU so many calls take, and for how many units each."""

    seconds: Callable[[int], float]
    units: int = 1

    def per_call(self, times: int) -> float:
        """Seconds of CPU a call."""
        return self.seconds(times) / times or 1e-9


def work(call: Callable[[], object], units: int = 1) -> Work:
    """Work that is done in this process, once or for so many units at each call."""

    def seconds(times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            call()
        return time.process_time() - began

    return Work(seconds, units)


Works = Mapping[tuple[str, str], Work]
"""By case and by who does it."""


def timed(works: Works, rounds: int) -> list[Timing]:
    """Medians over the rounds, in batches of about a tenth of a second each."""
    for each in works.values():
        each.per_call(1)
    times = {name: max(1, round(BATCH_SECONDS / each.per_call(1))) for name, each in works.items()}
    taken: dict[tuple[str, str], list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, each in works.items():
            taken[name].append(each.per_call(times[name]) / each.units)
    return [Timing(case, sender, 1e6 * median(each)) for (case, sender), each in taken.items()]
