"""One line of a mail log: when, on which host, by which part of Postfix, about which message.

Understood are syslog files (RFC 3164, and the ISO times of RFC 5424), Postfix's own
``maillog_file``, and what ``journalctl`` prints (short, short-iso, short-full, short-unix).
"""

import datetime as dt
import re
from dataclasses import dataclass

_MONTHS = {name: n for n, name in enumerate(
    (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun",
     b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), start=1)}  # fmt: skip
_A_DAY = dt.timedelta(days=1)
_LEAP_CYCLE = 9
"""From some years there is no 29 February for eight: 1896 to 1904."""

_HEAD = re.compile(
    rb"(?:<\d{1,3}>)?(?:1 )?"
    rb"(?:(?P<month>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<clock>\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?"
    rb"|(?P<weekday>[A-Z][a-z]{2} )?(?P<date>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)"
    rb"(?:[.,]\d{1,9})?(?P<zone>Z|[+-]\d\d:?\d\d)?"
    rb"(?(weekday) (?:[A-Z]{2,5}|[+-]\d\d(?:\d\d)?)|)"
    rb"|(?P<unix>\d{9,11})\.\d{1,9})"
    rb" (?P<host>[^\s\[\]]{0,254}[^\s:\[\]]) (?P<rest>.*)",
    re.DOTALL,
)
_TAG = re.compile(
    rb"[\w.-]{1,100}(?:/[\w.-]{1,100}){0,5}/(?P<program>[a-z]{2,20})"
    rb"(?:\[\d{1,10}\]:| \d{1,10} \S{1,50} (?:-|\[[^\]]{0,500}\]))\s(?:\xef\xbb\xbf)?\s?"
    rb"(?P<queue_id>[0-9A-Za-z]{5,30}): (?P<text>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose clock a line shows: a host, with the zone said or not said.

    Where it is not said the times are that host's wall times, written here as if they were UTC.
    """

    host: str
    zoned: bool


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line whose time and host were understood."""

    at: dt.datetime
    origin: Origin
    rest: bytes
    """What follows the host."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one part of Postfix says of one message: ``qmgr``, ``3F2A…``, ``from=<…>, …``."""

    program: str
    queue_id: str
    text: str


def parse_line(raw: bytes, now: dt.datetime) -> LogLine | None:
    """Read a line's time and host; None for what is no line of a log. Never raises.

    Times of RFC 3164 have no year: it is the last one in which they are not yet to come.
    """
    found = _HEAD.match(raw)
    if found is None:
        return None
    at = _instant(found, now)
    if at is None:
        return None
    zoned = bool(found["zone"] or found["unix"])
    return LogLine(at, Origin(_text(found["host"]), zoned), found["rest"])


def parse_entry(rest: bytes) -> Entry | None:
    """Read what Postfix says of a message; None for anything else."""
    found = _TAG.match(rest)
    if found is None:
        return None
    text = _text(found["text"].rstrip(b"\r\n"))
    return Entry(_text(found["program"]), _text(found["queue_id"]), text)


def _instant(found: re.Match[bytes], now: dt.datetime) -> dt.datetime | None:
    try:
        if found["unix"]:
            return dt.datetime.fromtimestamp(int(found["unix"]), dt.UTC)
        if found["date"]:
            zone = (found["zone"] or b"Z").replace(b"Z", b"+00:00").decode()
            text = f"{found['date'].decode()}T{found['time'].decode()}{zone}"
            return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
        return _last_not_to_come(found, now)
    except (ValueError, OverflowError, OSError):
        return None


def _last_not_to_come(found: re.Match[bytes], now: dt.datetime) -> dt.datetime | None:
    """The host's zone may be ahead of ours by less than a day."""
    month = _MONTHS.get(found["month"])
    if month is None:
        return None
    hour, minute, second = (int(part) for part in found["clock"].split(b":"))
    latest = now + _A_DAY
    for year in range(latest.year, latest.year - _LEAP_CYCLE, -1):
        try:
            at = dt.datetime(year, month, int(found["day"]), hour, minute, second, tzinfo=dt.UTC)
        except ValueError:
            continue
        if at <= latest:
            return at
    return None


def _text(raw: bytes) -> str:
    """What a terminal and a database take: whoever mails the relay writes into its log."""
    text = raw.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text
    )
