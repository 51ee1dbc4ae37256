"""`newsletter doctor` against a DNS server and a relay on loopback."""

import pytest

from newsletter.web.public_serving import serving_public
from tests.cli.newsroom import Newsroom
from tests.cli.test_keys import records_of, resolver
from tests.zones import ZoneServer, txt

pytestmark = pytest.mark.slow  # real servers

_ZONE = {
    ("alisei.example", "TXT"): txt("v=spf1 ip4:192.0.2.10 -all"),
    ("alisei.example", "MX"): ["10 mx.alisei.example."],
    ("mx.alisei.example", "A"): ["192.0.2.20"],
    ("10.2.0.192.in-addr.arpa", "PTR"): ["relay.alisei.example."],
    ("relay.alisei.example", "A"): ["192.0.2.10"],
    ("_dmarc.alisei.example", "TXT"): txt("v=DMARC1; p=reject; rua=mailto:d@alisei.example"),
}


def _states(newsroom: Newsroom, *words: str) -> dict[str, str]:
    ran = newsroom.run("doctor", *words, "--format", "json")
    return {each["id"]: each["state"] for each in ran.object["results"]}


def test_the_doctor_finds_firm_ground_and_each_fault_and_says_so_by_its_code(
    newsroom: Newsroom,
) -> None:
    newsroom.run("keys", "new", "--selector", "s1")
    records = {(name, "TXT"): txt(text) for name, text in records_of(newsroom).items()}
    with ZoneServer(_ZONE | records) as server:
        resolver(newsroom, server)
        text = (newsroom.root / "newsletter.toml").read_text()
        newsroom.write("newsletter.toml", text + 'sends_from = ["192.0.2.10"]\n')
        states = _states(newsroom)
        for name in ("relay", "spf", "dkim", "dmarc", "dmarc.alignment", "ptr", "mx.author"):
            assert states[name] == "good", name
        assert states["one_click"] == "bad"  # nobody answers at the site's address
        shown = newsroom.run("doctor")
        assert shown.code == 3
        assert "Gmail" in shown.out
        assert "newsletter serve" in shown.out
        server.zone.pop(("_dmarc.alisei.example", "TXT"))
        assert _states(newsroom)["dmarc"] == "bad"
    assert newsroom.relay.received == []


def test_offline_looks_at_this_machine_alone(newsroom: Newsroom) -> None:
    with ZoneServer(_ZONE) as server:
        resolver(newsroom, server)
        ran = newsroom.run("doctor", "--offline")
        assert server.asked == []
    assert ran.code == 0
    assert newsroom.relay.connections == 0
    assert "good     disk" in ran.out
    assert newsroom.run("doctor", "--offline", "--strict").code == 3  # mail is not signed


def test_the_real_public_pages_take_the_doctors_click_and_change_nothing(
    newsroom: Newsroom, bare: None
) -> None:
    import asyncio

    from newsletter.app.doctoring import _dummy_url
    from newsletter.app.open import open_app
    from newsletter.doctor.oneclick import examine_one_click

    del bare
    app = open_app(newsroom.root)

    async def ask() -> list[str]:
        async with serving_public(app, "127.0.0.1", 0) as place:
            url = place.address.rstrip("/") + _dummy_url(app).partition(".example")[2]
            results, _ = await asyncio.to_thread(examine_one_click, url)
            return [f"{each.state} {each.id}" for each in results]

    assert asyncio.run(ask()) == ["good one_click.get", "good one_click.post"]
    assert newsroom.run("suppressions", "list", "--format", "json").object["suppressions"] == []


def test_a_key_that_is_not_fit_ends_the_examination(newsroom: Newsroom) -> None:
    newsroom.run("keys", "new", "--selector", "s1")
    (newsroom.root / ".newsletter/keys/s1.pem").chmod(0o644)
    ran = newsroom.run("doctor", "--offline")
    assert ran.code == 2
    assert "0644" in ran.err
