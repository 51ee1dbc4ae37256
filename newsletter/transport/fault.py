"""Why we did not get in: one sentence, one cure, and whether time alone may mend it."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.delivery import Phase
from newsletter.errors import RelayError, RelayUnavailable
from newsletter.transport.options import Security, SmtpOptions

STARTTLS = "STARTTLS"
_SETTINGS = "check host, port and security under [relay]"
_WRONG_TLS = 'port 465 wants security = "tls", ports 587 and 25 "starttls"'
_OLD_TLS = ("protocol version", "unsupported protocol")
_WANTS_TLS = frozenset({530, 538})
"""What is said to a login in clear text (RFC 4954, 6)."""
_AUTH_CURE = "check relay.username and NEWSLETTER_RELAY__PASSWORD; only one try was made"


@dataclass(frozen=True, slots=True)
class Fault:
    """Where going in ended, what the relay said (code 0: nothing), and the error beneath."""

    phase: Phase
    code: int
    text: str
    error: BaseException

    @property
    def said(self) -> str:
        """The reply as the relay wrote it."""
        return f"{self.code} {self.text}".strip()


class NotOfferedError(ValueError):
    """The relay does not offer what the options demand (``STARTTLS``, ``AUTH``)."""


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """The error and all that lie beneath it."""
    seen: BaseException | None = error
    while seen:
        yield seen
        seen = seen.__cause__ or seen.__context__


def beneath(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The first error of that kind under this one."""
    return next((cause for cause in causes_of(error) if isinstance(cause, kind)), None)


def entry_error(options: SmtpOptions, fault: Fault) -> RelayError:
    """The error an officer sees; holds no password, whatever the relay echoed."""
    if isinstance(fault.error, NotOfferedError):
        return _not_offered(options, str(fault.error))
    tls = beneath(fault.error, ssl.SSLError)
    if tls:
        reason = getattr(tls, "reason", "") or str(tls)
        why = reason.lower().replace("_", " ")
        old = any(words in why for words in _OLD_TLS)
        cure = "have the relay offer TLS 1.2 or 1.3" if old else _WRONG_TLS
        return RelayError(f"TLS with {options.place} failed: {why}", cure=cure)
    if fault.code:
        return _answered(options, fault)
    return _unreachable(options, fault)


def _not_offered(options: SmtpOptions, what: str) -> RelayError:
    if what == STARTTLS:
        return RelayError(
            f"{options.place} does not offer STARTTLS; nothing was sent in clear text",
            cure=_WRONG_TLS,
        )
    return RelayError(
        f"{options.place} offers no login that we know ({what})",
        cure="leave relay.username empty, or use the port that takes logins (587 or 465)",
    )


def _answered(options: SmtpOptions, fault: Fault) -> RelayError:
    said = f"{options.place} answered {fault.said!r}"
    if fault.phase is Phase.STARTTLS:
        return RelayError(f"{said} to STARTTLS; nothing was sent in clear text", cure=_WRONG_TLS)
    if fault.phase is Phase.AUTH and fault.code >= 500:  # noqa: PLR2004 - permanent
        in_clear = fault.code in _WANTS_TLS and options.security is Security.NONE
        cure = 'set relay.security to "starttls" or "tls"' if in_clear else _AUTH_CURE
        return RelayError(f"login as {options.username} failed: {said}", cure=cure)
    if 400 <= fault.code < 500:  # noqa: PLR2004 - transient
        return RelayUnavailable(f"{said}: it asks us to come back later", cure="try again later")
    if fault.code < 0:
        return RelayError(f"{options.place} does not speak SMTP: {fault.text}", cure=_SETTINGS)
    return RelayError(f"{said} to {fault.phase}: it refuses us", cure="ask the relay's operator")


def _unreachable(options: SmtpOptions, fault: Fault) -> RelayError:
    if beneath(fault.error, socket.gaierror):
        message = f"the host name {options.host} is not known"
        return RelayUnavailable(message, cure="check relay.host, and the network")
    if beneath(fault.error, TimeoutError):
        message = f"{options.place} did not answer within {options.timeout:g} s ({fault.phase})"
        return RelayUnavailable(message, cure=f"try again later, or {_SETTINGS}")
    if fault.phase is Phase.CONNECT:
        refused = beneath(fault.error, ConnectionRefusedError)
        reason = "connection refused" if refused else fault.text
        message = f"no relay answers at {options.place}: {reason}"
        return RelayUnavailable(message, cure=f"start it, or {_SETTINGS}")
    message = f"{options.place} closed the connection during {fault.phase}"
    return RelayUnavailable(message, cure="try again later")
