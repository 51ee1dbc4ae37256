"""Turns on a grid: each given once, evenly, and no span of time with more than its due."""

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.ledger import grid
from newsletter.ledger.grid import Grid

NOW = 1_800_000_000_000_000
SECOND = 1_000_000


def most_within(times: list[int], span: int) -> int:
    """The most in any span."""
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - span:
            first += 1
        most = max(most, last - first + 1)
    return most


def serve(rate: float, workers: int, seconds: float, seed: int) -> list[int]:
    """Workers that always want more, each asking about every half second; every turn given."""
    chance = random.Random(seed)  # noqa: S311  no secret
    held, given_out = grid.fresh(NOW), []
    asks = sorted(
        round(
            NOW + chance.random() * 0.1 * SECOND + n * SECOND / 2 + chance.random() * 0.1 * SECOND
        )
        for _ in range(workers)
        for n in range(round(2 * seconds))
    )
    each = grid.turns_a_cell(rate)
    for now in asks:
        want = max(1, round(rate / workers))
        held, found = grid.take(held, now, rate, want, 0.5 / want)
        assert all(at >= now for at in found)
        given_out += found * each
    return sorted(given_out)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([0.5, 1.0, 3.0, 10.0, 100.0, 1000.0, 7000.0]),
    st.integers(1, 9),
    st.integers(0, 1 << 32),
)
def test_no_second_has_more_than_its_due_and_none_is_given_twice(
    rate: float, workers: int, seed: int
) -> None:
    times = serve(rate, workers, 6.0, seed)
    each = grid.turns_a_cell(rate)
    assert most_within(times, SECOND) <= rate * 1.006 + each
    assert max(Counter(times).values()) == each


@pytest.mark.parametrize("rate", [10.0, 100.0, 1000.0])
def test_what_is_wanted_by_all_is_given_in_full(rate: float) -> None:
    times = serve(rate, 8, 20.0, seed=1)
    inner = [at for at in times if NOW + SECOND <= at < NOW + 19 * SECOND]
    assert len(inner) == pytest.approx(18 * rate, rel=0.01)


def test_turns_lie_apart_and_leave_room_for_the_others() -> None:
    held, mine = grid.take(grid.fresh(NOW), NOW, 100.0, 5, 0.04)
    held, yours = grid.take(held, NOW, 100.0, 5, 0.04)
    assert all(b - a >= 39_000 for a, b in itertools.pairwise(mine))
    assert not set(mine) & set(yours)
    assert yours[0] < mine[-1]


def test_the_turns_beside_those_of_a_narrower_place_come_right_after_them() -> None:
    narrow = [NOW + 105_000, NOW + 205_000, NOW + 206_000]
    held, first = grid.take(grid.fresh(NOW), NOW, 100.0, 60, 0.0)
    assert all(b - a < 11_000 for a, b in itertools.pairwise(first))
    held, mine = grid.take(grid.fresh(NOW), NOW, 100.0, 5, 0.2, beside=narrow)
    assert len(mine) == 5
    for at in narrow:
        assert any(0 <= one - at <= 20_000 for one in mine)
    held, yours = grid.take(held, NOW, 100.0, 3, 0.0, beside=narrow)
    assert not set(mine) & set(yours)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-3 * SECOND, 5 * SECOND), max_size=40), st.integers(0, 30))
def test_whatever_it_is_beside_no_more_is_given_than_is_asked_for(
    offsets: list[int], count: int
) -> None:
    beside = sorted(NOW + each for each in offsets)
    held = grid.fresh(NOW)
    given_out: list[int] = []
    for _ in range(4):
        held, found = grid.take(held, NOW, 50.0, count, 0.03, beside=beside)
        assert len(found) <= count
        assert found == sorted(found)
        given_out += found
    assert max(Counter(given_out).values(), default=1) == 1
    assert most_within(sorted(given_out), SECOND) <= 51


def test_what_is_given_back_is_given_to_somebody_else() -> None:
    held, mine = grid.take(grid.fresh(NOW), NOW, 10.0, 10, 0.0)
    held = grid.give_back(held, mine, len(mine))
    _, yours = grid.take(held, NOW, 10.0, 10, 0.0)
    assert yours == mine


def test_a_lost_turn_is_made_up_for_and_never_in_a_burst() -> None:
    held, now, given_out = grid.fresh(NOW), NOW, 0
    for _ in range(400):
        held, found = grid.take(held, now, 100.0, 60, 0.0, lost=1)
        given_out += len(found)
        now += SECOND // 2
    assert 200 * 100 * 1.003 <= given_out <= 200 * 100 * 1.006 + 200


def test_a_clock_that_was_set_back_neither_waits_nor_gives_more() -> None:
    held, _ = grid.take(grid.fresh(NOW + 3600 * SECOND), NOW + 3600 * SECOND, 10.0, 5, 0.0)
    _, found = grid.take(held, NOW, 10.0, 100, 0.0)
    assert NOW < found[0] < NOW + SECOND
    assert most_within(found, SECOND) <= 11


def test_a_slower_rate_holds_from_the_last_turn_on() -> None:
    held, fast = grid.take(grid.fresh(NOW), NOW, 100.0, 10, 0.0)
    held, slow = grid.take(held, NOW, 10.0, 3, 0.0)
    assert all(at - fast[-1] > 90_000 for at in slow)
    _, more = grid.take(held, NOW, 100.0, 3, 0.0)
    assert not set(more) & set(slow)
    assert isinstance(held, Grid)
