"""The digest of an audience, taken while it goes by."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import itemgetter

from newsletter.audience.model import Person
from newsletter.values import Digest, Digester

_Cells = Callable[[Mapping[str, str]], tuple[str, ...]]


class Fingerprint:
    """SHA-256 over each person's address, lists and fields as JSON, the fields by name."""

    def __init__(self) -> None:
        self._digester = Digester()

    def add(self, person: Person) -> None:
        """Go on with the next person."""
        self._digester.add(self._text(person).encode())

    def digest(self) -> Digest:
        """The digest of all."""
        return self._digester.digest()

    def _text(self, person: Person) -> str:
        """The JSON; people of the same lists and columns differ in their cells alone.

        Put together by a form where that gives the same: no cell holds what JSON escapes.
        """
        template, quotes, cells = _form(person.lists, tuple(person.fields))
        text = template % (person.address.text, *cells(person.fields))
        plain = text.isascii() and text.isprintable() and "\\" not in text
        return text if plain and text.count('"') == quotes else _json(person)


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
