"""The journal remembers what the ledger does not have yet, and says when it cannot."""

import errno
import os
import zlib
from dataclasses import astuple, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import Accepted, Blame, Deferred, InDoubt, Outcome, Phase, Refused, Reply
from newsletter.dispatch import journal as module
from newsletter.dispatch.journal import Heading, Journal, read_journal
from newsletter.errors import LedgerError
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.model import Acceptance
from tests.doubles import START

HEADING = Heading("ledger", 1, 7, "boot")
OK = Accepted(Reply(250, "2.0.0 Ok"))


@dataclass
class Disk:
    """What files take: all, or only so many octets more."""

    room: int | None = None
    writes: list[bytes] = field(default_factory=list)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk that may be full."""
    disk, write = Disk(), os.write

    def limited(handle: int, data: bytes) -> int:
        disk.writes.append(data)
        if disk.room == 0:
            raise OSError(errno.ENOSPC, "the disk is full")
        taken = write(handle, data[: disk.room])
        disk.room = disk.room and disk.room - taken
        return taken

    monkeypatch.setattr(os, "write", limited)
    return disk


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


@pytest.mark.slow
@given(outcomes)
def test_every_outcome_comes_back_as_it_was(outcome: Outcome) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        journal = Journal.create(path, HEADING)
        journal.outcome((3, 2), START, outcome)
        journal.dot((4, 1))
        journal.close()
        replay = read_journal(path)
    assert replay
    assert replay.outcomes == {(3, 2): (START, outcome)}
    assert replay.dots == {(4, 1)}
    assert not replay.torn


@pytest.mark.slow
@given(replies)
def test_the_commonest_answer_is_told_as_any_other(reply: Reply) -> None:
    with TemporaryDirectory() as folder:
        paths = Path(folder) / "short", Path(folder) / "long"
        for path in paths:
            journal = Journal.create(path, HEADING)
            if path.name == "short":
                journal.accepted(Acceptance(3, to_microseconds(START), *astuple(reply)))
            else:
                journal.outcome((3, 1), START, Accepted(reply))
            journal.close()
        short, long = map(Path.read_bytes, paths)
    assert short == long


def test_an_answer_waits_for_the_next_dot_and_goes_with_it_in_one_write(
    path: Path, disk: Disk
) -> None:
    journal = Journal.create(path, HEADING)
    disk.writes.clear()
    for seq in range(1, 11):
        journal.dot((seq, 1))
        journal.outcome((seq, 1), START, OK)
        replay = read_journal(path)
        assert replay
        assert len(replay.outcomes) == seq - 1
    assert len(disk.writes) == 10
    journal.flush()
    replay = read_journal(path)
    assert replay
    assert len(replay.outcomes) == 10
    journal.flush()
    assert len(disk.writes) == 11


def test_a_dot_that_cannot_be_written_leaves_the_answers_for_the_next_write(
    path: Path, disk: Disk
) -> None:
    journal = Journal.create(path, HEADING)
    journal.dot((1, 1))
    journal.outcome((1, 1), START, OK)
    disk.room = 5
    with pytest.raises(OSError, match="full"):
        journal.dot((2, 1))
    disk.room = None
    journal.dot((3, 1))
    replay = read_journal(path)
    assert replay
    assert replay.torn
    assert replay.outcomes == {(1, 1): (START, OK)}
    assert replay.dots == {(1, 1), (3, 1)}


@pytest.mark.parametrize("room", [0, 9])
def test_a_journal_that_cannot_be_made_smaller_goes_on_where_it_was(
    path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(module, "_COMPACT_ABOVE", 100)
    journal = Journal.create(path, HEADING)
    journal.dot((1, 1))
    journal.outcome((1, 1), START, OK)
    journal.dot((2, 1))
    disk.room = room
    with pytest.raises(OSError, match="full"):
        journal.forget(1)
    disk.room = None
    journal.dot((3, 1))
    replay = read_journal(path)
    assert replay
    assert {(2, 1), (3, 1)} <= replay.dots


def test_a_journal_that_cannot_be_read_is_said_so_with_a_cure(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LedgerError, match="cannot be read") as told:
        read_journal(path)
    assert told.value.cure


def test_a_journal_of_an_older_program_tells_nothing(path: Path) -> None:
    heading = b'["journal",{"ledger":"ledger","campaign":1,"run":7,"boot":"boot"}]'
    dot = b'["dot",1,1]'
    path.write_bytes(b"".join(b"%08x %s\n" % (zlib.crc32(line), line) for line in (heading, dot)))
    assert read_journal(path) is None


def test_there_is_no_replay_without_a_journal_or_without_its_heading(path: Path) -> None:
    assert read_journal(path) is None
    path.write_bytes(b"")
    assert read_journal(path) is None
    path.write_bytes(b"00000000 []\n")
    assert read_journal(path) is None


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-3], lambda data: data.replace(b"[1,1]", b"[1,2]")]
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
    "line",
    [
        b'[["a",1]]',
        b"[[1]]",
        b"[[1,1,5]]",
        b'[[1,1,"noon",250,"Ok"]]',
        b'[[1,1,99999999999999999999,250,"Ok"]]',
        b'[[1,1,5,{"refused":"never","reply":[1,""],"blame":"us"}]]',
        b'[[1,1,5,{"lost":""}]]',
        b'["dot"]',
        b"{}",
    ],
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
    assert replay.torn
    assert replay.dots == {(1, 1)}


def test_what_the_ledger_has_goes_once_the_file_has_grown(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COMPACT_ABOVE", 300)
    journal = Journal.create(path, HEADING)
    for seq in range(1, 50):
        journal.dot((seq, 1))
        journal.outcome((seq, 1), START, OK)
        if seq < 49:
            journal.forget(1)
    journal.dot((50, 1))
    journal.close()
    replay = read_journal(path)
    assert replay
    assert (49, 1) in replay.outcomes
    assert (50, 1) in replay.dots
    assert path.stat().st_size < 700
    assert not replay.torn


@pytest.mark.slow
@given(st.lists(st.sampled_from(["dot", "answer", "the ledger has one"]), max_size=30))
def test_however_often_it_is_made_smaller_it_keeps_each_open_dot_and_each_answer_that_is_missing(
    told: list[str],
) -> None:
    """A dot that went would be a message that surely did not leave, and be sent twice."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_COMPACT_ABOVE", 0)
        journal = Journal.create(Path(folder, "journal"), HEADING)
        is_open: list[int] = []
        missing: list[int] = []
        for seq, what in enumerate(told, start=1):
            if what == "dot":
                journal.dot((seq, 1))
                is_open.append(seq)
            elif what == "answer" and is_open:
                journal.outcome((is_open[0], 1), START, OK)
                missing.append(is_open.pop(0))
            elif missing:
                journal.forget(1)
                missing.pop(0)
        journal.forget(0)
        replay = read_journal(journal.path)
        journal.close()
    assert replay
    assert replay.dots == {(seq, 1) for seq in is_open}
    assert replay.outcomes.keys() == {(seq, 1) for seq in missing}
