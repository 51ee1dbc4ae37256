"""The options of the public pages."""

import ipaddress
from typing import Annotated

from pydantic import AfterValidator, Field

from newsletter.settings.kinds import Line, Options, Pace
from newsletter.values import Rate


def _network(raw: str) -> str:
    try:
        ipaddress.ip_network(raw)
    except ValueError:
        message = f"{raw!r} is no address or network, such as 127.0.0.1 or 10.0.0.0/8"
        raise ValueError(message) from None
    return raw


Network = Annotated[str, AfterValidator(_network)]


class ServeOptions(Options):
    """The public pages: `newsletter serve`, behind a web server that speaks https."""

    host: Line = Field(default="127.0.0.1", description="Where it listens.")
    port: int = Field(default=8080, ge=1, le=65535, description="Its port.")
    trusted_proxies: tuple[Network, ...] = Field(
        default=(),
        description="Web servers in front whose X-Forwarded-For is believed: 127.0.0.1, 10.0.0.0/8."
        " By default nobody's.",
    )
    rate: Pace = Field(
        default=Rate(120, 60),
        description="Pages that one client may ask for; leaving is never limited.",
    )
    note_client: bool = Field(
        default=False,
        description="Whether a consent keeps the network address that it came from, as proof.",
    )
