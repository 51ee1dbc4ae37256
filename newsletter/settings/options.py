"""The options: one class per table of newsletter.toml, and the whole."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PositiveInt,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    SettingsConfigDict,
)

from newsletter.settings.engine import EngineOptions
from newsletter.settings.feedback import FeedbackOptions, ImapOptions, WebhookOptions
from newsletter.settings.kinds import (
    LIMITS,
    Domain,
    EmailAddress,
    FilePlace,
    Hello,
    Holidays,
    Host,
    LanguageTag,
    LedgerPlace,
    LimitName,
    Line,
    Options,
    Pace,
    Quiet,
    RelayName,
    RuleId,
    Said,
    Wait,
    Window,
    Zone,
)
from newsletter.settings.lists import ListOptions
from newsletter.settings.public import ServeOptions
from newsletter.settings.sender import DkimOptions, DoctorOptions, SenderOptions, SiteOptions
from newsletter.settings.tracking import TrackingOptions
from newsletter.values import Rate, nearest

FILE_NAME = "newsletter.toml"
PREFIX = "NEWSLETTER_"
_SHORTEST_SECRET = 16


class WarmupOptions(Options):
    """How a relay's first days begin: messages on each, then no such limit."""

    start: dt.date = Field(description="The first day, on the clocks of schedule.zone: 2026-12-01.")
    curve: tuple[PositiveInt, ...] = Field(
        min_length=1, max_length=400, description="Messages on each day in turn: [200, 500, 1000]."
    )


class RelayOptions(Options):
    """The SMTP server that messages are handed to. Without a host it is the staging inbox."""

    host: Host | None = Field(default=None, description="Name or address of the relay.")
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
    hello: Hello | None = Field(
        default=None, description="The name said in EHLO; by default the sender's domain."
    )
    ca_file: FilePlace | None = Field(
        default=None,
        description="Certificates to trust besides the system's (PEM), from the newsletter's"
        " folder.",
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
    rate: Pace | None = Field(
        default=None, description="The most it takes, whatever the campaign's rate: 100/s."
    )
    connections: int | None = Field(
        default=None, ge=1, le=100, description="Open dialogues with it; by default connections."
    )
    hour: int | None = Field(
        default=None, ge=1, description="Messages it takes in any hour; then campaigns wait."
    )
    day: int | None = Field(
        default=None, ge=1, description="Messages it takes in any 24 hours; then campaigns wait."
    )

    warmup: WarmupOptions | None = Field(
        default=None, description="Its first days; by default [warmup] for the main relay."
    )

    @model_validator(mode="after")
    def _nobody_logs_in(self) -> Self:
        """Only where a relay is named: the password may wait in .env for a profile that has one."""
        if self.host and not self.username and self.password and self.password.get_secret_value():
            message = "has a password and no username to log in with: add it, or remove both"
            raise ValueError(message)
        return self

    @property
    def effective_port(self) -> int:
        """The port to dial."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]


class NamedRelayOptions(RelayOptions):
    """One more relay, under a name of yours: the default, or the one for some readers' domains.

    Its password is NEWSLETTER_RELAYS__NAME__PASSWORD.
    """

    host: Host = Field(description="Name or address of the relay.")
    domains: tuple[Domain, ...] = Field(
        default=(), description="Readers at these domains are mailed through this relay."
    )


class LimitsOptions(Options):
    """What readers' domains and you yourself allow, besides each relay's own limits."""

    per_domain: Pace | None = Field(
        default=None, description="The most that any one domain of readers gets: 10/s."
    )
    domains: dict[Domain, Pace] = Field(
        default={}, description='Other rates for some domains: "gmail.example" = "20/s".'
    )
    hour: int | None = Field(
        default=None, ge=1, description="Messages in any hour, over all relays."
    )
    day: int | None = Field(
        default=None, ge=1, description="Messages in any 24 hours, over all relays."
    )


class PauseOptions(Options):
    """When a run pauses by itself and asks: shares of the last 1,000 tries, in percent."""

    refused: float = Field(default=5, ge=0, le=100, description="More refusals pause; 0 never.")
    deferred: float = Field(default=30, ge=0, le=100, description="More deferrals pause; 0 never.")
    after: int = Field(default=100, ge=1, description="Nothing is judged before so many tries.")


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
    imap: ImapOptions | None = Field(
        default=None,
        description="The staging address's own mailbox: `test --to … --verify` reads there what a"
        " real relay delivered.",
    )
    wait: float = Field(
        default=120, ge=0, le=3_600, description="Seconds to wait there for a test to arrive."
    )


class ScheduleOptions(Options):
    """When things are sent."""

    zone: Zone = Field(default="Europe/Rome", description="The zone of a time that names none.")
    window: Window = Field(
        default="",
        description='When messages may be sent: "Mon-Fri 08:00-18:00"; by default at any time.',
    )
    quiet: Quiet = Field(
        default="",
        description='When none is sent, whatever the window: "22:00-07:00"; by default never.',
    )
    holidays: Holidays = Field(
        default="",
        description='Whose public holidays the window leaves out: "IT", "CA-QC", "IT, DE".',
    )
    max_late: int = Field(
        default=7200,
        ge=0,
        le=1_000_000_000,
        description="Seconds after which a due campaign is missed, not sent.",
    )


class IgnoreOptions(Options):
    """One kind of finding that is let be, with the reason for whoever asks."""

    rule: RuleId = Field(description="The rule's id: W022.")
    reason: Said = Field(description="Why it is right here; shown with the finding in reports.")
    issue: Said = Field(default="*", description="Only this issue, or a pattern: 2019-*.")
    where: Line = Field(default="", description="Only this key and what is in it: sections.china.")


class CheckOptions(Options):
    """What `check` makes of the rules in this newsletter."""

    severity: dict[RuleId, Literal["error", "warning", "note"]] = Field(
        default={}, description='Other weights: W012 = "error".'
    )
    ignore: tuple[IgnoreOptions, ...] = Field(
        default=(),
        description="Findings to let be, each in a table [[check.ignore]]: rule and reason, and"
        " optionally issue and where.",
    )
    limits: dict[LimitName, PositiveInt] = Field(
        default={}, description=f"Thresholds of your own: {', '.join(LIMITS)}."
    )
    clients: tuple[Said, ...] = Field(
        default=(), description="The mail programs to care for; by default those of the rules."
    )


class Settings(BaseSettings):
    """The whole configuration of one newsletter."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    name: Said = Field(description="The newsletter's name: List-Id's words, page titles.")
    language: LanguageTag = Field(
        default="it", description="The language of readers whose row names none."
    )
    images: Literal["hosted", "embedded"] = Field(
        default="hosted", description="On the site, or inside each message; an issue may differ."
    )
    sender: SenderOptions
    site: SiteOptions
    serve: ServeOptions = ServeOptions()
    lists: dict[str, ListOptions] = Field(
        default={}, description="Lists as readers see them, each in a table: [lists.NAME]."
    )
    tracking: TrackingOptions = TrackingOptions()
    dkim: DkimOptions = DkimOptions()
    doctor: DoctorOptions = DoctorOptions()
    feedback: FeedbackOptions = FeedbackOptions()
    webhooks: WebhookOptions = WebhookOptions()
    relay: RelayOptions = RelayOptions()
    relays: dict[RelayName, NamedRelayOptions] = Field(
        default={}, description="More relays, each in a table of its own: [relays.NAME]."
    )
    default_relay: str | None = Field(
        default=None, description="Which of relays mails all other domains; by default [relay]."
    )
    warmup: WarmupOptions | None = Field(
        default=None, description="The first days of the main relay; the rest waits for the next."
    )
    limits: LimitsOptions = LimitsOptions()
    pause: PauseOptions = PauseOptions()
    staging: StagingOptions = StagingOptions()
    schedule: ScheduleOptions = ScheduleOptions()
    engine: EngineOptions = EngineOptions()
    check: CheckOptions = CheckOptions()
    rate: Annotated[Pace, NoDecode] = Field(
        default=Rate(5, 1), description="Messages over time: 5/s, 200/min, 10000/day."
    )
    connections: int = Field(default=4, ge=1, le=100, description="Open dialogues with the relay.")
    on_doubt: Literal["hold", "resend"] = Field(
        default="hold", description="hold: a delivery in doubt is listed, not sent again."
    )
    retry_schedule: tuple[Wait, ...] = Field(
        default=("1 min", "5 min", "15 min", "30 min", "1 h", "2 h", "4 h"),
        min_length=1,
        max_length=50,
        description="Waits after a relay's “later”, in turn; the last goes on.",
    )
    give_up_after: Wait = Field(
        default="48 h", description="After so long a deferral expires: 90 s, 5 min, 4 h, 2 d."
    )
    ledger: LedgerPlace = Field(
        default=".newsletter/ledger.db",
        min_length=1,
        description="A SQLite file, or postgresql://…",
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=_SHORTEST_SECRET,
        description="Signs unsubscribe links; made at first use when not set.",
    )
    previous_secrets: tuple[Annotated[SecretStr, Field(min_length=_SHORTEST_SECRET)], ...] = Field(
        default=(),
        description="Secrets that were in use before, the newest first: what they signed still"
        ' works. In the environment as a list: ["…", "…"].',
    )
    profiles: dict[Literal["staging", "production"], dict[str, Any]] = Field(
        default={}, description="Tables laid over the rest under --profile."
    )

    @property
    def main_relay(self) -> RelayOptions:
        """The relay of every reader whose domain no other one names."""
        return self.relays[self.default_relay] if self.default_relay else self.relay

    @field_validator("relays")
    @classmethod
    def _each_domain_once(cls, relays: Mapping[str, NamedRelayOptions]) -> Mapping[str, Any]:
        owner: dict[str, str] = {}
        for name, relay in relays.items():
            for domain in relay.domains:
                if owner.setdefault(domain, name) != name:
                    message = f"{domain} stands under both {owner[domain]} and {name}"
                    raise ValueError(message)
        return relays

    @field_validator("default_relay")
    @classmethod
    def _is_a_relay(cls, name: str | None, info: ValidationInfo) -> str | None:
        relays = info.data.get("relays")
        if name is None or relays is None or name in relays:
            return name
        near = nearest(name, relays)
        message = f"{name!r} is none of relays{f': did you mean {near!r}?' if near else ''}"
        raise ValueError(message)
