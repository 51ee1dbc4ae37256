"""A real relay with TLS and a login, on loopback, with certificates made for one test."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from newsletter.transport.options import Secret, Security, SmtpOptions

USERNAME = "newsletter"
PASSWORD = "s3greto-è-lungo"


@dataclass
class Taken:
    """What arrived, and how many logins were tried."""

    bodies: list[bytes] = field(default_factory=list)
    logins: int = 0
    port: int = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep one message."""
        self.bodies.append(envelope.original_content or b"")
        return "250 2.0.0 queued"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _method: str, given: object
    ) -> AuthResult:
        """Check a login."""
        self.logins += 1
        assert isinstance(given, LoginPassword)
        right = (given.login.decode(), given.password.decode()) == (USERNAME, PASSWORD)
        return AuthResult(success=right, handled=False)


@dataclass(frozen=True)
class Authority:
    """An authority, and its file for ``ca_file``."""

    ca: trustme.CA
    file: Path

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        """A new one."""
        ca = trustme.CA(organization_name="Relay Test", key_type=trustme.KeyType.ECDSA)
        file = folder / "authority.pem"
        ca.cert_pem.write_to_path(str(file))
        return cls(ca, file)

    def server_context(
        self, name: str = "127.0.0.1", expires: dt.datetime | None = None
    ) -> ssl.SSLContext:
        """A server's context with a certificate for one name."""
        begins = expires - dt.timedelta(days=90) if expires else None
        certificate = self.ca.issue_cert(
            name, not_before=begins, not_after=expires, key_type=trustme.KeyType.ECDSA
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context


@asynccontextmanager
async def secure_relay(context: ssl.SSLContext, security: Security) -> AsyncIterator[Taken]:
    """A relay that wants TLS, in one of its two ways, and takes one login."""
    taken = Taken()
    loop = asyncio.get_running_loop()
    starttls = security is Security.STARTTLS

    def protocol() -> SMTP:
        return SMTP(
            taken,
            hostname="relay.test",
            loop=loop,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            authenticator=taken.authenticate,
            auth_require_tls=starttls,
        )

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=None if starttls else context)
    taken.port = server.sockets[0].getsockname()[1]
    try:
        yield taken
    finally:
        server.close()
        await asyncio.sleep(0.02)


def secure_options(
    port: int,
    security: Security,
    ca_file: Path | None,
    password: str = PASSWORD,
    host: str = "127.0.0.1",
) -> SmtpOptions:
    """Options that fit the relay above."""
    return SmtpOptions(
        host=host,
        port=port,
        username=USERNAME,
        password=Secret(password),
        security=security,
        ca_file=ca_file,
        timeout=2,
        dot_timeout=2,
    )
