"""How workers are, as lines for a person to read; and who is told what one does."""

from collections.abc import Iterator

from newsletter.app.heartbeat import Health, WorkerHealth
from newsletter.app.metrics import Metrics
from newsletter.app.telling import Witness
from newsletter.app.worker_log import LogForm, WorkerLog
from newsletter.cli.layout import paint
from newsletter.cli.live import Live


def witnesses(live: Live, log: LogForm | None, metrics: str | None) -> list[Witness]:
    """Who is told: a person, or a log; and Prometheus, where it is served."""
    who = [WorkerLog(log).witness if log else Witness(lambda told: live.say(told.words), live)]
    if metrics:
        served = Metrics()
        served.serve(metrics)
        who.append(served.witness)
    return who


def health(found: Health) -> Iterator[str]:
    """Each worker of this newsletter on this machine."""
    if not found.workers:
        yield "no worker runs here"
    for worker in found.workers:
        well = paint("well", "green") if worker.well else paint("not well", "red")
        trouble = f"; {worker.trouble}" if worker.trouble else ""
        yield f"worker {worker.pid} on {worker.host}: {well}, {_seen(worker)}{trouble}"


def _seen(worker: WorkerHealth) -> str:
    if worker.seconds is None:
        return "last seen before the machine started"
    return f"seen {worker.seconds:.0f} s ago, {worker.doing}"
