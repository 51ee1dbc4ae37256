"""A place that complains gets fewer messages, soon as many as it takes, and others lose nothing."""

import math
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.pace import Pace, Pacer
from newsletter.dispatch.throttle import Cut, Heard, Tally, Throttle, after_refusal
from newsletter.values import Rate
from tests.doubles import FakeClock

ALL = Heard(math.inf, 1.0)


def test_slowing_down_halves_the_rate_once_a_second_at_most() -> None:
    clock = FakeClock()
    pacer = Pacer(Rate.parse("10/s"), clock)
    assert pacer.slow_down()
    assert not pacer.slow_down()
    assert pacer.share == 0.5
    clock.advance(1)
    before = pacer.share
    pacer.slow_down()
    assert pacer.share == pytest.approx(before / 2)


def test_a_rate_comes_back_near_what_was_refused_then_passes_it_slowly_then_grows() -> None:
    rates = [after_refusal(100, seconds) for seconds in (0, 3, 8, 13, 23, 300)]
    assert rates[:4] == pytest.approx([50, 90, 100, 110])
    assert rates[4] == pytest.approx(110 * 1.1**10)
    assert rates == sorted(rates)


def test_a_rate_that_is_not_refused_any_more_is_the_limit_again() -> None:
    throttle = Throttle(50)
    throttle.complained(0, ALL, "421 slow")
    assert throttle.rate(0) == 25
    assert throttle.rate(15) == 50
    assert throttle.cut is None


def test_few_complaints_among_many_messages_slow_nothing() -> None:
    throttle = Throttle(50)
    assert not throttle.complained(0, Heard(50, 0.019), "421 now and then")
    assert throttle.complained(0, Heard(50, 0.021), "421 more often")


@pytest.mark.slow
@given(
    st.floats(min_value=0.001, max_value=5000) | st.just(math.inf),
    st.lists(
        st.tuples(
            st.floats(min_value=0, max_value=400),
            st.floats(min_value=0, max_value=5000),
            st.floats(min_value=0, max_value=1),
        ),
        max_size=40,
    ),
)
def test_a_rate_is_never_beyond_its_limit_never_nothing_and_never_more_for_a_complaint(
    limit: float, history: list[tuple[float, float, float]]
) -> None:
    throttle, now = Throttle(limit), 0.0
    for seconds, per_second, share in history:
        now += seconds
        before = throttle.rate(now)
        cut = throttle.complained(now, Heard(per_second, share), "421")
        after = throttle.rate(now)
        assert 0 < after <= before <= limit
        lowest = min(limit / 64, 0.1)
        assert not cut or after <= max(before / 2, lowest) + 1e-9


def test_a_cut_that_was_remembered_goes_on_where_it_was() -> None:
    assert Throttle(100, Cut(40, -3.0, "421")).rate(0) == pytest.approx(36)


def test_a_tally_counts_the_last_seconds_of_each_domain() -> None:
    tally = Tally(0)
    for n in range(200):
        tally.note("a.example" if n % 4 else "b.example", n / 50, complained=not n % 8)
    heard = tally.of("b.example", 4.0)
    assert heard.per_second == pytest.approx(12.5, rel=0.1)
    assert heard.share == pytest.approx(0.5)
    assert tally.whole(4.0).per_second == pytest.approx(50, rel=0.1)
    assert tally.of("c.example", 4.0) == Heard(0, 0, 0)


@dataclass
class Domain:
    """A server that takes so many messages in any second and answers 421 to the others."""

    most: int
    taken: deque[float] = field(default_factory=deque)

    def takes(self, now: float) -> bool:
        """Whether one more is taken."""
        while self.taken and self.taken[0] <= now - 1:
            self.taken.popleft()
        if len(self.taken) >= self.most:
            return False
        self.taken.append(now)
        return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("offered", "most", "answer_after"),
    [(200, 30, 0.02), (1000, 30, 0.02), (100, 30, 0.5), (1000, 300, 0.1), (40, 30, 0.02)],
)
def test_a_domain_that_complains_above_a_rate_settles_at_few_refusals_and_most_of_its_rate(
    offered: float, most: int, answer_after: float
) -> None:
    accepted, refused = simulate(offered, Domain(most), answer_after, seconds=90)
    late_refused, late = count(refused, 30, 90), count(accepted, 30, 90)
    assert late_refused <= 0.05 * (late + late_refused)
    assert late >= 0.8 * most * 60


def count(times: list[float], since: float, until: float) -> int:
    return sum(since <= at < until for at in times)


def simulate(
    offered: float, domain: Domain, answer_after: float, seconds: float
) -> tuple[list[float], list[float]]:
    """When a domain without a limit accepted and refused, beside a relay's own pace."""
    relay, tally = Pace(offered, 0.0), Tally(0.0)
    pace: Pace | None = None
    answers: deque[tuple[float, bool]] = deque()
    accepted: list[float] = []
    refused: list[float] = []
    for step in range(int(seconds * 2000)):
        now = step / 2000
        while answers and answers[0][0] <= now:
            _, taken = answers.popleft()
            tally.note("d", now, complained=not taken)
            if not taken:
                pace = pace or Pace(math.inf, now)
                pace.throttle.complained(now, tally.of("d", now), "421 4.7.0 slow down")
        if relay.is_free(now) and (pace is None or pace.is_free(now)):
            relay.take(now)
            if pace:
                pace.take(now)
            taken = domain.takes(now)
            (accepted if taken else refused).append(now)
            answers.append((now + answer_after, taken))
    return accepted, refused
