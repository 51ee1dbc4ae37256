"""Lines in any number: nothing is lost, nothing is out of order, nothing is left behind."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.audience import spool
from newsletter.audience.spool import SortedSpool, Spool, merge_blocks
from newsletter.errors import UsageError

LINE = st.text(st.characters(exclude_characters="\n"), max_size=8)
LINES = st.lists(LINE, max_size=60)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs so short that a few lines go to the file."""
    monkeypatch.setattr(spool, "_RUN", 7)
    monkeypatch.setattr(spool, "_KEPT", 5)
    monkeypatch.setattr(spool, "_PART", 3)
    monkeypatch.setattr(spool, "_MOST_RUNS", 3)


def flat(blocks: object) -> list[str]:
    return [line for block in blocks for line in block]  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.usefixtures("small")
@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_lines_come_back_as_they_went_in_as_often_as_one_likes(added: list[list[str]]) -> None:
    kept, ordered = Spool(), SortedSpool()
    for lines in added:
        kept.add(lines)
        ordered.add(lines)
    everything = [line for lines in added for line in lines]
    assert len(kept) == len(ordered) == len(everything)
    for _ in range(2):
        assert list(kept.blocks()) == [lines for lines in added if lines]
        assert flat(ordered.blocks()) == sorted(everything)


@pytest.mark.slow
@given(st.lists(LINES.map(sorted), max_size=6), st.integers(1, 5))
def test_sorted_rows_become_one_sorted_row(runs: list[list[str]], size: int) -> None:
    blocks = [[run[at : at + size] for at in range(0, len(run), size)] for run in runs]
    merged = flat(merge_blocks(map(iter, blocks)))
    assert merged == sorted(line for run in runs for line in run)


@pytest.mark.usefixtures("small")
def test_two_may_read_the_same_lines_at_once() -> None:
    kept = SortedSpool()
    kept.add(f"{number:03d}" for number in range(50))
    one, two = kept.blocks(), kept.blocks()
    assert next(one) == next(two)
    assert len(flat(one)) == len(flat(two))


def test_the_file_has_no_name_that_another_could_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = Spool()
    kept.add([f"{number}" for number in range(100_000)])
    assert list(tmp_path.iterdir()) == []
    assert sum(map(len, kept.blocks())) == 100_000


def test_no_room_for_temporary_files_is_said_with_the_folder_and_a_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    kept = Spool()
    with pytest.raises(UsageError, match="gone") as caught:
        kept.add([f"{number}" for number in range(100_000)])
    assert "TMPDIR" in caught.value.cure
