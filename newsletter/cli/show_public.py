"""How the public pages and the archive are told to the officer."""

from collections.abc import Iterator

from newsletter.cli.layout import table
from newsletter.web.public_serving import PublicPlace, ServeCheck


def place(value: PublicPlace) -> Iterator[str]:
    """Where the public pages answer."""
    yield f"The public pages answer on {value.address}"
    yield f"Readers find them under {value.site}/. Ctrl-C stops."


def checked(value: ServeCheck) -> Iterator[str]:
    """What each page answered."""
    rows = [(what, str(status)) for what, status in value.answers.items()]
    yield from table(rows)
    yield f"every page answers as it should; readers find them under {value.place.site}/"
