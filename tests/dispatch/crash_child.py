"""Sends one campaign to a relay that is a file, until it is done or killed.

The file is what the relay remembers: an address is appended at the moment the relay accepts.
"""

import asyncio
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

from newsletter.delivery import Accepted, Outcome, Reply
from newsletter.dispatch.runner import run_campaign
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.transport.base import OutgoingMessage
from tests.doubles import mint


class FileRelay:
    """A relay whose only memory is a file."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

    async def connect(self) -> "FileRelay":
        """It is its own connection."""
        return self

    @property
    def usable(self) -> bool:
        """Always."""
        return True

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """Some time before the dot, acceptance, and some time until the answer comes."""
        await asyncio.sleep(random.random() / 300)  # noqa: S311  no secret
        before_dot()
        await asyncio.sleep(random.random() / 300)  # noqa: S311  no secret
        os.write(self._handle, f"{message.recipient}\n".encode())
        await asyncio.sleep(random.random() / 300)  # noqa: S311  no secret
        return Accepted(Reply(250, "2.0.0 Ok"))

    async def close(self) -> None:
        """Nothing is open."""


def main(ledger: str, number: str, relay: str) -> None:
    """Say when sending begins, then send."""
    with Ledger.open(ledger) as memory:
        sys.stdout.write("sending\n")
        sys.stdout.flush()
        asyncio.run(
            run_campaign(memory, CampaignId(int(number)), FileRelay(Path(relay)), mint=mint)
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
