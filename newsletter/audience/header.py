"""The header row of a list: which columns it has, and what is wrong with it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.values import nearest

KNOWN_COLUMNS = (
    "email",
    "name",
    "first_name",
    "last_name",
    "language",
    "interests",
    "tags",
    "country",
    "timezone",
    "zone",
)
"""Columns with a meaning of their own; any other is a free field, usable in slots and segments."""

RESERVED = frozenset(
    {
        *("lists", "domain", "to_name", "date", "message_id"),
        *("unsubscribe_url", "unsubscribe_mailto", "preferences_url", "browser_url"),
    }
)
"""Names that are filled for every person, whatever the file says."""

ADDRESSES = (
    *("email", "email_address", "subscriber", "e_mail", "e_mail_address", "mail", "mail_address"),
    *("indirizzo_e_mail", "indirizzo_email", "indirizzo_mail", "posta_elettronica"),
    *("indirizzo_posta_elettronica", "indirizzo_di_posta_elettronica", "e_mail_1_value"),
    *("courriel", "adresse_e_mail", "adresse_email", "adresse_mail", "adresse_courriel"),
    *("e_mail_adresse", "email_adresse", "mailadresse"),
    *("correo_electronico", "correo", "direccion_de_correo_electronico"),
)
"""What other programs and languages call the column of the addresses."""

_MEANT_AS_EMAIL = frozenset({*ADDRESSES, "emails", "address", "indirizzo", "posta", "adresse"})

IN_OTHER_WORDS = {
    "firstname": "first_name",
    "fname": "first_name",
    "given_name": "first_name",
    "nome": "first_name",
    "prenom": "first_name",
    "vorname": "first_name",
    "lastname": "last_name",
    "lname": "last_name",
    "surname": "last_name",
    "family_name": "last_name",
    "cognome": "last_name",
    "nom": "last_name",
    "nachname": "last_name",
    "apellidos": "last_name",
    "lang": "language",
    "locale": "language",
    "lingua": "language",
    "langue": "language",
    "sprache": "language",
    "idioma": "language",
    "cc": "country",
    "paese": "country",
    "pays": "country",
    "interessi": "interests",
    "fuso_orario": "timezone",
}
"""Known columns as other programs and languages call them."""

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class HeaderFault:
    """What is wrong with the header, the column it is about (an index, or none), and the cure."""

    message: str
    cure: str
    column: int | None = None


def column_name(cell: str) -> str:
    """A header's cell as a field's name: ``Città natale`` becomes ``citta_natale``."""
    plain = unicodedata.normalize("NFKD", cell.casefold()).encode("ascii", "ignore").decode()
    name = _NOT_IN_A_NAME.sub("_", plain).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def read_header(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns; empty cells at the end (spreadsheets leave them) are no columns."""
    count = max((index for index, cell in enumerate(cells, start=1) if cell), default=0)
    return tuple(column_name(cell) for cell in cells[:count])


def header_faults(cells: Sequence[str], columns: Sequence[str]) -> Iterator[HeaderFault]:
    """Everything that makes the file unreadable as a list."""
    if any("@" in cell for cell in cells):
        yield HeaderFault(
            "the first line is a reader's row, not a header",
            "put a line such as email,name above it",
        )
        return
    if "email" not in columns:
        yield _missing_email(cells, columns)
    for index, name in enumerate(columns):
        if not name:
            message = f"column {index + 1} (`{cells[index]}`) has no name in the letters a to z"
            yield HeaderFault(message, "name it, or remove it", index)
        elif name in columns[:index]:
            yield HeaderFault(f"the column `{name}` is there twice", "rename or remove one", index)
        elif name in RESERVED:
            message = f"`{name}` is filled by the newsletter itself"
            yield HeaderFault(message, "give the column another name", index)


def _missing_email(cells: Sequence[str], columns: Sequence[str]) -> HeaderFault:
    like = next((name for name in columns if name in _MEANT_AS_EMAIL), None)
    like = like or nearest("email", columns)
    if like is None:
        return HeaderFault("there is no column `email`", "add it to the first line")
    index = columns.index(like)
    found = cells[index].strip()
    return HeaderFault(
        f"there is no column `email`: found `{found}`, did you mean `email`?",
        "rename the column to email",
        index,
    )


def header_doubts(columns: Sequence[str]) -> Iterator[HeaderFault]:
    """Names that look like a known column, misspelt or in another language."""
    for index, name in enumerate(columns):
        near = nearest(name, KNOWN_COLUMNS)
        meant = IN_OTHER_WORDS.get(name) or (near if near and near[0] == name[0] else None)
        if name not in KNOWN_COLUMNS and meant and meant not in columns:
            message = f"the column `{name}` is a field of your own; did you mean `{meant}`?"
            yield HeaderFault(message, "rename it if so", index)
