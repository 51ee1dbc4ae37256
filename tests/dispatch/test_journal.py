"""The journal remembers what the ledger does not have yet, and says when it cannot."""

import dataclasses
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import Accepted, Blame, Deferred, InDoubt, Outcome, Phase, Refused, Reply
from newsletter.dispatch import journal as room
from newsletter.dispatch.journal import Heading, Journal, read_journal
from tests.doubles import START

HEADING = Heading("ledger", 1, 7, "boot")
OK = Accepted(Reply(250, "2.0.0 Ok"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is kept."""
    return tmp_path / "ledger.journal"


def test_what_was_written_is_read_back(path: Path) -> None:
    journal = Journal.create(path, HEADING)
    journal.dot((1, 1))
    journal.dot((2, 1))
    journal.outcome((2, 1), START, OK)
    journal.close()
    replay = read_journal(path)
    assert replay
    assert replay.heading == HEADING
    assert replay.dots == {(1, 1), (2, 1)}
    assert replay.outcomes == {(2, 1): (START, OK)}
    assert not replay.torn


replies = st.builds(Reply, st.integers(-1, 999), st.text(st.characters(codec=None), max_size=30))
outcomes = st.one_of(
    st.builds(Accepted, replies),
    st.builds(Deferred, st.sampled_from(Phase), st.none() | replies, st.text(max_size=9)),
    st.builds(Refused, st.sampled_from(Phase), replies, st.sampled_from(Blame)),
    st.builds(InDoubt, st.text(max_size=9)),
)


@given(outcomes)
def test_every_outcome_comes_back_as_it_was(outcome: Outcome) -> None:
    assert room._unpack(room._parse(room._line([room._pack(outcome)])[:-1])[0]) == outcome


@given(outcomes)
def test_every_outcome_is_told_as_json_would_tell_it(outcome: Outcome) -> None:
    plain = {"kind": type(outcome).__name__, **dataclasses.asdict(outcome)}
    assert json.loads(room._told(outcome)) == plain


def test_there_is_no_replay_without_a_journal_or_without_its_heading(path: Path) -> None:
    assert read_journal(path) is None
    path.write_bytes(b"")
    assert read_journal(path) is None
    path.write_bytes(b"00000000 []\n")
    assert read_journal(path) is None


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-3], lambda data: data.replace(b"dot", b"dop")]
)
def test_a_torn_or_altered_line_is_noticed(path: Path, damage: object) -> None:
    journal = Journal.create(path, HEADING)
    journal.dot((1, 1))
    journal.close()
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))
    replay = read_journal(path)
    assert replay
    assert replay.torn
    assert not replay.dots


@pytest.mark.parametrize(
    "line", [b'["dot"]', b'["dot","a",1]', b'["outcome",1,1,"noon",{}]', b'["later",1,1]', b"{}"]
)
def test_a_whole_line_that_another_program_wrote_makes_silence_prove_nothing(
    path: Path, line: bytes
) -> None:
    journal = Journal.create(path, HEADING)
    journal.dot((1, 1))
    journal.close()
    path.write_bytes(path.read_bytes() + b"%08x %s\n" % (zlib.crc32(line), line))
    replay = read_journal(path)
    assert replay
    assert replay.torn is (line != b"{}")
    assert replay.dots == {(1, 1)}


def test_what_the_ledger_has_goes_once_the_file_has_grown(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_COMPACT_ABOVE", 300)
    journal = Journal.create(path, HEADING)
    for seq in range(1, 50):
        journal.dot((seq, 1))
        journal.outcome((seq, 1), START, OK)
        if seq < 49:
            journal.forget([(seq, 1)])
    journal.dot((50, 1))
    journal.close()
    replay = read_journal(path)
    assert replay
    assert (49, 1) in replay.outcomes
    assert {(49, 1), (50, 1)} <= replay.dots
    assert path.stat().st_size < 700
    assert not replay.torn


def test_a_discarded_journal_is_gone(path: Path) -> None:
    Journal.create(path, HEADING).discard()
    assert not path.exists()
