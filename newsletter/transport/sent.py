"""One message that somebody waits for."""

import asyncio
from collections.abc import Callable

from newsletter.delivery import Outcome, Phase, Reply, outcome_of


class Sent:
    """A handover whose end can be awaited; what ``before_dot`` raised is raised there."""

    def __init__(self, before_dot: Callable[[], None]) -> None:
        self.before_dot = before_dot
        self.end: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def settled(self, outcome: Outcome) -> None:
        """It came to this."""
        if not self.end.done():
            self.end.set_result(outcome)

    def untried(self, reply: Reply | None) -> None:
        """A safe retry, like any loss before the dot."""
        self.settled(outcome_of(Phase.MAIL, reply, "the connection was lost"))

    def cut(self, error: BaseException) -> None:
        """Raise it."""
        if not self.end.done():
            self.end.set_exception(error)
