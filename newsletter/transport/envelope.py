"""What is said of a message before its body: whether it may be, and in which octets."""

import re
import sys

from newsletter.delivery import Blame, Phase, Refused, Reply
from newsletter.transport.base import OutgoingMessage
from newsletter.transport.options import RelayFacts

_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")
_PLAIN = re.compile(r"[!-;=?-~]+").fullmatch
"""Of most addresses it is known in one step that they are safe."""
_DOT_LINE = re.compile(rb"\r\n\.")  # a third quicker over a large body than ``in``


class Envelopes:
    """The envelopes of one connection; what they share is made once for each sender."""

    def __init__(self, facts: RelayFacts) -> None:
        self._sender: str | None = None
        self._sender_is_unfit: Refused | None = None
        self._mail = self._whole = b""
        self._sized = facts.size
        self._utf8 = facts.smtputf8
        self._limit = facts.size_limit or sys.maxsize

    def unfit(self, message: OutgoingMessage) -> Refused | None:
        """Why this relay cannot be given the message at all; found without a word on the wire.

        An address is never altered to fit: without SMTPUTF8 a non-ASCII one is not sendable
        (RFC 6531, 3.5), and one that would break a command never is.
        """
        if message.sender is not self._sender:
            self._take_sender(message.sender)
        plain = _PLAIN(message.recipient) and len(message.content) <= self._limit
        return self._sender_is_unfit if plain else self._why_unfit(message)

    def _why_unfit(self, message: OutgoingMessage) -> Refused | None:
        recipient = message.recipient
        if not recipient or _UNSAFE.search(recipient):
            return _not_an_address()
        if not (self._utf8 or recipient.isascii()):
            return _unsent(Phase.RCPT, 553, "5.6.7 the relay does not take SMTPUTF8", Blame.READER)
        if self._sender_is_unfit:
            return self._sender_is_unfit
        if len(message.content) > self._limit:
            text = f"5.3.4 {len(message.content)} octets, the relay takes {self._limit}"
            return _unsent(Phase.MAIL, 552, text, Blame.MESSAGE)
        return None

    def mail(self, message: OutgoingMessage) -> bytes:
        """MAIL FROM with what the relay wants to know; a message that is ``unfit`` has none.

        Others may have been looked at since, each with a sender of its own.
        """
        if message.sender is not self._sender:
            self._take_sender(message.sender)
        command = self._mail % len(message.content) if self._sized else self._mail
        if message.recipient.isascii() and message.sender.isascii():
            return command + b"\r\n"
        return command + b" SMTPUTF8\r\n"

    def rcpt(self, message: OutgoingMessage) -> bytes:
        """RCPT TO."""
        return b"RCPT TO:<%b>\r\n" % message.recipient.encode()

    def whole(self, message: OutgoingMessage) -> bytes:
        """MAIL, RCPT and DATA."""
        if message.sender is not self._sender:
            self._take_sender(message.sender)
        recipient = message.recipient.encode()
        if not (self._whole and recipient.isascii()):
            return self.mail(message) + self.rcpt(message) + b"DATA\r\n"
        return self._whole % ((len(message.content), recipient) if self._sized else recipient)

    def _take_sender(self, sender: str) -> None:
        """``SIZE=%d`` is filled in for each message, so a ``%`` of the address is doubled."""
        self._sender = sender
        self._sender_is_unfit = None
        if _UNSAFE.search(sender):
            self._sender_is_unfit = _not_an_address()
        elif not (self._utf8 or sender.isascii()):
            why = "5.6.7 the relay does not take SMTPUTF8"
            self._sender_is_unfit = _unsent(Phase.MAIL, 550, why, Blame.US)
        address = sender.encode()
        if self._sized:
            self._mail = b"MAIL FROM:<%b> SIZE=%%d" % address.replace(b"%", b"%%")
        else:
            self._mail = b"MAIL FROM:<%b>" % address
        doubled = self._mail if self._sized else self._mail.replace(b"%", b"%%")
        self._whole = doubled + b"\r\nRCPT TO:<%b>\r\nDATA\r\n" if sender.isascii() else b""


def safe_content(message: OutgoingMessage) -> bytes:
    """The content, safe to be ended by a dot, were the compiler ever to break its promise."""
    content = message.content
    if message.proved:
        return content
    if content.startswith(b".") or _DOT_LINE.search(content):
        content = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _not_an_address() -> Refused:
    return _unsent(Phase.RCPT, 553, "5.1.3 not an address", Blame.READER)


def _unsent(phase: Phase, code: int, text: str, blame: Blame) -> Refused:
    return Refused(phase, Reply(code, f"{text} (not sent)"), blame)
