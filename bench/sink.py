"""Postfix's ``smtp-sink`` on loopback: a relay that takes everything and keeps nothing."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.child import Failed

SMTP_SINK = "/usr/sbin/smtp-sink"
SMTP_SOURCE = "/usr/sbin/smtp-source"
HOST = "127.0.0.1"
_BACKLOG = 1024
_PATIENCE = 5.0


def is_installed() -> bool:
    """Whether both of Postfix's two tools are here."""
    return all(os.access(tool, os.X_OK) for tool in (SMTP_SINK, SMTP_SOURCE))


@contextmanager
def sink() -> Iterator[int]:
    """The port of a sink that answers, until the block ends."""
    port = _free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to stay root
    process = subprocess.Popen([SMTP_SINK, *user, f"{HOST}:{port}", str(_BACKLOG)])
    try:
        _await_greeting(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _await_greeting(port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            with socket.create_connection((HOST, port), timeout=1) as talk:
                if talk.recv(200).startswith(b"220"):
                    return
        except OSError:
            time.sleep(0.02)
    message = f"{SMTP_SINK} does not answer on port {port}"
    raise Failed(message)
