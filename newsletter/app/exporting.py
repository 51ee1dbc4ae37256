"""Everybody on the lists as one table, to be carried elsewhere and to be read in again."""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from newsletter.app.open import App
from newsletter.app.people import read_people
from newsletter.app.said import hear
from newsletter.audience.cells import harmless
from newsletter.audience.export_words import OWN_LISTS, OWN_STATUS, Verdict
from newsletter.audience.header import KNOWN_COLUMNS
from newsletter.audience.model import Person
from newsletter.audience.select import Audience, Suppressed
from newsletter.audience.subscribers import UNIT
from newsletter.errors import LedgerError, UsageError


@dataclass(frozen=True, slots=True)
class Whom:
    """Which readers: of these lists (all if none is named), in a segment, without others."""

    lists: tuple[str, ...] = ()
    segment: str | None = None
    exclude: tuple[str, ...] = ()


@dataclass
class Exported:
    """What was written, once it was."""

    path: Path | None
    readers: int = 0
    states: Counter[str] = field(default_factory=Counter)
    """``subscribed``, or why a reader is never mailed: how many of each."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """Who stands in a file and is not in the table: left, consent lapsed."""


class Everybody:
    """The table, piece by piece: in any number of readers, in little memory."""

    def __init__(self, app: App, whom: Whom) -> None:
        heard = hear(app)
        read = read_people(app, whom.lists, whom.segment, whom.exclude, None, heard.said)
        self._people: Audience = read.audience
        known = [name for name in KNOWN_COLUMNS if name in read.fields and name != "email"]
        self._columns = (*known, *sorted(read.fields - {*KNOWN_COLUMNS}))
        self._reasons = _Reasons(heard.suppressed)
        self.done = Exported(None)

    def csv(self) -> Iterator[str]:
        """As CSV (RFC 4180), no cell of which a spreadsheet calculates."""
        yield _line(["email", OWN_LISTS, OWN_STATUS, *self._columns])
        for person, state in self._each():
            cells = [person.fields.get(name, "") for name in self._columns]
            yield _line([person.address.text, ";".join(person.lists), state, *cells])

    def json(self) -> Iterator[str]:
        """As JSON: an object with a list of readers."""
        begin = '{"subscribers": [\n'
        for person, state in self._each():
            row = {
                "email": person.address.text,
                "lists": list(person.lists),
                "status": state,
                "fields": {name: cell for name, cell in person.fields.items() if cell},
            }
            yield f"{begin}  {json.dumps(row, ensure_ascii=False)}"
            begin = ",\n"
        yield "\n]}\n" if self.done.readers else f"{begin}]}}\n"

    def _each(self) -> Iterator[tuple[Person, str]]:
        for person in self._people:
            state = self._reasons.of(person.address.key) or Verdict.SUBSCRIBED
            self.done.readers += 1
            self.done.states[state] += 1
            yield person, state
        self.done.gone = dict(self._people.arithmetic.gone)


def export_everybody(app: App, whom: Whom, output: Path) -> Exported:
    """Write the table to a file that only its owner may read; its ending says in which form."""
    if output.resolve().is_relative_to((app.root / "subscribers").resolve()):
        message = f"{output} would be read as a list"
        raise UsageError(message, cure="name a file outside subscribers/")
    everybody = Everybody(app, whom)
    in_json = output.suffix.lower() == ".json"
    write_private(output, everybody.json() if in_json else everybody.csv())
    everybody.done.path = output
    return everybody.done


def write_private(path: Path, text: Iterable[str]) -> None:
    """Write a file of personal data, for its owner's eyes: whole, or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600, exist_ok=False)
        with part.open("w", encoding="utf-8", newline="") as file:
            file.writelines(text)
        os.replace(part, path)  # noqa: PTH105 the same
    except OSError as error:
        part.unlink(missing_ok=True)
        message = f"{path} cannot be written: {error.strerror}"
        raise LedgerError(message, cure="name another file") from error


def _line(cells: Iterable[str]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written).writerow([harmless(cell) for cell in cells])
    return written.getvalue()


class _Reasons:
    """Why readers are never mailed, asked for in the order of their keys."""

    def __init__(self, suppressed: Suppressed | None) -> None:
        blocks = suppressed.blocks() if suppressed else iter(())
        self._pairs = (line.split(UNIT) for line in chain.from_iterable(blocks))
        self._next = next(self._pairs, None)

    def of(self, key: str) -> str:
        """The reason; nothing for who may be mailed."""
        while self._next and self._next[0] < key:
            self._next = next(self._pairs, None)
        return self._next[1] if self._next and self._next[0] == key else ""
