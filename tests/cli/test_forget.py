"""`subscribers forget`: not one octet of the address is left, proven by reading every file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.consent import Request, Told
from newsletter.forgotten import Traces
from newsletter.ledger.ledger import Ledger
from newsletter.values import Address, Language
from tests.cli.newsroom import ISSUE, Newsroom, clean_environment
from tests.cli.readers import ANNA, BRUNO, SEND
from tests.cli.test_said import register
from tests.doubles import START

FORGET = ("subscribers", "forget")
OPEN = """
import sys, sqlite3
one = sqlite3.connect(sys.argv[1])
print(one.execute("SELECT count(*) FROM recipient").fetchone()[0], flush=True)
sys.stdin.readline()
print(one.execute("SELECT count(*) FROM recipient").fetchone()[0], flush=True)
sys.stdin.readline()
"""


def state_octets(room: Newsroom) -> dict[Path, bytes]:
    """Every file of this machine's state."""
    folder = room.root / ".newsletter"
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def with_trace(room: Newsroom, address: str) -> list[Path]:
    """Files that hold the address in any case, or one of its other forms."""
    local, _, domain = address.casefold().partition("@")
    forms = [f"{local}{at}{domain}".encode() for at in ("@", "=", "%40", "=40")]
    return [
        path
        for path, octets in state_octets(room).items()
        if any(form in octets.lower() for form in forms)
    ]


@pytest.fixture
def mailed(newsroom: Newsroom) -> Newsroom:
    """A newsroom that sent an issue, and whose register and replies know Anna."""
    newsroom.relay.will_answer(ANNA, "550 5.7.1 <Anna.Rossi@SOCI.example>: go away")
    newsroom.run(*SEND)
    told = Told(START, "form", "Yes please", "it", "192.0.2.7")
    with Ledger.open(newsroom.ledger) as ledger:
        said = register(newsroom, ledger)
        token = said.request_subscription(Request(Address.parse(ANNA), ("web",), told)).token
        assert token
        said.confirm(token, told)
        said.set_language(Address.parse(ANNA), Language("en"), told)
        ledger.suppress(Address.parse(BRUNO), "bounced", "mail", f"was {ANNA.upper()}'s", START)
    return newsroom


@pytest.mark.slow
def test_no_octet_is_left_while_and_after_another_process_has_the_ledger_open(
    mailed: Newsroom,
) -> None:
    assert with_trace(mailed, ANNA)
    with subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, "-c", OPEN, str(mailed.ledger)],
        env=clean_environment(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin
        assert other.stdout
        before = other.stdout.readline()
        assert mailed.run(*FORGET, ANNA.upper()).code == 0
        assert with_trace(mailed, ANNA) == []
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == before
        assert with_trace(mailed, ANNA) == []
        other.stdin.write("\n")
        other.stdin.flush()
    assert with_trace(mailed, ANNA) == []
    assert with_trace(mailed, BRUNO)


@pytest.mark.slow
def test_the_counts_of_every_report_stay_right(mailed: Newsroom) -> None:
    before = mailed.run("report", "1", "--format", "json").object
    mailed.run(*FORGET, ANNA)
    after = mailed.run("report", "1", "--format", "json").object
    assert after["counts"] == before["counts"]
    assert mailed.run("ledger", "verify").code == 0
    said = mailed.run("status", "1", "--failed").said
    assert "(forgotten)" in said
    assert "anna" not in said.lower()


@pytest.mark.slow
def test_neither_file_nor_form_nor_officers_slip_brings_the_reader_back(mailed: Newsroom) -> None:
    mailed.run(*FORGET, ANNA)
    plan = mailed.run("plan", ISSUE, "--format", "json").object
    assert plan["arithmetic"]["suppressed"]["forgotten"] == 1
    mailed.relay.received.clear()
    mailed.run("send", ISSUE, "--yes", "--recipients", str(plan["recipients"]))
    assert ANNA.casefold() not in {each.casefold() for each in mailed.relay.recipients}
    assert with_trace(mailed, ANNA) == []
    with Ledger.open(mailed.ledger) as ledger:
        answer = register(mailed, ledger).request_subscription(
            Request(Address.parse(ANNA.title()), ("web",), Told(START, "form"))
        )
    assert answer.token is None


@pytest.mark.slow
def test_who_was_forgotten_is_mailed_again_only_if_the_officer_says_so(mailed: Newsroom) -> None:
    mailed.run(*FORGET, ANNA)
    assert mailed.run("suppressions", "remove", ANNA, "--yes").code == 0
    plan = mailed.run("plan", ISSUE, "--format", "json").object
    assert "forgotten" not in plan["arithmetic"]["suppressed"]


@pytest.mark.slow
def test_a_dry_run_tells_everything_and_changes_nothing(mailed: Newsroom) -> None:
    before = state_octets(mailed)
    ran = mailed.run(*FORGET, ANNA, "--dry-run")
    assert ran.code == 0
    assert "would be forgotten" in ran.out
    assert "recipient 1" in ran.out
    after = state_octets(mailed)
    assert after[mailed.ledger] == before[mailed.ledger]


@pytest.mark.slow
def test_the_officers_own_files_are_told_with_lines_and_left_alone(mailed: Newsroom) -> None:
    csv = mailed.root / "subscribers" / "members.csv"
    before = csv.read_bytes()
    found = mailed.run(*FORGET, ANNA, "--format", "json").object
    places = {(Path(each["path"]).name, each["line"]) for each in found["places"]}
    assert {("members.csv", 2), ("partners.csv", 2)} <= places
    assert csv.read_bytes() == before


@pytest.mark.slow
def test_gits_history_is_searched(mailed: Newsroom) -> None:
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@x.example", "-C", str(mailed.root))
    for words in (("init", "-q"), ("add", "subscribers"), ("commit", "-qm", "lists")):
        subprocess.run([*git, *words], check=True, capture_output=True)  # noqa: S603 our words
    found = mailed.run(*FORGET, ANNA.upper(), "--format", "json").object
    assert len(found["commits"]) == 1


@pytest.mark.slow
def test_old_copies_test_messages_and_logs_of_this_machine_are_cleaned(mailed: Newsroom) -> None:
    state = mailed.root / ".newsletter"
    copy = mailed.write(
        ".newsletter/ledger.db.before-0001", mailed.ledger.read_bytes() + ANNA.encode()
    )
    log = mailed.write(".newsletter/worker.log", f"accepted <{ANNA}>\nother line\n")
    quoted = "Subject: x\nContent-Transfer-Encoding: base64\n\nYW5uYS5yb3NzaUBzb2NpLmV4YW1wbGU=\n"
    message = mailed.write(".newsletter/inbox/new/1.message", quoted)
    mailed.run(*FORGET, ANNA)
    assert not copy.exists()
    assert not message.exists()
    assert log.read_text() == "accepted <(forgotten)>\nother line\n"
    assert state.exists()


@pytest.mark.slow
def test_somebody_else_whose_address_ends_alike_is_left_alone(mailed: Newsroom) -> None:
    other = "joanna.rossi@soci.example"
    with Ledger.open(mailed.ledger) as ledger:
        ledger.suppress(Address.parse(other), "bounced", "officer", f"not {ANNA}", START)
    mailed.run(*FORGET, ANNA)
    with Ledger.open(mailed.ledger) as ledger:
        found = {each.address: each.note for each in ledger.suppressions()}
    assert found[other] == "not (forgotten)"


@pytest.mark.slow
def test_the_newsletters_own_address_is_no_readers(mailed: Newsroom) -> None:
    ran = mailed.run(*FORGET, "news@alisei.example")
    assert ran.code == 2
    assert "own address" in ran.err


@pytest.mark.slow
def test_a_secret_that_changed_since_is_told_before_anybody_is_mailed(mailed: Newsroom) -> None:
    mailed.run(*FORGET, ANNA)
    (mailed.root / ".newsletter" / "secret").write_text("00" * 32)
    ran = mailed.run("plan", ISSUE)
    assert ran.code == 2
    assert "another secret" in ran.err


@pytest.mark.parametrize(
    "text",
    [
        "<ANNA.rossi@Soci.Example>:",
        "to=anna.rossi@soci.example,",
        "https://x.example/?e=anna.rossi%40soci.example&b",
        "x%20anna.rossi@soci.example.",
        "bounces+anna.rossi=soci.example@list.example",
        "SRS0=HHH=TT=soci.example=anna.rossi@relay.example",
        '"said:\\nanna.rossi@soci.example"',
        "anna.rossi=40soci.example",
        "anna.rossi&#64;soci.example",
    ],
)
def test_an_address_is_found_however_it_is_written(text: str) -> None:
    traces = Traces(Address.parse(ANNA))
    erased = traces.erased(text)
    assert traces.are_in(text)
    assert traces.are_in_octets(text.encode("utf-16"))
    assert "(forgotten)" in erased
    assert "anna.rossi" not in erased.lower()


@pytest.mark.parametrize(
    "text",
    ["joanna.rossi@soci.example", "x+anna.rossi@soci.example", "anna.rossi@soci.example.it"],
)
def test_another_persons_address_is_not_taken_for_it(text: str) -> None:
    assert not Traces(Address.parse(ANNA)).are_in(text)
