"""What the ledger, the journal and the runner cost: a relay in memory that accepts at once.

``python -m bench.ledger``: the real runner over a SQLite file (``synchronous=FULL``), with groups
of several sizes. CPU is that of the loop's thread and of the ledger's, in microseconds a message;
filling the messages and the lanes' own work are in the first.
"""

import argparse
import asyncio
import datetime as dt
import itertools
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.audience.model import Arithmetic, Person
from newsletter.campaign import Plan, PlannedVariant, Recipient, Terms
from newsletter.delivery import Accepted, Outcome, Reply
from newsletter.dispatch.model import RunOptions
from newsletter.dispatch.runner import run_campaign
from newsletter.edition.model import Variant
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.message import CompiledMessage
from newsletter.message.compiled import Context, SlotPlace
from newsletter.transport.base import Feeder, Handover, OutgoingMessage
from newsletter.unsubscribe import Purpose
from newsletter.values import Address, IssueSlug, Language, Rate, digest_of

GROUPS = (1, 5, 20, 50, 200, 2000)
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Messages a second, and microseconds of CPU a message: the loop's thread, the ledger's."""

    group: int
    messages_per_s: float
    loop: float
    ledger: float


class InstantRelay:
    """Accepts at once, each message under a queue id of its own, as real relays do."""

    def __init__(self) -> None:
        self.numbers = itertools.count(0x4F2A_0000_0000)

    async def connect(self) -> "InstantStream":
        """One more connection."""
        return InstantStream(self)


class InstantStream:
    """A connection that answers when the loop has gone round once, as it does for a socket."""

    def __init__(self, relay: InstantRelay) -> None:
        self._relay = relay
        self._handover: Handover | None = None
        self.feeder: Feeder | None = None
        self.usable = True

    @property
    def room(self) -> bool:
        """One message at a time."""
        return self._handover is None

    def hand_over(self, message: OutgoingMessage, handover: Handover) -> None:
        """Taken."""
        del message
        handover.before_dot()
        self._handover = handover
        self._soon(self._answer)

    def _soon(self, answer: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_soon(answer)

    def _answer(self) -> None:
        handover, self._handover = self._handover, None
        if handover:
            handover.settled(self._accepted())
        if self.feeder:
            self.feeder.refill()
        if self.feeder:
            self.feeder.rest()

    def _accepted(self) -> Outcome:
        return Accepted(Reply(250, f"2.0.0 Ok: queued as {next(self._relay.numbers):X}"))

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """The same for who waits for each answer."""
        del message
        before_dot()
        await asyncio.sleep(0)
        return self._accepted()

    async def close(self) -> None:
        """Nothing is open."""


def measure(count: int, group: int, connections: int, commit_ms: float) -> Cost:
    """One run of a campaign of so many readers, from its first claim to its last word."""
    with TemporaryDirectory(prefix="newsletter-bench-") as place:
        with Ledger.open(Path(place) / "ledger.db") as ledger:
            number = ledger.record(plan_of(count, connections), due=None, now=_now())
        with SlowLedger.open(Path(place) / "ledger.db") as slow:
            slow.commit_seconds = commit_ms / 1000
            return _run(slow, number, count, group)


class SlowLedger(Ledger):
    """A ledger on a disk whose commits take longer."""

    commit_seconds = 0.0

    def exchange(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN201
        """Wait like a slow disk: others may work."""
        if self.commit_seconds:
            time.sleep(self.commit_seconds)
        return super().exchange(*args, **kwargs)


def _run(ledger: Ledger, number: CampaignId, count: int, group: int) -> Cost:
    with ThreadPoolExecutor(max_workers=1) as desk:
        options = RunOptions(executor=desk, largest_group=group)
        began, loop = time.monotonic(), time.thread_time()
        sending = run_campaign(ledger, number, InstantRelay(), mint=_mint, options=options)
        result = asyncio.run(sending)
        seconds, loop = time.monotonic() - began, time.thread_time() - loop
        thread = desk.submit(time.thread_time).result()
    if result.progress.accepted != count:
        message = f"only {result.progress.accepted} of {count} were accepted"
        raise RuntimeError(message)
    return Cost(group, count / seconds, loop / count * _MILLION, thread / count * _MILLION)


def plan_of(count: int, connections: int) -> Plan:
    """A campaign of so many readers at twenty domains."""
    variant = Variant(Language("it"), ())
    slots = (
        SlotPlace("email", None, Context.TO),
        SlotPlace("message_id", None, Context.MESSAGE_ID),
        SlotPlace("first_name", "lettrice", Context.TEXT),
    )
    compiled = CompiledMessage((b"", b"", b"\r\nCiao ", b"\r\n"), slots)
    people = (person(number) for number in range(count))
    return Plan(
        slug=IssueSlug("bench"),
        content_digest=digest_of(b""),
        audience_digest=digest_of(b""),
        variants=(PlannedVariant(variant, "Oggetto", "", compiled, count),),
        recipients=tuple(Recipient(person, 0) for person in people),
        arithmetic=Arithmetic(count, 0, 0, 0),
        per_list={"members": count},
        terms=Terms(
            rate=Rate.parse("10000000/s"),
            connections=connections,
            profile="bench",
            envelope_sender="bounces@list.example",
            unsubscribe_base="https://list.example",
            unsubscribe_mailto="",
        ),
    )


def person(number: int) -> Person:
    """A reader at one of twenty domains."""
    fields = {"first_name": "Anna", "last_name": "Rossi", "language": "it", "country": "IT"}
    address = Address.parse(f"reader{number}@list{number % 20}.example")
    return Person(address, fields, ("members",))


def _mint(campaign: int, seq: int, purpose: Purpose) -> str:
    return f"{purpose}-{campaign}-{seq}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def main() -> None:
    """A line for each size of group."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="readers (default 20,000)")
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--commit-ms", type=float, default=0.0, help="a slow disk's commit")
    parser.add_argument("--groups", type=int, nargs="*", default=GROUPS)
    wanted = parser.parse_args()
    print("group   messages/s   loop µs   ledger µs")
    for group in wanted.groups:
        count = min(wanted.count, max(1_000, group * 200))
        cost = measure(count, group, wanted.connections, wanted.commit_ms)
        figures = f"{cost.messages_per_s:12,.0f} {cost.loop:9.1f} {cost.ledger:11.1f}"
        print(f"{cost.group:5} {figures}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
