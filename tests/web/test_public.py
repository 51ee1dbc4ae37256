"""What every public page keeps to, and what the server in front of them may do."""

import re
from pathlib import Path

import pytest

from newsletter.ledger.ledger import Ledger
from newsletter.web.public_page import words
from tests.web.public import ONE_CLICK, House, public_house

LANGUAGES = ("it", "en", "fr-CA", "zh-Hans")


def test_every_language_says_everything_and_fills_in_the_same() -> None:
    spoken = {str(language): table for language, table in words().items()}
    for key, sentence in spoken["it"].items():
        places = set(re.findall(r"\{\w+\}", sentence))
        for language, table in spoken.items():
            assert set(re.findall(r"\{\w+\}", table[key])) == places, (language, key)
    assert {frozenset(table) for table in spoken.values()} == {frozenset(spoken["it"])}


@pytest.mark.slow
def test_every_answer_allows_no_script_and_tells_nobody_where_one_was(tmp_path: Path) -> None:
    with public_house(tmp_path) as house:
        token = house.token()
        answers = [
            house.client.ask(f"/u/{token}"),
            house.leave(token),
            house.client.ask("/u/" + "A" * 32),
            house.client.ask("/nowhere"),
            house.client.ask(f"/u/{token}", "DELETE"),
        ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script" not in policy
        assert "unsafe" not in policy
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert "set-cookie" not in answer.headers


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wish", "heading"),
    [
        ("", "Questa pagina"),
        ("en-GB,en;q=0.9", "This page"),
        ("de, fr;q=0.8, en;q=0.5", "Cette page"),
        ("zh-CN,zh;q=0.9", "此页面"),
        ("ja, *;q=0.1", "Questa pagina"),
        ("en;q=0, it", "Questa pagina"),
        ("en;q=x,;;,\x00", "Questa pagina"),
        ("en-" + "x" * 5_000, "Questa pagina"),
    ],
)
def test_who_has_no_link_is_spoken_to_in_her_browsers_language(
    tmp_path: Path, wish: str, heading: str
) -> None:
    with public_house(tmp_path) as house:
        page = house.client.ask("/nowhere", headers={"Accept-Language": wish.replace("\x00", "")})
    assert heading in page.text


@pytest.mark.slow
def test_a_reader_is_spoken_to_in_the_language_of_her_message(tmp_path: Path) -> None:
    with public_house(tmp_path, languages=[*LANGUAGES, "fr", "de"]) as house:
        asked = [
            house.client.ask(f"/u/{house.token(seq=seq)}", headers={"Accept-Language": "en"})
            for seq in range(1, 7)
        ]
    spoken = [answer.headers["content-language"] for answer in asked]
    assert spoken == [*LANGUAGES, "fr-CA", "it"]


@pytest.mark.slow
def test_nothing_that_the_settings_or_a_list_hold_becomes_markup(tmp_path: Path) -> None:
    with public_house(tmp_path) as house:
        page = house.client.ask(f"/u/{house.token()}").text
    assert "Notizie &lt;b&gt;&amp; cose&lt;/b&gt;" in page
    assert "Cluster &lt;i&gt;ALISEI&lt;/i&gt;" in page


@pytest.mark.slow
def test_the_pages_stand_under_the_sites_path_too(tmp_path: Path) -> None:
    with public_house(tmp_path, site="https://soci.example/news") as house:
        for path in ("/u/", "/news/u/"):
            page = house.client.ask(path + house.token()).text
            link = re.search(r'href="([^"]+public\.css)"', page)
            assert link
            depth = link[1].count("../")
            assert depth == path.count("/") - 1
        assert house.client.ask("/news/static/public.css").status == 200


@pytest.mark.slow
def test_style_and_picture_are_there_and_nothing_else_is_served(tmp_path: Path) -> None:
    with public_house(tmp_path) as house:
        kinds = [
            house.client.ask(f"/static/{name}").headers["content-type"].partition(";")[0]
            for name in ("public.css", "public-wind.png")
        ]
        assert kinds == ["text/css", "image/png"]
        for name in ("inbox.js", "preview.js", "..%2Fguard.py", "%2e%2e/guard.py", ""):
            assert house.client.ask(f"/static/{name}").status == 404


@pytest.mark.slow
def test_leaving_is_never_limited_however_often_a_client_comes(tmp_path: Path) -> None:
    """One mail service presses one-click for many readers, from few addresses."""
    with public_house(tmp_path, rate="1/day") as house:
        for seq in (1, 2, 3):
            assert house.leave(house.token(seq=seq)).status == 200
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        assert len(ledger.suppressions()) == 3


@pytest.mark.slow
def test_a_body_without_end_is_refused(tmp_path: Path) -> None:
    with public_house(tmp_path) as house:
        answer = house.client.post(f"/u/{house.token()}", {"x": "y" * 100_000} | ONE_CLICK)
        assert answer.status == 413
        assert house.suppressed == []


@pytest.mark.slow
def test_a_page_that_fails_says_so_without_saying_why(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with public_house(tmp_path) as house:
        token = spoiled(house)
        answer = house.client.ask(f"/u/{token}")
    assert answer.status == 500
    assert "Riprovi" in answer.text
    assert "sqlite" not in answer.text.lower()
    said = "".join(capfd.readouterr())
    assert "Traceback" not in said
    assert token not in said


def spoiled(house: House) -> str:
    """A link whose ledger was closed and taken away."""
    token = house.token()
    with house.ledger._database.write() as connection:
        connection.exec_driver_sql("DROP TABLE suppression")
        connection.exec_driver_sql("ALTER TABLE recipient RENAME TO gone")
    return token


@pytest.mark.slow
def test_no_page_leads_to_a_host_that_the_request_names(tmp_path: Path) -> None:
    with public_house(tmp_path) as house:
        token = house.token()
        for path in ("/subscribe/", f"/u/{token}/", f"/p/{token}/", "/archive", "//evil.example/"):
            for method in ("GET", "POST"):
                answer = house.client.ask(path, method, {"Host": "evil.example"})
                assert "evil" not in answer.headers.get("location", "")
                assert answer.status in {308, 404, 405}
