"""Public holidays, on which no sending window opens (the extra `holidays`)."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from newsletter.campaign import Terms
from newsletter.errors import UsageError
from newsletter.hours import parse_hours, parse_quiet
from newsletter.sending_times import SendingTimes
from newsletter.values import nearest

_EXAMPLE = 'name a country, or one of its parts, or several: "IT", "CA-QC", "IT, DE-BY"'


def times_of(terms: Terms) -> SendingTimes:
    """The window and the quiet hours that a campaign was recorded with."""
    return sending_times(terms.window, terms.holidays, terms.quiet, "UTC")


def sending_times(window: str, holidays: str, quiet: str, zone: str) -> SendingTimes:
    """What was said of when messages may leave; nothing said is no limit."""
    return SendingTimes(
        parse_hours(window, default_zone=zone, days_off=days_off(holidays)) if window else None,
        parse_quiet(quiet, default_zone=zone) if quiet else None,
    )


def days_off(places: str) -> Collection[dt.date]:
    """The public holidays of a country (``IT``), a part of it (``CA-QC``), or several of them.

    Of nowhere there are none. Raises ``UsageError`` for a place that is not known, and where the
    extra is not there.
    """
    if not places.strip():
        return ()
    try:
        import holidays
    except ImportError:
        message = "public holidays need a library that is not there"
        cure = "pip install 'newsletter[holidays]', or leave holidays out"
        raise UsageError(message, cure=cure) from None
    found: Any = None
    for place in (each.strip() for each in places.split(",")):
        country, _, part = place.upper().partition("-")
        try:
            these = holidays.country_holidays(country, subdiv=part or None)
        except NotImplementedError:
            raise _unknown(place, holidays.list_supported_countries()) from None
        found = these if found is None else found + these
    whole: Collection[dt.date] = found
    return whole


def _unknown(place: str, known: dict[str, list[str]]) -> UsageError:
    names = [*known, *(f"{country}-{part}" for country, parts in known.items() for part in parts)]
    near = nearest(place.upper(), names)
    cure = f"did you mean {near}?" if near else _EXAMPLE
    return UsageError(f"no holidays are known of {place!r}", cure=cure)
