"""Dates as each language writes them (CLDR, through Babel)."""

import datetime as dt
from functools import cache, cached_property, lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.localedata import LocaleDataDict

from newsletter.values import Language

_MONTH_SPAN = "–"


class _Apart(Locale):
    """A locale whose data are its own.

    Babel keeps the names that it looked up in tables which languages share (its issue 1234): once
    Hebrew months were asked for, those of Arabic and Canadian French were Hebrew too.
    """

    @cached_property
    def _data(self) -> LocaleDataDict:
        return LocaleDataDict(_copied(super()._data.base))


def _copied(table: Any) -> Any:
    return {k: _copied(v) for k, v in table.items()} if isinstance(table, dict) else table


@cache
def locale_of(language: Language) -> Locale:
    """Babel's locale of a language tag, or of its first subtag, or English."""
    for tag in (language, language.split("-")[0]):
        try:
            return _Apart.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return _Apart("en")


@lru_cache
def date_long(date: dt.date, language: Language) -> str:
    """``15 novembre 2019``, ``2019年11月15日``."""
    return str(format_date(date, "long", locale_of(language)))


@lru_cache
def month_year(date: dt.date, language: Language) -> str:
    """``novembre 2019``, ``2019年11月``."""
    return str(format_skeleton("yMMMM", date, locale=locale_of(language)))


@lru_cache
def month_name(date: dt.date, language: Language, end: dt.date | None = None) -> str:
    """``novembre``, ``11月``; both months when the range ends in another one."""
    names = [_month(day, language) for day in (date, end or date)]
    return _MONTH_SPAN.join(dict.fromkeys(names))


def day_range(date: dt.date, end: dt.date | None = None) -> str:
    """``26``, or ``25–29``; the days alone, whatever their months."""
    return f"{date.day}{_MONTH_SPAN}{end.day}" if end and end != date else str(date.day)


def _month(date: dt.date, language: Language) -> str:
    # CLDR's stand-alone name is 十一月, which no Chinese or Japanese calendar tile shows.
    form = "LLL" if language.split("-")[0] in {"zh", "ja", "ko"} else "LLLL"
    return str(format_date(date, form, locale_of(language)))
