"""The senders that are compared: each mails readers of the same lists over the same connections."""

import datetime as dt
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import child
from bench.child import Failed, Ran
from bench.sink import HOST, SMTP_SOURCE

HERE = Path(__file__).parent
PEERS = HERE / ".peers"
MJML = "5.4.1"
NODEMAILER = "10.6.0"
_LEDGER = ".newsletter"


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be sent: an issue of a newsletter folder, and the same as a letter."""

    issue: str
    folder: Path
    letter: Path
    octets: int
    count: int
    """Messages; for the newsletter everybody on its list."""
    connections: int
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the newsletter alone, by the names of their variables, less the prefix."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How many, the time and the CPU from the first connection to the last; the whole process."""

    count: int
    seconds: float
    cpu_seconds: float
    whole: Ran
    seconds_before: float = 0.0
    """Until the first connection: for the newsletter up to the recorded plan."""
    peak_before: float = 0.0

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.count / self.seconds


Sender = Callable[[Job], Sent]


def newsletter(job: Job) -> Sent:
    """The real path: the command line's own ``send``, its time taken from the ledger's run."""
    shutil.rmtree(job.folder / _LEDGER, ignore_errors=True)
    agreed = ["--recipients", str(job.count), "--rate", "1000000/s", "--format", "json"]
    command = [sys.executable, "-m", "newsletter", "send", job.issue, *agreed]
    whole = child.run([*command, "--profile", "production"], folder=job.folder, environ=_own(job))
    told = json.loads(whole.output)
    _all_accepted(told["counts"].get("accepted", 0), job)
    run = told["last_run"]
    began, ended = (_seconds(run[moment]) for moment in ("started_at", "ended_at"))
    cpu = whole.cpu_between(began, ended)
    before = began - whole.course[0].at
    return Sent(job.count, ended - began, cpu, whole, before, whole.peak_until(began))


def _seconds(moment: str) -> float:
    return dt.datetime.fromisoformat(moment).timestamp()


def _own(job: Job) -> dict[str, str]:
    """Only what is given here counts, whatever this user has set for a newsletter."""
    plain = {name: value for name, value in os.environ.items() if "NEWSLETTER_" not in name}
    given = {
        "RELAY__HOST": HOST,
        "RELAY__PORT": str(job.port),
        "RELAY__SECURITY": "none",
        "CONNECTIONS": str(job.connections),
        **job.settings,
    }
    return plain | {f"NEWSLETTER_{name}": value for name, value in given.items()}


def smtp_source(job: Job) -> Sent:
    """Postfix's own source, in C: the same octets for everybody, nothing made or remembered."""
    many = ["-s", str(job.connections), "-m", str(job.count), "-l", str(job.octets)]
    whom = ["-f", "a@c.example", "-t", "b@e.example", f"{HOST}:{job.port}"]
    whole = child.run([SMTP_SOURCE, "-d", *many, *whom])
    return Sent(job.count, whole.seconds, whole.cpu_seconds, whole)


def aiosmtplib(job: Job) -> Sent:
    """A pool of plain aiosmtplib, an ``EmailMessage`` for each recipient."""
    return _peer([sys.executable, "-m", "bench.plain_aiosmtplib"], job)


def nodemailer(job: Job) -> Sent:
    """The pool that nodemailer brings; it never reconnects."""
    return _peer(["node", str(HERE / "nodemailer_pool.cjs"), str(PEERS)], job)


def _peer(command: list[str], job: Job) -> Sent:
    given = [str(job.letter), HOST, str(job.port), str(job.connections), str(job.count)]
    whole = child.run([*command, *given], folder=HERE.parent)
    told = json.loads(whole.output)
    _all_accepted(told["accepted"], job)
    return Sent(job.count, told["seconds"], told["cpu_seconds"], whole)


def _all_accepted(accepted: int, job: Job) -> None:
    if accepted != job.count:
        message = f"{accepted} of {job.count} messages were accepted: the figure would not count"
        raise Failed(message)


def install_from_npm(wanted: Mapping[str, str]) -> str:
    """Have packages (by name: a version) in the ignored folder; why they cannot be, or nothing.

    All at once: npm takes away what it was not asked for in the same breath.
    """
    if not (shutil.which("npm") and shutil.which("node")):
        return "node and npm are not installed"
    if all(_is_there(name, version) for name, version in wanted.items()):
        return ""
    PEERS.mkdir(exist_ok=True)
    quiet = ["--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
    packages = [f"{name}@{version}" for name, version in wanted.items()]
    try:
        child.run(["npm", "install", *quiet, "--silent", "--prefix", str(PEERS), *packages])
    except Failed as error:
        return f"npm could not install it: {error}"
    return ""


def _is_there(name: str, version: str) -> bool:
    installed = PEERS / "node_modules" / name / "package.json"
    return installed.is_file() and json.loads(installed.read_text())["version"] == version
