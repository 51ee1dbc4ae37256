"""How a command is declared: a function of a desk, with the options that all commands share."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from newsletter.cli.arguments import TakeOver
from newsletter.cli.desk import CheckFormat, Desk, Format

Errand = Callable[..., int | None]
"""A command: it shows its result and returns its exit code; None is 0."""

_ROOT = Annotated[
    Path | None,
    typer.Option(
        "--root", help="The newsletter's folder; by default here or above.", show_default=False
    ),
]
_PROFILE = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="staging rewrites every recipient to the staging inbox; production does not.",
        show_default=False,
    ),
]
_FORMAT = Annotated[Format, typer.Option("--format", help="For a person, or for a program.")]
_CHECK_FORMAT = Annotated[
    CheckFormat, typer.Option("--format", help="For a person, a program, or a build server.")
]
_SHARED: dict[str, tuple[Any, Any]] = {
    "format": (_FORMAT, Format.text),
    "profile": (_PROFILE, None),
    "root": (_ROOT, None),
}
_TAKE_OVER: dict[str, tuple[Any, Any]] = {"take_over": (TakeOver, False)}


@dataclass(frozen=True, slots=True)
class Records:
    """Of a command that writes what the true ledger ought to know: a copy refuses it."""

    unless: str = ""
    """The errand's flag with which it only looks, so that a copy does as well."""
    may_take_over: bool = False
    """Whether the word that the copy is the true one now may stand beside the command."""


def group(help_text: str) -> typer.Typer:
    """A group of commands, such as ``issue new|list|show``."""
    return typer.Typer(help=help_text, no_args_is_help=True, add_completion=False)


def command(
    to: typer.Typer,
    name: str,
    *,
    example: str,
    exits: str = "0 done · 2 bad input",
    for_build_servers: bool = False,
    records: Records | None = None,
) -> Callable[[Errand], Errand]:
    """Register a function whose first parameter is a ``Desk`` as a command.

    ``example`` and ``exits`` (the exit codes) stand at the end of its help; a command for build
    servers knows their formats too. One that ``records`` is refused on a copy of a ledger, and on
    one that moved away: nobody would hear it there.
    """
    options = dict(_SHARED)
    if for_build_servers:
        options["format"] = (_CHECK_FORMAT, CheckFormat.text)
    if records and records.may_take_over:
        options = _TAKE_OVER | options

    def register(errand: Errand) -> Errand:
        @functools.wraps(errand)
        def run(**arguments: Any) -> int | None:
            given = {key: arguments.pop(key) for key in options}
            desk = Desk(given["root"], given["profile"], given["format"])
            if records and not arguments.get(records.unless):
                _settle_in(desk, take_over=given.get("take_over", False))
            return errand(desk, **arguments)

        own = list(inspect.signature(errand, eval_str=True).parameters.values())[1:]
        shared = [
            inspect.Parameter(
                key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
            )
            for key, (annotation, default) in options.items()
        ]
        keyword_only = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        signature = inspect.Signature([*keyword_only, *shared])
        run.__signature__ = signature  # type: ignore[attr-defined]  # functions take it
        run.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
        epilog = f"Example: {example}\n\nExit codes: {exits}"
        to.command(name, epilog=epilog)(run)
        return errand

    return register


def _settle_in(desk: Desk, *, take_over: bool) -> None:
    from newsletter.app.taking_over import settle_in

    settle_in(desk.app, take_over=take_over)
