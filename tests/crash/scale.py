"""How long the rigs run: the short form in `make test`, the long one in `make crash`."""

import os
import random

FULL = os.environ.get("CRASH") == "full"


def scaled(short: int, full: int) -> int:
    """One number for `make test`, another for `make crash`."""
    return full if FULL else short


def chance() -> random.Random:
    """What is left to chance; the seed is printed, and CRASH_SEED sets it."""
    seed = int(os.environ.get("CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"CRASH_SEED={seed}")  # noqa: T201  shown with a failure
    return random.Random(seed)  # noqa: S311  no secret


def chosen(first: int, last: int, at_most: int) -> range:
    """Which events are tried: all of them, or so many, a stride apart, from a random one on."""
    stride = 1 if FULL else max(1, (last - first + 1) // at_most)
    return range(first + chance().randrange(stride), last + 1, stride)
