"""The benchmark sends by the newsletter's real path: its command line, its ledger, its tokens."""

import pytest

from bench.figures import OURS, Figure, Recording
from bench.sending import DELAY_MS, FAR, YARDSTICK, compare, compare_far, send_many

pytestmark = pytest.mark.slow


@pytest.mark.debian
def test_ten_connections_are_compared_with_the_yardstick() -> None:
    ours, yardstick = compare("small", 1, {OURS: 200, YARDSTICK: 200})
    assert (ours.sender, ours.messages, ours.connections) == (OURS, 200, 10)
    assert ours.ratios[YARDSTICK] == pytest.approx(1 / yardstick.ratios[OURS])
    assert 0 < ours.cpu_s_per_1000 < ours.whole_cpu_s_per_1000


def test_a_relay_far_away_sets_the_limit() -> None:
    names = [OURS, f"{OURS}, one by one"]
    quick, slow = compare_far(1, names, 10)
    assert quick.reply_delay_ms == slow.reply_delay_ms == DELAY_MS
    assert (quick.case, slow.case) == ("far", "far, one by one")
    assert quick.sender == slow.sender == OURS
    for name, each in zip(names, (quick, slow), strict=True):
        assert each.messages == FAR[name].count // 10
        assert each.of_limit is not None
        assert 0 < each.of_limit < 1.01


@pytest.mark.debian
def test_many_are_measured_by_the_command_line_from_the_lists_on() -> None:
    few, more, recording = send_many([50, 100])
    assert isinstance(few, Figure)
    assert isinstance(more, Figure)
    assert isinstance(recording, Recording)
    assert more.ratios.keys() == {f"{OURS}, {few.case}"}
    assert recording.recipients == more.messages == 100
    assert 20 < recording.peak_rss_mb <= more.peak_rss_mb + 1
