"""The cells of a row: what is cleaned without a word, what is cleaned and said, what is refused."""

import re
from functools import cache, lru_cache
from zoneinfo import available_timezones

from newsletter.values import Address, nearest, parse_language

LONGEST_CELL = 2_000
NOT_IN_A_HEADER = "=?"
"""An encoded word begins so (RFC 2047, 2)."""

_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060-\u2064\ufeff]")
_BIDI = re.compile("[\u061c\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SPACE = " \t\n\xa0\u3000"
_FORMULA = re.compile("[=@\t\r]|[+-](?=.*[A-Za-z(])")  # +39 06 1234 and - are no formulas
_CALCULATED = re.compile("'*[=+@\t\r\n-]")
_SEVERAL = re.compile(r"@[^@]*[;,\s/]+[^@]*@|@[^@;,\s]*[;,][^@]*$")
_NAMED = re.compile(r'.*<[^<>]+@[^<>]+>|".*')
FIRST_IDEOGRAPH = "\u3400"
_IDEOGRAPHS = re.compile("[\u3400-\u9fff]+")

ROLES = frozenset(
    {
        "abuse",
        "admin",
        "administrator",
        "billing",
        "contact",
        "contatti",
        "hostmaster",
        "info",
        "mailer-daemon",
        "marketing",
        "no-reply",
        "noreply",
        "office",
        "postmaster",
        "root",
        "sales",
        "segreteria",
        "spam",
        "support",
        "webmaster",
    }
)
"""Local parts that belong to an office and not to a person (RFC 2142, and habit)."""

TYPOS = {
    "gmial.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gmal.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gnail.com": "gmail.com",
    "gmaill.com": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.co": "gmail.com",
    "gmail.cm": "gmail.com",
    "gmail.it": "gmail.com",
    "googlemail.con": "googlemail.com",
    "hotmial.com": "hotmail.com",
    "hotmal.com": "hotmail.com",
    "hotamil.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "outlok.com": "outlook.com",
    "outloook.com": "outlook.com",
    "outlook.con": "outlook.com",
    "yaho.com": "yahoo.com",
    "yahooo.com": "yahoo.com",
    "yahoo.con": "yahoo.com",
    "yhaoo.com": "yahoo.com",
    "yaho.it": "yahoo.it",
    "iclod.com": "icloud.com",
    "icloud.con": "icloud.com",
    "libero.ti": "libero.it",
    "libero.com": "libero.it",
    "libreo.it": "libero.it",
    "alice.ti": "alice.it",
    "tiscali.ti": "tiscali.it",
    "virgilo.it": "virgilio.it",
    "videotron.co": "videotron.ca",
    "sympatico.com": "sympatico.ca",
    "163.con": "163.com",
    "qq.con": "qq.com",
}
"""Domains that are most probably another, as people mistype them."""


class FaultyAddress(ValueError):
    """A cell that is no address, with the rule it breaks and the cure."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure


@lru_cache(maxsize=10_000)
def clean_cell(raw: str) -> tuple[str, str]:
    """The cell as it is kept, and what had to be cleaned from it, in words (else nothing).

    White space around it goes silently; control, bidi and zero-width characters do not.
    """
    stripped = raw.strip(_SPACE)
    if is_plain(stripped):
        return stripped, ""
    found = [
        name
        for name, pattern in (
            ("bidi control characters", _BIDI),
            ("invisible characters", _INVISIBLE),
            ("a line break or control characters", _CONTROL),
        )
        if pattern.search(stripped)
    ]
    kept = _CONTROL.sub(" ", _INVISIBLE.sub("", _BIDI.sub("", stripped)))
    return " ".join(kept.split(" ")).strip(_SPACE), " and ".join(found)


def is_plain(text: str) -> bool:
    """Whether the text holds nothing that a cell is cleaned of, save spaces around it."""
    return text.isprintable() and "\u00ad" not in text


def is_formula(raw: str) -> bool:
    """Whether a spreadsheet would calculate the cell (OWASP, CSV injection)."""
    return bool(_FORMULA.match(raw.lstrip(" ")))


def harmless(text: str) -> str:
    """A cell for an export that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if _CALCULATED.match(text) else text


def as_written(text: str) -> str:
    """The cell of which ``harmless`` made this one; any other as it is."""
    return text[1:] if text.startswith("'") and _CALCULATED.match(text) else text


def kept_as_text(text: str) -> str:
    """A cell for a list's file: as it is, unless it would be calculated or read as another."""
    return f"'{text}" if is_formula(text) or as_written(text) != text else text


def read_address(cell: str) -> Address:
    """The address of a cleaned cell; raises ``FaultyAddress``."""
    if not cell:
        message = "the address is empty"
        raise FaultyAddress(message, "fill it in, or remove the row")
    try:
        address = Address.parse(cell)
    except ValueError as error:
        raise _fault(cell, str(error)) from error
    if "." not in address.domain:
        message = f"{cell!r} is not an address: there is no dot after the @"
        raise FaultyAddress(message, "correct it, or remove the row")
    if not address.text.isascii():
        message = f"{cell!r} has a letter that is not ASCII before the @"
        raise FaultyAddress(message, "ask for another address: most relays cannot send to this one")
    if NOT_IN_A_HEADER in address.text:
        message = f"{cell!r} holds {NOT_IN_A_HEADER!r}, which mail programs take for other words"
        raise FaultyAddress(message, "correct it, or ask for another address")
    return address


def _fault(cell: str, reason: str) -> FaultyAddress:
    """The most useful of the reasons why a cell is no address."""
    if _SEVERAL.search(cell):
        return FaultyAddress(f"{cell!r} holds several addresses", "give each a row of its own")
    if _NAMED.fullmatch(cell):
        return FaultyAddress(f"{cell!r} holds a name too", "write the address alone")
    if "@" not in cell:
        return FaultyAddress(f"{cell!r} has no @", "write an address such as anna@soci.example")
    return FaultyAddress(f"{cell!r} is not an address: {reason}", "correct it, or remove the row")


def doubt_about(address: Address) -> str:
    """What looks wrong with a valid address, in words; nothing for most."""
    meant = TYPOS.get(address.domain)
    if meant:
        return f"{address} — did you mean {address.local}@{meant}?"
    if address.local.casefold() in ROLES:
        return f"{address} belongs to an office, not to a person"
    return ""


@lru_cache(maxsize=10_000)
def read_language(cell: str) -> tuple[str, str]:
    """A language tag in its usual case, and what is wrong with it, in words (else nothing)."""
    try:
        return str(parse_language(cell)), ""
    except ValueError as error:
        return cell, f"{error}; the reader gets the issue's own language"


def is_zone(cell: str) -> bool:
    """Whether there is a time zone of this name."""
    return cell in _zones()


@lru_cache(maxsize=1_000)
def doubt_about_zone(cell: str) -> str:
    """What is wrong with a time zone, in words; nothing for one that is known."""
    if is_zone(cell):
        return ""
    meant = nearest(cell, _zones())
    return f"{cell!r} is not a time zone" + (f", did you mean {meant!r}?" if meant else "")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def full_name(first: str, last: str) -> str:
    """A name of its two halves; the family name first where both are Chinese characters."""
    if first >= FIRST_IDEOGRAPH and _IDEOGRAPHS.fullmatch(first) and _IDEOGRAPHS.fullmatch(last):
        return last + first
    return f"{first} {last}".strip()
