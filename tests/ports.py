"""Ports for servers that a test starts by a setting, and so cannot let the system choose."""

import os
import socket
from itertools import count

_FIRST, _LAST = 10_000, 32_000
"""Below the range from which the system gives ports to connections of other tests."""


def quiet_port() -> int:
    """A port on loopback that nobody holds, another one for each process that asks."""
    for step in count():
        port = _FIRST + (os.getpid() * 97 + step) % (_LAST - _FIRST)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError
