"""Which signals say stop."""

import signal

from newsletter.app.signals import that_stop


def test_a_closed_terminal_stops_a_run_unless_nohup_said_not_to() -> None:
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGHUP} == {*that_stop()}
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert {signal.SIGINT, signal.SIGTERM} == {*that_stop()}
    finally:
        signal.signal(signal.SIGHUP, before)
