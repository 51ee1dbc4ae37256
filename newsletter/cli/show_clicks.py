"""Clicks as lines for a person to read, with what their numbers are worth."""

from collections.abc import Iterator, Sequence

from newsletter.cli.layout import counted, local, number, one_line, table
from newsletter.ledger.clicked import Clicked, ReaderClick

_LISTED = 20


def in_report(clicked: Clicked) -> Iterator[str]:
    """What was counted of a campaign; nothing where nothing is."""
    if clicked.links:
        yield f" clicks  {number(clicked.clicks)}   by readers, and by programs that try links"
        most = sorted(clicked.links, key=lambda link: -link.clicks)
        rows = (("  ", number(link.clicks), one_line(link.url)) for link in most[:_LISTED])
        yield from table(rows, right=(1,))
        if len(most) > _LISTED:
            yield f"   and {counted(len(most) - _LISTED, 'link')} more: --save lists all"
    if clicked.named:
        yield f"   {counted(clicked.named, 'reader')} of those who agreed to be counted by name"
    if clicked.opens is not None:
        opens = number(clicked.opens)
        yield f" opens at least {opens}   images loaded: many readers load none, some programs all"


def history(clicks: Sequence[ReaderClick]) -> Iterator[str]:
    """Which links one reader followed, who agreed that it is kept."""
    for click in clicks:
        times = "" if click.clicks == 1 else f", {number(click.clicks)} times"
        where = f"campaign {click.campaign} ({click.issue})"
        yield f"  {where}: followed {one_line(click.url)} at {local(click.first_at)}{times}"
