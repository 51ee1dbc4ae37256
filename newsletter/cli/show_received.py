"""Tests as they arrived, as lines for a person to read."""

from collections.abc import Iterator, Sequence

from newsletter.app.received import ReadBack
from newsletter.cli.layout import paint


def read_back(found: Sequence[ReadBack]) -> Iterator[str]:
    """What holds of each test as it arrived."""
    colors = {"Passed": "green", "Warning": "yellow", "Failed": "red", "Note": "dim"}
    for each in found:
        yield ""
        yield f"{each.variant}   to {each.to}"
        for check in each.checks:
            detail = f" ({check.detail})" if check.detail else ""
            state = paint(f"{check.state:<7}", colors[check.state])
            yield f"  {state}  {check.title}{detail}"
