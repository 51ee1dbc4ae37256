"""A worker's log for machines: structlog, a line an event, on stderr.

No address of a reader and no secret stands in it: whatever looks like an address is masked,
wherever it comes from, and values of keys that name a secret are left out.
"""

import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

from newsletter.app.telling import Told, Witness
from newsletter.delivery import DeliveryState
from newsletter.dispatch.model import Snapshot

LogForm = Literal["json", "logfmt"]
_EVERY = 10.0
_ADDRESS = re.compile(r"[^\s<>\"(),;:]*@[^\s<>\"(),;:]*")
_IN_A_URL = re.compile(r"(?<=://)[^/\s@]+@")
_SECRET = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)
_COUNTED = (
    DeliveryState.ACCEPTED,
    DeliveryState.DEFERRED,
    DeliveryState.REFUSED,
    DeliveryState.IN_DOUBT,
)


class WorkerLog:
    """Writes what a worker tells, and every ten seconds how a run goes."""

    def __init__(self, form: LogForm, stream: TextIO | None = None) -> None:
        import structlog

        shown: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "logfmt":
            shown = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(stream or sys.stderr),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _masked,
                shown,
            ],
        )
        self._last = time.monotonic()

    @property
    def witness(self) -> Witness:
        """What a worker is given."""
        return Witness(self.told, self.goes)

    def told(self, told: Told) -> None:
        """An event."""
        (self._log.warning if told.is_trouble else self._log.info)(told.event, **told.facts)

    def goes(self, snapshot: Snapshot) -> None:
        """How a run goes, every ten seconds."""
        if time.monotonic() - self._last < _EVERY:
            return
        self._last = time.monotonic()
        self._log.info(
            "progress",
            campaign=snapshot.campaign,
            **({} if snapshot.part is None else {"part": snapshot.part}),
            recipients=snapshot.recipients,
            waiting=snapshot.left,
            per_second=round(snapshot.per_second, 1),
            note=snapshot.note,
            **{state.value: snapshot.count(state) for state in _COUNTED},
        )


def masked(text: str) -> str:
    """A text without anybody's address, nor a login in front of a host."""
    return _ADDRESS.sub("[address]", _IN_A_URL.sub("", text))


def _masked(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in [*event.items()]:
        if _SECRET.search(key):
            del event[key]
        elif isinstance(value, str):
            event[key] = masked(value)
    return event
