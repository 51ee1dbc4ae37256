"""What a relay needs to be told, and what it told us about itself."""

import datetime as dt
import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

_COMMAND_SECONDS = 60.0
_DOT_SECONDS = 600.0  # RFC 5321, 4.5.3.2.6: a shorter wait makes doubt out of slowness


class Security(StrEnum):
    """How the way to the relay is kept private."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that no repr, traceback or log shows."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __str__(self) -> str:
        """Dots, whatever the text is."""
        return "••••" if self._text else ""


@dataclass(frozen=True, slots=True)
class SmtpOptions:
    """Where the relay is and how to enter it. Times are in seconds.

    ``none`` is allowed on a loopback host only, unless ``insecure``. ``local_hostname`` is what
    EHLO says (an address literal needs no DNS and is always well formed: RFC 5321, 4.1.3);
    ``ca_file`` holds authorities to trust besides the system's (PEM). ``pipelining`` writes an
    envelope at once where the relay offers it (RFC 2920). ``chunking_window`` is how many messages
    may be in the air on one connection where the relay offers CHUNKING (RFC 3030); 1 is without.
    """

    host: str = "127.0.0.1"
    port: int = 2525
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    security: Security = Security.STARTTLS
    insecure: bool = False
    timeout: float = _COMMAND_SECONDS
    dot_timeout: float = _DOT_SECONDS
    local_hostname: str = "[127.0.0.1]"
    ca_file: Path | None = None
    pipelining: bool = True
    chunking_window: int = 1

    @property
    def place(self) -> str:
        """``host:port`` as messages name the relay."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def on_loopback(self) -> bool:
        """Whether nothing that is said leaves this machine."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class RelayFacts:
    """What a relay offers, as it said after EHLO (RFC 5321, 4.1.1.1).

    ``size_limit`` is in octets, None where the relay names none. ``tls`` is the protocol's name
    (``TLSv1.3``), empty without TLS.
    """

    place: str
    extensions: frozenset[str] = frozenset()
    size_limit: int | None = None
    tls: str = ""
    logged_in: bool = False
    certificate_until: dt.datetime | None = None
    """The last instant of the relay's certificate; None without TLS."""

    @property
    def pipelining(self) -> bool:
        """Several commands may be written at once (RFC 2920)."""
        return "pipelining" in self.extensions

    @property
    def eight_bit(self) -> bool:
        """Bodies of eight bits are taken (RFC 6152)."""
        return "8bitmime" in self.extensions

    @property
    def smtputf8(self) -> bool:
        """Addresses beyond ASCII are taken (RFC 6531)."""
        return "smtputf8" in self.extensions

    @property
    def size(self) -> bool:
        """The size may be said in advance (RFC 1870)."""
        return "size" in self.extensions

    @property
    def chunking(self) -> bool:
        """BDAT is taken (RFC 3030)."""
        return "chunking" in self.extensions
