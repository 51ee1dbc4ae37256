"""The archive as `serve` shows it: in memory, made anew when something was sent or corrected."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from newsletter.app.archiving import make_archive
from newsletter.app.corrections import FOLDER
from newsletter.app.open import App
from newsletter.ledger.ledger import Ledger

_LOOK_EVERY: Final = 30.0
"""Seconds between two looks at the ledger."""


class LiveArchive:
    """Files by their path. Safe in several threads."""

    def __init__(
        self, app: App, ledger: Ledger, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._ledger = ledger
        self._clock = clock
        self._lock = threading.Lock()
        self._files: Mapping[str, bytes] = {}
        self._made_of: object = None
        self._looked_at = -_LOOK_EVERY

    def file(self, path: str) -> bytes | None:
        """A file of the archive, or None."""
        with self._lock:
            if self._clock() - self._looked_at >= _LOOK_EVERY:
                self._look()
            return self._files.get(path)

    def _look(self) -> None:
        found = self._state()
        if found != self._made_of:
            self._files = make_archive(self._app, self._ledger).files
            self._made_of = found
        self._looked_at = self._clock()

    def _state(self) -> object:
        """What the archive is made of, in short: it differs when that does."""
        sent = [
            (each.id, bool(self._ledger.progress(each.id).accepted))
            for each in self._ledger.campaigns()
        ]
        folders = (self._app.root / "issues").glob(f"*/{FOLDER}/*.json")
        return sent, sorted((str(path), path.stat().st_mtime_ns) for path in folders)
