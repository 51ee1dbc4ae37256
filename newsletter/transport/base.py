"""How a message leaves: the Protocols that transports keep, and those who feed them."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

from newsletter.delivery import Outcome, Reply


class OutgoingMessage(NamedTuple):
    """One message to one recipient, as it goes over the wire.

    ``content`` has CRLF line ends, ends in CRLF and holds 7-bit octets in lines of at most 998.
    No line of it begins with a dot (the compiler encodes it), so it needs no dot-stuffing.
    """

    sender: str
    recipient: str
    message_id: str
    content: bytes
    proved: bool = False
    """Whether that was proved once for whatever readers are called (see ``needs_no_stuffing``);
    otherwise a transport looks at the content."""


class Connection(Protocol):
    """An open dialogue that takes one message after the other."""

    @property
    def usable(self) -> bool:
        """False once the relay or the network ended the dialogue."""
        ...

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """Hand one message over; ``before_dot`` runs just before the final dot is written.

        Never raises for what the relay or the network does: that is an outcome. What
        ``before_dot`` raises comes through, and then the dot was not written.
        """
        ...

    async def close(self) -> None:
        """Say QUIT, wait for a second at most, and let go."""
        ...


class Handover(Protocol):
    """What one who hands a message over is told of it: the intent, then exactly one end."""

    def before_dot(self) -> None:
        """The final dot (or last chunk) is about to be written; if this raises, it is not."""
        ...

    def settled(self, outcome: Outcome) -> None:
        """An end: what the attempt came to."""
        ...

    def untried(self, reply: Reply | None) -> None:
        """An end: the connection went before a word about this message counted.

        ``reply`` is the 421 that it went with, if there was one.
        """
        ...

    def cut(self, error: BaseException) -> None:
        """An end: it was broken off on our side; ``error`` is what ``before_dot`` raised."""
        ...


class Feeder(Protocol):
    """Who keeps a connection busy. Both calls come from within the event loop's callbacks."""

    def refill(self) -> None:
        """There is room: hand over what is at hand, without waiting."""
        ...

    def rest(self) -> None:
        """All that the relay said so far was told; look whether the connection is usable still."""
        ...


class Intents(Protocol):
    """Who records the intents of several connections together."""

    def intend(self, stream: "Patient", handover: Handover) -> None:
        """The final dot of a message is to leave: let it ``proceed``, or hold it back, soon."""
        ...


@runtime_checkable
class Patient(Protocol):
    """A stream whose final dots can wait until intents were recorded, others' among them."""

    intents: Intents | None
    """Who is asked; nobody where ``before_dot`` records each by itself."""

    def proceed(self) -> None:
        """The intent is recorded: write what waits, if the connection is still there."""
        ...

    def hold_back(self, error: BaseException) -> None:
        """It is not: nothing is written, and the message is ``cut`` with this."""
        ...


@runtime_checkable
class Stream(Connection, Protocol):
    """A connection that messages are handed over to without waiting for their outcomes.

    Outcomes come in the order of the handing over, each before the next ``before_dot`` that the
    connection's window allows.
    """

    feeder: Feeder | None
    """Who is asked for more; nobody where messages are sent one by one."""

    @property
    def room(self) -> bool:
        """Whether one more message may be handed over now."""
        ...

    def hand_over(self, message: OutgoingMessage, handover: Handover) -> None:
        """Take one message while there is ``room``; ``handover`` is told its end, at once or later.

        Raises nothing.
        """
        ...


class Transport(Protocol):
    """Where connections come from."""

    async def connect(self) -> Connection:
        """Open a dialogue, through TLS and login.

        Raises ``RelayUnavailable`` where a later try may do (no route, 4xx), and ``RelayError``
        where it will not (certificate, password, 5xx greeting, TLS not offered).
        """
        ...
