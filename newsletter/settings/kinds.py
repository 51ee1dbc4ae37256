"""The kinds of values that options hold, each checked where it is read."""

import dataclasses
import ipaddress
import re
import zoneinfo
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from newsletter.errors import UsageError
from newsletter.hours import parse_hours, parse_quiet
from newsletter.lint.limits import Limits
from newsletter.schedule import is_zone
from newsletter.values import Address, Rate, is_selector, nearest, parse_language, seconds_of
from newsletter.verp import LONGEST_BEGIN

_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_IN_AN_ADDRESS = re.compile(r"[!#-'*+./0-9=?A-Z^-~-]+@[A-Za-z0-9.-]+")
_IN_A_SITE = re.compile(r"[A-Za-z0-9._~:/@%+-]+")
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_FEEDBACK_ID = re.compile(r"[A-Za-z0-9_-]{5,15}")
_LIST_ID = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_RESOLVER = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?")
_RELAY_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
"""So that it can stand in the name of a variable, between two ``__``."""
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?")
_HELLO = re.compile(r"[!-~]*")
_NEARLY_A_SERVER = re.compile(r"[a-z][a-z0-9+]+:(?!//)", re.IGNORECASE)
_RULE_ID = re.compile(r"[EWN]\d{3}")
_LONGEST_LIST_ID = 255
LIMITS = tuple(field.name for field in dataclasses.fields(Limits))
"""The thresholds that rules have."""


def _address(raw: str) -> str:
    text = Address.parse(raw).text
    if not _IN_AN_ADDRESS.fullmatch(text) or "=?" in text:
        message = f"{text!r} cannot stand in a header: use letters of ASCII, digits and . _ + -"
        raise ValueError(message)
    return text


def _bounce_address(raw: str) -> str:
    text = _address(raw)
    local = Address(text).local
    if "+" in local or len(local) > LONGEST_BEGIN:
        message = (
            f"{text!r} leaves no room for a delivery's token: use at most {LONGEST_BEGIN} letters"
            " and no + before the @"
        )
        raise ValueError(message)
    return text


def _rate(raw: object) -> object:
    return raw if isinstance(raw, Rate) else Rate.parse(str(raw))


def _wait(raw: str) -> str:
    seconds_of(raw)
    return raw


def _one_line(raw: str) -> str:
    if _HIDDEN.search(raw):
        message = "must be one line without control characters"
        raise ValueError(message)
    if "=?" in raw:
        message = "must not hold '=?', which mail programs take for an encoded word"
        raise ValueError(message)
    return raw


def _said(raw: str) -> str:
    if not raw.strip():
        message = "must not be empty"
        raise ValueError(message)
    return raw


def _list_id(raw: str) -> str:
    if not _LIST_ID.fullmatch(raw) or len(raw) > _LONGEST_LIST_ID:
        message = "must be a name under a domain of yours, such as news.organisation.example"
        raise ValueError(message)
    return raw


def _language(raw: str) -> str:
    return parse_language(raw)


def _site(raw: str) -> str:
    parts = urlsplit(raw)  # ValueError for a bracket that is not closed
    here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    if not (parts.scheme == "https" or here):
        message = "must be an https address (http only on this machine)"
        raise ValueError(message)
    if not parts.hostname or not _IN_A_SITE.fullmatch(raw):
        message = "must be a host and a path, in letters of ASCII, such as https://news.example"
        raise ValueError(message)
    return raw.rstrip("/")


def _selector(raw: str) -> str:
    if not is_selector(raw):
        message = f"{raw!r} is no selector: use a-z, 0-9 and -, as in news-202611"
        raise ValueError(message)
    return raw


def _resolver(raw: str) -> str:
    if raw and not _RESOLVER.fullmatch(raw):
        message = f"{raw!r} is no DNS server: write an address such as 192.0.2.1, or with a port"
        raise ValueError(message)
    return raw


def _ip_address(raw: str) -> str:
    try:
        return str(ipaddress.ip_address(raw))
    except ValueError:
        message = f"{raw!r} is not an address such as 192.0.2.1 or 2001:db8::1"
        raise ValueError(message) from None


def _help(raw: str) -> str:
    return _address(raw) if "@" in raw else _site(raw)


def _feedback_id(raw: str) -> str:
    if not _FEEDBACK_ID.fullmatch(raw):
        message = "must be 5 to 15 letters, digits, - or _, the same in every mail of yours"
        raise ValueError(message)
    return raw


def _zone(raw: str) -> str:
    if not is_zone(raw):
        near = nearest(raw, zoneinfo.available_timezones())
        message = f"is not a time zone{f': did you mean {near!r}?' if near else ''}"
        raise ValueError(message)
    return raw


def _window(raw: str) -> str:
    try:
        if raw:
            parse_hours(raw, default_zone="UTC")
    except UsageError as error:
        raise ValueError(error.message) from None
    return raw


def _quiet(raw: str) -> str:
    try:
        if raw:
            parse_quiet(raw, default_zone="UTC")
    except UsageError as error:
        raise ValueError(error.message) from None
    return raw


def _holidays(raw: str) -> str:
    if raw and not all(_COUNTRY.fullmatch(each.strip()) for each in raw.split(",")):
        message = 'must be a country or a part of it, or several, such as "IT", "CA-QC", "IT, DE"'
        raise ValueError(message)
    return raw


def _place(raw: str) -> str:
    if _NEARLY_A_SERVER.match(raw):  # it may hold a password, which no file is to be named by
        message = "is neither a file nor an address: write postgresql://user@host/database"
        raise ValueError(message)
    return raw if "://" in raw else str(_at_home(Path(raw)))


def _at_home(path: Path) -> Path:
    """``~`` is the home of whoever runs this, and ``~anna`` Anna's."""
    try:
        return path.expanduser()
    except RuntimeError:
        message = f"{str(path)!r} is in nobody's home: there is no such user here"
        raise ValueError(message) from None


def _domain(raw: str) -> str:
    try:
        return Address.parse(f"reader@{raw}").domain
    except ValueError:
        message = f"{raw!r} is not a domain, such as mail.example"
        raise ValueError(message) from None


def _host(raw: str) -> str:
    """A name or an address, the brackets of IPv6 taken off."""
    try:
        in_brackets = raw[:1] + raw[-1:] == "[]"
        return str(ipaddress.ip_address(raw[1:-1] if in_brackets else raw))
    except ValueError:
        pass
    try:
        raw.encode("idna")
    except UnicodeError:
        known = False  # a label that is empty or too long
    else:
        known = bool(_HOST.fullmatch(raw))
    if not known:
        message = (
            f"{raw!r} is not a host: write its name or address alone, such as smtp.example;"
            " its port goes into port"
        )
        raise ValueError(message)
    return raw


def _hello(raw: str) -> str:
    if not _HELLO.fullmatch(raw):
        message = (
            f"{raw!r} cannot be said in EHLO: write a name in ASCII such as news.example, or an"
            " address in brackets such as [192.0.2.7]"
        )
        raise ValueError(message)
    return raw


def _relay_name(raw: str) -> str:
    if not _RELAY_NAME.fullmatch(raw):
        message = f"{raw!r} is not a name for a relay: use a-z, 0-9 and single _"
        raise ValueError(message)
    return raw


def _rule_id(raw: str) -> str:
    if not _RULE_ID.fullmatch(raw):
        message = f"{raw!r} is not a rule's id, such as W022: newsletter check --list-rules"
        raise ValueError(message)
    return raw


def _limit_name(raw: str) -> str:
    if raw not in LIMITS:
        near = nearest(raw, LIMITS)
        message = f"{raw!r} is none of {', '.join(LIMITS)}"
        raise ValueError(f"{message}: did you mean {near!r}?" if near else message)
    return raw


Line = Annotated[str, AfterValidator(_one_line)]
Said = Annotated[Line, AfterValidator(_said)]
EmailAddress = Annotated[str, AfterValidator(_address)]
BounceAddress = Annotated[str, AfterValidator(_bounce_address)]
Domain = Annotated[str, AfterValidator(_domain)]
"""The part of an address after the @, in ASCII and lower case."""
ListId = Annotated[str, AfterValidator(_list_id)]
LanguageTag = Annotated[str, AfterValidator(_language)]
Site = Annotated[str, AfterValidator(_site)]
Help = Annotated[str, AfterValidator(_help)]
"""A page or an address."""
FeedbackId = Annotated[str, AfterValidator(_feedback_id)]
Selector = Annotated[str, AfterValidator(_selector)]
"""The name of a signing key, as ``s=`` and the DNS say it."""
IpAddress = Annotated[str, AfterValidator(_ip_address)]
Resolver = Annotated[str, AfterValidator(_resolver)]
Wait = Annotated[str, AfterValidator(_wait)]
Window = Annotated[Line, AfterValidator(_window)]
Quiet = Annotated[Line, AfterValidator(_quiet)]
Holidays = Annotated[Line, AfterValidator(_holidays)]
FilePlace = Annotated[Path, AfterValidator(_at_home)]
"""A file or a folder; a relative one counts from the newsletter's folder."""
LedgerPlace = Annotated[str, AfterValidator(_place)]
"""A file, or the address of a server's database."""
Zone = Annotated[str, AfterValidator(_zone)]
Host = Annotated[str, AfterValidator(_host)]
"""Where a server is: a name, or an address."""
Hello = Annotated[str, AfterValidator(_hello)]
RelayName = Annotated[str, AfterValidator(_relay_name)]
RuleId = Annotated[str, AfterValidator(_rule_id)]
LimitName = Annotated[str, AfterValidator(_limit_name)]
Pace = Annotated[
    Rate, BeforeValidator(_rate), WithJsonSchema({"type": "string", "examples": ["5/s", "200/min"]})
]


class Options(BaseModel):
    """A table of newsletter.toml: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
