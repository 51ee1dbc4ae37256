"""The digest of an audience, taken while it goes by."""

import json
from collections.abc import Sequence
from functools import lru_cache

from newsletter.audience.cohort import Cohort, Crowd
from newsletter.audience.json_rows import quoted, woven
from newsletter.values import Digest, Digester


class Fingerprint:
    """SHA-256 over each person's address, lists and fields as JSON in ASCII, the fields by name."""

    def __init__(self) -> None:
        self._digester = Digester()

    def add(self, crowd: Crowd) -> None:
        """Go on with the next people."""
        self._digester.add(*[text.encode() for text in crowd.in_order(map(_texts, crowd.cohorts))])

    def digest(self) -> Digest:
        """The digest of all."""
        return self._digester.digest()


def _texts(cohort: Cohort) -> list[str]:
    names = sorted(cohort.fields)
    columns = [cohort.addresses, *[cohort.fields[name] for name in names]]
    cells = [quoted(column, in_ascii=True) for column in columns]
    return woven(_words(cohort.lists, tuple(names)), cells)


@lru_cache(maxsize=1_000)
def _words(lists: tuple[str, ...], names: tuple[str, ...]) -> Sequence[str]:
    """The JSON of such a person, cut where the cells stand."""
    fields = ", ".join(f'[{json.dumps(name)}, "\0"]' for name in names)
    return f'["\0", {json.dumps(lists)}, [{fields}]]'.split("\0")
