"""When a series is due, again and again: a rule in words or in cron's form. Pure.

``every Monday 09:00``, ``first Tuesday 10:00 Europe/Rome``, ``0 10 * * TUE#1``. An occurrence
belongs to a day of the calendar in its zone and there is one a day at most. Where clocks skip its
time it is due when they have gone forward, where they show it twice the first time, and a day
that a zone skips has none.
"""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from cronsim import CronSim, CronSimError

from newsletter.errors import UsageError
from newsletter.schedule import Due, first_instant_of, local_date, zone_of
from newsletter.values import nearest

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
_NUMBERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_FILLERS = frozenset({"every", "each", "on", "the", "of", "month", "in", "and", "at"})
_WORDS = (*_DAYS, *_MONTHS, *_NUMBERS, "last", "day", "weekday", "weekend", *_FILLERS)
_OTHERWISE = frozenset({"second", "third", "fourth", "fifth"})
_FORM = re.compile(r"(.*?)\s+([0-9]{1,2}):([0-9]{2})(?:\s+(\S+))?")
_CRON_FIELD = re.compile(r"[0-9*/,-]+")
_ORDINAL = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]")
_CRON_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)\b.*", re.IGNORECASE)
_DASHES = str.maketrans("–—−", "---")
"""As prose prints them."""
_LONGEST = 200
_FIELDS = 5
_A_DAY = dt.timedelta(days=1)
_EXAMPLE = 'write for example "every Monday 09:00", "first Tuesday 10:00" or "0 10 * * TUE#1"'


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of a series: the day that it belongs to, and when it is due."""

    date: dt.date
    due: Due


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule: as it was said, as cron says it, and whose clocks count."""

    words: str
    cron: str
    zone: str

    def __str__(self) -> str:
        """``first Tuesday 10:00 Europe/Rome``."""
        return f"{self.words} {self.zone}"

    def after(self, instant: dt.datetime) -> Iterator[Occurrence]:
        """Every occurrence that is due after an instant, in order; none once the calendar ends."""
        begin = local_date(instant, self.zone) - 2 * _A_DAY
        walls = CronSim(self.cron, dt.datetime.combine(begin, dt.time()))
        with suppress(OverflowError, UsageError):  # the end of the calendar
            for wall in walls:
                at = first_instant_of(wall, self.zone)
                if at > instant and self._has(wall.date()):
                    yield Occurrence(wall.date(), Due(at, wall.isoformat(), self.zone))

    def next(self, instant: dt.datetime, count: int) -> tuple[Occurrence, ...]:
        """The first so many of them."""
        return tuple(islice(self.after(instant), count))

    def _has(self, date: dt.date) -> bool:
        """Whether the zone's calendar has this day: some moved over the date line."""
        begins, ends = (
            first_instant_of(dt.datetime.combine(day, dt.time()), self.zone)
            for day in (date, date + _A_DAY)
        )
        return begins < ends


def parse_every(text: str, *, default_zone: str) -> Recurrence:
    """Read a rule: days and a time of day in words, or cron's five fields; then perhaps a zone.

    Raises ``UsageError`` for what cannot be read, never happens, or comes more than once a day.
    """
    said = " ".join(text.translate(_DASHES).split())
    if len(said) > _LONGEST:
        message = f"a rule of {len(said)} letters is no rule"
        raise UsageError(message, cure=_EXAMPLE)
    if _DATE.match(said):
        message = f"{said!r} is one day: a series comes again and again"
        raise UsageError(message, cure=_EXAMPLE)
    is_cron = bool(said) and _CRON_FIELD.fullmatch(said.split()[0]) and not _FORM.fullmatch(said)
    words, cron, zone = _cron_said(said) if is_cron else _said(said)
    zone = "UTC" if zone in {"Z", "z"} else zone
    zone_of(zone or default_zone)
    rule = Recurrence(words, cron, zone or default_zone)
    _check(rule, said)
    return rule


def _cron_said(said: str) -> tuple[str, str, str]:
    fields = said.split()
    zone = fields[_FIELDS] if len(fields) == _FIELDS + 1 else ""
    is_field = _CRON_FIELD.fullmatch(zone) or _CRON_WEEKDAY.fullmatch(zone)
    if len(fields) < _FIELDS or len(fields) > _FIELDS + 1 or is_field:
        message = f"{said!r} has {len(fields)} fields"
        cure = "cron has five: minute, hour, day of the month, month, day of the week"
        raise UsageError(message, cure=f"{cure}; then perhaps a zone")
    cron = " ".join(fields[:_FIELDS])
    return cron, cron, zone


def _said(said: str) -> tuple[str, str, str]:
    match = _FORM.fullmatch(said)
    if not match:
        message = f"{said!r} is no rule: it wants days and a time of day"
        raise UsageError(message, cure=_EXAMPLE)
    days, hour, minute, zone = match.groups()
    day, month, weekday = _day_fields(days.lower(), said)
    cron = f"{int(minute)} {int(hour)} {day} {month} {weekday}"
    return said.removesuffix(zone or "").strip(), cron, zone or ""


def _day_fields(days: str, said: str) -> tuple[str, str, str]:
    """Cron's day of the month, month and day of the week."""
    found = re.sub(r"\s*-\s*", "-", days).replace(",", " ").split()
    _refuse_every_second(found, said)
    tokens = [_word(token, said) for token in found if token not in _FILLERS]
    months = [_MONTHS.index(each) + 1 for each in tokens if each in _MONTHS]
    named = [each for each in tokens if each not in _MONTHS]
    month = ",".join(map(str, months)) or "*"
    if named == ["day"]:
        return "*", month, "*"
    if named in (["weekday"], ["weekend"]):
        return "*", month, "1-5" if named == ["weekday"] else "6,0"
    if any(_is_weekday(each) for each in named):
        return "*", month, _weekdays(named, said)
    return _dates(named, said), month, "*"


def _refuse_every_second(tokens: list[str], said: str) -> None:
    """``every second Monday`` may be every other one: cron cannot say that, and nobody guesses."""
    if tokens[:1] in (["every"], ["each"]) and _OTHERWISE.intersection(tokens[1:2]):
        if "month" in tokens:
            return
        message = f"{said!r} may mean every other week, or once a month"
        plain = re.sub(r"(?i)^(every|each)\s+", "", said)
        raise UsageError(message, cure=f'for once a month write "{plain}"')


def _word(token: str, said: str) -> str:
    """A word in its one spelling: ``Mon`` and ``Mondays`` are ``monday``."""
    if token in _FILLERS or _ORDINAL.fullmatch(token):
        return token
    first, dash, last = token.partition("-")
    if dash and first and last:
        return f"{_word(first, said)}-{_word(last, said)}"
    plain = token.removesuffix("s") if len(token) > len("mon") else token
    for names in (_DAYS, _MONTHS):
        begun = [name for name in names if name.startswith(plain) and len(plain) >= len("mon")]
        if begun:
            return begun[0]
    if plain in _WORDS:
        return plain
    near = nearest(token, _WORDS)
    hint = f"did you mean {near!r}? " if near else ""
    message = f"{said!r}: {token!r} is neither a day nor a number of one"
    raise UsageError(message, cure=f"{hint}{_EXAMPLE}")


def _is_weekday(word: str) -> bool:
    return word.partition("-")[0] in _DAYS


def _weekdays(words: list[str], said: str) -> str:
    """``first``, ``third``, ``tuesday``: each weekday under the numbers right before it."""
    found: list[str] = []
    numbers: list[str] = []
    for at, word in enumerate(words):
        if _is_weekday(word):
            suffixes = numbers or [""]
            found += [_cron_weekday(word, suffix, said) for suffix in suffixes]
            following = words[at + 1 : at + 2]
            numbers = numbers if following and _is_weekday(following[0]) else []
        else:
            numbers.append(_number(word, said))
    if numbers:
        raise _unreadable(said)
    return ",".join(found)


def _cron_weekday(word: str, suffix: str, said: str) -> str:
    first, dash, last = word.partition("-")
    if dash and (suffix or last not in _DAYS):
        raise _unreadable(said)
    begin = _DAYS.index(first) + 1
    if not dash:
        return f"{begin}{suffix}"
    end = _DAYS.index(last) + 1
    days = range(begin, end + 1) if begin <= end else [*range(begin, 8), *range(1, end + 1)]
    return ",".join(map(str, days))


def _number(word: str, said: str) -> str:
    if word == "last":
        return "L"
    ordinal = _ORDINAL.fullmatch(word)
    number = int(ordinal[1]) if ordinal else _NUMBERS.get(word, 0)
    if number not in _NUMBERS.values():
        raise _unreadable(said)
    return f"#{number}"


def _dates(words: list[str], said: str) -> str:
    """``15th``, ``day 15``, ``first day``, ``last day``."""
    found: list[str] = []
    for word in words:
        ordinal = _ORDINAL.fullmatch(word)
        if word == "last":
            found.append("L")
        elif ordinal or word in _NUMBERS:
            found.append(str(int(ordinal[1]) if ordinal else _NUMBERS[word]))
        elif word != "day":
            raise _unreadable(said)
    if not found:
        raise _unreadable(said)
    return ",".join(found)


def _check(rule: Recurrence, said: str) -> None:
    try:
        cron = CronSim(rule.cron, dt.datetime(2024, 1, 1))  # noqa: DTZ001 - wall times
    except CronSimError as error:
        message = f"{said!r} is no rule: {str(error).lower()}"
        raise UsageError(message, cure=_EXAMPLE) from error
    if len(cron.minutes) > 1 or len(cron.hours) > 1:
        message = f"{said!r} comes more than once a day"
        raise UsageError(message, cure="a series has one time of day; begin another one beside it")
    if next(cron, None) is None:
        message = f"{said!r} never comes"
        raise UsageError(message, cure=_EXAMPLE)


def _unreadable(said: str) -> UsageError:
    message = f"{said!r} is no rule: its days cannot be read"
    return UsageError(message, cure=_EXAMPLE)
