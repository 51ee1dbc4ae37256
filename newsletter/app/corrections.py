"""Corrections of what was sent: kept beside the issue, in git, as pages that never change again."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from newsletter.app.open import App
from newsletter.errors import IssueError, Problem
from newsletter.message import CompiledMessage

FOLDER: Final = "corrections"


@dataclass(frozen=True, slots=True)
class Corrected:
    """One correction of an issue: the pages as they were put right, by language."""

    at: dt.datetime
    note: str
    pages: Mapping[str, CompiledMessage]
    preheaders: Mapping[str, str]


def corrections_of(app: App, slug: str) -> list[Corrected]:
    """An issue's corrections, oldest first; ``IssueError`` for a file that is none."""
    folder = app.root / "issues" / slug / FOLDER
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def write_correction(app: App, slug: str, corrected: Corrected) -> Path:
    """File a correction under the next number; the file."""
    folder = app.root / "issues" / slug / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("*.json"))) + 1
    path = folder / f"{number:03}.json"
    pages = {name: json.loads(page.to_bytes()) for name, page in sorted(corrected.pages.items())}
    stored = {
        "at": corrected.at.isoformat(),
        "note": corrected.note,
        "preheaders": dict(sorted(corrected.preheaders.items())),
        "pages": pages,
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def _read(path: Path) -> Corrected:
    try:
        return _parsed(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        cure = "take it back from git, or remove it"
        raise IssueError([Problem(path, "this is no correction", cure)]) from error


def _parsed(stored: Any) -> Corrected:
    pages = {
        str(name): CompiledMessage.from_bytes(json.dumps(page).encode())
        for name, page in stored["pages"].items()
    }
    at = dt.datetime.fromisoformat(stored["at"])
    words = {str(key): str(value) for key, value in stored.get("preheaders", {}).items()}
    return Corrected(at, str(stored["note"]), pages, words)
