"""Signing a campaign's messages: what their pages have in common is looked at once."""

import datetime as dt
from collections.abc import Sequence

from newsletter.dispatch.identity import Signs
from newsletter.message import CompiledMessage
from newsletter.transport.base import OutgoingMessage

_BODY = b"\r\n\r\n"


class Seal:
    """Puts signatures before messages of these variants."""

    def __init__(self, signer: Signs, variants: Sequence[CompiledMessage]) -> None:
        self._sign = signer.sign
        self._relaxed = [_is_relaxed(compiled) for compiled in variants]

    def __call__(self, message: OutgoingMessage, variant: int, now: dt.datetime) -> OutgoingMessage:
        """The message, signed."""
        seconds, relaxed = int(now.timestamp()), self._relaxed[variant]
        return message._replace(content=self._sign(message.content, seconds, relaxed=relaxed))


def _is_relaxed(compiled: CompiledMessage) -> bool:
    """Whether no body of this variant has anything that the relaxed form changes.

    What stands in slots never has: it is encoded by the same rules, on lines of its own.
    """
    from newsletter.signing import is_relaxed  # with all of OpenSSL: for those who sign

    whole = b"".join(compiled.segments)
    return is_relaxed(whole[whole.find(_BODY) + len(_BODY) :])
