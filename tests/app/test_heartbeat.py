"""A worker's signs of life, and what is made of them."""

import asyncio
import json
import os
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from newsletter.app.heartbeat import Beat, Heart, health, pid_space
from newsletter.app.open import App, open_app
from newsletter.ledger.lock import this_process
from tests.cli.newsroom import write_newsletter


@pytest.fixture
def app(tmp_path: Path) -> App:
    """A newsletter without a worker."""
    write_newsletter(tmp_path)
    return open_app(tmp_path, environ={})


def put(app: App, beat: Beat, name: str = "1") -> Path:
    """A sign of life as a worker would have left it."""
    path = app.state_folder / "workers" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(beat)))
    return path


def beat(seconds: float = 1.0, well: float = 1.0) -> Beat:
    """One of this many seconds ago."""
    me, now = this_process(), time.monotonic()
    return Beat(
        me.pid,
        me.host,
        me.boot,
        now - seconds,
        now - well,
        "looks for what is due",
        "",
        pid_space(),
    )


def test_without_a_worker_nothing_is_healthy(app: App) -> None:
    assert not health(app).healthy


def test_a_worker_lives_while_it_beats_and_leaves_nothing_behind(app: App) -> None:
    async def live() -> bool:
        heart = Heart(app)
        async with heart.beating():
            await asyncio.sleep(0.01)
            heart.well("looks")
            heart.write()
            return health(app).healthy

    assert asyncio.run(live())
    assert health(app).workers == ()


@pytest.mark.parametrize(
    ("seconds", "well", "healthy"),
    [(1, 1, True), (29, 200, True), (31, 1, False), (1, 301, False), (-5, 1, False)],
)
def test_a_sign_of_life_is_young_and_something_was_done_of_late(
    app: App, seconds: float, well: float, healthy: bool
) -> None:
    put(app, beat(seconds, well))
    assert health(app).healthy is healthy


def test_one_that_is_not_well_makes_them_all_unhealthy(app: App) -> None:
    put(app, beat())
    put(app, beat(seconds=99), "2")
    assert not health(app).healthy


def test_a_sign_from_before_the_machine_started_is_none_and_a_new_worker_clears_it_away(
    app: App,
) -> None:
    old = put(app, replace(beat(), boot="another", pid=1))
    (seen,) = health(app).workers
    assert (seen.well, seen.seconds) == (False, None)

    async def begin() -> None:
        async with Heart(app).beating():
            assert not old.exists()

    asyncio.run(begin())


def test_a_file_that_is_no_sign_of_life_is_passed_over(app: App) -> None:
    put(app, beat()).write_text("{half")
    assert not health(app).workers


def in_container(seconds: float = 1.0) -> Beat:
    """A worker elsewhere on this machine, whose host name and pid are ours by chance."""
    return replace(beat(seconds), space="another")


def test_two_containers_that_share_a_folder_and_count_their_pids_alike_have_a_file_each(
    app: App,
) -> None:
    other = put(app, in_container(seconds=31), "elsewhere")

    async def live() -> tuple[bool, int]:
        async with Heart(app).beating():
            await asyncio.sleep(0.01)
            return health(app).healthy, len(list(other.parent.glob("*.json")))

    assert asyncio.run(live()) == (True, 2), "each container answers for its own"
    assert other.exists()
    assert not health(app).healthy, "from outside all of them count"


def test_a_file_that_nobody_wrote_for_an_hour_is_cleared_away_whoevers_it_was(app: App) -> None:
    fresh, old = put(app, in_container(), "fresh"), put(app, in_container(), "old")
    elsewhere = put(app, replace(beat(), boot="another", host="another"), "elsewhere")
    for path in (old, elsewhere):
        os.utime(path, (time.time() - 3700, time.time() - 3700))

    async def begin() -> list[Path]:
        async with Heart(app).beating():
            return [path for path in (fresh, old, elsewhere) if path.exists()]

    assert asyncio.run(begin()) == [fresh]


def test_a_worker_on_another_machine_is_no_matter_of_this_one(app: App) -> None:
    put(app, replace(beat(seconds=99), boot="another", host="another"))
    assert health(app).workers == ()
    put(app, beat(), "2")
    assert health(app).healthy


def test_what_an_older_program_wrote_is_read(app: App) -> None:
    path = put(app, beat())
    told = json.loads(path.read_text())
    del told["space"]
    path.write_text(json.dumps(told))
    assert health(app).healthy
