"""Every option gathered: newsletter.toml, then .env, then NEWSLETTER_ variables.

No room imports this module; the app reads it and hands each room its own options.
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as UnreadableVariable,
)

from newsletter.errors import Problem, SettingsError
from newsletter.toml_file import TomlFile, UnreadableToml, read_toml
from newsletter.values import Address, Rate, nearest, parse_language

FILE_NAME = "newsletter.toml"
PREFIX = "NEWSLETTER_"
RESERVED_VARIABLES = frozenset({"NEWSLETTER_PROFILE", "NEWSLETTER_DEBUG"})
"""Variables that the command line reads itself."""

PROFILES = ("staging", "production")


def _address(raw: str) -> str:
    return Address.parse(raw).text


def _rate(raw: object) -> object:
    return Rate.parse(raw) if isinstance(raw, str) else raw


def _one_line(raw: str) -> str:
    if any(ord(character) < ord(" ") or character in "\x7f\x85\u2028\u2029" for character in raw):
        message = "must be one line without control characters"
        raise ValueError(message)
    if "=?" in raw:
        message = "must not hold '=?', which mail programs take for an encoded word"
        raise ValueError(message)
    return raw


def _language(raw: str) -> str:
    return parse_language(raw)


def _site(raw: str) -> str:
    if not raw.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        message = "must be an https address (http only on this machine)"
        raise ValueError(message)
    return raw.rstrip("/")


def _zone(raw: str) -> str:
    import zoneinfo

    if raw not in zoneinfo.available_timezones():
        near = nearest(raw, zoneinfo.available_timezones())
        message = f"is not a time zone{f': did you mean {near!r}?' if near else ''}"
        raise ValueError(message)
    return raw


Line = Annotated[str, AfterValidator(_one_line)]
EmailAddress = Annotated[str, AfterValidator(_address)]


class Options(BaseModel):
    """A table of newsletter.toml: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SenderOptions(Options):
    """Who the mail is from, as readers see it."""

    name: Line = Field(description="The name in From.")
    address: EmailAddress = Field(description="The address in From, and the envelope's sender.")
    reply_to: EmailAddress | None = Field(default=None, description="Where answers go.")
    organisation: Line = Field(description="Who publishes: the first line of the footer.")
    postal_address: tuple[Line, ...] = Field(
        min_length=1, description="The footer's postal address, a line each (CAN-SPAM, CASL)."
    )
    list_id: Line = Field(
        pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        description="The List-Id (RFC 2919): a name under a domain of yours.",
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
        default=None, description="Certificates to trust in place of the system's (PEM)."
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


class _PrefixedDotEnv(DotEnvSettingsSource):
    """.env, of which only the NEWSLETTER_ lines are ours."""

    def __call__(self) -> dict[str, Any]:
        known = self.settings_cls.model_fields
        return {key: value for key, value in super().__call__().items() if key in known}


class Settings(BaseSettings):
    """The whole configuration of one newsletter."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    name: Line = Field(description="The newsletter's name: List-Id's words, page titles.")
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
    ledger: str = Field(
        default=".newsletter/ledger.db", description="A SQLite file, or postgresql://…"
    )
    secret: SecretStr | None = Field(
        default=None, description="Signs unsubscribe links; made at first use when not set."
    )
    profiles: dict[Literal["staging", "production"], dict[str, Any]] = Field(
        default={}, description="Tables laid over the rest under --profile."
    )


def find_root(start: Path) -> Path | None:
    """The nearest folder at or above ``start`` that holds newsletter.toml."""
    return next((f for f in (start, *start.parents) if (f / FILE_NAME).is_file()), None)


def load_settings(
    root: Path, *, profile: str | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Read newsletter.toml, the profile's table, .env and the environment, the last one winning.

    Raises ``SettingsError`` with every problem: the file with line and column, or the variable.
    """
    path = root / FILE_NAME
    try:
        file = read_toml(path)
    except UnreadableToml as error:
        raise SettingsError([error.problem]) from error
    data = dict(file.data)
    problems = list(_secrets_in_git(file))
    layered = _overlaid(data, data.get("profiles", {}).get(profile or "", {}))
    sources = _Sources(root, layered, dict(os.environ if environ is None else environ))
    problems += _unknown_variables(sources.environ)
    try:
        settings = sources.build()
    except ValidationError as error:
        problems += _explained(error, file, sources.environ)
        raise SettingsError(problems) from None  # the cause would show a password
    except UnreadableVariable as error:
        problems.append(Problem(Path("environment"), str(error), "write this table as JSON"))
        raise SettingsError(problems) from None  # same
    if problems:
        raise SettingsError(problems)
    return settings


class _Sources:
    """The three sources for one newsletter folder."""

    def __init__(self, root: Path, data: dict[str, Any], environ: dict[str, str]) -> None:
        self.root = root
        self.data = data
        self.environ = environ

    def build(self) -> Settings:
        root, data, environ = self.root, self.data, self.environ

        class Layered(Settings):
            @classmethod
            def settings_customise_sources(
                cls,
                settings_cls: type[BaseSettings],
                init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 same
                env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 same
                dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 same
                file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 same
            ) -> tuple[PydanticBaseSettingsSource, ...]:
                environment = EnvSettingsSource(settings_cls)
                environment.env_vars = {k.lower(): v for k, v in environ.items()}
                return (
                    environment,
                    _PrefixedDotEnv(settings_cls, env_file=root / ".env"),
                    InitSettingsSource(settings_cls, init_kwargs=data),
                )

        return Layered()


def _overlaid(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _overlaid(cast("dict[str, Any]", below), value) if both else value
    return merged


def _secrets_in_git(file: TomlFile) -> list[Problem]:
    """A password in newsletter.toml is refused: the file belongs in git, secrets do not."""
    profiles = file.data.get("profiles")
    names = list(profiles) if isinstance(profiles, dict) else []
    tables = ["", *(f"profiles.{name}." for name in names)]
    found = [
        f"{table}{secret}"
        for table in tables
        for secret in ("relay.password", "secret")
        if file.value(f"{table}{secret}") is not None
    ]
    return [
        _at(
            file,
            where,
            "a secret does not belong in a file that git keeps",
            f"put {_variable(where)}=… into .env (mode 0600) or the environment",
        )
        for where in found
    ]


def _variable(where: str) -> str:
    parts = where.split(".")
    if parts[0] == "profiles":
        parts = parts[2:]
    return PREFIX + "__".join(parts).upper()


def _at(file: TomlFile, where: str, message: str, cure: str) -> Problem:
    """A problem at a key; the line is not shown where it holds a secret."""
    problem = file.problem(where, message, cure)
    hidden = "secret" in where or "password" in where
    return replace(problem, source="") if hidden else problem


def _unknown_variables(environ: Mapping[str, str]) -> list[Problem]:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | RESERVED_VARIABLES
    problems = []
    for variable in environ:
        top = variable.upper().split("__")[0]
        if top.startswith(PREFIX) and top not in known:
            near = nearest(top, known)
            cure = f"did you mean {near}?" if near else "see docs/reference/settings.md"
            problems.append(Problem(Path("environment"), "unknown variable", cure, where=variable))
    return problems


def _explained(error: ValidationError, file: TomlFile, environ: Mapping[str, str]) -> list[Problem]:
    upper = {name.upper() for name in environ}
    dotenv = file.path.parent / ".env"
    problems = []
    for fault in error.errors(include_input=False, include_url=False):
        where = ".".join(str(part) for part in fault["loc"] if part != "[key]")
        message, cure = _in_words(fault, where)
        variable = _variable(where)
        if variable in upper:
            problems.append(Problem(Path("environment"), message, cure, where=variable))
        elif _in_dotenv(dotenv, variable):
            problems.append(Problem(dotenv, message, cure, where=variable))
        else:
            problems.append(_at(file, where, message, cure))
    return problems


def _in_dotenv(path: Path, variable: str) -> bool:
    if not path.is_file():
        return False
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.strip().upper().startswith(variable) for line in lines)


def _in_words(fault: Mapping[str, Any], where: str) -> tuple[str, str]:
    kind = str(fault["type"])
    name = where.rpartition(".")[2]
    if kind == "extra_forbidden":
        near = nearest(name, _known_keys(where))
        return f"unknown key {name!r}", f"did you mean {near!r}?" if near else "remove it"
    if kind == "missing":
        return f"{name!r} is missing", f"add {name} = …"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return message, "see docs/reference/settings.md"


def _known_keys(where: str) -> list[str]:
    fields: Mapping[str, Any] = Settings.model_fields
    for part in where.split(".")[:-1]:
        model = getattr(fields.get(part), "annotation", None)
        fields = getattr(model, "model_fields", {})
    return list(fields)


def open_permissions(path: Path) -> bool:
    """Whether others than the owner can read a file that holds secrets."""
    return path.is_file() and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
