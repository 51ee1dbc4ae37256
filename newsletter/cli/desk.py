"""What every command has at hand: the opened newsletter, and one way to show things."""

import dataclasses
import datetime as dt
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

from newsletter.app.open import App, open_app


class Format(StrEnum):
    """How a command shows its result."""

    text = "text"
    json = "json"


class CheckFormat(StrEnum):
    """The same for `check`, and for build servers."""

    text = "text"
    json = "json"
    github = "github"
    junit = "junit"


class Desk:
    """One command's surroundings, made from the options that all commands share."""

    def __init__(
        self, root: Path | None, profile: str | None, shown_as: Format | CheckFormat
    ) -> None:
        self.root = root
        self.profile = profile
        self.format = shown_as
        self._app: App | None = None

    @property
    def app(self) -> App:
        """The newsletter, opened at first use."""
        if self._app is None:
            self._app = open_app((self.root or Path.cwd()).absolute(), profile=self.profile)
        return self._app

    @property
    def as_text(self) -> bool:
        """Whether a person reads the result."""
        return self.format in {Format.text, CheckFormat.text}

    def show(
        self,
        value: Any,
        lines: Iterable[str],
        next_command: str = "",
        *,
        notes: Sequence[str] = (),
    ) -> None:
        """Show a result: its lines and at most one ``next:`` line, or the value as JSON.

        ``notes`` are what must be known before the result is believed.
        """
        if self.format in {Format.json, CheckFormat.json}:
            body = as_json(value)
            if notes:
                body = {**body, "notes": list(notes)}
            if next_command:
                body = {**body, "next": self.command(next_command)}
            print(json.dumps(body, ensure_ascii=False, indent=2))  # noqa: T201 this is the result
            return
        for note in notes:
            print(f"! {note}")  # noqa: T201 same
        for line in lines:
            print(line)  # noqa: T201 same
        if next_command:
            print(f"next: {self.command(next_command)}")  # noqa: T201 same

    def show_ledger(self, value: Any, lines: Iterable[str], next_command: str = "") -> None:
        """Show what a ledger says; a copy takes no word, so nothing is to be typed next."""
        from newsletter.app.memory import ledger_notes

        notes = ledger_notes(self.app)
        self.show(value, lines, "" if notes else next_command, notes=notes)

    def say(self, line: str) -> None:
        """Tell a person something while the command works; silent in JSON.

        Where nobody listens any more (a closed terminal, a pipe to `head`), the work goes on.
        """
        if not self.as_text:
            return
        try:
            print(line, flush=True)  # noqa: T201 this is the conversation
        except OSError:
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 to the end

    def command(self, command: str) -> str:
        """A command that runs as printed: this program, and the same newsletter."""
        return printable_command(command, self.root, self.profile)


def printable_command(command: str, root: Path | None, profile: str | None) -> str:
    """``newsletter …`` as it must be typed here: the program's path, ``--root``, ``--profile``."""
    name, _, rest = command.partition(" ")
    parts = [_program() if name == "newsletter" else name, rest]
    if name == "newsletter" and rest:
        if root is not None and "--root" not in rest:
            parts.append(f"--root {shlex.quote(str(root))}")
        if profile is not None and "--profile" not in rest:
            parts.append(f"--profile {profile}")
    return " ".join(part for part in parts if part)


def _program() -> str:
    invoked = Path(sys.argv[0])
    if invoked.name == "__main__.py":
        return "python -m newsletter"
    found = shutil.which("newsletter")
    if found and invoked.exists() and Path(found).samefile(invoked):
        return "newsletter"
    if invoked.name != "newsletter":
        return "newsletter"
    relative = os.path.relpath(invoked)
    return relative if not relative.startswith("..") else str(invoked)


def as_json(value: Any) -> Any:
    """A value in JSON's terms: dataclasses by field, enums by value, instants in ISO 8601."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: as_json(getattr(value, field.name)) for field in fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
