"""The figures as one table for people."""

from collections.abc import Iterable, Sequence

from bench.figures import OURS, Figure, Recording, Timing
from bench.sending import YARDSTICK

_HEAD = (
    "case",
    "by",
    "figure",
    f"× {YARDSTICK}",
    f"{OURS} is × this",
    "of the limit",
    "CPU s/1000",
    "MB",
)
Measured = Timing | Figure | Recording
_Row = tuple[str, ...]


def table_of(measured: Sequence[Measured]) -> list[str]:
    """A line each: how much, what ratio, at what cost."""
    words = [each for each in measured if isinstance(each, Timing)]
    ours = {each.case: each.microseconds for each in words if each.sender == OURS}
    rows = []
    for each in measured:
        if isinstance(each, Timing):
            rows.append(_timing(each, ours.get(each.case)))
        elif isinstance(each, Figure):
            rows.append(_figure(each))
        else:
            rows.append(_recording(each))
    return _aligned([_HEAD, *rows])


def _timing(each: Timing, ours: float | None) -> _Row:
    times = _ratio(each.microseconds / ours if ours and each.sender != OURS else None)
    return (each.case, each.sender, f"{each.microseconds:,.1f} µs", "", times, "", "", "")


def _figure(each: Figure) -> _Row:
    return (
        _case(each),
        each.sender,
        f"{each.messages_per_s:,.{0 if each.messages_per_s >= 100 else 1}f}/s",
        _ratio(each.ratios.get(YARDSTICK)),
        _ratio(1 / each.ratios[OURS] if OURS in each.ratios else None),
        _ratio(each.of_limit),
        f"{each.cpu_s_per_1000:.3f}",
        f"{each.peak_rss_mb:.0f}",
    )


def _case(each: Figure) -> str:
    far = f", {each.reply_delay_ms:.0f} ms a reply, 1 connection" if each.reply_delay_ms else ""
    return f"{each.case} ({each.octets / 1000:.1f} kB{far})"


def _recording(each: Recording) -> _Row:
    return (each.case, each.sender, f"{each.seconds:.1f} s", *[""] * 4, f"{each.peak_rss_mb:.0f}")


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Two columns of words to the left, numbers to the right."""
    rows = list(rows)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
