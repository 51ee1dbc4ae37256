"""Dates and weekdays in prose, in every language whose names Babel knows."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from newsletter.edition.dates import locale_of
from newsletter.values import Language

_CHINESE_DAYS = "一二三四五六日"
_CHINESE = re.compile(
    r"(?:(?P<y>\d{4})\s*年\s*)?(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*日"
    r"(?:\s*[（(]?\s*(?:星期|周)(?P<w>[一二三四五六日天]))?"
    r"(?:\s*(?:至|到|[—–~-]{1,2})\s*(?:(?P<m2>\d{1,2})\s*月\s*)?(?P<d2>\d{1,2})\s*日)?"
)
_CHINESE_WEEKDAY = re.compile(
    r"(?<![\d一二两三四五六七八九十几每上下本])(?:星期|周)([一二三四五六日天])"
)
_DIGIT = re.compile(r"\d")
_ORDINAL = r"(?:st|nd|rd|th|º|°|er|\.)?"
_OF = r"[\s,]+(?:de\s+|del\s+|of\s+|the\s+)?"
_SPAN = r"(?:\s*[–—-]\s*|\s+(?:al?|au|to|e|et|and|y|und|bis)\s+)"


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A day and a month in prose, with the weekday (from 0) and the year where they stand too."""

    start: int
    """The character (from 0) at which the words begin."""
    day: int
    month: int
    year: int | None = None
    weekday: int | None = None

    def nearest(self, near: dt.date) -> dt.date | None:
        """The date itself; without a year that of the year nearest to ``near``."""
        years = [self.year] if self.year else [near.year - 1, near.year, near.year + 1]
        dates = [date for one in years if (date := _date(one, self.month, self.day))]
        return min(dates, key=lambda date: abs(date - near), default=None)


@lru_cache(maxsize=4096)
def dates_in(text: str, language: Language) -> tuple[WrittenDate, ...]:
    """Every day with its month, those of spans (``25–29 November``) too."""
    return tuple(_dates_in(text, language)) if _DIGIT.search(text) else ()


def _dates_in(text: str, language: Language) -> Iterator[WrittenDate]:
    if _is_chinese(language):
        yield from _chinese_dates(text)
        return
    for match in _pattern(language).finditer(text):
        month = _index(_months(language), match["m1"] or match["m2"]) + 1
        weekday = _index(weekday_names(language), match["w"]) if match["w"] else None
        year = int(match["y"]) if match["y"] else None
        first, last = match["a1"] or match["b1"], match["a2"] or match["b2"]
        yield WrittenDate(match.start(), int(first), month, year, weekday)
        if last:
            yield WrittenDate(match.start(), int(last), month, year)


def weekdays_in(text: str, language: Language) -> Iterator[tuple[int, int]]:
    """Every weekday's name: where it begins, and which it is (from 0, Monday)."""
    if _is_chinese(language):
        for match in _CHINESE_WEEKDAY.finditer(text):
            yield match.start(), _CHINESE_DAYS.index(match[1].replace("天", "日"))
        return
    for match in _weekday_pattern(language).finditer(text):
        yield match.start(), _index(weekday_names(language), match[0])


@cache
def weekday_names(language: Language) -> tuple[str, ...]:
    """The names of the weekdays, from Monday."""
    names = locale_of(language).days["format"]["wide"]
    return tuple(str(names[day]).lower() for day in range(7))


def _is_chinese(language: Language) -> bool:
    return language.split("-")[0] == "zh"


def _chinese_dates(text: str) -> Iterator[WrittenDate]:
    """``2019年11月26日（星期二）``: the weekday stands last, and Sunday has two names."""
    for match in _CHINESE.finditer(text):
        weekday = _CHINESE_DAYS.index(match["w"].replace("天", "日")) if match["w"] else None
        month, year = int(match["m"]), int(match["y"]) if match["y"] else None
        yield WrittenDate(match.start(), int(match["d"]), month, year, weekday)
        if match["d2"]:
            last = int(match["m2"] or month)
            yield WrittenDate(match.start(), int(match["d2"]), last, year)


@cache
def _pattern(language: Language) -> re.Pattern[str]:
    """Month names are matched as they are written: English ``may`` and ``march`` are no months."""
    weekday, month = (_any_of(names) for names in (weekday_names(language), _months(language)))
    return re.compile(
        rf"(?:\b(?P<w>{weekday}){_OF})?"
        rf"(?:\b(?P<a1>\d{{1,2}}){_ORDINAL}(?:{_SPAN}(?P<a2>\d{{1,2}}){_ORDINAL})?{_OF}(?P<m1>{month})\b"
        rf"|\b(?P<m2>{month})\s+(?P<b1>\d{{1,2}}){_ORDINAL}(?:\s*[–—-]\s*(?P<b2>\d{{1,2}}))?\b)"
        r"(?:[\s,]+(?P<y>\d{4})\b)?"
    )


@cache
def _weekday_pattern(language: Language) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_any_of(weekday_names(language))})\b")


def _any_of(names: tuple[str, ...]) -> str:
    """Names as they may be written; a language that writes them large is taken at its word."""
    large = names[0] in _WRITTEN_LARGE
    forms = [name.title() for name in names] if large else [*names, *map(str.title, names)]
    return "|".join(map(re.escape, dict.fromkeys([*forms, *(name.upper() for name in names)])))


_WRITTEN_LARGE = frozenset({"monday", "january", "montag", "januar"})


def _index(names: tuple[str, ...], written: str) -> int:
    return names.index(written.lower())


@cache
def _months(language: Language) -> tuple[str, ...]:
    names = locale_of(language).months["format"]["wide"]
    return tuple(str(names[month]).lower() for month in range(1, 13))


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
