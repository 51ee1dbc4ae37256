"""What was measured, as records that can each be read by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.senders import Sent

OURS = "newsletter"


@dataclass(frozen=True, slots=True)
class Figure:
    """One sender in one case: medians over the rounds."""

    case: str
    sender: str
    connections: int
    reply_delay_ms: float
    octets: int
    messages: int
    rounds: int
    messages_per_s: float
    cpu_s_per_1000: float
    """From the first connection to the last."""
    whole_cpu_s_per_1000: float
    """Of the whole process: for the newsletter also reading, rendering, checking, recording."""
    whole_seconds: float
    peak_rss_mb: float
    """Of the whole process, too."""
    ratios: Mapping[str, float] = field(default_factory=dict)
    """Messages a second against each sender: the median of the ratios of each round."""
    of_limit: float | None = None
    """The rate as a part of what the round trips allow."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One piece of work: the median over the rounds of its CPU time, in microseconds."""

    case: str
    sender: str
    microseconds: float


@dataclass(frozen=True, slots=True)
class Recording:
    """From a CSV to a recorded plan: a process from its start to its first connection."""

    case: str
    sender: str
    recipients: int
    seconds: float
    peak_rss_mb: float


def figures_of(
    case: str,
    runs: Mapping[str, Sequence[Sent]],
    *,
    octets: int,
    connections: int,
    reply_delay_ms: float = 0,
    limits: Mapping[str, float] | None = None,
) -> list[Figure]:
    """A figure for each sender; ``limits`` are messages a second that the round trips allow."""
    found = []
    for name, own in runs.items():
        rate = median(each.rate for each in own)
        limit = (limits or {}).get(name)
        found.append(
            Figure(
                case=case,
                sender=name,
                connections=connections,
                reply_delay_ms=reply_delay_ms,
                octets=octets,
                messages=own[0].count,
                rounds=len(own),
                messages_per_s=rate,
                cpu_s_per_1000=_per_1000(own, [each.cpu_seconds for each in own]),
                whole_cpu_s_per_1000=_per_1000(own, [each.whole.cpu_seconds for each in own]),
                whole_seconds=median(each.whole.seconds for each in own),
                peak_rss_mb=median(each.whole.peak_rss_mb for each in own),
                ratios={
                    other: median(a.rate / b.rate for a, b in zip(own, theirs, strict=True))
                    for other, theirs in runs.items()
                    if other != name
                },
                of_limit=rate / limit if limit else None,
            )
        )
    return found


def _per_1000(runs: Sequence[Sent], seconds: Sequence[float]) -> float:
    return median(1000 * each / sent.count for sent, each in zip(runs, seconds, strict=True))


def short(value: Any) -> Any:
    """Four digits are more than any of these figures is worth."""
    if isinstance(value, dict):
        return {name: short(each) for name, each in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value
