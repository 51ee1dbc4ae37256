"""The event loop that a run is sent in: the quicker one where it is quicker and there is one."""

import asyncio
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, TypeVar, cast

from newsletter.app.open import App
from newsletter.app.relay import smtp_options
from newsletter.transport.options import Security

_Result = TypeVar("_Result")
_NewLoop = Callable[[], asyncio.AbstractEventLoop]


def run_sending(app: App, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run what sends to the app's relay, to its end."""
    with asyncio.Runner(loop_factory=new_loop_for(smtp_options(app).security)) as runner:
        return runner.run(work)


def new_loop_for(security: Security) -> _NewLoop | None:
    """Uvloop's maker where messages leave in clear text (TLS costs more there); None for asyncio's.

    It is not there on every system: then asyncio's serves.
    """
    if security is not Security.NONE:
        return None
    try:
        return cast("_NewLoop", import_module("uvloop").new_event_loop)
    except ImportError:
        return None
