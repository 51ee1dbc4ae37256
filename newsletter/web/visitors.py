"""How often one client may ask: a bucket that fills evenly, and a bounded memory of clients."""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from newsletter.values import Rate

_MOST: Final = 10_000
"""Clients that are remembered; who was seen longest ago is forgotten first, at about 200 octets."""
_OWN_PREFIX: Final = 64
"""Bits of an IPv6 address that a provider gives one customer (RFC 6177)."""


class Visitors:
    """Who asked how often of late. Safe in several threads."""

    def __init__(
        self, rate: Rate, clock: Callable[[], float] = time.monotonic, most: int = _MOST
    ) -> None:
        self._size = max(1.0, rate.count)
        self._per_second = rate.per_second
        self._clock = clock
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def allow(self, client: str) -> bool:
        """Whether this client may ask once more now; if so, it is counted."""
        key, now = network_of(client), self._clock()
        with self._lock:
            left, since = self._buckets.pop(key, (self._size, now))
            left = min(self._size, left + max(0.0, now - since) * self._per_second)
            allowed = left >= 1
            self._buckets[key] = (left - 1 if allowed else left, now)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        return allowed

    @property
    def remembered(self) -> int:
        """How many clients are remembered."""
        return len(self._buckets)


def network_of(client: str) -> str:
    """What a client is counted by: its IPv4 address, or the network of its IPv6 address."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _OWN_PREFIX), strict=False))
    return str(address)
