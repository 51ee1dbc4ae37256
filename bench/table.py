"""The figures as a table for people."""

from collections.abc import Iterable, Sequence

from bench.sending import OURS, YARDSTICK, Figure


def words_table(timings: Sequence[tuple[str, str, float]]) -> list[str]:
    """Microseconds a call; beside each piece of work, how many times as long the peer takes."""
    ours = {case: taken for case, sender, taken in timings if sender == OURS}
    rows = [
        (case, sender, f"{taken:,.1f}", _times(taken, ours.get(case)) if sender != OURS else "")
        for case, sender, taken in timings
    ]
    return _aligned([("words", "by", "µs a call", "× newsletter"), *rows])


def sending_table(figures: Iterable[Figure]) -> list[str]:
    """Messages a second, and how our own compare with each."""
    head = (
        "case",
        "sender",
        "messages/s",
        f"× {YARDSTICK}",
        f"{OURS} is × this",
        "CPU s/1000",
        "MB",
    )
    rows = [
        (
            f"{each.case} ({each.octets / 1000:.1f} kB)",
            each.sender,
            f"{each.messages_per_s:,.0f}",
            _ratio(each.ratios.get(YARDSTICK)),
            _ratio(1 / each.ratios[OURS] if OURS in each.ratios else None),
            f"{each.cpu_s_per_1000:.3f}",
            f"{each.peak_rss_mb:.0f}",
        )
        for each in figures
    ]
    return _aligned([head, *rows])


def _times(taken: float, ours: float | None) -> str:
    return f"{taken / ours:,.1f}" if ours else ""


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Two columns of words to the left, numbers to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
