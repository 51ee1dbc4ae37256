"""Addresses in what servers write: in fields of a report, and among other words."""

import re
from collections.abc import Iterable, Iterator

_LONGEST = 254
_IN_WORDS = re.compile(
    r"(?<![\w.!#$%&'*+/=?^`{|}~@-])([\w.!#$%&'*+/=?^`{|}~-]{1,100}@[\w](?:[\w.-]{0,200}[\w])?)"
)
_PREFIX = re.compile(r"(?:mailto:|smtp[=:]|rfc822[=;:]|imceasmtp-)", re.IGNORECASE)
_HEX = re.compile(r"\+([0-9A-F]{2})")
_DAEMON = re.compile(
    r"(?:mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|mdaemon|mail-?delivery|mailerdaemon|maildaemon"
    r"|mail\.delivery|no-?reply|noreply|daemon|bounces?|abuse|hostmaster|mail-?admin\w*|mailadmin"
    r"|mailsystem|mail-system|listserv|support|helpdesk|administrator|admin|dsn|ndr|root|auto-?reply"
    r"|mail-noreply|exchange\w*|microsoftexchange\w*|postmaster-\w+|spamfilter|antispam)"
    r"(?:[+=._-].{0,60})?@.{0,255}",
    re.IGNORECASE,
)


def in_words(text: str) -> Iterator[re.Match[str]]:
    """Every place where something like an address stands; group 1 is the address."""
    return _IN_WORDS.finditer(text)


def tidy(raw: str) -> str:
    """One address without brackets, quotes and end stops; empty when it is none."""
    text = raw.strip().strip("<>\"'()[],;:. \t")
    text = _PREFIX.sub("", text)
    local, at, domain = text.rpartition("@")
    if not (at and local and domain) or len(text) > _LONGEST or any(c in text for c in " \t<>\n"):
        return ""
    return f"{local}@{domain.rstrip('.').lower()}"


def of_field(value: str) -> str:
    """The address in ``rfc822; anna@soci.example`` and in what servers write instead of it."""
    kind, semicolon, rest = value.partition(";")
    said = rest if semicolon else kind
    if "@" not in said and "+" in said:
        said = _HEX.sub(lambda code: chr(int(code[1], 16)), said)  # RFC 3461, 4: xtext
    whole = tidy(said.replace('"', ""))
    if whole:
        return whole
    found = next(in_words(said), None)
    return tidy(found[1]) if found else ""


def distinct(addresses: Iterable[str]) -> tuple[str, ...]:
    """Each once, without regard to case, in order."""
    seen: dict[str, str] = {}
    for address in addresses:
        if address:
            seen.setdefault(address.lower(), address)
    return tuple(seen.values())


def is_daemon(address: str) -> bool:
    """Whether a mail system writes under that name."""
    return bool(_DAEMON.fullmatch(address))


def all_in(values: Iterable[str]) -> tuple[str, ...]:
    """Every address in some headers."""
    return distinct(tidy(found[1]) for value in values for found in in_words(value))
