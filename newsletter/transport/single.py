"""A stream over a connection that can only be waited for: one message at a time, as a task."""

import asyncio
from collections.abc import Callable

from newsletter.delivery import Outcome
from newsletter.transport.base import Connection, Feeder, Handover, OutgoingMessage, Stream


def stream_over(connection: Connection) -> Stream:
    """The connection itself where it can be fed, else one message at a time over it."""
    return connection if isinstance(connection, Stream) else _Single(connection)


class _Single:
    """Feeds a connection that knows ``send`` only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending: asyncio.Task[None] | None = None
        self.feeder: Feeder | None = None

    @property
    def usable(self) -> bool:
        return self._connection.usable

    @property
    def room(self) -> bool:
        return self._sending is None

    def hand_over(self, message: OutgoingMessage, handover: Handover) -> None:
        self._sending = asyncio.create_task(self._send(message, handover))

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        return await self._connection.send(message, before_dot)

    async def close(self) -> None:
        if self._sending:
            self._sending.cancel()
            await asyncio.wait({self._sending})
        await self._connection.close()

    async def _send(self, message: OutgoingMessage, handover: Handover) -> None:
        try:
            outcome = await self._connection.send(message, handover.before_dot)
        except BaseException as error:  # noqa: BLE001  it is told, and the feeder decides
            self._sending = None
            handover.cut(error)
        else:
            self._sending = None
            handover.settled(outcome)
        if self.feeder:
            if self.usable:
                self.feeder.refill()
            self.feeder.rest()
