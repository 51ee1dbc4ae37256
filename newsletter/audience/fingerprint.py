"""The digest of an audience, taken while it goes by."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import itemgetter

from newsletter.audience.model import Person
from newsletter.values import Digest, Digester

_AT_ONCE = 200
_Cells = Callable[[Mapping[str, str]], tuple[str, ...]]


class Fingerprint:
    """SHA-256 over each person's address, lists and fields as JSON, the fields by name.

    The JSON is put together by a form: people of the same lists and columns differ in their cells
    alone. Where a cell holds what JSON escapes, it is written the long way.
    """

    def __init__(self) -> None:
        self._digester = Digester()
        self._people: list[Person] = []
        self._texts: list[str] = []
        self._quotes: list[int] = []

    def add(self, person: Person) -> None:
        """Go on with the next person."""
        template, quotes, cells = _form(person.lists, tuple(person.fields))
        self._texts.append(template % (person.address.text, *cells(person.fields)))
        self._people.append(person)
        self._quotes.append(quotes)
        if len(self._texts) == _AT_ONCE:
            self._take()

    def digest(self) -> Digest:
        """The digest of all."""
        self._take()
        return self._digester.digest()

    def _take(self) -> None:
        """Go on with those who wait."""
        texts = self._texts
        if not _is_verbatim("".join(texts), sum(self._quotes)):
            waiting = zip(texts, self._quotes, self._people, strict=True)
            texts = [
                text if _is_verbatim(text, quotes) else _json(person)
                for text, quotes, person in waiting
            ]
        self._digester.add(*[text.encode() for text in texts])
        self._texts, self._quotes, self._people = [], [], []


def _is_verbatim(text: str, quotes: int) -> bool:
    """Whether JSON that a form made is what a writer would have made of ASCII words.

    It has as many quotes as the form, and nothing that is escaped.
    """
    plain = text.isascii() and text.isprintable() and "\\" not in text
    return plain and text.count('"') == quotes


def _json(person: Person) -> str:
    return json.dumps([person.address.text, person.lists, sorted(person.fields.items())])


@lru_cache(maxsize=1_000)
def _form(lists: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, int, _Cells]:
    """The JSON of such a person with %s for the cells, its quotes, and how to have the cells."""
    ordered = sorted(names)
    pairs = ", ".join(f'[{json.dumps(name)}, "\0"]' for name in ordered)
    text = f'["\0", {json.dumps(lists)}, [{pairs}]]'
    template = text.replace("%", "%%").replace("\0", "%s")
    if len(ordered) > 1:
        return template, text.count('"'), itemgetter(*ordered)
    return template, text.count('"'), lambda fields: tuple(fields[name] for name in ordered)
