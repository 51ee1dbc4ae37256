"""The rig itself: what hangs is told, with where it stands."""

import signal
from pathlib import Path

import pytest

from tests.crash.child import Job
from tests.crash.forks import Forks

pytestmark = pytest.mark.slow


def test_a_child_that_does_not_end_aborts_and_says_where_it_stands(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Forks(patience=1) as forks:
        waiting = forks.begin(Job(gate=str(tmp_path / "never")).packed())
        assert forks.wait(waiting) == -signal.SIGABRT
    assert "in pass_through" in capfd.readouterr().err
