"""Hosts of their own on one machine: network namespaces with a wire that can be pulled out.

Its other end is the ledger's server, at an address that only these hosts know; a relay of its own
is within each. No packet leaves the machine.
"""

import ctypes
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NET = f"10.{64 + os.getpid() % 128}"  # others may test beside us
LEDGER = f"{_NET}.255.1"
NETWORK = f"{_NET}.0.0/16"
_PLACES = Path("/run/netns")
_NEW_NETWORK, _NEW_NAME = 0x40000000, 0x04000000


@cache
def why_not() -> str:
    """Why no host can be made here; empty where one was."""
    if not shutil.which("ip"):
        return "needs the Debian package iproute2: sudo tools/debian.sh"
    try:
        with hosts(1) as (host,):
            _ip("netns", "exec", host.name, "unshare", "--uts", "true")
    except subprocess.CalledProcessError:
        return "needs root that may make network namespaces"
    return ""


@dataclass(frozen=True, slots=True)
class Host:
    """A network namespace and a host name; a process enters it by that name."""

    name: str
    number: int

    def unplug(self) -> None:
        """Pull the wire out: nothing more arrives, and nobody is told."""
        _ip("link", "set", self._wire, "down")

    def plug(self) -> None:
        """Put it in again."""
        _ip("link", "set", self._wire, "up")

    def make(self) -> None:
        """Have it, with its wire in."""
        here, there = f"{_NET}.{self.number}.1", f"{_NET}.{self.number}.2"
        _ip("netns", "add", self.name)
        _ip("link", "add", self._wire, "type", "veth", "peer", "name", "wire", "netns", self.name)
        _ip("address", "add", f"{here}/30", "dev", self._wire)
        _ip("link", "set", self._wire, "up")
        within = ("-n", self.name)
        _ip(*within, "address", "add", f"{there}/30", "dev", "wire")
        for device in ("lo", "wire"):
            _ip(*within, "link", "set", device, "up")
        _ip(*within, "route", "add", LEDGER, "via", here)

    @property
    def _wire(self) -> str:
        return f"nw{os.getpid()}-{self.number}"


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """So many, until the block ends."""
    made = [Host(f"news-{os.getpid()}-{number}", number) for number in range(count)]
    try:
        _ip("address", "add", f"{LEDGER}/32", "dev", "lo")
        for host in made:
            host.make()
        yield made
    finally:
        for host in made:
            _ip("netns", "delete", host.name, check=False)
        _ip("address", "delete", f"{LEDGER}/32", "dev", "lo", check=False)


def enter(name: str) -> None:
    """Be a process of that host from now on, before any thread is begun."""
    libc = ctypes.CDLL(None, use_errno=True)
    with (_PLACES / name).open() as place:
        moved = libc.setns(place.fileno(), _NEW_NETWORK) or libc.unshare(_NEW_NAME)
    if moved:
        raise OSError(ctypes.get_errno(), f"cannot become a process of {name}")
    socket.sethostname(name)


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=True)  # noqa: S603, S607  root's own
