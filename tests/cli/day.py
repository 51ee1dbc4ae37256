"""The ground of an officer's day: where the ledger lives, and who sends beside her."""

import datetime as dt
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from subprocess import Popen
from typing import Any

from sqlalchemy import create_engine, text

from newsletter.ledger.database import parse_location
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from tests.cli.newsroom import Newsroom, Ran
from tests.waiting import PATIENCE, wait_until

READERS = [f"r{number:02d}@lettori.example" for number in range(30)]
_SETTINGS = """
[feedback]
maildir = "bounces"

[engine]
kind = "{engine}"
smallest_part = 1
parts = 8
"""


@dataclass(frozen=True)
class Setting:
    """One of the three grounds that a day stands on."""

    name: str
    engine: str
    workers: int
    on_server: bool


SQLITE = Setting("sqlite", "local", 1, on_server=False)
POSTGRES = Setting("postgres", "local", 1, on_server=True)
CLUSTER = Setting("cluster", "cluster", 2, on_server=True)


@dataclass
class Day:
    """An officer at a newsletter whose workers run all day, each a process of its own."""

    room: Newsroom
    where: str
    """The ledger's place, as the settings say it."""

    def prepare(self, setting: Setting) -> None:
        """A return path, a mailbox for what comes back, a third list, retries after a second."""
        self.room.edit(
            "newsletter.toml",
            "[sender]",
            '[sender]\nbounce_address = "bounces@alisei.example"',
        )
        self.room.edit(
            "newsletter.toml",
            "connections = 4",
            f'connections = 2\nretry_schedule = ["1 s"]\nledger = "{self.where}"',
        )
        with (self.room.root / "newsletter.toml").open("a") as file:
            file.write(_SETTINGS.format(engine=setting.engine))
        rows = "".join(f"{reader},Reader,it\n" for reader in READERS)
        self.room.write("subscribers/readers.csv", f"email,first_name,language\n{rows}")
        for part in ("new", "cur", "tmp"):
            (self.room.root / "bounces" / part).mkdir(parents=True)

    def type(self, *words: str, code: int = 0) -> Ran:
        """Type a command, which ends as it should."""
        ran = self.room.run(*words, follow=False)
        assert ran.code == code, f"{' '.join(words)} ended with {ran.code}:\n{ran.said}"
        return ran

    def ask(self, *words: str, code: int = 0) -> Any:
        """The same as a script types it: one JSON object."""
        return self.type(*words, "--format", "json", code=code).object

    def state(self, campaign: int) -> str:
        """A campaign's state."""
        return str(self.ask("status", str(campaign))["progress"]["campaign"]["state"])

    def wait_for(self, campaign: int, **counts: int) -> None:
        """Until it is finished and so many stand there, and nobody elsewhere."""
        with Ledger.open(self.where, state=self.room.ledger.parent) as ledger:
            wait_until(lambda: len(ledger.campaigns()) >= campaign, every=0.1)
            number = CampaignId(campaign)
            wait_until(lambda: ledger.campaign(number).state is CampaignState.FINISHED, every=0.1)
        progress = self.ask("status", str(campaign))["progress"]
        assert {state: count for state, count in progress["counts"].items() if count} == counts

    def time_passes(self, column: str, at: dt.datetime | None = None) -> None:
        """Let an instant of the ledger be just past (or then), as time itself would."""
        table, _, name = column.partition(".")
        past = to_microseconds(at or dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
        change = f"UPDATE {table} SET {name} = {past} WHERE {name} IS NOT NULL"  # noqa: S608 our own words
        engine = create_engine(parse_location(self.where))
        with engine.begin() as connection:
            connection.execute(text(change))
        engine.dispose()


@contextmanager
def begun(room: Newsroom, where: str, setting: Setting) -> Iterator[Day]:
    """The day, with its workers; none of them ends before it is told to."""
    day = Day(room, where)
    day.prepare(setting)
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(room)) for _ in range(setting.workers)]
        yield day
        assert [worker.poll() for worker in workers] == [None] * setting.workers
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(PATIENCE) for worker in workers] == [0] * setting.workers


@contextmanager
def _worker(room: Newsroom) -> Iterator["Popen[str]"]:
    """One that is gone when the day is over, whatever became of it."""
    worker = room.child("worker", "--every", "1")
    try:
        yield worker
    finally:
        if worker.poll() is None:
            worker.kill()
        said = "".join(worker.communicate(timeout=PATIENCE))
    assert "Traceback" not in said, said
