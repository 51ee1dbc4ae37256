"""The way in to a relay: connect, TLS, EHLO and login, through aiosmtplib.

Once inside, the connection is handed to a dialogue of our own, which keeps the phase in sight:
aiosmtplib raises the same error for a loss before and after the final dot, and takes a stray
reply for the answer to the next command.
"""

import asyncio
import base64
import ssl
from pathlib import Path
from typing import cast

import aiosmtplib

from newsletter.delivery import Phase
from newsletter.errors import RelayError
from newsletter.transport.certificate import (
    Fields,
    certificate_error,
    context_trusting,
    context_without_trust,
    valid_until,
)
from newsletter.transport.chunked import ChunkedConnection
from newsletter.transport.dialogue import Dialogue
from newsletter.transport.fault import STARTTLS, Fault, NotOfferedError, beneath, entry_error
from newsletter.transport.options import RelayFacts, Security, SmtpOptions
from newsletter.transport.reply import shortened, storable
from newsletter.transport.stream import Habits, SmtpStream
from newsletter.transport.transaction import SmtpConnection

_TROUBLE = (aiosmtplib.SMTPException, OSError, ValueError)
_PERMANENT = 500
_MOST_SAID = 300
_MOST_DIGITS = 18
"""Of a size: more is no number of octets, and a number of thousands of digits is none to Python."""


class SmtpTransport:
    """Connections to one relay, each encrypted, verified and logged in as the options say."""

    def __init__(self, options: SmtpOptions) -> None:
        self.options = options
        self.habits = Habits(pipelining=options.pipelining)
        self._context: ssl.SSLContext | None = None

    async def connect(self) -> SmtpStream:
        """Open a dialogue, through TLS and login.

        Raises ``RelayUnavailable`` where a later try may do, ``RelayError`` where it will not.
        """
        options = self.options
        _refuse_clear_text(options)
        entry = _Entry(options, self._tls_context())
        try:
            facts = await entry.go_in()
        except _TROUBLE as error:
            entry.leave()
            raise await _explained(options, entry.phase, error) from None
        except BaseException:
            entry.leave()
            raise
        return self._stream(Dialogue(entry.wire), facts, entry)

    def _stream(self, dialogue: Dialogue, facts: RelayFacts, keep: object) -> SmtpStream:
        options, habits = self.options, self.habits
        chunked = habits.chunking and habits.pipelining and facts.chunking and facts.pipelining
        if chunked and options.chunking_window > 1:
            return ChunkedConnection(
                dialogue,
                facts,
                timeout=options.timeout,
                dot_timeout=options.dot_timeout,
                habits=habits,
                window=options.chunking_window,
                keep=keep,
            )
        return SmtpConnection(
            dialogue,
            facts,
            timeout=options.timeout,
            dot_timeout=options.dot_timeout,
            habits=habits,
            keep=keep,
        )

    def _tls_context(self) -> ssl.SSLContext | None:
        """The context is built once: reading the system's authorities takes tens of ms."""
        if self.options.security is not Security.NONE and self._context is None:
            self._context = _trust(self.options.ca_file)
        return self._context


async def probe(options: SmtpOptions) -> RelayFacts:
    """What a relay offers: go in, say NOOP and QUIT. Raises as ``SmtpTransport.connect`` does."""
    connection = await SmtpTransport(options).connect()
    try:
        await connection.check()
    finally:
        await connection.close()
    return connection.facts


def refuse_larger(facts: RelayFacts, octets: int) -> None:
    """Stop before the first message when the largest is more than the relay takes (RFC 1870)."""
    if facts.size_limit and octets > facts.size_limit:
        message = f"a message of {octets} octets; {facts.place} takes {facts.size_limit}"
        raise RelayError(message, cure="make the issue smaller: fewer sections or lighter images")


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            message = f"cannot read certificates from {ca_file}: {error.strerror or error}"
            raise RelayError(message, cure="correct relay.ca_file: a file in PEM form") from error
    return context


def _refuse_clear_text(options: SmtpOptions) -> None:
    if options.security is Security.NONE and not (options.on_loopback or options.insecure):
        message = f'security = "none" would send to {options.place} in clear text'
        raise RelayError(message, cure='set relay.security to "starttls" or "tls"')


class _Entry:
    """Going in, step by step, with the phase kept for the error."""

    def __init__(self, options: SmtpOptions, context: ssl.SSLContext | None) -> None:
        self.phase = Phase.CONNECT
        self._options = options
        self._client = aiosmtplib.SMTP(
            hostname=options.host,
            port=options.port,
            local_hostname=options.local_hostname,
            timeout=options.timeout,
            use_tls=options.security is Security.TLS,
            start_tls=False,  # None would fall back to clear text; STARTTLS is a step of its own
            tls_context=context,
        )

    @property
    def wire(self) -> asyncio.Transport:
        """The connection itself."""
        return cast("asyncio.Transport", self._client.transport)

    def leave(self) -> None:
        """Close without a word; TLS's own farewell would outlive the loop."""
        transport = self._client.transport
        if isinstance(transport, asyncio.Transport) and not transport.is_closing():
            transport.abort()
        self._client.close()

    async def go_in(self) -> RelayFacts:
        """Up to the point where a message may be sent."""
        await self._up_to_tls()
        if self._options.username:
            await self._login()
        return self._facts()

    async def certificate(self) -> ssl.SSLObject:
        """Up to TLS and no further."""
        await self._up_to_tls()
        return cast("ssl.SSLObject", self._client.get_transport_info("ssl_object"))

    async def _up_to_tls(self) -> None:
        await self._client.connect()
        await self._hello()
        if self._options.security is not Security.STARTTLS:
            return
        self.phase = Phase.STARTTLS
        if not self._client.supports_extension("starttls"):
            raise NotOfferedError(STARTTLS)
        await self._client.starttls()
        await self._hello()

    async def _hello(self) -> None:
        """EHLO, or HELO where EHLO is refused: then no extension is assumed."""
        self.phase = Phase.EHLO
        try:
            await self._client.ehlo()
        except aiosmtplib.SMTPHeloError as refused:
            if refused.code < _PERMANENT:
                raise
            await self._client.helo()

    async def _login(self) -> None:
        """One method, one try: aiosmtplib's own login goes on through all of them."""
        self.phase = Phase.AUTH
        user, password = self._options.username, self._options.password.reveal()
        match next((m for m in ("plain", "login", "cram-md5") if m in self._methods()), None):
            case "plain":
                await self._client.auth_plain(user, password)
            case "login":
                await self._client.auth_login(user, password)
            case "cram-md5":
                await self._client.auth_crammd5(user, password)
            case _:
                offered = storable(", ".join(self._methods()).encode("utf-8", "surrogateescape"))
                raise NotOfferedError(shortened(offered, _MOST_SAID) or "no AUTH")

    def _methods(self) -> list[str]:
        return self._client.server_auth_methods

    def _facts(self) -> RelayFacts:
        offered = self._client.esmtp_extensions
        size = offered.get("size", "")
        tls = self._client.get_transport_info("ssl_object")
        return RelayFacts(
            place=self._options.place,
            extensions=frozenset(offered),
            size_limit=_octets(size),
            tls=tls.version() or "" if tls else "",
            logged_in=bool(self._options.username),
            certificate_until=valid_until(tls.getpeercert() or {}) if tls else None,
        )


def _octets(size: str) -> int | None:
    """A relay's limit; None where it names none, or no number."""
    return (int(size) or None) if size.isdecimal() and len(size) <= _MOST_DIGITS else None


async def _explained(options: SmtpOptions, phase: Phase, error: Exception) -> RelayError:
    untrusted = beneath(error, ssl.SSLCertVerificationError)
    if isinstance(untrusted, ssl.SSLCertVerificationError):
        return certificate_error(options, untrusted, await _certificate(options))
    code, text = 0, str(error)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        code, text = error.code, error.message
        phase = Phase.GREETING if phase is Phase.CONNECT else phase
    elif phase is Phase.CONNECT and isinstance(error.__cause__, aiosmtplib.SMTPException):
        phase = Phase.GREETING
    clean = _without_secrets(storable(text.encode("utf-8", "surrogateescape")), options)
    return entry_error(options, Fault(phase, code, shortened(clean, _MOST_SAID), error))


def _without_secrets(text: str, options: SmtpOptions) -> str:
    """The text with the password gone, in each of the forms that a relay could echo."""
    password = options.password.reveal()
    pair = f"\0{options.username}\0{password}"
    for form in (_encoded(pair), _encoded(password), password):
        text = text.replace(form, "••••") if form else text
    return text


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def _certificate(options: SmtpOptions) -> Fields:
    """The fields of a certificate that failed; empty where it cannot be had a second time."""
    context = context_without_trust()
    fields: Fields = {}
    for _ in range(2):
        entry = _Entry(options, context)
        try:
            tls = await entry.certificate()
            fields = tls.getpeercert() or {}
            context = context_trusting(tls.getpeercert(binary_form=True) or b"")
        except _TROUBLE:
            break
        finally:
            entry.leave()
    return fields
