"""Which signals say stop."""

import signal

import pytest

from newsletter.app.signals import that_stop


@pytest.mark.usefixtures("_terminal")
def test_a_closed_terminal_stops_a_run_unless_nohup_said_not_to() -> None:
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGHUP} == {*that_stop()}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert {signal.SIGINT, signal.SIGTERM} == {*that_stop()}
