"""What the doctor found, as lines for a person to read."""

from collections.abc import Iterator

from newsletter.app.doctoring import Examined
from newsletter.cli.layout import one_line, paint
from newsletter.doctor.examination import State

_MARK = {
    State.GOOD: ("good   ", "green"),
    State.WARNING: ("warning", "yellow"),
    State.BAD: ("bad    ", "red"),
    State.UNKNOWN: ("unknown", "dim"),
}


def examined(value: Examined) -> Iterator[str]:
    """Each result with its cure, the providers' table, and the sum."""
    for each in value.results:
        yield f"{_mark(each.state)}  {each.id:<16} {one_line(each.words)}"
        if each.cure and each.state is not State.GOOD:
            yield f"{'':27}{one_line(each.cure)}"
    provider = ""
    for line in value.rules:
        if line.provider != provider:
            provider = line.provider
            yield ""
            yield provider
        cure = f": {line.cure}" if line.cure and line.state is not State.GOOD else ""
        yield f"  {_mark(line.state)}  {line.rule}{one_line(cure)}"
    yield ""
    sums = [f"{value.count(state)} {state}" for state in _MARK]
    yield f"{value.domain}: " + " · ".join(sums)


def _mark(state: State) -> str:
    words, color = _MARK[state]
    return paint(words, color)
