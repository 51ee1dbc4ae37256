"""Any history of runs, kills, officers and clocks keeps the promises; a broken one is made small.

Some thousand steps of such histories belong to every test run, the same ones each time; ``make
crash`` walks a hundred thousand, chosen anew.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from newsletter.dispatch import journal
from tests.crash.scale import FULL, scaled
from tests.promises.conftest import quick_folder
from tests.promises.ground import Ground
from tests.promises.history import History

PARTS = scaled(1, 20)
STEPS = scaled(700, 5_000)
CHOSEN = settings(
    max_examples=scaled(48, 50),
    stateful_step_count=40,
    deadline=None,
    derandomize=not FULL,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """A folder and a ledger; and journals that are soon too large, and made anew."""
    monkeypatch.setattr(journal, "_COMPACT_ABOVE", 300)
    with quick_folder() as folder:
        ground = History.ground = Ground.make(folder)
        yield ground
        ground.ledger.close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # it forks among threads
@pytest.mark.parametrize("part", range(PARTS))
def test_no_history_of_faults_breaks_a_promise(part: int, ground: Ground) -> None:
    run_state_machine_as_test(History, settings=CHOSEN)
    while FULL and ground.steps < STEPS:  # the short form's histories are always the same
        run_state_machine_as_test(History, settings=CHOSEN)
    assert ground.steps >= STEPS
    print(f"part {part}: {ground.steps} steps")  # noqa: T201  shown by make crash
