"""Where a run sends, and how fast: its relays, their limits, those of the readers' domains."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from newsletter.dispatch.quota import Quota
from newsletter.transport.base import Transport
from newsletter.values import Rate


@dataclass(frozen=True, slots=True)
class Relay:
    """One relay, under a name by which the ledger remembers its pace and its quota.

    ``rate`` is the most it takes, whatever the campaign's; ``connections`` are by default the
    campaign's. Readers at one of ``domains`` (in lower case) are its own.
    """

    name: str
    transport: Transport
    domains: frozenset[str] = frozenset()
    rate: Rate | None = None
    connections: int | None = None
    quota: Quota = field(default_factory=Quota)


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds over all relays: messages to a domain, and in an hour and a day."""

    per_domain: Rate | None = None
    domains: Mapping[str, Rate] = field(default_factory=dict)
    """For these domains instead of ``per_domain``."""
    quota: Quota = field(default_factory=Quota)
