"""A worker's figures for Prometheus, over HTTP (the extra `metrics`)."""

import datetime as dt
import re
import time
from typing import Any

from newsletter.app.telling import Witness, nothing
from newsletter.delivery import DeliveryState
from newsletter.dispatch.model import Snapshot
from newsletter.errors import UsageError
from newsletter.ledger.model import CampaignId

_PLACE = re.compile(r"(?:(\[[0-9a-fA-F:.]+\]|[^:\[\]]+):)?(\d{1,5})")
_LOOPBACK = "127.0.0.1"
_OUTCOMES = {
    "accepted": (DeliveryState.ACCEPTED,),
    "refused": (DeliveryState.REFUSED, DeliveryState.EXPIRED),
    "in_doubt": (DeliveryState.IN_DOUBT,),
}


_REMEMBERED = 1_000
"""Runs of which the last counts are kept; one that is told of again is among the latest."""
_Run = tuple[CampaignId, int | None, dt.datetime]


class Metrics:
    """Counts what this worker did, and says how it stands. No campaign or reader is named."""

    def __init__(self) -> None:
        library = _library()
        self._library = library
        self.registry = library.CollectorRegistry()
        self._messages = library.Counter(
            "newsletter_messages", "Messages by what became of them.", ["outcome"], **self._mine
        )
        for outcome in (*_OUTCOMES, "deferred"):
            self._messages.labels(outcome)
        self._waiting = self._gauge("waiting", "Recipients still to try of what is being sent.")
        self._rate = self._gauge("messages_per_second", "Tries a second, of late.")
        self._due = self._gauge("campaigns_due", "Campaigns that were due at the last look.")
        self._looked = self._gauge("last_look_seconds", "When the worker last looked, Unix time.")
        self._going: dict[_Run, Snapshot] = {}
        self._before: dict[_Run, dict[str, int]] = {}

    @property
    def witness(self) -> Witness:
        """What a worker is given."""
        return Witness(nothing, self.goes, self.looked)

    def goes(self, snapshot: Snapshot) -> None:
        """How a run goes: what is new since it was last told is counted."""
        run = (snapshot.campaign, snapshot.part, snapshot.started_at)
        now = {name: snapshot.count(*states) for name, states in _OUTCOMES.items()}
        now["deferred"] = snapshot.deferrals
        before = self._before.pop(run, now | {"deferred": 0})
        for outcome, count in now.items():
            self._messages.labels(outcome).inc(max(0, count - before[outcome]))
        self._before[run] = now
        if len(self._before) > _REMEMBERED:
            del self._before[next(iter(self._before))]
        self._going[run] = snapshot
        if snapshot.stopping:
            del self._going[run]
        self._show()

    def _show(self) -> None:
        """What all runs of this worker say together: where workers share, it may have several."""
        self._waiting.set(sum(each.left for each in self._going.values()))
        self._rate.set(sum(each.per_second for each in self._going.values()))

    def looked(self, due: int) -> None:
        """A look at what is due was made."""
        self._due.set(due)
        self._looked.set(time.time())

    def serve(self, place: str) -> None:
        """Answer at ``HOST:PORT`` (loopback without a host); ``UsageError`` if that cannot be."""
        match = _PLACE.fullmatch(place)
        if not match:
            message = f"{place!r} is no place for metrics"
            raise UsageError(message, cure="write for example 127.0.0.1:9464")
        host, port = (match[1] or _LOOPBACK).strip("[]"), int(match[2])
        try:
            self._library.start_http_server(port, addr=host, registry=self.registry)
        except (OSError, OverflowError) as error:
            message = f"metrics cannot be served at {place}: {error}"
            raise UsageError(message, cure="choose another port, or stop who has it") from None

    @property
    def _mine(self) -> dict[str, Any]:
        return {"registry": self.registry}

    def _gauge(self, name: str, words: str) -> Any:
        return self._library.Gauge(f"newsletter_{name}", words, **self._mine)


def _library() -> Any:
    try:
        import prometheus_client
    except ImportError:
        message = "metrics need a library that is not there"
        cure = "pip install 'newsletter[metrics]', or leave --metrics out"
        raise UsageError(message, cure=cure) from None
    return prometheus_client
