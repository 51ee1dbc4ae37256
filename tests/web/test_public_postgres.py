"""The public pages over PostgreSQL: what a reader does is done, and what opens nothing does not."""

import secrets
from pathlib import Path

import pytest

from newsletter.clicks import Counts, mint
from newsletter.consent import Change, Told
from newsletter.ledger.model import CampaignId
from newsletter.unsubscribe import Purpose
from newsletter.values import Address
from tests.ledger.databases import empty, postgres, servers
from tests.ledger.test_clicks import B, counting_plan
from tests.web.public import KEYS, NOON, public_house

__all__ = ["postgres", "servers"]
R1, R2 = Address("r1@reader.example"), Address("r2@reader.example")

pytestmark = pytest.mark.postgres


def test_a_readers_links_work_over_postgresql(postgres: str, tmp_path: Path) -> None:
    empty(postgres)
    plan = counting_plan(opens=True)
    with public_house(tmp_path, plan=plan, where=postgres) as house:
        preferences = f"/p/{house.token(Purpose.PREFERENCES)}"
        fields = {"spoken": "it", "asked": "tracking", "tracking": "yes", "language": "en"}
        assert house.send(preferences, fields).status == 200
        link, number = mint(KEYS, 1, 2, Counts.LINK), CampaignId(1)
        for seq in (1, 2):
            reader = mint(KEYS, 1, seq, Counts.READER)
            assert house.client.ask(f"/c/{link}/{reader}").headers["location"] == B
        assert house.client.ask(f"/o/{mint(KEYS, 1, 0, Counts.OPENS)}").status == 200
        found = house.ledger.clicks.of_campaign(number)
        assert (found.clicks, found.named, found.opens) == (2, 1, 1)
        assert [each.url for each in house.ledger.clicks.of_reader(R1)] == [B]

        house.register.set_tracking(R1, Told(NOON, "preferences"), allowed=False)
        assert house.ledger.clicks.of_reader(R1) == ()
        changes = [event.change for event in house.register.events(R1)]
        assert changes == [Change.GIVEN, Change.WITHDRAWN]

        assert house.leave(house.token(seq=2)).status == 200
        assert house.suppressed == [R2.text]
        assert house.client.ask(f"/v/{house.token(Purpose.BROWSER)}").status == 200
        for path in ("c", "o", "u", "p", "v"):
            assert house.client.ask(f"/{path}/{secrets.token_urlsafe(24)}").status == 404
