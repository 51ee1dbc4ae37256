"""Relays on loopback that take everything and keep nothing: Postfix's ``smtp-sink``, and ours."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

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
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to stay root
    with _listening(lambda port: [SMTP_SINK, *user, f"{HOST}:{port}", str(_BACKLOG)]) as port:
        yield port


@contextmanager
def delaying_sink(delay_ms: float, extensions: Sequence[str]) -> Iterator[int]:
    """The port of a relay that answers each command so many milliseconds after it came."""
    module, offered = "bench.delaying_sink", ",".join(extensions)
    with _listening(
        lambda port: [sys.executable, "-m", module, str(port), str(delay_ms), offered]
    ) as port:
        yield port


@contextmanager
def _listening(command: Callable[[int], list[str]]) -> Iterator[int]:
    port = _free_port()
    process = subprocess.Popen(command(port), cwd=Path(__file__).parents[1])
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
    message = f"the sink does not answer on port {port}"
    raise Failed(message)
