"""A Postfix that writes its log as the real one does, in the order of its documentation."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

TRADITIONAL, ISO, RFC5424, JOURNAL_UNIX = "traditional", "iso", "rfc5424", "unix"
LONG_IDS = "4bXyZ30Pdqz1kQF"


@dataclass
class Postfix:
    """Adds lines to ``lines``; ``form`` is how times are written, ``ahead`` its clock's offset."""

    host: str = "mx1"
    form: str = TRADITIONAL
    ahead: dt.timedelta = dt.timedelta(hours=1)
    lines: list[str] = field(default_factory=list)

    def say(self, at: dt.datetime, program: str, words: str) -> None:
        """One line."""
        here = at.astimezone(dt.timezone(self.ahead))
        tag = f"postfix/{program}[{4000 + len(self.lines)}]:"
        match self.form:
            case "iso":
                time = here.isoformat(timespec="microseconds")
            case "unix":
                time = f"{at.timestamp():.6f}"
            case "rfc5424":
                time = f"<22>1 {here.isoformat(timespec='milliseconds')}"
                tag = f"postfix/{program} {4000 + len(self.lines)} - -"
            case _:
                time = f"{here:%b} {here.day:2d} {here:%H:%M:%S}"
        self.lines.append(f"{time} {self.host} {tag} {words}")

    def receive(self, at: dt.datetime, queue_id: str, message_id: str) -> None:
        """The client is known and the header was read; nothing is queued yet."""
        self.say(at, "smtpd", f"{queue_id}: client=news.alisei.example[192.0.2.7]")
        self.say(at, "cleanup", f"{queue_id}: message-id={message_id}")

    def queue(self, at: dt.datetime, queue_id: str) -> None:
        """The queue manager has it."""
        words = "from=<news@alisei.example>, size=2042, nrcpt=1 (queue active)"
        self.say(at, "qmgr", f"{queue_id}: {words}")

    def finish(self, at: dt.datetime, queue_id: str, status: str = "sent (250 2.0.0 Ok)") -> None:
        """A delivery agent is done with it."""
        words = (
            "to=<r@soci.example>, relay=mx.soci.example[198.51.100.9]:25, delay=1, delays=0/0/0/1"
        )
        self.say(at, "smtp", f"{queue_id}: {words}, dsn=2.0.0, status={status}")
        if not status.startswith("deferred"):
            self.say(at, "qmgr", f"{queue_id}: removed")

    def take(self, at: dt.datetime, queue_id: str, message_id: str) -> None:
        """The whole way of a message that is delivered."""
        self.receive(at, queue_id, message_id)
        self.queue(at, queue_id)
        self.finish(at, queue_id)

    def idle(self, *times: dt.datetime) -> None:
        """Lines about nothing of ours."""
        for at in times:
            self.say(at, "anvil", "statistics: max cache size 1 at Nov 22 14:10:00")

    @property
    def raw(self) -> list[bytes]:
        """The lines as a file holds them."""
        return [f"{line}\n".encode() for line in self.lines]

    @property
    def content(self) -> bytes:
        """The whole file."""
        return b"".join(self.raw)


def minutes(start: dt.datetime, numbers: Iterable[float]) -> list[dt.datetime]:
    """Instants so many minutes after the start."""
    return [start + dt.timedelta(minutes=number) for number in numbers]
