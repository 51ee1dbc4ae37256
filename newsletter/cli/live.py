"""A send as it goes: a bar in a terminal, a plain line every ten seconds without one."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from newsletter.app.status import StatusRequest, see_status
from newsletter.cli.desk import Desk
from newsletter.cli.going import going_elsewhere, going_here, going_line, slow_line
from newsletter.cli.show_sending import progress_line
from newsletter.delivery import DeliveryState
from newsletter.dispatch.model import Snapshot
from newsletter.ledger.model import CampaignState

_LINE_EVERY = 10.0
_MOST_SLOW = 5
_FINAL = (
    DeliveryState.ACCEPTED,
    DeliveryState.REFUSED,
    DeliveryState.IN_DOUBT,
    DeliveryState.SUPPRESSED,
    DeliveryState.EXPIRED,
    DeliveryState.CANCELLED,
)


class Live:
    """Shows snapshots; call it with each. Silent in JSON."""

    def __init__(self, desk: Desk, *, total: int = 0, plain: bool = False) -> None:
        self._desk = desk
        self._total = total
        self._bar = None if plain or not desk.as_text or not sys.stdout.isatty() else _Bar()
        self._last_line = time.monotonic()
        self._stopping = False
        self._slow: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        """Begin."""
        if self._bar:
            self._bar.start(self._total)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state on the screen."""
        if self._bar:
            self._bar.stop()

    def __call__(self, snapshot: Snapshot) -> None:
        """Show how it goes now."""
        if self._bar:
            self._bar.show(snapshot)
            self._tell_slow(snapshot)
            return
        if _is_stopping(snapshot) and not self._stopping:
            self._stopping = True
            self._desk.say("stopping… open dialogues are finished first")
        if time.monotonic() - self._last_line >= _LINE_EVERY:
            self._last_line = time.monotonic()
            self._desk.say(going_line(going_here(snapshot)))
            for place in snapshot.slow[:_MOST_SLOW]:
                self._desk.say(f"  {slow_line(place)}")

    def _tell_slow(self, snapshot: Snapshot) -> None:
        """Above the bar, once for each that becomes slow."""
        slow = {(place.relay, place.domain) for place in snapshot.slow}
        for place in snapshot.slow:
            if (place.relay, place.domain) not in self._slow:
                self.say(slow_line(place))
        self._slow = slow

    def say(self, line: str) -> None:
        """A line between snapshots."""
        if self._bar:
            self._bar.print(line)
        else:
            self._desk.say(line)


def _is_stopping(snapshot: Snapshot) -> bool:
    """Whether it ends before all is done, and is not at its end."""
    return snapshot.stopping and snapshot.left > 0 and snapshot.connections > 0


class _Bar:
    """rich's progress bar, loaded only where there is a terminal to show it."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TaskID, TextColumn

        self._progress = Progress(
            BarColumn(bar_width=24, complete_style="red", finished_style="green"),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[words]}", markup=False),
            refresh_per_second=8,
        )
        self._task: TaskID | None = None

    def start(self, total: int) -> None:
        self._progress.start()
        self._task = self._progress.add_task("", total=total or None, words="")

    def show(self, snapshot: Snapshot) -> None:
        if self._task is not None:
            done = snapshot.count(*_FINAL)
            stopping = "stopping… " if _is_stopping(snapshot) else ""
            self._progress.update(
                self._task,
                total=snapshot.recipients,
                completed=done,
                words=stopping + going_line(going_here(snapshot)),
            )

    def print(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False)

    def stop(self) -> None:
        self._progress.stop()


def ask(desk: Desk) -> Callable[[str], str] | None:
    """How to ask the officer something; None where nobody can type."""
    if not desk.as_text or not sys.stdin.isatty():
        return None

    def prompt(words: str) -> str:
        try:
            return input(words)
        except EOFError:
            return ""

    return prompt


def watch_status(desk: Desk, request: StatusRequest) -> None:
    """Show a campaign's status again and again until it is over or Ctrl-C."""
    last = ""
    while True:
        seen = see_status(desk.app, request)
        if seen.campaigns:  # nobody said which: the newest
            request = StatusRequest(str(seen.campaigns[0].campaign.id))
            continue
        if seen.progress is None:
            return
        going = going_elsewhere(seen)
        line = progress_line(seen.progress, going_line(going) if going else "")
        line = "\n".join([line, *map(slow_line, seen.slow)])
        if line != last:
            desk.say(line)
            last = line
        running = seen.progress.campaign.state is CampaignState.RUNNING
        if not running or seen.progress.interrupted_at:
            return
        time.sleep(1)
