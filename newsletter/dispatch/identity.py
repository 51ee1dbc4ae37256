"""What makes messages ours, besides the tokens in their links."""

from dataclasses import dataclass
from typing import Protocol

from newsletter.unsubscribe import TokenKeys


class Signs(Protocol):
    """What puts signatures before a message; it holds the keys, dispatch does not."""

    def sign(self, message: bytes, now: int, *, relaxed: bool = False) -> bytes:
        """The message with its signatures; ``relaxed`` says that its body is in relaxed form."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Who vouches for a run's messages."""

    keys: TokenKeys | None = None
    """Prove the return paths; without them all messages have the same."""
    signer: Signs | None = None
    """Signs each message (DKIM); without it they leave unsigned."""


NOBODY = Identity()
