"""The pages of README and docs/, their blocks, and the command lines in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))
WRITTEN_BY_HAND = [page for page in PAGES if page.stem not in {"cli", "settings", "rules"}]


def named(page: Path) -> str:
    """A page's path, to name a test by."""
    return str(page.relative_to(ROOT))


def words_of(page: Path) -> str:
    """All that a page says."""
    return page.read_text(encoding="utf-8")


def blocks_of(page: Path, *languages: str) -> list[str]:
    """The fenced blocks in these languages."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", words_of(page), re.DOTALL | re.MULTILINE)
    return [text for language, text in found if language in languages]


def prose_of(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", words_of(page), flags=re.DOTALL | re.MULTILINE)


def command_of(words: list[str], commands: dict[str, Any]) -> str:
    """The command that words begin with, the longest there is, or nothing."""
    names = (" ".join(words[:count]) for count in (3, 2, 1))
    return next((name for name in names if name in commands), "")


def parsed(line: str, commands: dict[str, Any]) -> str:
    """The command of a line, after its own parser took all of its words."""
    _, *words = shlex.split(line, comments=True)
    name = command_of(words, commands)
    assert name, f"there is no command in {line}"
    rest = words[len(name.split()) :]
    commands[name].make_context(name, list(rest))
    return name


def typed_lines(page: Path) -> Iterator[str]:
    """Every `newsletter …` in a page's blocks, typed or offered as the next."""
    for block in blocks_of(page, "sh", "console"):
        for line in block.splitlines():
            command = re.sub(r"^(\$ |next: )", "", line)
            if command.startswith("newsletter "):
                yield command
