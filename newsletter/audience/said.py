"""What readers themselves said, beside what the files say: joined, left, lapsed, a language chosen.

A file never brings back who left; the reader's own words win over a file's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from newsletter.audience.cells import LONGEST_CELL, clean_cell
from newsletter.audience.header import RESERVED, column_name
from newsletter.audience.model import Subscriber
from newsletter.audience.spool import SortedSpool
from newsletter.audience.subscribers import UNIT, SubscriberList, Subscribers
from newsletter.consent import Joined, Lapse

LEFT, LAPSED = "left", "consent lapsed"
"""Why somebody is on a list no more, as the sum calls it."""


class Said:
    """What a plan takes into account of what readers said, in any number of them.

    ``forgotten`` tells of many addresses' keys which of them stand for nobody any more.
    """

    def __init__(
        self,
        left: Iterable[tuple[str, str]] = (),
        lapsed: Iterable[Lapse] = (),
        languages: Iterable[tuple[str, str]] = (),
        joined: Iterable[Joined] = (),
        forgotten: Callable[[Sequence[str]], Sequence[bool]] | None = None,
    ) -> None:
        self._gone = SortedSpool()
        self._gone.add(UNIT.join((key, name, LEFT)) for key, name in left)
        self._gone.add(
            UNIT.join((each.key, each.list_name, LAPSED)) for each in lapsed if each.over
        )
        self._languages = SortedSpool()
        self._languages.add(UNIT.join(pair) for pair in languages)
        self.joined = tuple(_joined_lists(joined))
        """Who joined by form: a list of each name, besides the files of the same names."""
        self.forgotten = forgotten

    def gone(self) -> Iterator[list[str]]:
        """Lines of key, list, and why the reader is on it no more; sorted."""
        return self._gone.blocks()

    def languages(self) -> Iterator[list[str]]:
        """Lines of key and the language that the reader chose; sorted."""
        return self._languages.blocks()


def _joined_lists(joined: Iterable[Joined]) -> Iterator[SubscriberList]:
    """A list of each name, of readers that come in the order of the names."""
    for name, readers in groupby(joined, attrgetter("list_name")):
        subscribers = Subscribers.of(name, map(_subscriber, readers))
        yield SubscriberList(
            name=name,
            path=Path(),
            encoding="utf-8",
            separator=",",
            subscribers=subscribers,
            rows=len(subscribers),
            columns=("email", *subscribers.names),
        )


def _subscriber(reader: Joined) -> Subscriber:
    """What was filled into a form is cleaned like the cells of a file."""
    fields = {
        column_name(name): clean_cell(cell)[0][:LONGEST_CELL]
        for name, cell in reader.fields.items()
    }
    kept = {name: cell for name, cell in fields.items() if name not in {*RESERVED, "", "email"}}
    if reader.language:
        kept["language"] = reader.language
    return Subscriber(reader.address, kept, reader.list_name, 0)


NOTHING_SAID = Said()
