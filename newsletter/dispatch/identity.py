"""What makes messages ours, besides the tokens in their links."""

from dataclasses import dataclass

from newsletter.unsubscribe import TokenKeys


@dataclass(frozen=True, slots=True)
class Identity:
    """Who vouches for a run's messages."""

    keys: TokenKeys | None = None
    """Prove the return paths; without them all messages have the same."""


NOBODY = Identity()
