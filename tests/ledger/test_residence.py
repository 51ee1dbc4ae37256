"""A ledger knows its place: moves and mounts are the same ledger, copies are not."""

import dataclasses
import json
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from newsletter.errors import LedgerCopied, LedgerError
from newsletter.ledger import file_identity, residence
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.residence import Home, Marker, read_marker, write_marker
from tests.doubles import START
from tests.ledger.plans import make_plan


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """A ledger from which somebody sent."""
    path = tmp_path / "ledger.db"
    with Ledger.open(path) as ledger:
        ledger.record(make_plan(3), due=None, now=START)
        with ledger.sending(START):
            pass
    return path


def remembered(path: Path, /, **changes: object) -> None:
    """Let the ledger remember another place."""
    with closing(sqlite3.connect(path)) as direct, direct:
        (stored,) = direct.execute("SELECT value FROM meta WHERE key = 'home'").fetchone()
        home = dataclasses.replace(Home(**json.loads(stored)), **changes)  # type: ignore[arg-type]
        words = json.dumps(dataclasses.asdict(home))
        direct.execute("UPDATE meta SET value = ? WHERE key = 'home'", (words,))


def is_copy(path: Path) -> bool:
    """Whether sending is refused."""
    with Ledger.open(path) as ledger:
        if ledger.copied is None:
            with ledger.sending(START):
                return False
        with pytest.raises(LedgerCopied), ledger.sending(START):
            pass
        return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "copy"),
    [
        ({}, False),
        ({"device": 1}, False),
        ({"path": "/before/the/move"}, False),
        ({"machine": ""}, False),
        ({"host": "renamed"}, False),
        ({"inode": 1}, True),
        ({"inode": 1, "path": "/elsewhere"}, True),
        ({"device": 1, "path": "/elsewhere"}, True),
    ],
    ids=str,
)
def test_a_move_or_another_mount_is_the_same_ledger_and_another_file_is_not(
    sent: Path, changes: dict[str, object], *, copy: bool
) -> None:
    remembered(sent, **changes)
    assert is_copy(sent) is copy


def test_another_machine_is_another_ledger(sent: Path) -> None:
    with closing(sqlite3.connect(sent)) as direct:
        (stored,) = direct.execute("SELECT value FROM meta WHERE key = 'home'").fetchone()
    if not json.loads(stored)["machine"]:
        pytest.skip("this machine has no id")
    remembered(sent, machine="0123456789abcdef")
    assert is_copy(sent)


@pytest.mark.slow
def test_a_crash_between_marker_and_ledger_makes_no_copy_of_it(sent: Path) -> None:
    path = sent.with_name("ledger.db.id")
    marker = read_marker(path)
    assert marker
    write_marker(path, dataclasses.replace(marker, following="unheard of"))
    assert not is_copy(sent)
    marker = read_marker(path)
    assert marker
    write_marker(path, dataclasses.replace(marker, token="before", following=marker.token))
    assert not is_copy(sent)
    write_marker(path, Marker(marker.ledger, "another", "", ""))
    assert is_copy(sent)


class Cut(BaseException):
    """The process ends here."""


@pytest.mark.slow
@pytest.mark.parametrize("step", range(1, 11))
def test_a_process_that_ends_anywhere_on_its_way_makes_no_copy(
    sent: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    steps = count(1)

    def until_then(do: Callable[..., object]) -> Callable[..., object]:
        def done(*words: object) -> object:
            if next(steps) == step:
                raise Cut
            return do(*words)

        return done

    with Ledger.open(sent) as ledger:
        for place, name in ((residence, "_write"), (residence, "store"), (Path, "replace")):
            monkeypatch.setattr(place, name, until_then(getattr(place, name)))
        with pytest.raises(Cut), ledger.sending(START):
            pass
        monkeypatch.undo()
    assert not is_copy(sent)


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"x": 1}', b"\xff\x00"])
def test_a_marker_that_cannot_be_read_says_nothing_of_a_ledger_that_is_there(
    sent: Path, content: bytes
) -> None:
    sent.with_name("ledger.db.id").write_bytes(content)
    assert not is_copy(sent)
    sent.with_name("ledger.db.id").write_bytes(content)
    sent.unlink()
    with pytest.raises(LedgerError, match="is gone"):
        Ledger.open(sent)


@pytest.mark.slow
def test_a_ledger_of_a_program_that_remembered_no_place_goes_on(sent: Path) -> None:
    with closing(sqlite3.connect(sent)) as direct, direct:
        direct.execute("DELETE FROM meta WHERE key = 'home'")
    assert not is_copy(sent)
    remembered(sent, inode=1)
    assert is_copy(sent)


@pytest.mark.slow
def test_a_backup_made_while_somebody_sends_is_older_once_he_has_sent(
    sent: Path, tmp_path: Path
) -> None:
    with Ledger.open(sent) as ledger, ledger.sending(START):
        backup = ledger.backup(tmp_path / "backup.db")
    sent.write_bytes(backup.read_bytes())
    assert is_copy(sent)


LAID = {
    "everything over what is there": "cp -a saved/. {place}/",
    "the same, as of now": "cp -r saved/. {place}/",
    "where all was removed": "rm -rf {place}; cp -a saved {place}",
    "the ledger over itself, its marker removed": "rm {place}/*.id; cp saved/ledger.db {place}/",
    "the ledger where all was removed": "rm {place}/*; cp saved/ledger.db {place}/",
    "the ledger where all was removed, as it was": "rm {place}/*; cp -a saved/ledger.db {place}/",
    "moved over it": "mv saved/ledger.db saved/ledger.db.id {place}/",
    "from an archive": "tar cf s.tar -C saved . && rm -rf {place}/* && tar xf s.tar -C {place}",
}


@pytest.mark.slow
@pytest.mark.parametrize("how", LAID)
@pytest.mark.parametrize("had_sent", [True, False])
def test_an_older_copy_is_told_however_it_is_laid_in_the_ledgers_place(
    tmp_path: Path, how: str, *, had_sent: bool
) -> None:
    """Disks give a file's number again at once, and whoever restores may restore the marker too."""
    place = tmp_path / "place"
    place.mkdir()
    with Ledger.open(place / "ledger.db") as ledger:
        ledger.record(make_plan(3), due=None, now=START)
    assert not had_sent or not is_copy(place / "ledger.db")
    shell(tmp_path, "cp -a place saved")
    assert not is_copy(place / "ledger.db")
    shell(tmp_path, LAID[how].format(place="place"))
    assert is_copy(place / "ledger.db")
    with Ledger.open(place / "ledger.db") as ledger:
        ledger.take_over(START)
    assert not is_copy(place / "ledger.db")


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", ["mv place moved", "mkdir moved; mv place/ledger.db place/ledger.db.id moved"]
)
def test_what_is_moved_with_its_marker_goes_on(tmp_path: Path, sent: Path, how: str) -> None:
    (place := tmp_path / "place").mkdir()
    for each in (sent, sent.with_name("ledger.db.id")):
        each.rename(place / each.name)
    shell(tmp_path, how)
    moved = tmp_path / "moved" / "ledger.db"
    assert not is_copy(moved)
    (marker := moved.with_name("ledger.db.id")).rename(tmp_path / "mislaid")
    with Ledger.open(moved) as ledger:
        assert "ledger.db.id, which would tell, is not beside it" in str(ledger.copied)
    (tmp_path / "mislaid").rename(marker)
    assert not is_copy(moved)


@pytest.mark.slow
def test_where_the_birth_of_a_file_is_not_known_its_number_decides(
    sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_identity, "_statx", lambda: None)
    assert not is_copy(sent)
    monkeypatch.undo()
    assert not is_copy(sent)
    remembered(sent, born=1)
    assert is_copy(sent)


@pytest.mark.slow
def test_a_ledger_of_a_program_that_did_not_remember_its_marker_goes_on(sent: Path) -> None:
    remembered(sent, born=0, marker=0, marker_born=0)
    sent.with_name("ledger.db.id").unlink()
    assert not is_copy(sent)
    sent.with_name("ledger.db.id").unlink()
    assert is_copy(sent)


def shell(place: Path, command: str) -> None:
    """What an officer types there."""
    subprocess.run(["sh", "-c", command], cwd=place, check=True)  # noqa: S603, S607  our own words


@pytest.mark.slow
def test_a_backup_in_the_place_and_with_the_number_of_what_was_removed_is_no_original(
    sent: Path, tmp_path: Path
) -> None:
    """Disks give a number again at once, and the marker may have been removed too."""
    with Ledger.open(sent) as ledger:
        backup = ledger.backup(tmp_path / "backup.db")
        with ledger.sending(START):
            pass
    sent.write_bytes(backup.read_bytes())
    (tmp_path / "ledger.db.id").unlink()
    with Ledger.open(sent) as ledger:
        assert f"this ledger is a copy: its original lived at {sent} on " in str(ledger.copied)
    assert is_copy(sent)
    with Ledger.open(sent) as ledger:
        ledger.take_over(START)
    assert not is_copy(sent)


@pytest.mark.slow
def test_what_is_taken_over_has_another_name_and_the_same_campaigns(sent: Path) -> None:
    remembered(sent, inode=1)
    with Ledger.open(sent) as ledger:
        before = ledger.identity
        ledger.take_over(START)
        assert ledger.identity != before
        assert ledger.copied is None
        assert ledger.campaigns()[0].recipients == 3
        assert ledger.events(None)[-1].kind == "taken over"
    with Ledger.open(sent) as ledger:
        assert ledger.identity != before
    assert not is_copy(sent)


@pytest.mark.postgres
def test_a_ledger_on_a_server_is_never_a_copy(postgres: str, tmp_path: Path) -> None:
    with Ledger.open(postgres, state=tmp_path) as ledger:
        assert ledger.copied is None
        ledger.take_over(START)
        with ledger.sending(START):
            assert not list(tmp_path.glob("*.id"))
