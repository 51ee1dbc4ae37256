"""The value types that all rooms share: addresses, languages, slugs, digests, rates."""

import difflib
import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NewType, Self

IssueSlug = NewType("IssueSlug", str)
"""The name of an issue's folder: lower-case letters, digits and hyphens."""

SectionId = NewType("SectionId", str)
"""The key of a section's table: ``china`` in ``[sections.china]``."""

Language = NewType("Language", str)
"""A BCP 47 tag in its usual case: ``it``, ``fr-CA``, ``zh-Hans``."""

Digest = NewType("Digest", str)
"""A SHA-256 in lower-case hexadecimal."""

_LONGEST_SLUG = 100
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LANGUAGE = re.compile(
    r"(?P<base>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?",
    re.IGNORECASE | re.ASCII,  # or ſ and the Kelvin sign count as letters
)
PLAIN_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_PLAIN_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
PLAIN_DOMAIN = rf"(?:{_PLAIN_LABEL}\.)+[A-Za-z]{{2,63}}"
_PLAIN_ADDRESS = re.compile(rf"({PLAIN_LOCAL})@({PLAIN_DOMAIN})")
LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1
LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
_RTL_LANGUAGES = frozenset({"ar", "fa", "he", "ur", "yi"})
_RATE = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*/\s*(s|sec|second|min|minute|h|hour|d|day)\s*",
    re.IGNORECASE | re.ASCII,
)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Address:
    """An email address that was checked: ``local@domain``, the domain in lower case.

    Two addresses are the same person when their ``key`` is the same (case does not count).
    """

    text: str

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Check one address; ``ValueError`` says what is wrong with it, in one sentence.

        Plain ASCII addresses are matched here (RFC 5321, 4.1.2); any other is left to
        email-validator, which knows IDNA and SMTPUTF8.
        """
        match = _PLAIN_ADDRESS.fullmatch(raw)
        if match and len(match[1]) <= LONGEST_LOCAL and len(raw) <= LONGEST_ADDRESS:
            return cls(f"{match[1]}@{match[2].lower()}")
        from email_validator import EmailNotValidError, validate_email

        try:
            checked = validate_email(
                raw,
                check_deliverability=False,
                globally_deliverable=False,
                strict=True,  # the local part's 64 octets too (RFC 5321, 4.5.3.1.1)
            )
        except EmailNotValidError as error:
            raise ValueError(str(error)) from error
        return cls(f"{checked.local_part}@{checked.ascii_domain}")

    @property
    def key(self) -> str:
        """The form that tells persons apart: the whole address case-folded."""
        return self.text.casefold()

    @property
    def local(self) -> str:
        """What stands before the last ``@``."""
        return self.text.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """What stands after the last ``@``, in ASCII and lower case."""
        return self.text.rpartition("@")[2]

    def __str__(self) -> str:
        """The address alone."""
        return self.text


def parse_slug(raw: str) -> IssueSlug:
    """Check the name of an issue; ``ValueError`` says what it may hold."""
    if not _SLUG.fullmatch(raw) or len(raw) > _LONGEST_SLUG:
        message = (
            f"{raw!r} is not an issue's name: use a-z, 0-9 and single hyphens,"
            f" {_LONGEST_SLUG} characters at most"
        )
        raise ValueError(message)
    return IssueSlug(raw)


def parse_language(raw: str) -> Language:
    """Bring a BCP 47 tag into its usual case: ``zh-hans`` becomes ``zh-Hans``."""
    match = _LANGUAGE.fullmatch(raw.strip().replace("_", "-"))
    if not match:
        message = f"{raw!r} is not a language tag such as it, fr-CA or zh-Hans"
        raise ValueError(message)
    script, region = match["script"], match["region"]
    parts = [match["base"].lower()]
    if script:
        parts.append(script.title())
    if region:
        parts.append(region.upper())
    return Language("-".join(parts))


def is_selector(text: str) -> bool:
    """Whether it can name a signing key: one label of a domain name, in lower case."""
    return bool(_SELECTOR.fullmatch(text))


def choose_language(wanted: str, offered: Iterable[Language], default: Language) -> Language:
    """Which of the offered languages a reader gets: the same, else the nearest, else default.

    The nearest one shares the longest prefix of subtags (RFC 4647, lookup), then the base
    language alone: ``en-GB`` gets ``en``; ``fr`` gets ``fr-CA``.
    """
    offers = list(offered)
    try:
        tag = str(parse_language(wanted))
    except ValueError:
        return default
    while tag:
        for offer in offers:
            if offer == tag:
                return offer
        tag = tag.rpartition("-")[0]
    base = wanted.strip().replace("_", "-").split("-")[0].lower()
    return next((offer for offer in offers if offer.split("-")[0] == base), default)


def direction(language: Language) -> str:
    """``rtl`` or ``ltr``, for the ``dir`` attribute."""
    return "rtl" if language.split("-")[0] in _RTL_LANGUAGES else "ltr"


class Digester:
    """SHA-256 over parts, each with its length before it so that no two splits agree."""

    def __init__(self) -> None:
        self._state = hashlib.sha256()

    def add(self, *parts: bytes) -> None:
        """Go on with more parts."""
        self._state.update(b"".join([len(part).to_bytes(8, "big") + part for part in parts]))

    def digest(self) -> Digest:
        """The digest of the parts so far."""
        return Digest(self._state.hexdigest())


def digest_of(*parts: bytes) -> Digest:
    """SHA-256 over the parts, as ``Digester`` takes it."""
    digester = Digester()
    digester.add(*parts)
    return digester.digest()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most probably meant, or None when nothing is near."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


@dataclass(frozen=True, slots=True)
class Rate:
    """So many messages in so many seconds: ``5/s``, ``200/min``, ``10000/day``."""

    count: float
    seconds: int

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Read ``N/s``, ``N/min``, ``N/h`` or ``N/day``; ``ValueError`` shows the form."""
        match = _RATE.fullmatch(raw)
        if not match or not 0 < float(match[1]) < math.inf:
            message = f"{raw!r} is not a rate: write for example 5/s, 200/min or 10000/day"
            raise ValueError(message)
        return cls(float(match[1]), _UNIT_SECONDS[match[2][0].lower()])

    @property
    def per_second(self) -> float:
        """Messages a second, on average."""
        return self.count / self.seconds

    def __str__(self) -> str:
        """The form that ``parse`` reads."""
        unit = {1: "s", 60: "min", 3600: "h", 86400: "day"}[self.seconds]
        count = int(self.count) if self.count == int(self.count) else self.count
        return f"{count}/{unit}"


_SPAN = re.compile(r"(\d{1,6})\s*(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_LONGEST_SPAN = 30 * 86_400


def seconds_of(text: str) -> int:
    """A length of time (``90 s``, ``5 min``, ``4 h``, ``2 d``) in seconds, at most 30 days.

    Raises ``ValueError`` for anything else.
    """
    found = _SPAN.fullmatch(text.strip())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= _LONGEST_SPAN:
        message = f"{text!r} is no length of time: write 90 s, 5 min, 4 h or 2 d"
        raise ValueError(message)
    return seconds
