"""How long a campaign takes under every limit, told before it begins."""

import datetime as dt

import pytest

from newsletter.app.lasting import Lane
from newsletter.hours import parse_hours
from newsletter.sending_times import SendingTimes
from newsletter.values import Rate

MONDAY = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
ANY_TIME = SendingTimes()
OFFICE = SendingTimes(parse_hours("08:00-18:00", default_zone="UTC"))
HOUR, DAY = 60, 24 * 60


@pytest.mark.parametrize(
    ("lane", "took"),
    [
        (Lane(1000, Rate(5, 1)), dt.timedelta(seconds=200)),
        (Lane(0, Rate(5, 1)), dt.timedelta()),
        (Lane(1000, Rate(5, 1), ((HOUR, 100),)), dt.timedelta(hours=9, seconds=20)),
        (Lane(1001, Rate(5, 1), ((HOUR, 100),)), dt.timedelta(hours=10, seconds=0.2)),
        (Lane(1000, Rate(1, 60), ((HOUR, 100),)), dt.timedelta(minutes=1000)),
        (Lane(1000, Rate(5, 1), ((HOUR, 100), (DAY, 200))), dt.timedelta(days=4, seconds=40)),
    ],
)
def test_a_quota_makes_the_rest_wait_for_its_next_window(lane: Lane, took: dt.timedelta) -> None:
    assert lane.done(MONDAY, ANY_TIME) == MONDAY + took
    assert lane.seconds == pytest.approx(took.total_seconds())


def test_while_the_window_is_closed_a_quota_frees_itself_all_the_same() -> None:
    lane = Lane(30, Rate(1, 1), ((DAY, 10),))
    assert lane.done(MONDAY, OFFICE) == MONDAY + dt.timedelta(days=2, hours=8, seconds=10)


def test_a_share_of_it_takes_as_much_less_and_what_never_ends_is_said() -> None:
    assert Lane(49, Rate(1, 1)).done(MONDAY, ANY_TIME, 1 / 49) == MONDAY + dt.timedelta(seconds=1)
    with pytest.raises(ValueError, match="not done before"):
        Lane(1000, Rate(5, 1), ((DAY, 1),)).done(MONDAY, OFFICE)
