"""The senders that are compared: each mails the same readers over the same connections."""

import datetime as dt
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import child
from bench.child import Failed, Ran
from bench.sink import HOST, SMTP_SOURCE

HERE = Path(__file__).parent
PEERS = HERE / ".peers"
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
    connections: int
    port: int


@dataclass(frozen=True, slots=True)
class Sent:
    """``seconds`` from the first connection to the last answer; the rest of the whole process."""

    seconds: float
    whole: Ran


Sender = Callable[[Job], Sent]


def newsletter(job: Job) -> Sent:
    """The real path: the command line's own ``send``, its time taken from the ledger's run."""
    shutil.rmtree(job.folder / _LEDGER, ignore_errors=True)
    agreed = ["--recipients", str(job.count), "--rate", "1000000/s", "--format", "json"]
    command = [sys.executable, "-m", "newsletter", "send", job.issue, *agreed]
    whole = child.run(command, folder=job.folder, environ=_environment(job))
    told = json.loads(whole.output)
    _all_accepted(told["counts"].get("accepted", 0), job)
    run = told["last_run"]
    began, ended = (dt.datetime.fromisoformat(run[at]) for at in ("started_at", "ended_at"))
    return Sent((ended - began).total_seconds(), whole)


def _environment(job: Job) -> dict[str, str]:
    """Only what is given here counts, whatever this user has set for a newsletter."""
    plain = {name: value for name, value in os.environ.items() if "NEWSLETTER_" not in name}
    return plain | {
        "NEWSLETTER_RELAY__HOST": HOST,
        "NEWSLETTER_RELAY__PORT": str(job.port),
        "NEWSLETTER_RELAY__SECURITY": "none",
        "NEWSLETTER_CONNECTIONS": str(job.connections),
    }


def smtp_source(job: Job) -> Sent:
    """Postfix's own source, in C: the same octets for everybody, nothing made or remembered."""
    many = ["-s", str(job.connections), "-m", str(job.count), "-l", str(job.octets)]
    whom = ["-f", "a@c.example", "-t", "b@e.example", f"{HOST}:{job.port}"]
    whole = child.run([SMTP_SOURCE, "-d", *many, *whom])
    return Sent(whole.seconds, whole)


def aiosmtplib(job: Job) -> Sent:
    """A pool of plain aiosmtplib, an ``EmailMessage`` for each recipient."""
    return _peer([sys.executable, "-m", "bench.plain_aiosmtplib"], job)


def nodemailer(job: Job) -> Sent:
    """The pool that nodemailer brings; it never reconnects."""
    return _peer(["node", str(HERE / "nodemailer_pool.cjs"), str(PEERS)], job)


def _peer(command: list[str], job: Job) -> Sent:
    given = [str(job.letter), HOST, str(job.port), str(job.connections)]
    whole = child.run([*command, *given], folder=HERE.parent)
    told = json.loads(whole.output)
    _all_accepted(told["accepted"], job)
    return Sent(told["seconds"], whole)


def _all_accepted(accepted: int, job: Job) -> None:
    if accepted != job.count:
        message = f"{accepted} of {job.count} messages were accepted: the figure would not count"
        raise Failed(message)


def install_nodemailer() -> str:
    """Have nodemailer in the ignored folder; why it cannot be had, else nothing."""
    if not (shutil.which("npm") and shutil.which("node")):
        return "node and npm are not installed"
    installed = PEERS / "node_modules" / "nodemailer" / "package.json"
    if installed.is_file() and json.loads(installed.read_text())["version"] == NODEMAILER:
        return ""
    PEERS.mkdir(exist_ok=True)
    quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    try:
        child.run(["npm", "install", "--prefix", str(PEERS), *quiet, f"nodemailer@{NODEMAILER}"])
    except Failed as error:
        return f"npm could not install it: {error}"
    return ""
