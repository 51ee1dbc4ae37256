"""Instants as whole microseconds since 1970, UTC: exact both ways."""

import datetime as dt

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def to_microseconds(instant: dt.datetime) -> int:
    """An aware instant as a number; ``ValueError`` for a wall time without a zone."""
    if instant.tzinfo is None:
        message = f"{instant} has no zone, so it is no instant"
        raise ValueError(message)
    return (instant - _EPOCH) // _MICROSECOND


def from_microseconds(number: int) -> dt.datetime:
    """The instant, in UTC."""
    return _EPOCH + number * _MICROSECOND
