"""Reading the settings from their three sources, the last one winning."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import (
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableVariable

from newsletter.errors import SettingsError
from newsletter.settings.dotenv import dotenv_faults
from newsletter.settings.faults import (
    problems_of,
    secrets_in_git,
    unknown_in_dotenv,
    unknown_variables,
    unreadable_table,
)
from newsletter.settings.options import FILE_NAME, Settings
from newsletter.toml_file import UnreadableToml, read_toml


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
    problems = list(secrets_in_git(file))
    layered = _overlaid(data, _profile_table(data, profile))
    sources = _Sources(root, layered, dict(os.environ if environ is None else environ))
    problems += unknown_variables(sources.environ)
    unreadable = dotenv_faults(root / ".env")
    if unreadable:
        raise SettingsError(problems + unreadable)
    problems += unknown_in_dotenv(root / ".env")
    try:
        settings = sources.build()
    except ValidationError as error:
        problems += problems_of(error, file, sources.environ, profile)
        raise SettingsError(problems) from None  # the cause would show a password
    except UnreadableVariable as error:
        problems.append(unreadable_table(str(error), root / ".env", sources.environ))
        raise SettingsError(problems) from None  # same
    if problems:
        raise SettingsError(problems)
    return settings


class _PrefixedDotEnv(DotEnvSettingsSource):
    """.env, of which only the NEWSLETTER_ lines are ours."""

    def __call__(self) -> dict[str, Any]:
        known = self.settings_cls.model_fields
        return {key: value for key, value in super().__call__().items() if key in known}


class _Sources:
    """The three sources for one newsletter folder."""

    def __init__(self, root: Path, data: dict[str, Any], environ: dict[str, str]) -> None:
        self.root = root
        self.data = data
        self.environ = environ

    def build(self) -> Settings:
        given: dict[str, Any] = {_GIVEN: self}
        return _Layered(**given)

    def layers(self, of: type[BaseSettings]) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then .env, then the file: the first that has a value gives it."""
        environment = EnvSettingsSource(of)
        environment.env_vars = {k.lower(): v for k, v in self.environ.items()}
        return (
            environment,
            _PrefixedDotEnv(of, env_file=self.root / ".env"),
            InitSettingsSource(of, init_kwargs=self.data),
        )


_GIVEN = "sources"


class _Layered(Settings):
    """Settings from the sources that they are called with; one class, as it is slow to make."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 a signature of pydantic-settings
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources: _Sources = init_settings()[_GIVEN]
        return sources.layers(settings_cls)


def _profile_table(data: Mapping[str, Any], profile: str | None) -> Mapping[str, Any]:
    """The profile's table; nothing for what is no table, which validation then tells."""
    profiles = data.get("profiles")
    table = profiles.get(profile) if isinstance(profiles, dict) else None
    return table if isinstance(table, dict) else {}


def _overlaid(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = _overlaid(cast("dict[str, Any]", below), value) if both else value
    return merged
