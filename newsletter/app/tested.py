"""What was tested: the content digest of each issue's last test, so that an edit voids it."""

import datetime as dt
import json
from dataclasses import dataclass

from newsletter.app.open import App


@dataclass(frozen=True, slots=True)
class TestedState:
    """Whether this very content was sent to the staging inbox, and when the last test was."""

    __test__ = False  # pytest takes the name for a test

    same_content: bool
    at: dt.datetime | None

    @property
    def words(self) -> str:
        """One line for the plan."""
        if self.at is None:
            return "never sent to the staging inbox"
        when = f"{self.at.astimezone():%Y-%m-%d %H:%M}"
        return f"{when}, {'this content' if self.same_content else 'changed since'}"


def tested_state(app: App, slug: str, digest: str) -> TestedState:
    """Compare an issue's content with its last test."""
    last = _read(app).get(slug)
    if last is None:
        return TestedState(same_content=False, at=None)
    return TestedState(last["digest"] == digest, dt.datetime.fromisoformat(last["at"]))


def note_test(app: App, slug: str, digest: str) -> None:
    """Remember that this content went to the staging inbox just now."""
    notes = _read(app) | {slug: {"digest": digest, "at": app.clock().isoformat()}}
    app.state_folder.mkdir(parents=True, exist_ok=True)
    draft = app.state_folder / "tests.json.new"
    draft.write_text(json.dumps(notes, indent=1), encoding="utf-8")
    draft.replace(app.state_folder / "tests.json")


def _read(app: App) -> dict[str, dict[str, str]]:
    try:
        notes: dict[str, dict[str, str]] = json.loads(
            (app.state_folder / "tests.json").read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return {}
    return notes
