"""Rules about dates: events in order and to come, weekdays right, translations that agree."""

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise

from newsletter.issue.model import Country, Event, Events
from newsletter.lint.dates import dates_in, weekday_names, weekdays_in
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import Language

_FAR = dt.timedelta(days=730)


@rule(
    "W027",
    says="Events stand in the order of their dates.",
    source="readers read a calendar from top to bottom",
    cure="move the earlier event up",
)
def events_out_of_order(proof: Proof) -> Iterator[Hit]:
    """Each event that begins before the one above it."""
    for (_, before), (where, after) in pairwise(dated_events(proof)):
        first = where.endswith(".0")
        if after.date < before.date and not first:
            yield Hit(f"{after.title} ({after.date}) stands below {before.date}", where)


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
        for written in dates_in(word.text, language):
            date = written.nearest(near)
            if date and written.weekday is not None and date.weekday() != written.weekday:
                message = _not_that_day(date, written.weekday, language)
                yield Hit(message, word.where, language, offset=written.start)


@rule(
    "W033",
    says="An event is at most two years away.",
    source="a date that far is most often a year mistyped",
    cure="mend the year",
)
def far_event(proof: Proof) -> Iterator[Hit]:
    """Events that begin more than two years after the issue's date, or last that long."""
    for where, event in dated_events(proof):
        last = event.end or event.date
        if last - proof.issue.original.date > _FAR:
            key = (
                f"{where}.end"
                if event.date - proof.issue.original.date <= _FAR
                else f"{where}.date"
            )
            yield Hit(f"{event.title} is on {last}", key)


@rule(
    "W048",
    says="A weekday in an event's words is the weekday of its date.",
    source="the calendar",
    cure="mend the weekday or the date",
)
def event_on_another_day(proof: Proof) -> Iterator[Hit]:
    """``Venerdì: il laboratorio`` in the title or place of an event that is on no Friday."""
    events = dict(dated_events(proof))
    for language, word in proof.words():
        event = events.get(word.where.rpartition(".")[0])
        if event is None or any(dates_in(word.text, language)):
            continue
        days = {day.weekday() for day in _days_of(event)}
        for offset, weekday in weekdays_in(word.text, language):
            if weekday not in days:
                message = _not_that_day(event.date, weekday, language)
                yield Hit(message, word.where, language, offset=offset)


@rule(
    "W050",
    says="An event is not over when the issue appears.",
    source="a reader cannot go there any more",
    cure="take it out, or tell of it in a report",
)
def past_event(proof: Proof) -> Iterator[Hit]:
    """Events whose last day is before the issue's date."""
    for where, event in dated_events(proof):
        last = event.end or event.date
        if last < proof.issue.original.date:
            message = (
                f"{event.title} was over on {last}, the issue is of {proof.issue.original.date}"
            )
            yield Hit(message, f"{where}.end" if event.end else f"{where}.date")


@rule(
    "W079",
    says="A translation has the dates of the original.",
    source="readers of two languages would come on two days",
    cure="mend the one that is wrong",
)
def other_dates(proof: Proof) -> Iterator[Hit]:
    """The days and months in each translated text; spans may be written as one likes."""
    original = proof.issue.language
    for language, word, translated in proof.translated():
        there = {(date.day, date.month) for date in dates_in(word.text, original)}
        dates = list(dates_in(translated.text, language)) if there else []
        here = {(date.day, date.month) for date in dates}
        if here and not (here <= there or there <= here):
            other = next(date for date in dates if (date.day, date.month) not in there)
            message = (
                f"{_written(here - there)} stands for {_written(there - here)} of the original"
            )
            yield Hit(message, word.where, language, offset=other.start)


def dated_events(proof: Proof) -> Iterator[tuple[str, Event]]:
    """Every event of the issue with its place: ``sections.china.events.0``."""
    for name, section in proof.issue.original.sections.items():
        if isinstance(section, Events | Country):
            for at, event in enumerate(section.events):
                yield f"sections.{name}.events.{at}", event


def _days_of(event: Event) -> Iterator[dt.date]:
    length = ((event.end or event.date) - event.date).days
    return (event.date + dt.timedelta(days=day) for day in range(min(length, 6) + 1))


def _not_that_day(date: dt.date, weekday: int, language: Language) -> str:
    names = weekday_names(language)
    return f"{date.isoformat()} is {names[date.weekday()]}, not {names[weekday]}"


def _written(days: set[tuple[int, int]]) -> str:
    """``30/10``, several in order."""
    return ", ".join(f"{day}/{month}" for month, day in sorted((m, d) for d, m in days))


RULES = (
    events_out_of_order,
    wrong_weekday,
    far_event,
    event_on_another_day,
    past_event,
    other_dates,
)
