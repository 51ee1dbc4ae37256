"""What a test needs of the machine is said, and a continuous build may not skip it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import conftest
from tests.cli.newsroom import clean_environment


def test_a_mark_without_its_packages_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "postfix and chromium" in conftest.missing_for({"debian"})
    assert "PostgreSQL" in conftest.missing_for({"postgres"})
    assert conftest.missing_for({"slow"}) == ""


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("pytestmark = pytest.mark.slow  # real servers\n", True),
        ("pytestmark = [pytest.mark.debian, pytest.mark.slow]\n", True),
        (
            'pytestmark = [\n    pytest.mark.debian,\n    pytest.mark.skipif(ROOT, reason="")\n]\n',
            True,
        ),
        ("pytestmark = pytest.mark.fast\n\n@pytest.mark.slow\ndef test_it(): ...\n", False),
        ("@pytest.mark.slow\ndef test_it():\n    pytestmark = pytest.mark.slow\n", False),
        ("def test_it(): ...\n", False),
    ],
)
def test_a_file_that_is_left_out_whole_is_not_imported(source: str, *, left: bool) -> None:
    assert conftest.left_out(source, "not slow and not debian") is left
    for other in ("", "slow", "slow or not debian", "not postgres", "not (slow and debian)"):
        assert not conftest.left_out(source, other)


LONG_AND_SHORT = """
import time

def test_long():
    end = time.process_time() + 0.6
    while time.process_time() < end:
        pass

def test_short():
    time.sleep(0.6)
"""


@pytest.mark.slow
def test_after_the_quick_ones_those_that_want_the_mark_slow_are_named(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(LONG_AND_SHORT)
    words = ["-m", "pytest", "-n", "0", "-p", "tests.conftest", "-m", "not slow", str(tmp_path)]
    told = subprocess.run(  # noqa: S603 pytest's own program
        [sys.executable, *words],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "1 want the mark slow" in told
    assert "test_two.py::test_long" in told
    assert "test_short" not in told
