"""Which signals say stop."""

import signal


def that_stop() -> tuple[signal.Signals, ...]:
    """Ctrl-C, SIGTERM, and SIGHUP of a terminal that was closed, unless nohup(1) said not to."""
    always = (signal.SIGINT, signal.SIGTERM)
    outlives = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return always if outlives else (*always, signal.SIGHUP)
