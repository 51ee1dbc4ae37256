"""Messages that are handed over one behind the other, and what became of each."""

import asyncio
from dataclasses import dataclass, field

from newsletter.delivery import Outcome, Reply
from newsletter.transport.base import OutgoingMessage, Stream


@dataclass
class Row:
    """Feeds one connection with messages, until they are all handed over or it is gone."""

    stream: Stream
    messages: list[OutgoingMessage]
    full: bool = False
    """Whether no intent can be recorded."""
    at: int = 0
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    dots: list[int] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    """Intents and ends in the order in which they came: ``dot 0``, ``end 0``."""
    untried: list[int] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    """With which an untried one came back."""
    cuts: list[BaseException] = field(default_factory=list)
    usable: dict[int, bool] = field(default_factory=dict)
    """Whether the connection was, when all that came with a message's end was told."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def ride(self) -> "Row":
        """Until each that was handed over has its end."""
        self.stream.feeder = self
        self.refill()
        while not self._is_over:
            self._news.clear()
            await self._news.wait()
        self.stream.feeder = None
        return self

    def refill(self) -> None:
        """One more, and one more."""
        self.stream.feeder = self
        while self.stream.room and self.at < len(self.messages):
            number, self.at = self.at, self.at + 1
            self.stream.hand_over(self.messages[number], _Place(self, number))

    def rest(self) -> None:
        """Look whether it is over."""
        self.usable |= dict.fromkeys(self.outcomes.keys() - self.usable, self.stream.usable)
        self._news.set()

    @property
    def left(self) -> list[int]:
        """What was not tried, in order."""
        return [*self.untried, *range(self.at, len(self.messages))]

    @property
    def _is_over(self) -> bool:
        ended = len(self.outcomes) + len(self.untried) + len(self.cuts)
        left = self.at < len(self.messages) and self.stream.usable
        return ended == self.at and not left


@dataclass
class _Place:
    row: Row
    number: int

    def before_dot(self) -> None:
        if self.row.full:
            raise OSError
        self.row.dots.append(self.number)
        self.row.events.append(f"dot {self.number}")

    def settled(self, outcome: Outcome) -> None:
        self.row.outcomes[self.number] = outcome
        self.row.events.append(f"end {self.number}")

    def untried(self, reply: Reply | None) -> None:
        self.row.untried.append(self.number)
        self.row.replies += [reply] if reply else []

    def cut(self, error: BaseException) -> None:
        self.row.cuts.append(error)
