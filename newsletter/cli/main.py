"""The one place where errors meet the officer: a sentence, a cure, a next command, a code."""

import errno
import functools
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from newsletter.cli import after, bounces, check, doctor, keys, people, public, send, themes, write
from newsletter.cli.desk import as_json, printable_command
from newsletter.cli.front import TEXT
from newsletter.errors import InputError, NewsletterError, Problem, UsageError

_STOPPED = 130
"""What a shell says of a program that Ctrl-C ended."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_RIGHT = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

UsageFault: type[Exception] = typer.BadParameter.__mro__[2]
"""The root of the faults that the parser finds in a command line."""


class Front(typer.core.TyperGroup):
    """The top group, whose help is the front page."""

    def get_help(self, ctx: object) -> str:  # noqa: ARG002 the parser's signature
        """The same text that ``newsletter --help`` shows without the parser."""
        return TEXT.rstrip()


def build() -> typer.Typer:
    """The command line, every command in it."""
    top = typer.Typer(
        cls=Front,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    for module in (write, themes, check, send, after, people, bounces, public, keys, doctor):
        module.register(top)
    return top


@functools.cache
def _parser() -> typer.core.TyperGroup:
    """What reads command lines, once for all of a process: 60 ms go into building it."""
    return typer.main.get_group(build())


def run(arguments: Sequence[str]) -> int:
    """Run one command line; every error becomes words and an exit code."""
    debug = "--debug" in arguments or os.environ.get("NEWSLETTER_DEBUG", "") not in {"", "0"}
    words = write.with_newest([word for word in arguments if word != "--debug"])
    try:
        returned = _parser().main(args=words, prog_name="newsletter", standalone_mode=False)
    except NewsletterError as error:
        if debug:
            raise
        _tell(error, words)
        return error.exit_code
    except UsageFault as error:
        return _tell_usage(error, words)
    except (KeyboardInterrupt, typer.Abort):
        return _tell_stop(words)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        if debug:
            raise
        return _tell_fault(error, words)
    if returned == _STOPPED:  # the parser keeps a Ctrl-C to itself
        return _tell_stop(words)
    return returned if isinstance(returned, int) else 0


def _option(words: Sequence[str], name: str) -> str | None:
    for index, word in enumerate(words):
        if word == name and index + 1 < len(words):
            return words[index + 1]
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return None


def _tell(error: NewsletterError, words: Sequence[str]) -> None:
    root = _option(words, "--root")
    following = error.next_command and printable_command(
        error.next_command, Path(root) if root else None, _option(words, "--profile")
    )
    if _option(words, "--format") == "json":
        print(json.dumps(_as_object(error, following), ensure_ascii=False, indent=2))  # noqa: T201
        return
    lines = _problem_lines(error) if isinstance(error, InputError) else [f"error: {error.message}"]
    if error.cure:
        lines.append(f"  {error.cure}")
    if following:
        lines.append(f"next: {following}")
    print("\n".join(lines), file=sys.stderr)  # noqa: T201 to the officer


def _as_object(error: NewsletterError, following: str) -> dict[str, object]:
    body: dict[str, object] = {
        "error": type(error).__name__,
        "message": error.message,
        "exit_code": error.exit_code,
    }
    if error.cure:
        body["cure"] = error.cure
    if isinstance(error, InputError):
        body["problems"] = as_json(error.problems)
    if following:
        body["next"] = following
    return body


def _problem_lines(error: InputError) -> list[str]:
    lines = []
    for problem in error.problems:
        lines.append(str(_shortened(problem)))
        if problem.source and problem.line:
            lines += _excerpt(problem)
    lines.append(f"{error.message}; nothing was recorded or sent")
    return lines


_SHOWN = 100


def _excerpt(problem: Problem) -> list[str]:
    number = f"{problem.line:5d} | "
    start = max(0, problem.column - _SHOWN // 2) if len(problem.source) > _SHOWN else 0
    shown = problem.source[start : start + _SHOWN]
    visible = "".join(c if c.isprintable() or c == "\t" else "�" for c in shown)
    lines = [f"{number}{visible}"]
    if problem.column:
        before = visible[: max(0, problem.column - 1 - start)]
        pad = "".join("\t" if c == "\t" else " " for c in before)
        lines.append(" " * len(number) + pad + "^")
    return lines


def _shortened(problem: Problem) -> Problem:
    try:
        path = problem.path.relative_to(Path.cwd())
    except ValueError:
        path = problem.path
    return Problem(path, problem.message, problem.cure, problem.line, problem.column, problem.where)


def _tell_usage(error: Exception, words: Sequence[str]) -> int:
    format_message = getattr(error, "format_message", None)
    message = format_message() if callable(format_message) else str(error)
    message = message.replace(": Value error, ", ": ")  # a validator's own mark, not for officers
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "newsletter")
    _tell(UsageError(message, next_command=f"{path} --help"), words)
    return UsageError.exit_code


def _tell_fault(error: Exception, words: Sequence[str]) -> int:
    if isinstance(error, OSError):
        named = f" ({error.filename})" if error.filename else ""
        message = f"{error.strerror or error}{named}"
    else:
        message = f"a fault of this program: {type(error).__name__}"
    cure = "nothing is lost; run the command again with --debug to see where"
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        cure = "nothing is lost; make room on the disk, then run the command again"
    if isinstance(error, OSError) and error.errno in _NO_RIGHT:
        cure = "nothing is lost; see that you may read and write there, then run the command again"
    _tell(NewsletterError(message, cure=cure), words)
    return NewsletterError.exit_code


def _tell_stop(words: Sequence[str]) -> int:
    message = "stopped; nothing more is sent"
    if _option(words, "--format") == "json":
        print(json.dumps({"error": "Stopped", "message": message, "exit_code": _STOPPED}))  # noqa: T201 the result
    else:
        print(message, file=sys.stderr)  # noqa: T201 to the officer
    return _STOPPED
