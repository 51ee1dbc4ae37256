"""Wake-up calls for workers: procrastinate, on the ledger's own PostgreSQL.

A call says that a part waits, and nothing more: whether it may be taken, the ledger says. So one
that is lost, late or there twice does no harm, and a call that was answered is deleted.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from newsletter.errors import UsageError
from newsletter.ledger.model import CampaignId
from newsletter.ledger.server import OWN_SETTINGS

_TASK = "newsletter.part"
_QUEUE = "newsletter"
_MAKING = 0x6E65_7773
"""An advisory lock: of two workers that find no tables one makes them."""
_PAUSE = 1.0
_POLL_EVERY = 10.0
_INSIST_EVERY = 5.0
OnCall = Callable[[CampaignId, int], Awaitable[None]]


class Wakeups:
    """Rings and hears calls; the library is loaded when one is made."""

    def __init__(self, conninfo: str) -> None:
        try:
            import procrastinate
        except ModuleNotFoundError as error:
            message = "several workers need the extra 'postgres'"
            raise UsageError(message, cure="pip install 'newsletter[postgres]'") from error
        for name in ("procrastinate", "psycopg"):
            logger = logging.getLogger(name)  # what they say of a lost connection we say ourselves
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
        self._library = procrastinate
        self._conninfo = conninfo
        self._app = self._make()
        self._heard = 0

    def _make(self) -> Any:
        library = self._library
        connector = library.PsycopgConnector(
            conninfo=self._conninfo, min_size=1, max_size=4, configure=_as_ours
        )
        return library.App(connector=connector)

    def prepare(self, connection: Any) -> None:
        """Make the library's tables where there are none, in the connection's transaction."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock({_MAKING})")
            found = cursor.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
            if found[0] is None:
                cursor.execute(self._app.schema_manager.get_schema())

    def ring(self, connection: Any, number: CampaignId, parts: Sequence[int]) -> None:
        """Call for each part, in the transaction that opens it; one that is called needs no other.

        ``connection`` is the driver's own.
        """
        self.prepare(connection)
        for part in parts:
            call = self._app.configure_task(
                _TASK,
                allow_unknown=True,
                queue=_QUEUE,
                queueing_lock=f"{number}.{part}",
                connection=connection,
            )
            with (
                contextlib.suppress(self._library.exceptions.AlreadyEnqueued),
                connection.transaction(),
            ):
                call.defer(campaign=int(number), part=part)

    async def hear(self, on_call: OnCall, stop: asyncio.Event) -> None:
        """Pass on each call, one at a time, until ``stop``; a server that is away is waited for."""
        while not stop.is_set():
            listening = asyncio.create_task(self._hear_until_lost(on_call))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({listening, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            await self._end(listening)
            await asyncio.gather(listening, stopping, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE)

    async def _end(self, listening: asyncio.Task[None]) -> None:
        """Cancel, and again where that is lost, as in a connection that is being opened.

        Python 3.11's ``wait_for`` returns what came in the moment in which it was cancelled.
        """
        listening.cancel()
        while not listening.done():
            await asyncio.wait({listening}, timeout=_INSIST_EVERY)
            if not self._heard:
                listening.cancel()

    @contextlib.contextmanager
    def _comes_to_an_end(self) -> Iterator[None]:
        """Whoever answers a call, or closes, has heard the word to end."""
        self._heard += 1
        try:
            yield
        finally:
            self._heard -= 1

    async def _hear_until_lost(self, on_call: OnCall) -> None:
        app = self._make()

        async def part(campaign: int, part: int) -> None:
            with self._comes_to_an_end():
                await asyncio.shield(asyncio.ensure_future(on_call(CampaignId(campaign), part)))

        app.task(name=_TASK, queue=_QUEUE, retry=False)(part)
        try:
            await app.open_async()
            await self._forget_dead(app)
            await app.run_worker_async(
                queues=[_QUEUE],
                concurrency=1,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=_POLL_EVERY,
                abort_job_polling_interval=3600.0,
            )
        finally:  # also while it is being opened: its pool's tasks end by no other word
            with self._comes_to_an_end():
                await app.close_async()

    @staticmethod
    async def _forget_dead(app: Any) -> None:
        """Calls that a dead worker had answered are nobody's; the ledger knows its part."""
        for job in await app.job_manager.get_stalled_jobs(queue=_QUEUE):
            await app.job_manager.finish_job_by_id_async(
                job_id=job.id, status=_failed(), delete_job=True
            )


async def _as_ours(connection: Any) -> None:
    """A session of the library's means the same as one of the ledger's, whatever is set there."""
    await connection.execute(OWN_SETTINGS)
    await connection.commit()


def _failed() -> Any:
    from procrastinate.jobs import Status

    return Status.FAILED
