"""The machine's clock is set around the time at which a campaign is due."""

import datetime as dt

import pytest

from newsletter.app.open import open_app, utc_now
from newsletter.app.working import run_due_once
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.schedule import parse_when
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom


@pytest.mark.slow
def test_what_is_due_goes_out_once_however_often_the_clock_is_set(newsroom: Newsroom) -> None:
    wall = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    newsroom.run("send", ISSUE, "--yes", "--at", f"{wall:%Y-%m-%d %H:%M} UTC", follow=False)
    half_past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=30)
    due = parse_when(f"{half_past:%Y-%m-%d %H:%M} UTC", default_zone="UTC")
    with Ledger.open(newsroom.ledger) as ledger:
        ledger.reschedule(CampaignId(1), due, utc_now())
    ran = []
    for hours in (-1, 0, -1, 0, 1, -1, 0):
        at = dt.timedelta(hours=hours)
        app = open_app(newsroom.root, clock=lambda: utc_now() + at)  # noqa: B023  called at once
        ran.append(len(run_due_once(app, lambda _: None).ran))

    assert ran == [0, 1, 0, 0, 0, 0, 0]
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
    with Ledger.open(newsroom.ledger) as ledger:
        assert ledger.campaign(CampaignId(1)).state is CampaignState.FINISHED
