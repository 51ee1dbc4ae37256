"""`subscribers export`: all that is known of one reader, and everybody as a table."""

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from newsletter.consent import Request, Told
from newsletter.ledger.ledger import Ledger
from newsletter.values import Address, Language
from tests.cli.newsroom import ISSUE, Newsroom, write_newsletter
from tests.cli.readers import ANNA, BRUNO, DARIO, SEND
from tests.cli.test_said import NEW, register
from tests.doubles import START

EXPORT = ("subscribers", "export")
TOLD = Told(START, "form", "Yes please", "en", "192.0.2.7")
FORMULAS = {
    "first_name": '=HYPERLINK("http://evil.example","x")',
    "last_name": "'=not one",
    "city": "+39 06 555",
    "motto": "-1 and @all",
    "plain": "'t Hooft",
    "note": 'a;b,"c"',
}


def join(room: Newsroom, address: str, list_name: str, fields: dict[str, str]) -> None:
    """Somebody fills in the form, and answers the mail."""
    with Ledger.open(room.ledger) as ledger:
        said = register(room, ledger)
        asked = Request(Address.parse(address), (list_name,), TOLD, fields)
        token = said.request_subscription(asked).token
        assert token
        said.confirm(token, TOLD)


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows as a spreadsheet has them."""
    return [*csv.DictReader(io.StringIO(text))]


@pytest.mark.slow
def test_a_reader_is_told_everything_and_nobody_elses(newsroom: Newsroom) -> None:
    newsroom.relay.will_answer(ANNA, "550 5.7.1 <Anna.Rossi@SOCI.example>: go away")
    newsroom.run(*SEND)
    join(newsroom, ANNA, "web", {"first_name": "Anna"})
    with Ledger.open(newsroom.ledger) as ledger:
        register(newsroom, ledger).set_language(Address.parse(ANNA), Language("en"), TOLD)
        ledger.suppress(Address.parse(BRUNO), "bounced", "mail", f"was {ANNA.upper()}'s", START)
    newsroom.run("subscribers", "unsubscribe", ANNA, "--note", "by phone")
    counted = newsroom.run("subscribers", "forget", ANNA, "--dry-run", "--format", "json").object
    known = newsroom.run(*EXPORT, ANNA.upper(), "--format", "json").object
    assert known["reader"]["lists"] == ["web", "members", "partners"]
    assert known["reader"]["fields"]["country"] == "IT"
    assert known["reader"]["said"] == {"web": "joined"}
    assert known["reader"]["suppression"]["note"] == "by phone"
    assert "go away" in known["reader"]["messages"][0]["reply"]
    assert known["consent"]["events"][0]["ip"] == "192.0.2.7"
    assert known["controller"] == "Cluster ALISEI, Via Roma 1, 00100 Roma"
    assert any(name.startswith("subscribers/members.csv:") for name in known["files"])
    for table, count in counted["rows"].items():  # what would be forgotten is what is told
        assert len(known["records"][table]) >= count, table
    assert known["records"]["attempt"][0]["reply"].endswith("go away")
    assert known["records"]["recipient"][0]["fields"]["first_name"] == "Anna"
    assert BRUNO not in json.dumps(known)
    assert known["records"]["suppression"][-1] == {"note": f"was {ANNA.upper()}'s"}


@pytest.mark.slow
def test_the_same_is_readable_as_text_and_in_a_file_of_ones_own(newsroom: Newsroom) -> None:
    join(newsroom, ANNA, "web", {"first_name": "An\x1b[31mna"})
    path = newsroom.root / "out" / "anna.txt"
    path.parent.mkdir()
    shown = newsroom.run(*EXPORT, ANNA)
    assert shown.code == 0
    assert newsroom.run(*EXPORT, ANNA, "-o", str(path)).code == 0
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for words in (ANNA, "Yes please", "192.0.2.7", "members.csv", "Recorded under consent"):
        assert words in text
        assert words in shown.out
    assert "\x1b" not in text + shown.out
    as_json = path.with_suffix(".json")
    newsroom.run(*EXPORT, ANNA, "-o", str(as_json))
    assert json.loads(as_json.read_text())["address"] == ANNA


@pytest.mark.slow
def test_who_is_not_known_and_who_was_forgotten_is_told_so(newsroom: Newsroom) -> None:
    ran = newsroom.run(*EXPORT, "nobody@posta.example")
    assert ran.code == 2
    assert "nothing is known of nobody@posta.example" in ran.err
    newsroom.run("subscribers", "forget", "gone@posta.example")
    found = newsroom.run(*EXPORT, "gone@posta.example", "--format", "json").object
    assert found["forgotten"] is True


@pytest.mark.slow
def test_everybody_goes_out_and_comes_in_again_as_they_were(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    join(newsroom, NEW, "web", FORMULAS)
    newsroom.run("subscribers", "unsubscribe", BRUNO)
    newsroom.run("suppressions", "add", DARIO, "--reason", "manual")
    newsroom.run("subscribers", "forget", "carla.dubois@soci.example")
    with Ledger.open(newsroom.ledger) as ledger:
        register(newsroom, ledger).leave(Address.parse(ANNA), ["members"], TOLD)
    path = tmp_path / "all.csv"
    done = newsroom.run(*EXPORT, "--all", "-o", str(path), "--format", "json").object
    planned = newsroom.run("plan", ISSUE, "--format", "json").object
    assert done["states"]["subscribed"] == planned["recipients"] == 3
    assert done["states"] == {"subscribed": 3, "unsubscribed": 1, "manual": 1}
    assert done["gone"] == {"left": 1}
    text = path.read_bytes().decode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = {row["email"]: row for row in rows_of(text)}
    assert rows[ANNA]["newsletter_lists"] == "partners"
    assert "carla" not in text
    for row in rows.values():
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())
    assert text == newsroom.run(*EXPORT, "--all").out

    other = tmp_path / "other"
    write_newsletter(other, newsroom.relay.port)
    for old in (other / "subscribers").glob("*.csv"):
        old.unlink()
    there = ("--root", str(other))
    words = ("import", str(path), "--list", "all", "--format", "json", *there)
    taken = newsroom.run("subscribers", *words)
    assert taken.code == 0, taken.said
    assert (taken.object["tools"], taken.object["added"]) == (["newsletter"], 3)
    assert (taken.object["suppressed"], taken.object["refused"]) == (2, 0)
    again = newsroom.run(*EXPORT, "--all", *there)
    back = {row["email"]: row for row in rows_of(again.out)}
    assert {*back} == {ANNA, NEW, "wei.li@partner.example"}
    for address, row in back.items():
        assert {**row, "newsletter_lists": ""} == {**rows[address], "newsletter_lists": ""}
    reasons = newsroom.run("suppressions", "list", "--format", "json", *there).object
    found = {each["address"]: each["reason"] for each in reasons["suppressions"]}
    assert found == {BRUNO: "unsubscribed", DARIO: "manual"}
    assert newsroom.run("subscribers", "check", *there).code == 0
    written = (other / "subscribers/all.csv").read_text()
    assert not any(cell.startswith("=") for row in csv.reader(io.StringIO(written)) for cell in row)


@pytest.mark.slow
def test_lists_segments_and_exclusions_choose_as_in_a_plan(newsroom: Newsroom) -> None:
    join(newsroom, NEW, "members", {"interests": "china"})
    for words in (
        ("--list", "partners"),
        ("--segment", "china"),
        ("--segment", 'country == "IT"', "--exclude", "partners"),
        ("--list", "members", "--segment", "china", "--exclude", "italians"),
    ):
        wanted = newsroom.run("plan", ISSUE, *words, "--format", "json").object["recipients"]
        rows = rows_of(newsroom.run(*EXPORT, "--all", *words).out)
        assert len(rows) == wanted, words
        as_json = newsroom.run(*EXPORT, "--all", *words, "--format", "json").object
        assert [each["email"] for each in as_json["subscribers"]] == [r["email"] for r in rows]
    assert NEW in newsroom.run(*EXPORT, "--all", "--list", "members").out
    nobody = newsroom.run(*EXPORT, "--all", "--segment", "false", "--format", "json")
    assert nobody.code in {0, 2}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "whom?"),
        ((ANNA, "--all"), "not both"),
        ((ANNA, "--list", "members"), "not both"),
        (("--all", "--list", "mambers"), "members"),
        (("--all", "-o", "subscribers/members.csv"), "would be read as a list"),
        (("--all", "-o", "no/such/folder/all.csv"), "cannot be written"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    newsroom: Newsroom, words: tuple[str, ...], said: str
) -> None:
    before = (newsroom.root / "subscribers/members.csv").read_bytes()
    ran = newsroom.run(*EXPORT, *words)
    assert ran.code in {1, 2}
    assert said in ran.said
    assert (newsroom.root / "subscribers/members.csv").read_bytes() == before
