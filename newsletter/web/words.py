"""How times and numbers are written on tool pages."""

import datetime as dt


def clock(instant: dt.datetime) -> str:
    """``14:02`` today, ``22 Nov 14:02`` before, in this machine's zone."""
    here = instant.astimezone()
    today = dt.datetime.now(dt.UTC).astimezone().date()
    return here.strftime("%H:%M" if here.date() == today else "%-d %b %H:%M")


def moment(instant: dt.datetime) -> str:
    """``22 November 2026, 14:02:11``, in this machine's zone."""
    return instant.astimezone().strftime("%-d %B %Y, %H:%M:%S")


def grouped(number: int) -> str:
    """``1 006``: thousands apart by a space that does not break."""
    return f"{number:,}".replace(",", "\u202f")


def kilobytes(octets: int) -> str:
    """``59 KB``, or octets below a thousand."""
    return f"{octets} octets" if octets < 1_000 else f"{grouped(octets // 1_000)} KB"  # noqa: PLR2004


FILTERS = {"clock": clock, "moment": moment, "grouped": grouped, "kilobytes": kilobytes}
