"""A rule about dates in prose: the weekday that is written is the weekday it is."""

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache

from newsletter.edition.dates import locale_of
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import Language

_Written = tuple[int, int, int, int, int | None]
"""Where the words begin, the weekday from 0, day, month, and the year where there is one."""

_CHINESE_DAYS = "一二三四五六日"
_CHINESE = re.compile(
    r"(?:(?P<y>\d{4})\s*年\s*)?(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*日"
    r"\s*[（(]?\s*(?:星期|周)(?P<w>[一二三四五六日天])"
)


@rule(
    "W028",
    says="A weekday in the text is the weekday of its date.",
    source="the calendar",
    cure="mend the weekday or the date",
)
def wrong_weekday(proof: Proof) -> Iterator[Hit]:
    """``martedì 26 novembre`` against the calendar, in the year nearest to the issue's date."""
    near = proof.issue.original.date
    for language, word in proof.words():
        for offset, weekday, day, month, year in _written_dates(word.text, language):
            date = _nearest_date(day, month, year, near)
            if date and date.weekday() != weekday:
                names = _weekdays(language)
                message = f"{date.isoformat()} is {names[date.weekday()]}, not {names[weekday]}"
                yield Hit(message, word.where, language, offset=offset)


def _written_dates(text: str, language: Language) -> Iterator[_Written]:
    if language.split("-")[0] == "zh":
        yield from _chinese_dates(text)
        return
    weekdays, months = _weekdays(language), _months(language)
    for match in _pattern(language).finditer(text.lower()):
        day = match["d1"] or match["d2"]
        month = months.index(match["m1"] or match["m2"]) + 1
        year = int(match["y"]) if match["y"] else None
        yield match.start(), weekdays.index(match["w"]), int(day), month, year


def _chinese_dates(text: str) -> Iterator[_Written]:
    """``2019年11月26日（星期二）``: the weekday stands last, and Sunday has two names."""
    for match in _CHINESE.finditer(text):
        weekday = _CHINESE_DAYS.index(match["w"].replace("天", "日"))
        year = int(match["y"]) if match["y"] else None
        yield match.start(), weekday, int(match["d"]), int(match["m"]), year


@cache
def _pattern(language: Language) -> re.Pattern[str]:
    weekday = "|".join(map(re.escape, _weekdays(language)))
    month = "|".join(map(re.escape, _months(language)))
    link = r"[\s,]+(?:de\s+|del\s+|of\s+|the\s+)?"
    ordinal = r"(?:st|nd|rd|th|º|°|er|\.)?"
    return re.compile(
        rf"\b(?P<w>{weekday}){link}"
        rf"(?:(?P<d1>\d{{1,2}}){ordinal}{link}(?P<m1>{month})"
        rf"|(?P<m2>{month})\s+(?P<d2>\d{{1,2}}){ordinal})\b"
        r"(?:[\s,]+(?P<y>\d{4})\b)?"
    )


def _nearest_date(day: int, month: int, year: int | None, near: dt.date) -> dt.date | None:
    years = [year] if year else [near.year - 1, near.year, near.year + 1]
    dates = [date for one in years if (date := _date(one, month, day))]
    return min(dates, key=lambda date: abs(date - near), default=None)


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


@cache
def _weekdays(language: Language) -> tuple[str, ...]:
    names = locale_of(language).days["format"]["wide"]
    return tuple(str(names[day]).lower() for day in range(7))


@cache
def _months(language: Language) -> tuple[str, ...]:
    names = locale_of(language).months["format"]["wide"]
    return tuple(str(names[month]).lower() for month in range(1, 13))


RULES = (wrong_weekday,)
