"""The options: one class per table of newsletter.toml, and the whole."""

import re
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    SettingsConfigDict,
)

from newsletter.values import Address, Rate, nearest, parse_language, seconds_of

FILE_NAME = "newsletter.toml"
PREFIX = "NEWSLETTER_"
_SHORTEST_SECRET = 16
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_IN_AN_ADDRESS = re.compile(r"[!#-'*+./0-9=?A-Z^-~-]+@[A-Za-z0-9.-]+")
_IN_A_SITE = re.compile(r"[A-Za-z0-9._~:/@%+-]+")
_LIST_ID = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_LONGEST_LIST_ID = 255


def _address(raw: str) -> str:
    text = Address.parse(raw).text
    if not _IN_AN_ADDRESS.fullmatch(text) or "=?" in text:
        message = f"{text!r} cannot stand in a header: use letters of ASCII, digits and . _ + -"
        raise ValueError(message)
    return text


def _rate(raw: object) -> object:
    return raw if isinstance(raw, Rate) else Rate.parse(str(raw))


def _wait(raw: str) -> str:
    seconds_of(raw)
    return raw


def _one_line(raw: str) -> str:
    if _HIDDEN.search(raw):
        message = "must be one line without control characters"
        raise ValueError(message)
    if "=?" in raw:
        message = "must not hold '=?', which mail programs take for an encoded word"
        raise ValueError(message)
    return raw


def _said(raw: str) -> str:
    if not raw.strip():
        message = "must not be empty"
        raise ValueError(message)
    return raw


def _list_id(raw: str) -> str:
    if not _LIST_ID.fullmatch(raw) or len(raw) > _LONGEST_LIST_ID:
        message = "must be a name under a domain of yours, such as news.organisation.example"
        raise ValueError(message)
    return raw


def _language(raw: str) -> str:
    return parse_language(raw)


def _site(raw: str) -> str:
    parts = urlsplit(raw)  # ValueError for a bracket that is not closed
    here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    if not (parts.scheme == "https" or here):
        message = "must be an https address (http only on this machine)"
        raise ValueError(message)
    if not parts.hostname or not _IN_A_SITE.fullmatch(raw):
        message = "must be a host and a path, in letters of ASCII, such as https://news.example"
        raise ValueError(message)
    return raw.rstrip("/")


def _zone(raw: str) -> str:
    if raw not in zoneinfo.available_timezones():
        near = nearest(raw, zoneinfo.available_timezones())
        message = f"is not a time zone{f': did you mean {near!r}?' if near else ''}"
        raise ValueError(message)
    return raw


Line = Annotated[str, AfterValidator(_one_line)]
Said = Annotated[Line, AfterValidator(_said)]
EmailAddress = Annotated[str, AfterValidator(_address)]


class Options(BaseModel):
    """A table of newsletter.toml: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SenderOptions(Options):
    """Who the mail is from, as readers see it."""

    name: Said = Field(description="The name in From.")
    address: EmailAddress = Field(description="The address in From, and the envelope's sender.")
    reply_to: EmailAddress | None = Field(default=None, description="Where answers go.")
    organisation: Said = Field(description="Who publishes: the first line of the footer.")
    postal_address: tuple[Line, ...] = Field(
        min_length=1, description="The footer's postal address, a line each (CAN-SPAM, CASL)."
    )
    list_id: Annotated[str, AfterValidator(_list_id)] = Field(
        description="The List-Id (RFC 2919): a name under a domain of yours."
    )
    tagline: dict[Annotated[str, AfterValidator(_language)], Line] = Field(
        default={}, description="The line under the masthead's name, per language."
    )


class SiteOptions(Options):
    """Where images, unsubscribe pages and the view in the browser live."""

    url: Annotated[str, AfterValidator(_site)] = Field(
        description="The address before /u/, /images/."
    )
    unsubscribe_mailto: EmailAddress | None = Field(
        default=None, description="Reads unsubscribes by mail; by default the sender's address."
    )


class RelayOptions(Options):
    """The SMTP server that messages are handed to. Without a host it is the staging inbox."""

    host: str | None = Field(default=None, description="Name or address of the relay.")
    port: int | None = Field(
        default=None, ge=1, le=65535, description="By default 587 (starttls), 465 (tls), 25 (none)."
    )
    username: str | None = Field(default=None, description="The login, when the relay wants one.")
    password: SecretStr | None = Field(
        default=None, description="Set it as NEWSLETTER_RELAY__PASSWORD or in .env, never in git."
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="none is refused off loopback unless insecure = true."
    )
    insecure: bool = Field(default=False, description="Allows plain text off this machine.")
    hello: Line | None = Field(
        default=None, description="The name said in EHLO; by default the sender's domain."
    )
    ca_file: Path | None = Field(
        default=None, description="Certificates to trust besides the system's (PEM)."
    )
    pipelining: bool = Field(
        default=True, description="Several commands at once (RFC 2920), where the relay offers it."
    )
    chunking_window: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Messages in the air per connection, by CHUNKING (RFC 3030): all are in doubt"
        " when it is lost. 1: one at a time.",
    )
    timeout: float = Field(default=60, gt=0, description="Seconds to wait for each reply.")
    dot_timeout: float = Field(
        default=600, gt=0, description="Seconds to wait after the final dot (RFC 5321, 4.5.3.2.6)."
    )

    @property
    def effective_port(self) -> int:
        """The port to dial."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]


class StagingOptions(Options):
    """The staging inbox: where tests go, and everything under the staging profile."""

    address: EmailAddress = Field(
        default="staging@staging.example", description="Where tests and staging sends go."
    )
    also: tuple[EmailAddress, ...] = Field(
        default=(), description="Other addresses that `test --to` may name."
    )
    port: int = Field(default=2525, ge=1, le=65535, description="SMTP port on 127.0.0.1.")
    web_port: int = Field(default=8025, ge=1, le=65535, description="The page's port on 127.0.0.1.")


class ScheduleOptions(Options):
    """Defaults of `send --at`."""

    zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="Europe/Rome", description="The zone of a time that names none."
    )
    max_late: int = Field(
        default=7200, ge=0, description="Seconds after which a due campaign is missed, not sent."
    )


class Settings(BaseSettings):
    """The whole configuration of one newsletter."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    name: Said = Field(description="The newsletter's name: List-Id's words, page titles.")
    language: Annotated[str, AfterValidator(_language)] = Field(
        default="it", description="The language of readers whose row names none."
    )
    sender: SenderOptions
    site: SiteOptions
    relay: RelayOptions = RelayOptions()
    staging: StagingOptions = StagingOptions()
    schedule: ScheduleOptions = ScheduleOptions()
    rate: Annotated[Rate, NoDecode, BeforeValidator(_rate)] = Field(
        default=Rate(5, 1), description="Messages over time: 5/s, 200/min, 10000/day."
    )
    connections: int = Field(default=4, ge=1, le=100, description="Open dialogues with the relay.")
    on_doubt: Literal["hold", "resend"] = Field(
        default="hold", description="hold: a delivery in doubt is listed, not sent again."
    )
    retry_schedule: tuple[Annotated[str, AfterValidator(_wait)], ...] = Field(
        default=("1 min", "5 min", "15 min", "30 min", "1 h", "2 h", "4 h"),
        min_length=1,
        max_length=50,
        description="Waits after a relay's “later”, in turn; the last goes on.",
    )
    give_up_after: Annotated[str, AfterValidator(_wait)] = Field(
        default="48 h", description="After so long a deferral expires: 90 s, 5 min, 4 h, 2 d."
    )
    ledger: str = Field(
        default=".newsletter/ledger.db",
        min_length=1,
        description="A SQLite file, or postgresql://…",
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=_SHORTEST_SECRET,
        description="Signs unsubscribe links; made at first use when not set.",
    )
    profiles: dict[Literal["staging", "production"], dict[str, Any]] = Field(
        default={}, description="Tables laid over the rest under --profile."
    )
