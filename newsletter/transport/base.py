"""How a message leaves: the two Protocols that every transport keeps."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from newsletter.delivery import Outcome


class OutgoingMessage(NamedTuple):
    """One message to one recipient, as it goes over the wire.

    ``content`` has CRLF line ends, ends in CRLF, holds 7-bit octets in lines of at most 998, and
    no line begins with a dot (the compiler encodes it), so it needs no dot-stuffing.
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


class Transport(Protocol):
    """Where connections come from."""

    async def connect(self) -> Connection:
        """Open a dialogue, through TLS and login.

        Raises ``RelayUnavailable`` where a later try may do (no route, 4xx), and ``RelayError``
        where it will not (certificate, password, 5xx greeting, TLS not offered).
        """
        ...
