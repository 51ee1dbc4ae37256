"""Series: what is sent again and again, and what became of each occurrence.

``Ledger.series`` opens it. An occurrence is written once: its series and its day are the key, so
of two workers one has it, and the campaign that it becomes is recorded in the same transaction.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import Connection, RowMapping, Select, delete, insert, select, update

from newsletter.errors import PlanChanged, UsageError
from newsletter.ledger import schema
from newsletter.ledger.database import Database
from newsletter.ledger.model import CampaignId
from newsletter.ledger.rows import comparable
from newsletter.recurrence import Occurrence, Recurrence

SeriesId = NewType("SeriesId", int)
"""The number of a series, from 1; people write ``s1``."""

_series, _occurrence = schema.series, schema.occurrence
_OPEN, _ENDED = "open", "ended"


class Became(StrEnum):
    """What became of an occurrence."""

    CAMPAIGN = "campaign"
    """It is a campaign, whose state says the rest."""
    NOTHING = "nothing"
    """There was no issue to send: none approved, or the newest of them was sent already."""
    MISSED = "missed"
    """Its time went by while nobody could send."""


@dataclass(frozen=True, slots=True)
class Series:
    """What is sent by a rule, each time the newest issue that is ready."""

    id: SeriesId
    rule: Recurrence
    since: dt.datetime
    """When the rule was said: no earlier occurrence counts."""
    profile: str
    request: str
    """What is asked of each plan, as whoever plans wrote it."""
    agreed: int
    """How many recipients it had when it was agreed to."""
    is_open: bool

    @property
    def name(self) -> str:
        """What people call it."""
        return f"s{self.id}"


@dataclass(frozen=True, slots=True)
class Judged:
    """One occurrence, and what became of it."""

    series: SeriesId
    date: dt.date
    due_at: dt.datetime
    became: Became
    campaign: CampaignId | None
    words: str

    def __str__(self) -> str:
        """``series s1, 2026-12-01: missed …``."""
        return f"series s{self.series}, {self.date}: {self.words}"


class AllSeries:
    """Every question that is asked of series, and every word that is told to them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, rule: Recurrence, now: dt.datetime, *, profile: str, request: str, agreed: int
    ) -> Series:
        """Record a series; its first occurrence is the first after now."""
        row = {"state": _OPEN, "profile": profile, "request": request, "agreed": agreed}
        with self._database.write() as connection:
            made = connection.execute(insert(_series), row | _rule(rule, now))
            key = made.inserted_primary_key
            return _one(connection, SeriesId(key[0] if key else 0))

    def all(self) -> tuple[Series, ...]:
        """All of them, oldest first."""
        with self._database.read() as connection:
            return _all(connection)

    def open(self) -> tuple[Series, ...]:
        """Those that go on."""
        return tuple(each for each in self.all() if each.is_open)

    def one(self, number: SeriesId) -> Series:
        """The series of this number; ``UsageError`` if there is none."""
        with self._database.read() as connection:
            return _one(connection, number)

    def move(self, number: SeriesId, rule: Recurrence, now: dt.datetime) -> Series:
        """Give a series another rule, from now on; ``UsageError`` if it has ended."""
        with self._database.write() as connection:
            _refuse_ended(_one(connection, number))
            connection.execute(update(_series).where(_series.c.id == number), _rule(rule, now))
            return _one(connection, number)

    def end(self, number: SeriesId) -> Series:
        """Let no further occurrence be sent; ``UsageError`` if it has ended."""
        with self._database.write() as connection:
            _refuse_ended(_one(connection, number))
            done = update(_series).where(_series.c.id == number)
            connection.execute(done, {"state": _ENDED})
            return _one(connection, number)

    def judged(self, number: SeriesId) -> tuple[Judged, ...]:
        """What became of each of its occurrences, the latest first."""
        with self._database.read() as connection:
            query = _of(number).order_by(_occurrence.c.due_at.desc())
            return tuple(_judged(row) for row in connection.execute(query).mappings())

    def next(self, series: Series, now: dt.datetime) -> Occurrence | None:
        """The first occurrence of which nothing became yet; it may be due."""
        judged = self.judged(series.id)
        past = [each.due_at for each in judged if each.due_at <= now]
        taken = {each.date for each in judged}
        begin = max([series.since, *past])
        return next((each for each in series.rule.after(begin) if each.date not in taken), None)

    def going_on(self, now: dt.datetime) -> tuple[Series, ...]:
        """Those that go on; where the clock was ahead, what came to nothing is yet to come."""
        early = (_occurrence.c.due_at > now) & _occurrence.c.campaign.is_(None)
        with self._database.read() as connection:
            found = connection.execute(select(_occurrence).where(early)).first()
            all_of_them = _all(connection)
        if found:
            with self._database.write() as connection:
                connection.execute(delete(_occurrence).where(early))
        return tuple(each for each in all_of_them if each.is_open)

    def close(
        self, series: Series, occurrence: Occurrence, now: dt.datetime, became: Became, words: str
    ) -> Judged:
        """Say that an occurrence came to nothing; ``PlanChanged`` if somebody was before us."""
        with self._database.write() as connection:
            return _take(connection, series, occurrence, now, became, words)

    def becoming(
        self, series: Series, occurrence: Occurrence, now: dt.datetime, words: str
    ) -> Callable[[Any, CampaignId], None]:
        """What ``Ledger.record`` is to do in its transaction, so that an occurrence is sent once.

        It raises ``PlanChanged`` if somebody was before us, or the series was changed.
        """

        def become(connection: Connection, number: CampaignId) -> None:
            _take(connection, series, occurrence, now, Became.CAMPAIGN, words, number)

        return become


def _take(
    connection: Connection,
    series: Series,
    occurrence: Occurrence,
    now: dt.datetime,
    became: Became,
    words: str,
    campaign: CampaignId | None = None,
) -> Judged:
    """Write an occurrence down; who writes waits for whoever does (see ``refuse_newer``)."""
    connection.execute(select(schema.meta).with_for_update()).all()
    if _one(connection, series.id) != series:
        message = f"series {series.name} was changed meanwhile"
        raise PlanChanged(message, next_command="newsletter schedule list")
    day = _occurrence.c.date == occurrence.date.isoformat()
    if connection.execute(_of(series.id).where(day)).first():
        message = f"the occurrence of {occurrence.date} was taken meanwhile"
        raise PlanChanged(message, next_command="newsletter schedule list")
    found = {
        "series": series.id,
        "date": occurrence.date.isoformat(),
        "due_at": occurrence.due.instant,
        "at": now,
        "became": became,
        "campaign": campaign,
        "words": words,
    }
    connection.execute(insert(_occurrence), found)
    return Judged(series.id, occurrence.date, occurrence.due.instant, became, campaign, words)


def _of(number: SeriesId) -> Select[*tuple[Any, ...]]:
    return select(_occurrence).where(_occurrence.c.series == number)


def _all(connection: Connection) -> tuple[Series, ...]:
    rows = connection.execute(select(_series).order_by(_series.c.id)).mappings()
    return tuple(_from(row) for row in rows)


def _one(connection: Connection, number: SeriesId) -> Series:
    query = select(_series).where(_series.c.id == comparable(number))
    row = connection.execute(query).mappings().first()
    if row is None:
        message = f"there is no series s{number}"
        raise UsageError(message, next_command="newsletter schedule list")
    return _from(row)


def _rule(rule: Recurrence, now: dt.datetime) -> dict[str, Any]:
    return {"words": rule.words, "cron": rule.cron, "zone": rule.zone, "since": now}


def _refuse_ended(series: Series) -> None:
    if not series.is_open:
        message = f"series {series.name} has ended"
        raise UsageError(message, next_command="newsletter schedule list")


def _from(row: RowMapping) -> Series:
    return Series(
        id=SeriesId(row["id"]),
        rule=Recurrence(row["words"], row["cron"], row["zone"]),
        since=row["since"],
        profile=row["profile"],
        request=row["request"],
        agreed=row["agreed"],
        is_open=row["state"] == _OPEN,
    )


def _judged(row: RowMapping) -> Judged:
    return Judged(
        SeriesId(row["series"]),
        dt.date.fromisoformat(row["date"]),
        row["due_at"],
        Became(row["became"]),
        None if row["campaign"] is None else CampaignId(row["campaign"]),
        row["words"],
    )
