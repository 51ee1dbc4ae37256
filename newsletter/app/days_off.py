"""Public holidays, on which no sending window opens (the extra `holidays`)."""

import datetime as dt
from collections.abc import Collection

from newsletter.campaign import Terms
from newsletter.errors import UsageError
from newsletter.hours import Hours, parse_hours
from newsletter.values import nearest

_EXAMPLE = 'name a country, or one of its parts: "IT", "CA-QC"'


def hours_of(terms: Terms) -> Hours | None:
    """The window that a campaign was recorded with; None for one that may be sent at any time."""
    if not terms.window:
        return None
    return parse_hours(terms.window, default_zone="UTC", days_off=days_off(terms.holidays))


def days_off(place: str) -> Collection[dt.date]:
    """The public holidays of a country (``IT``) or a part of it (``CA-QC``); nothing of nowhere.

    Raises ``UsageError`` for a place that is not known, and where the extra is not there.
    """
    if not place:
        return ()
    try:
        import holidays
    except ImportError:
        message = "public holidays need a library that is not there"
        cure = "pip install 'newsletter[holidays]', or leave holidays out"
        raise UsageError(message, cure=cure) from None
    country, _, part = place.upper().partition("-")
    try:
        found: Collection[dt.date] = holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        raise _unknown(place, holidays.list_supported_countries()) from None
    return found


def _unknown(place: str, known: dict[str, list[str]]) -> UsageError:
    names = [*known, *(f"{country}-{part}" for country, parts in known.items() for part in parts)]
    near = nearest(place.upper(), names)
    cure = f"did you mean {near}?" if near else _EXAMPLE
    return UsageError(f"no holidays are known of {place!r}", cure=cure)
