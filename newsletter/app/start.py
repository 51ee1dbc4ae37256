"""Beginning: a newsletter in an empty folder, and a new issue in a newsletter."""

import datetime as dt
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from newsletter.app.open import App
from newsletter.app.schemas import (
    FOLDER,
    ISSUE_SCHEMA,
    TRANSLATION_SCHEMA,
    directive,
    write_schemas,
)
from newsletter.errors import InputError, UsageError
from newsletter.issue.frame import frame_of, next_date, pictures_of
from newsletter.issue.loader import load_issue
from newsletter.issue.model import Issue
from newsletter.settings import FILE_NAME
from newsletter.values import parse_slug

_PACKAGE = Path(__file__).parent.parent
_STARTER = Path(__file__).parent / "starter"
EXAMPLE_ISSUE = "2019-11-assemblea"
EXAMPLE_PARTS = ("issues", "templates", "subscribers", FOLDER, FILE_NAME)


@dataclass(frozen=True, slots=True)
class Started:
    """What was written: a folder, and the files in it, relative to it."""

    folder: Path
    files: tuple[str, ...]
    issue: str
    begun_from: str = ""
    """The issue whose frame it has."""
    pictures: tuple[str, ...] = ()
    """That issue's pictures, which were not copied."""


def example_folder() -> Path:
    """The working example: inside the installed package, else beside it in the repository."""
    packaged = _PACKAGE / "_example"
    return packaged if packaged.is_dir() else _PACKAGE.parent


def copy_example(target: Path) -> None:
    """Copy the example newsletter, ALISEI's first issue with its readers, into a new folder."""
    source = example_folder()
    target.mkdir(parents=True)
    for part in EXAMPLE_PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part)
        else:
            shutil.copyfile(source / part, target / part)


def init_newsletter(folder: Path, today: dt.date) -> Started:
    """Write a working newsletter into an empty folder (or one that is not there yet).

    Raises ``UsageError`` when the folder holds anything but git's own files.
    """
    _want_empty(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        FILE_NAME: FILE_NAME,
        ".env.example": "env.example",
        ".gitignore": "gitignore",
        "subscribers/members.csv": "subscribers/members.csv",
        "subscribers/segments.toml": "subscribers/segments.toml",
    }
    for name, source in files.items():
        if not (folder / name).exists():
            _write(folder / name, (_STARTER / source).read_text(encoding="utf-8"))
    shutil.copytree(example_folder() / "templates", folder / "templates")
    _without_brand(folder / "templates")
    write_schemas(folder)
    slug = f"{today:%Y-%m}-first-issue"
    _write_issue(folder, slug, today, language="en", theme="alisei")
    written = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    return Started(folder, tuple(f for f in written if not f.startswith(".git/")), slug)


def new_issue(app: App, name: str, today: dt.date) -> Started:
    """Write a new issue that checks clean; ``UsageError`` when the name is taken or unfit."""
    folder = _new_folder(app, name)
    themes = app.theme_names()
    if not themes:
        raise UsageError(
            "there is no theme under templates/", cure="copy one there, such as alisei"
        )
    theme = "alisei" if "alisei" in themes else themes[0]
    write_schemas(app.root)
    _write_issue(app.root, folder.name, today, language=app.default_language, theme=theme)
    return Started(folder, ("issue.toml",), folder.name)


_BRAND = re.compile(r"^brand = .*$", re.MULTILINE)
_OWN_NAME = "# brand = \"…\"   the masthead's word; without it the newsletter's name"

NEWEST = "newest"
"""The word for the issue of the latest date."""


def issue_from(app: App, name: str, source: str, today: dt.date) -> Started:
    """Write a new issue with the frame of another one, or of the newest; its words are to come.

    Raises ``UsageError`` for a name that is taken or unfit or a source that is not there, and
    ``IssueError`` for a source that cannot be read.
    """
    folder = _new_folder(app, name)
    issue = app.load_issue(_newest_by_date(app) if source == NEWEST else source)
    others = [each for each in _readable(app) if each.slug != issue.slug]
    dates = [issue.original.date, *(o.original.date for o in others)]
    date = next_date([d for d in dates if d <= issue.original.date], today)
    heads = [directive(name, folder, app.root) for name in (ISSUE_SCHEMA, TRANSLATION_SCHEMA)]
    files = frame_of(issue, others, date=date, heads=heads)
    for file, text in files.items():
        _write(folder / file, text)
    write_schemas(app.root)
    return Started(folder, tuple(files), folder.name, issue.slug, pictures_of(issue))


def _readable(app: App) -> list[Issue]:
    """The issues that can be read; what is wrong with another one is its own affair."""
    found = []
    for name in app.issue_names():
        with suppress(InputError):
            found.append(load_issue(app.root / "issues" / name))
    return found


def _newest_by_date(app: App) -> str:
    dated = [(issue.original.date, issue.slug) for issue in _readable(app)]
    if not dated:
        raise UsageError(
            "there is no issue to begin from",
            cure="leave --from out",
            next_command="newsletter issue list",
        )
    return max(dated)[1]


def _new_folder(app: App, name: str) -> Path:
    """Where the issue will be; nothing is written yet."""
    try:
        slug = parse_slug(name)
    except ValueError as error:
        raise UsageError(str(error), cure="for example 2026-12-winter") from error
    folder = app.root / "issues" / slug
    if folder.exists():
        raise UsageError(
            f"issues/{slug} is there already",
            cure="choose another name",
            next_command=f"newsletter issue show {slug}",
        )
    return folder


def _without_brand(templates: Path) -> None:
    """The masthead's word is the example's organisation; a newsletter bears its own name."""
    for path in templates.glob("*/strings.toml"):
        words = path.read_text(encoding="utf-8")
        path.write_text(_BRAND.sub(_OWN_NAME, words), encoding="utf-8")


def _want_empty(folder: Path) -> None:
    if (folder / FILE_NAME).exists():
        raise UsageError(
            f"{FILE_NAME} is there already: this is a newsletter",
            cure="nothing was written",
            next_command="newsletter check",
        )
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir():
        raise UsageError(
            f"{there} is a file, where a folder is to be made",
            cure="name a new folder; nothing was written",
            next_command="newsletter init my-newsletter",
        )
    tolerated = {".git", ".gitignore", ".env", ".venv", "README.md", "LICENSE"}
    found = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
    others = [name for name in found if name not in tolerated]
    if others:
        raise UsageError(
            f"{folder} is not empty: it holds {', '.join(others[:3])}",
            cure="name a new folder; nothing was written",
            next_command="newsletter init my-newsletter",
        )


def _write_issue(root: Path, slug: str, today: dt.date, *, language: str, theme: str) -> None:
    template = (_STARTER / "issue" / "issue.toml").read_text(encoding="utf-8")
    words = template.format(
        date=today.isoformat(),
        event_date=(today + dt.timedelta(days=14)).isoformat(),
        language=language,
        theme=theme,
    )
    _write(root / "issues" / slug / "issue.toml", words)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
