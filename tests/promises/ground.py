"""A folder with a ledger, and what somebody outside knows of its campaigns."""

import gc
import os
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from tests.doubles import START
from tests.ledger.plans import make_plan
from tests.promises.forked import send
from tests.promises.mortal import Process
from tests.promises.script import Script


@dataclass
class Ground:
    """A folder with a ledger, for one history after the other: opening one takes long."""

    folder: Path
    ledger: Ledger
    steps: int = 0

    @property
    def boot(self) -> Path:
        """Where a process reads which start of the machine this is."""
        return self.folder / "boot_id"

    @classmethod
    def make(cls, folder: Path) -> "Ground":
        """A new one; a first run in this process, so that those forked from it begin warm."""
        ground = cls(folder, Ledger.open(folder / "ledger.db"))
        number = ground.ledger.record(make_plan(1, "first"), due=None, now=START)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        send(Process(ground.ledger, ground.boot, nowhere, Script(), START), number)
        os.close(nowhere)
        gc.freeze()
        return ground

    def restart(self) -> None:
        """The machine starts again."""
        self.boot.write_text(f"{uuid.uuid4()}\n")


@dataclass
class Known:
    """What we know of one campaign, from outside."""

    number: CampaignId
    readers: tuple[str, ...]
    on_doubt: str
    connections: int
    scheduled: bool
    taken: Counter[str] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    """Told 250 in a run that was not harmed."""
    seen_accepted: set[str] = field(default_factory=set)
    words: Counter[str] = field(default_factory=Counter)
    """How often an officer said of a doubt that it was not accepted."""
    vouched: set[str] = field(default_factory=set)
    """Of whom an officer said that they were."""
    cancelled: bool = False
    in_air: int | None = 0
    """How many messages may have been in the air when it was killed; None if nobody can tell."""
    doubts: int = 0
    """How often a run's message, of anybody, came to be in doubt."""

    def most(self, address: str) -> int:
        """How often the relay may have been given it."""
        return 1 + (self.on_doubt == "resend") + self.words[address]
