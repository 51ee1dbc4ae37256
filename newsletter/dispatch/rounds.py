"""What one round of the event loop wants written: one line of the journal, then the final dots.

Answers and intents of a round go to the journal together, so that ten messages cost one write. No
final dot leaves before its intent is there.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from newsletter.dispatch.journal import Journal, Try


class Intent(Protocol):
    """A message whose final dot waits for the journal."""

    @property
    def attempt(self) -> Try:
        """What the journal calls it."""
        ...

    def stands(self) -> bool:
        """Whether it is still to go; one that is not any more was told so."""
        ...

    def proceed(self) -> None:
        """It is recorded: the dot may leave."""
        ...

    def hold_back(self, error: OSError) -> None:
        """It cannot be recorded: the dot must not leave."""
        ...


class Rounds:
    """Gathers until the loop's round is over."""

    def __init__(self, journal: Journal, cannot_write: Callable[[OSError], None]) -> None:
        self._journal = journal
        self._cannot_write = cannot_write
        self._call_soon = asyncio.get_running_loop().call_soon
        self._intents: list[Intent] = []
        self._ends = False

    def note(self) -> None:
        """An answer waits to be written."""
        if not self._ends:
            self._ends = True
            self._call_soon(self.end)

    def intend(self, intent: Intent) -> None:
        """A dot is to leave, once this round is written down."""
        self._intents.append(intent)
        self.note()

    def end(self) -> None:
        """Write what was gathered, then let the dots go; a full disk holds them back."""
        self._ends = False
        intents, self._intents = self._intents, []
        standing = [each for each in intents if each.stands()]
        try:
            if standing:
                self._journal.dot(*[each.attempt for each in standing])
            else:
                self._journal.flush()
        except OSError as error:
            for each in standing:
                each.hold_back(error)
            self._cannot_write(error)
        else:
            for each in standing:
                each.proceed()
