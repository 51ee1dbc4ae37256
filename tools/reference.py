"""The reference pages of docs/, written from the code: `python -m tools.reference [--check]`."""

import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from newsletter.app.schemas import write_schemas
from newsletter.cli.desk import CheckFormat
from newsletter.cli.front import TEXT
from newsletter.cli.main import build
from newsletter.lint.check import RULES, THEME_RULES
from newsletter.lint.rule import Rule
from tools.reference_fields import MADE, cell, sections_page, settings_page

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
SHARED_OPTIONS = ("--format", "--profile", "--root")


def pages() -> dict[str, str]:
    """Every generated page by its file name."""
    return {
        "cli.md": cli_page(),
        "settings.md": settings_page(),
        "sections.md": sections_page(),
        "rules.md": rules_page(),
    }


def outdated(folder: Path = FOLDER) -> list[str]:
    """The pages that are missing or do not say what the code says."""
    return [name for name, text in pages().items() if _read(folder / name) != text]


def main(arguments: list[str]) -> int:
    """Write the pages; with ``--check`` only say which are out of date (exit code 1)."""
    old = outdated()
    if "--check" in arguments:
        for name in old:
            print(f"docs/reference/{name} is out of date: run python -m tools.reference")
        return 1 if old else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    write_schemas(FOLDER.parents[1])
    print(f"docs/reference: {len(old)} of {len(pages())} pages changed")
    return 0


# Commands


def commands() -> dict[str, Any]:
    """Every command that can be run, by its words (``issue new``), in the front page's order."""
    found = _leaves(typer.main.get_command(build()), "")
    return dict(sorted(found, key=lambda named: _position(named[0].split()[0])))


def _position(word: str) -> int:
    """Where the front page names a command: at the head of a line, else inside one."""
    head = TEXT.find(f" {word}  ")
    return head if head >= 0 else TEXT.find(word)


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, each in inner.items():
        yield from _leaves(each, f"{name} {word}".strip())


def cli_page() -> str:
    """Commands with their arguments, options, example and exit codes."""
    found = commands()
    first = found["init"]
    lines = [
        "# Commands",
        "",
        MADE,
        "",
        "```text",
        TEXT.rstrip(),
        "```",
        "",
        "Every command also takes:",
        "",
        *_options([p for p in first.params if p.opts[0] in SHARED_OPTIONS]),
        "",
    ]
    for name, command in found.items():
        lines += _command(name, command)
    return "\n".join(lines)


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not _is_shared(p)]
    words = [f"newsletter {name}", *map(_argument_name, arguments), "[OPTIONS]" if options else ""]
    example, exits = _epilog(command.epilog)
    yield from (f"## {name}", "", str(command.help), "")
    yield from ("```sh", " ".join(filter(None, words)), f"{example}   # for example", "```", "")
    if arguments or options:
        yield from (*_options([*arguments, *options]), "")
    yield from (f"Exit codes: {exits}", "")


def _is_shared(param: Any) -> bool:
    """Whether an option is the one that every command takes, with the same choices."""
    return param.opts[0] in SHARED_OPTIONS and not isinstance(param.default, CheckFormat)


def _epilog(epilog: str) -> tuple[str, str]:
    example, exits = epilog.split("\n\n")
    return example.removeprefix("Example: "), exits.removeprefix("Exit codes: ")


def _argument_name(param: Any) -> str:
    name = str(param.metavar or param.name).strip("[]").upper()
    name += "…" if param.nargs == -1 else ""
    return name if param.required else f"[{name}]"


def _options(params: Iterable[Any]) -> Iterator[str]:
    yield from ("| | what it says | by default |", "|---|---|---|")
    for param in params:
        if param.param_type_name == "argument":
            name = f"`{_argument_name(param)}`"
        else:
            name = ", ".join(f"`{opt}`" for opt in [*param.opts, *param.secondary_opts])
        yield f"| {name} | {cell(_meaning(param))} | {_default_of(param)} |"


def _meaning(param: Any) -> str:
    choices = list(type(param.default)) if isinstance(param.default, Enum) else []
    named = ", ".join(f"`{choice.value}`" for choice in choices)
    return f"{named}: {param.help}" if named else str(param.help or "")


def _default_of(param: Any) -> str:
    if param.default is None or param.default is False or param.default == Path():
        return ""
    if param.default is True:
        return f"`{param.opts[0]}`"
    return f"`{getattr(param.default, 'value', param.default)}`"


# Rules


def rules_page() -> str:
    """The rules of `newsletter check`, by their ids."""
    lines = [
        "# Rules of `newsletter check`",
        "",
        MADE,
        "",
        "The letter says how much a finding weighs: **E** an error, which stops a send; **W** a",
        "warning, which fails only with `--strict`; **N** a note. `newsletter check --explain ID`",
        "tells more of one. In `newsletter.toml` a newsletter gives a rule another weight, lets",
        "findings be (a reason is required, and reports count them), and sets its own thresholds:",
        "",
        "```toml",
        "[check.severity]",
        'W012 = "error"',
        "",
        "[check.limits]",
        "subject = 60",
        "",
        "[[check.ignore]]",
        'rule = "W004"',
        'issue = "2019-*"          # optional: a name or a pattern',
        'where = "sections.china"  # optional: this key and all in it',
        'reason = "the partners read Italian"',
        "```",
        "",
        *_rule_table(RULES),
        "",
        "## Of `newsletter theme check`",
        "",
        "Asked of a theme, after those above, on a specimen: an issue with every kind of section",
        "in five languages, once in full and once with no more than each needs.",
        "",
        *_rule_table(THEME_RULES),
    ]
    return "\n".join([*lines, ""])


def _rule_table(rules: Iterable[Rule]) -> Iterator[str]:
    yield from ("| | holds when | because | cure |", "|---|---|---|---|")
    for rule in sorted(rules, key=lambda each: each.id[1:]):
        cells = [f"**{rule.id}**", rule.says, rule.source, rule.cure]
        yield f"| {' | '.join(map(cell, cells))} |"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
