"""The officer's plan and what readers said: one arithmetic, the same in plan and send."""

import datetime as dt

import pytest

from newsletter.consent import (
    Basis,
    Change,
    ConsentEvent,
    ConsentTo,
    Request,
    Told,
    implied_until,
)
from newsletter.forgotten import Marks
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.register import Register
from newsletter.values import Address, Language
from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA, BRUNO, DARIO, SEND

NEW = "nuova@posta.example"


def register(room: Newsroom, ledger: Ledger) -> Register:
    """The register, under the newsroom's own secret."""
    secret = room.root / ".newsletter" / "secret"
    if not secret.exists():
        secret.parent.mkdir(exist_ok=True)
        secret.write_text("5f" * 32 + "\n")
    return ledger.register(Marks(secret.read_bytes().strip()))


@pytest.mark.slow
def test_plan_and_send_count_joined_left_and_lapsed_alike(newsroom: Newsroom) -> None:
    now = dt.datetime.now(dt.UTC)
    told = Told(now, "form", "Yes please", "en")
    with Ledger.open(newsroom.ledger) as ledger:
        said = register(newsroom, ledger)
        token = said.request_subscription(
            Request(Address(NEW), ("members",), told, {"first_name": "Nuova"})
        ).token
        assert token
        said.confirm(token, told)
        said.leave(Address.parse(ANNA), ["members", "partners"], told)
        said.set_language(Address.parse(DARIO), Language("en"), told)
        long_ago = now.replace(year=now.year - 3, day=1)
        customer = ConsentEvent(
            BRUNO,
            ConsentTo.NEWSLETTER,
            "",
            Change.IMPORTED,
            Basis.IMPLIED,
            Told(long_ago, "clients.csv:7"),
            implied_until(long_ago),
        )
        said.add_events([(Address.parse(BRUNO), customer)])
    planned = newsroom.run("plan", ISSUE, "--format", "json").object
    gone = planned["arithmetic"]["gone"]
    assert gone == {"left": 2, "consent lapsed": 1}
    assert planned["recipients"] == 4
    assert "left −2" in newsroom.run("plan", ISSUE).out
    assert "consent lapsed −1" in newsroom.run("plan", ISSUE).out
    assert newsroom.run(*SEND).code == 0
    mailed = newsroom.relay.recipients
    assert len(mailed) == planned["recipients"]
    assert NEW in mailed
    assert not {ANNA, BRUNO} & {*mailed}
    assert "Nuova" in str(newsroom.relay.message_of(NEW)["Subject"])
    assert "News for" in str(newsroom.relay.message_of(DARIO)["Subject"])


@pytest.mark.slow
def test_who_joined_by_the_form_and_who_left_counts_wherever_readers_are_counted(
    newsroom: Newsroom,
) -> None:
    told = Told(dt.datetime.now(dt.UTC), "form", "Yes please", "en")
    with Ledger.open(newsroom.ledger) as ledger:
        said = register(newsroom, ledger)
        for name in ("members", "web"):
            fields = {"interests": "china", "city": "Roma"}
            asked = Request(Address(NEW), (name,), told, fields)
            token = said.request_subscription(asked).token
            assert token
            said.confirm(token, told)
        said.leave(Address.parse(ANNA), ["members"], told)
        ledger.suppress(Address.parse(BRUNO), "bounced", "mailbox", "", told.at)
    lists = {e["name"]: e for e in newsroom.run("lists", "--format", "json").object["lists"]}
    for name in ("members", "partners", "web"):
        wanted = newsroom.run("plan", ISSUE, "--list", name, "--format", "json").object
        assert lists[name]["recipients"] == wanted["recipients"], name
    assert (lists["members"]["readers"], lists["members"]["recipients"]) == (4, 3)
    assert lists["web"]["path"] is None
    shown = newsroom.run("lists").out
    assert "+1 by the form, left −1, bounced −1 = 3 recipients" in shown
    assert "no file" in shown
    checked = newsroom.run("subscribers", "check").out
    assert "4 readers · +1 by the form, left −1, bounced −1 = 3 recipients" in checked
    wanted = newsroom.run("plan", ISSUE, "--segment", "china", "--format", "json").object
    for ran in (
        newsroom.run("segments", "count", "china", "--format", "json").object,
        newsroom.run("segments", "list", "--format", "json").object["segments"][0],
    ):
        assert ran["readers"] == wanted["recipients"] == 4
    assert newsroom.run("segments", "count", 'city == "Roma"').out.startswith('city == "Roma": 1')
    assert "is in it" in newsroom.run("segments", "explain", "china", "--as", NEW).out
    reader = newsroom.run("subscribers", "show", NEW, "--format", "json").object
    assert (reader["lists"], reader["segments"]) == (["members", "web"], ["china"])
    assert newsroom.run("subscribers", "show", ANNA, "--format", "json").object["said"] == {
        "members": "left"
    }


@pytest.mark.slow
def test_pages_are_shown_to_look_at_as_who_joined_by_the_form_gets_them(
    newsroom: Newsroom,
) -> None:
    told = Told(dt.datetime.now(dt.UTC), "form", "Yes please", "en")
    newsroom.edit("subscribers/segments.toml", "china = ", "romans = 'city == \"Roma\"'\nchina = ")
    newsroom.edit(f"issues/{ISSUE}/issue.toml", 'audience = "china"', 'audience = "romans"')
    with Ledger.open(newsroom.ledger) as ledger:
        said = register(newsroom, ledger)
        asked = Request(Address(NEW), ("web",), told, {"first_name": "Nuova", "city": "Roma"})
        token = said.request_subscription(asked).token
        assert token
        said.confirm(token, told)
    assert newsroom.run("check").code == 0
    shown = newsroom.run("preview", ISSUE, "--as", NEW, "--text")
    assert shown.code == 0, shown.said
    assert "A round table in Rome" in shown.out
    newsroom.run("subscribers", "unsubscribe", BRUNO)
    assert newsroom.run("preview", ISSUE, "--as", BRUNO, "--text").code == 0
    assert newsroom.run(*SEND).code == 0
    assert NEW in newsroom.relay.recipients
