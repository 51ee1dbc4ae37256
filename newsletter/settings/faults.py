"""What is wrong with the settings, told at the file's line or by the variable's name."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import (
    ValidationError,
)

from newsletter.errors import Problem
from newsletter.settings.dotenv import dotenv_lines
from newsletter.settings.options import PREFIX, Settings
from newsletter.toml_file import TomlFile
from newsletter.values import nearest

_SEE = "see docs/reference/settings.md"
_WANTED = {
    "string": "words in quotes",
    "path": "a path in quotes",
    "tuple": "a list, in square brackets",
    "list": "a list, in square brackets",
    "dict": "a table, as [{where}] begins one",
    "model": "a table, as [{where}] begins one",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "date": "a date, such as 2026-12-31",
}
"""What a value must be, by the first word of pydantic's kind of fault."""
_BOUNDS = {
    "greater_than_equal": ("must be at least {ge:g}", "ge"),
    "less_than_equal": ("must be at most {le:g}", "le"),
    "greater_than": ("must be more than {gt:g}", "gt"),
    "less_than": ("must be less than {lt:g}", "lt"),
    "too_short": ("must hold at least {min_length}", "min_length"),
    "too_long": ("must hold at most {max_length}", "max_length"),
    "literal_error": ("must be {expected}", "expected"),
    "enum": ("must be {expected}", "expected"),
}
_FIELD = re.compile(r'field "(\w+)"')
_PROFILES = f"{PREFIX}PROFILES"
RESERVED_VARIABLES = frozenset({"NEWSLETTER_PROFILE", "NEWSLETTER_DEBUG"})
"""Variables that the command line reads itself."""


def secrets_in_git(file: TomlFile) -> list[Problem]:
    """A password in newsletter.toml is refused: the file belongs in git, secrets do not."""
    profiles = file.data.get("profiles")
    names = list(profiles) if isinstance(profiles, dict) else []
    tables = ["", *(f"profiles.{name}." for name in names)]
    found = [
        f"{table}{secret}"
        for table in tables
        for secret in (
            *_passwords(file.value(f"{table}relays")),
            "dkim.key",
            "secret",
            "previous_secrets",
        )
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


def _passwords(relays: object) -> list[str]:
    named = list(relays) if isinstance(relays, dict) else []
    return [
        "relay.password",
        "feedback.imap.password",
        "staging.imap.password",
        *(f"webhooks.{name}" for name in ("postmark", "mailgun", "brevo")),
        *(f"relays.{name}.password" for name in named),
    ]


def _variable(where: str) -> str:
    parts = where.split(".")
    if parts[0] == "profiles":
        parts = parts[2:]
    return PREFIX + "__".join(parts).upper()


def _at(file: TomlFile, where: str, message: str, cure: str) -> Problem:
    """A problem at a key; the line is not shown where it holds a secret."""
    problem = file.problem(where, message, cure)
    words = ("secret", "password", "webhooks.", "dkim.key")
    hidden = any(word in where for word in words)
    return replace(problem, source="") if hidden else problem


def unknown_variables(environ: Mapping[str, str]) -> list[Problem]:
    """Variables of our prefix that name no setting."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | RESERVED_VARIABLES
    problems = []
    for variable in environ:
        top = variable.upper().split("__")[0]
        if top == _PROFILES:  # the tables are laid below the variables: it would change nothing
            message, cure = "profiles are not read from variables", "write them in newsletter.toml"
            problems.append(Problem(Path("environment"), message, cure, where=variable))
        elif top.startswith(PREFIX) and top not in known:
            near = nearest(top, known)
            cure = f"did you mean {near}?" if near else "see docs/reference/settings.md"
            problems.append(Problem(Path("environment"), "unknown variable", cure, where=variable))
    return problems


def unknown_in_dotenv(path: Path) -> list[Problem]:
    """The same for .env, at their lines; other programs' lines are none of ours."""
    lines = dotenv_lines(path)
    return [
        replace(problem, path=path, line=lines[problem.where], column=1)
        for problem in unknown_variables(dict.fromkeys(lines, ""))
    ]


def problems_of(
    error: ValidationError,
    file: TomlFile,
    environ: Mapping[str, str],
    profile: str | None = None,
) -> list[Problem]:
    """Each of pydantic's errors, blamed on the variable, .env or newsletter.toml."""
    upper = {name.upper() for name in environ}
    dotenv = file.path.parent / ".env"
    problems = []
    for fault in error.errors(include_input=False, include_url=False):
        where = ".".join(str(part) for part in fault["loc"] if part != "[key]")
        message, cure = _in_words(fault, where)
        variable = _variable(where)
        if variable in upper:
            problems.append(Problem(Path("environment"), message, cure, where=variable))
        elif line := dotenv_lines(dotenv).get(variable, 0):
            problems.append(Problem(dotenv, message, cure, line, 1, variable))
        else:
            laid_over = f"profiles.{profile}.{where}"
            place = laid_over if file.value(laid_over) is not None else where
            problems.append(_at(file, place, message, cure))
    return problems


def unreadable_table(said: str, dotenv: Path, environ: Mapping[str, str]) -> Problem:
    """A variable that should hold a table or a list as JSON, and does not."""
    found = _FIELD.search(said)
    top = f"{PREFIX}{found[1].upper()}" if found else PREFIX
    lines = {} if "EnvSettingsSource" in said else dotenv_lines(dotenv)
    names = [name for name in lines or environ if name.upper().split("__")[0] == top]
    message, cure = "this is not JSON", 'write a table as {"name": "…"} and a list as ["…"]'
    if lines and names:
        return Problem(dotenv, message, cure, lines[names[0]], 1, ", ".join(names))
    return Problem(Path("environment"), message, cure, where=", ".join(names) or top)


def _in_words(fault: Mapping[str, Any], where: str) -> tuple[str, str]:
    kind = str(fault["type"])
    name = where.rpartition(".")[2]
    if kind == "extra_forbidden":
        near = nearest(name, _known_keys(where))
        return f"unknown key {name!r}", f"did you mean {near!r}?" if near else "remove it"
    if kind == "missing":
        return f"{name!r} is missing", f"add {name} = …"
    bound, key = _BOUNDS.get(kind, ("", ""))
    if key in fault.get("ctx", {}):
        return bound.format(**fault["ctx"]), _SEE
    if wanted := _WANTED.get(kind.partition("_")[0]):
        return f"must be {wanted.format(where=where)}", _SEE
    return str(fault["msg"]).removeprefix("Value error, "), _SEE


def _known_keys(where: str) -> list[str]:
    table: Any = Settings
    for part in where.split(".")[:-1]:
        table = _table_under(table, part)
    return list(getattr(table, "model_fields", {}))


def _table_under(table: Any, key: str) -> Any:
    """What stands at a key: of a table of tables, whatever the key is."""
    if get_origin(table) is dict:
        return get_args(table)[1]
    return getattr(getattr(table, "model_fields", {}).get(key), "annotation", None)
