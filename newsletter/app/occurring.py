"""Occurrences that are due: each becomes a campaign of the newest issue that is ready, or a word.

Whatever ends here before the campaign is recorded leaves nothing: the next look begins anew.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from newsletter.app import telling
from newsletter.app.approving import Ready, newest_ready
from newsletter.app.kept_request import request_from
from newsletter.app.open import App, open_app
from newsletter.app.plan import HAD_IT, Planned, make_plan
from newsletter.app.steering import HELD
from newsletter.errors import (
    ChecksFailed,
    LedgerUnavailable,
    NewsletterError,
    NobodyToMail,
    PlanChanged,
    TryLater,
    UsageError,
)
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, CampaignId, CampaignState
from newsletter.ledger.series import Became, Judged, Series
from newsletter.recurrence import Occurrence
from newsletter.schedule import Verdict, verdict


def judge_all(
    app: App, ledger: Ledger, grace: dt.timedelta, tell: telling.Tell
) -> tuple[tuple[Judged, ...], str]:
    """Say of every occurrence that is due what becomes of it; and why one waits, if it does."""
    judged: list[Judged] = []
    later = ""
    for series in ledger.series.going_on(app.clock()):
        try:
            for each in _judge(app, ledger, series, grace):
                judged.append(each)
                tell(telling.occurred(each))
        except LedgerUnavailable:
            raise
        except PlanChanged:  # another worker, or the officer, was before us: look again
            continue
        except NewsletterError as error:
            later = f"series {series.name}: {error.message}"
    return tuple(judged), later


def _judge(app: App, ledger: Ledger, series: Series, grace: dt.timedelta) -> Iterator[Judged]:
    now = app.clock()
    while occurrence := ledger.series.next(series, now):
        match verdict(occurrence.due, now, grace):
            case Verdict.WAITING:
                return
            case Verdict.MISSED:
                words = f"nobody could send at {occurrence.due}; it was missed and is not sent"
                yield ledger.series.close(series, occurrence, now, Became.MISSED, words)
            case Verdict.DUE_NOW:
                yield _take(app, ledger, series, occurrence)


def _take(app: App, ledger: Ledger, series: Series, occurrence: Occurrence) -> Judged:
    """Make a campaign of what is ready; else say why there is none."""
    now = app.clock()
    fitting = fitting_to(app, series)
    ready = newest_ready(fitting, ledger.approvals.latest())
    if words := why_nothing(ledger, series, ready):
        return ledger.series.close(series, occurrence, now, Became.NOTHING, words)
    asked = replace(request_from(series.request, str(ready.slug)), fresh=True)
    try:
        planned = make_plan(fitting, asked, ledger)
    except NobodyToMail as error:
        words = f"{ready.slug} has nobody to go to: {error.cure}"
        return ledger.series.close(series, occurrence, now, Became.NOTHING, words)
    if planned.plan.content_digest != ready.digest:
        message = f"{ready.slug} was changed while it was planned"
        raise PlanChanged(message)
    if planned.view.already:
        words = f"{planned.view.already} of its readers had {ready.slug} already; nobody is sent it"
        return ledger.series.close(series, occurrence, now, Became.NOTHING, words)
    _refuse_unfit(planned)
    words = _sent_words(planned)
    ledger.record(
        planned.plan,
        due=occurrence.due,
        now=now,
        newest=planned.newest,
        opened=ledger.series.becoming(series, occurrence, now, words),
    )
    return next(each for each in ledger.series.judged(series.id) if each.date == occurrence.date)


def _sent_words(planned: Planned) -> str:
    words = f"{planned.view.issue} to {planned.view.recipients} recipients"
    spared = planned.view.arithmetic.suppressed.get(HAD_IT, 0)
    return f"{words}; {spared} had it already" if spared else words


def why_nothing(ledger: Ledger, series: Series, ready: Ready) -> str:
    """Why a series has nothing to send, in words; nothing if it has.

    What another series sent to other readers, or somebody to other lists, is in nobody's way.
    Raises ``TryLater`` while a campaign of the issue waits for an officer's word.
    """
    if ready.slug is None:
        return f"no issue is ready: {ready.why_not or 'there is none'}"
    others = _of_other_readers(ledger, series)
    mine = request_from(series.request, ready.slug).lists
    for campaign in reversed(ledger.campaigns()):
        if campaign.slug != ready.slug or campaign.terms.profile != series.profile:
            continue
        if _is_void(campaign, ready):
            continue
        same_lists = not mine or set(mine) & set(campaign.per_list)
        if same_lists and campaign.id not in others:
            more = f"; {ready.why_not}" if ready.passed_over else ""
            how = f"campaign {campaign.id}, {campaign.state}"
            return f"{ready.slug} was sent already ({how}){more}"
        if campaign.state in HELD:
            message = f"campaign {campaign.id} of {ready.slug} is {campaign.state}"
            raise TryLater(message, next_command=f"newsletter status {campaign.id}")
    try:
        ledger.retention.refuse_again(ready.slug, series.profile)
    except UsageError as error:  # who had it is not known any more
        return error.message
    return ""


def _of_other_readers(ledger: Ledger, series: Series) -> frozenset[CampaignId]:
    """The campaigns of series that are not for the same lists, segment and exclusions."""
    others = [each for each in ledger.series.all() if _readers_of(each) != _readers_of(series)]
    judged = (each for other in others for each in ledger.series.judged(other.id))
    return frozenset(each.campaign for each in judged if each.campaign is not None)


def _readers_of(series: Series) -> tuple[frozenset[str], str | None, frozenset[str]]:
    asked = request_from(series.request, "")
    return frozenset(asked.lists), asked.segment, frozenset(asked.exclude)


def fitting_to(app: App, series: Series) -> App:
    """The newsletter under the profile that a series was begun with."""
    if series.profile == app.profile:
        return app
    return open_app(app.root, profile=series.profile, clock=app.clock)


def _is_void(campaign: Campaign, ready: Ready) -> bool:
    """Whether a campaign was taken back and its issue approved once more since."""
    taken_back = campaign.state is CampaignState.CANCELLED
    return taken_back and bool(ready.approved_at and ready.approved_at > campaign.recorded_at)


def _refuse_unfit(planned: Planned) -> None:
    for finding in planned.view.unfit:
        message = f"{planned.view.issue} is not fit to send: {finding.message}"
        raise ChecksFailed(message, next_command=f"newsletter plan {planned.view.issue}")
