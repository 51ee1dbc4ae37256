"""What an examination finds: a state, what holds, and the cure."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How firm the ground is at one place."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was looked at. ``id`` names it for programs: ``spf.record``."""

    id: str
    state: State
    words: str
    cure: str = ""


def good(name: str, words: str) -> Result:
    """It is as it should be."""
    return Result(name, State.GOOD, words)


def warning(name: str, words: str, cure: str) -> Result:
    """Mail goes out, and some of it may suffer."""
    return Result(name, State.WARNING, words, cure)


def bad(name: str, words: str, cure: str) -> Result:
    """Mail will be refused, or end as spam."""
    return Result(name, State.BAD, words, cure)


def unknown(name: str, words: str, cure: str = "") -> Result:
    """Nobody answered, or nobody was asked."""
    return Result(name, State.UNKNOWN, words, cure)
