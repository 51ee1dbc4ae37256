"""The secret that signs links is changed, and every link in sent mail goes on working."""

import json

import pytest

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA, BRUNO
from tests.cli.test_bounces import bounce, deliver
from tests.cli.test_public import FORM, one_click_of, send, served, suppressed

NEXT = "a-new-secret-of-at-least-sixteen-letters"
ONE_CLICK = "List-Unsubscribe=One-Click"

pytestmark = pytest.mark.slow  # real messages over real SMTP, a real server


def ready(newsroom: Newsroom) -> None:
    """A return path of its own for each delivery, and a mailbox for what comes back."""
    newsroom.edit("newsletter.toml", "[sender]", '[sender]\nbounce_address = "b@alisei.example"')
    for part in ("new", "cur", "tmp"):
        (newsroom.root / "bounces" / part).mkdir(parents=True)
    with (newsroom.root / "newsletter.toml").open("a") as file:
        file.write('\n[feedback]\nmaildir = "bounces"\n')


def set_in_env_file(newsroom: Newsroom, *lines: str) -> None:
    """As an officer does it: for the commands, and for `serve` in a process of its own."""
    path = newsroom.write(".env", "".join(f"{line}\n" for line in lines))
    path.chmod(0o600)


def rotated(newsroom: Newsroom, where: str) -> None:
    """A new secret above the old one, in the file or in the environment."""
    path = newsroom.root / ".newsletter" / "secret"
    old = path.read_text().strip()
    if where == "file":
        path.write_text(f"{NEXT}\n{old}\n")
    else:
        before = f"NEWSLETTER_PREVIOUS_SECRETS='{json.dumps([old])}'"
        set_in_env_file(newsroom, f"NEWSLETTER_SECRET={NEXT}", before)


@pytest.mark.parametrize("where", ["file", "environment"])
def test_links_and_return_paths_of_sent_mail_work_under_a_new_secret(
    newsroom: Newsroom, where: str
) -> None:
    ready(newsroom)
    newsroom.run("subscribers", "forget", "carla.dubois@soci.example", follow=False)
    send(newsroom, ISSUE, 4)
    click, returned = one_click_of(newsroom, ANNA), bounce(newsroom, BRUNO)
    rotated(newsroom, where)
    with served(newsroom) as client:
        assert client.ask(click, "POST", FORM, ONE_CLICK).status == 200
        assert [row["address"] for row in suppressed(newsroom)][-1] == ANNA
    deliver(newsroom, returned)
    assert f"{BRUNO} is never mailed again" in newsroom.run("bounces", "fetch", follow=False).out
    plan = newsroom.run("plan", ISSUE, "--format", "json", follow=False).object
    assert plan["arithmetic"]["suppressed"]["forgotten"] == 1
    again = newsroom.run(
        "subscribers", "export", "carla.dubois@soci.example", "--format", "json", follow=False
    )
    assert again.object["forgotten"] is True
    newsroom.relay.received.clear()
    agreed = ("send", ISSUE, "--recipients", "2", "--yes")
    assert newsroom.run(*agreed, follow=False).code in {0, 4}


def test_without_the_old_secret_it_is_told_and_old_links_open_nothing(newsroom: Newsroom) -> None:
    send(newsroom, ISSUE, 5)
    click = one_click_of(newsroom, ANNA)
    newsroom.run("subscribers", "forget", BRUNO, follow=False)
    set_in_env_file(newsroom, f"NEWSLETTER_SECRET={NEXT}")
    with served(newsroom) as client:
        assert client.ask(click, "POST", FORM, ONE_CLICK).status == 404
    ran = newsroom.run("plan", ISSUE, follow=False)
    assert ran.code != 0
    assert "NEWSLETTER_PREVIOUS_SECRETS" in ran.err


def test_an_old_secret_in_git_is_refused_and_a_broken_list_is_told(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_PREVIOUS_SECRETS", "not-a-list")
    ran = newsroom.run("lists", follow=False)
    assert ran.code == 2
    assert "NEWSLETTER_PREVIOUS_SECRETS" in ran.err
    assert "not-a-list" not in ran.err
    monkeypatch.delenv("NEWSLETTER_PREVIOUS_SECRETS")
    newsroom.edit(
        "newsletter.toml", "\n[sender]", '\nprevious_secrets = ["s3cret-s3cret-s3cret"]\n[sender]'
    )
    ran = newsroom.run("lists", follow=False)
    assert ran.code == 2
    assert "s3cret-s3cret" not in ran.said
