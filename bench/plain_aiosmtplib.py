"""The peer "plain aiosmtplib": a pool of connections, an ``EmailMessage`` for each recipient."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from aiosmtplib import SMTP

from bench.letter import Letter, Reader

_OK = "2"


async def send(
    letter: Letter, host: str, port: int, connections: int, count: int
) -> dict[str, float]:
    """So many readers once; seconds, and of CPU, from the first connection to the last QUIT."""
    began, cpu = time.monotonic(), time.process_time()
    left = islice(letter.readers, count)
    accepted = await asyncio.gather(
        *(
            _lane(letter, left, SMTP(hostname=host, port=port, start_tls=False))
            for _ in range(connections)
        )
    )
    return {
        "accepted": sum(accepted),
        "seconds": time.monotonic() - began,
        "cpu_seconds": time.process_time() - cpu,
    }


async def _lane(letter: Letter, left: Iterator[Reader], client: SMTP) -> int:
    accepted = 0
    async with client:
        for reader in left:
            refused, said = await client.send_message(letter.message_for(reader))
            accepted += not refused and said.startswith(_OK)
    return accepted


def main() -> None:
    """``… -m bench.plain_aiosmtplib LETTER HOST PORT CONNECTIONS COUNT``; the result as JSON."""
    letter = Letter.load(Path(sys.argv[1]))
    host, (port, connections, count) = sys.argv[2], map(int, sys.argv[3:])
    print(json.dumps(asyncio.run(send(letter, host, port, connections, count))))


if __name__ == "__main__":
    main()
