"""The themes of a newsletter: listed, begun from another, and tried on the specimen."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.app.build import build_issue
from newsletter.app.check import proof_of, stands_in_the_way
from newsletter.app.compose import Composition
from newsletter.app.open import App
from newsletter.app.policy import policy_of
from newsletter.edition.model import Edition, Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import Theme
from newsletter.errors import ThemeError, UsageError
from newsletter.issue.loader import load_issue
from newsletter.issue.model import Issue
from newsletter.lint.check import EVERY_RULE, lint
from newsletter.lint.rule import Finding, Proof
from newsletter.lint.theme import faults_of
from newsletter.toml_file import UnreadableToml, read_toml
from newsletter.values import digest_of

_SPECIMEN = Path(__file__).parent / "specimen"


@dataclass(frozen=True, slots=True)
class ThemeLine:
    """One theme in the list; ``problems`` counts what keeps it from being read."""

    name: str
    description: str
    kinds: int
    languages: tuple[str, ...]
    problems: int = 0


@dataclass(frozen=True, slots=True)
class ThemeStarted:
    """A theme that was begun from another, and its files."""

    name: str
    folder: Path
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThemeReport:
    """What trying a theme found; ``passed`` counts the rules that found nothing."""

    theme: str
    kinds: int
    languages: tuple[str, ...]
    findings: tuple[Finding, ...]
    passed: int
    pages: Path | None = None
    """Where its pages were written to look at."""

    def failed(self, *, strict: bool) -> bool:
        """Whether anything stands in the way: errors, and with ``strict`` warnings."""
        return any(stands_in_the_way(finding, strict=strict) for finding in self.findings)


def list_themes(app: App) -> tuple[ThemeLine, ...]:
    """Every theme by its name; one that cannot be read is listed with its problems."""
    return tuple(_line(app, name) for name in app.theme_names())


def _line(app: App, name: str) -> ThemeLine:
    try:
        found = app.load_theme(name)
    except ThemeError as error:
        return ThemeLine(name, "cannot be read", 0, (), len(error.problems))
    return ThemeLine(name, found.description, len(found.kinds), tuple(found.strings))


def new_theme(app: App, name: str, base: str) -> ThemeStarted:
    """Copy a theme under a new name; ``UsageError`` when that is taken or unfit."""
    fit = name.isascii() and name.replace("-", "").replace("_", "").isalnum() and name[0].isalnum()
    if not fit:
        raise UsageError(f"{name!r} is not the name of a folder", cure="for example autumn")
    source, folder = app.load_theme(base).folder, app.root / "templates" / name
    if folder.exists():
        raise UsageError(
            f"templates/{name} is there already",
            cure="choose another name",
            next_command=f"newsletter theme check {name}",
        )
    shutil.copytree(source, folder)
    _rename(folder / "theme.toml", name, base)
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    return ThemeStarted(name, folder, tuple(files))


def _rename(about: Path, name: str, base: str) -> None:
    """The new theme says its own name, and where it comes from."""
    written = about.read_text(encoding="utf-8")
    try:
        lines = {key: read_toml(about).place(key)[0] for key in ("name", "description")}
    except UnreadableToml:
        return
    rows = written.split("\n")
    for key, words in (("name", name.capitalize()), ("description", f"Begun from {base}.")):
        if rows[lines[key] - 1].startswith(key):
            rows[lines[key] - 1] = f'{key} = "{words}"'
    about.write_text("\n".join(rows), encoding="utf-8")


def check_themes(app: App, name: str | None, output: Path | None) -> tuple[ThemeReport, ...]:
    """Try one theme, or every one; with several each has a folder of its own in ``output``."""
    if name is not None:
        return (check_theme(app, name, output),)
    return tuple(
        check_theme(app, each, output / each if output else None) for each in app.theme_names()
    )


def check_theme(app: App, name: str, output: Path | None = None) -> ThemeReport:
    """Try a theme on the specimen: every kind of section, in several languages, bare and full.

    ``output`` is where the pages are written to look at, if nothing failed. Raises
    ``UsageError`` when there is no such theme, ``ThemeError`` when its files cannot be read.
    """
    app.load_theme(name)
    with _stage(app, name) as (staged, whole):
        tried = staged.load_theme(name)
        issue = _with_kinds(whole, tried)
        proof = _proof(staged, issue, tried)
        wordy = set(lint(replace(proof, editions=(), theme=None), EVERY_RULE))
        shown = [finding for finding in lint(proof, EVERY_RULE) if finding not in wordy]
        found = _of_theme(app, staged, proof, shown)
        kept, _ = policy_of(app).judge(dict.fromkeys(found), issue.slug)
        report = ThemeReport(
            name,
            len(tried.kinds),
            tuple(issue.languages),
            kept,
            len(EVERY_RULE) - len({finding.rule for finding in kept}),
        )
        if output and not report.failed(strict=False):
            report = replace(report, pages=build_issue(staged, issue, (), output).folder)
        return report


@contextmanager
def _stage(app: App, name: str) -> Iterator[tuple[App, Issue]]:
    """A newsletter of this moment that has the specimen and one theme, the settings as they are."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(app.root / "templates" / name, root / "templates" / name)
        home = root / "issues" / _SPECIMEN.name
        shutil.copytree(_SPECIMEN, home)
        file = home / "issue.toml"
        written = file.read_text(encoding="utf-8")
        file.write_text(written.replace('theme = "alisei"', f'theme = "{name}"'), encoding="utf-8")
        yield replace(app, root=root), load_issue(home)


def _with_kinds(issue: Issue, tried: Theme) -> Issue:
    """The issue with the sections that the theme has templates for: it may leave kinds out."""
    texts = {
        language: text.model_copy(
            update={"sections": {n: s for n, s in text.sections.items() if s.kind in tried.kinds}}
        )
        for language, text in issue.texts.items()
    }
    return replace(issue, texts=texts)


def _proof(staged: App, issue: Issue, tried: Theme) -> Proof:
    editions = tuple(_editions(staged, issue, tried))
    made = Composition(issue, tried, {}, digest_of())
    return replace(proof_of(staged, made, frozenset()), editions=editions)


def _editions(staged: App, issue: Issue, tried: Theme) -> Iterator[Edition]:
    """The specimen in each language, with the sections that the theme can show."""
    for language in issue.languages:
        try:
            whole = Variant(language, issue.section_ids)
            yield render_edition(issue, whole, tried, staged.publisher)
        except ThemeError:
            alone = [Variant(language, (name,)) for name in issue.section_ids]
            fit = [each for each in alone if not faults_of(issue, each, tried, staged.publisher)]
            if fit:
                shown = Variant(language, tuple(name for each in fit for name in each.sections))
                yield render_edition(issue, shown, tried, staged.publisher)


def _of_theme(app: App, staged: App, proof: Proof, found: Sequence[Finding]) -> Iterator[Finding]:
    """The findings that are the theme's, each at its own file.

    What is found in the specimen, and not before there was a page, is the template's doing.
    """
    copies = staged.root / "templates"
    for finding in found:
        if finding.path.is_relative_to(copies):
            path = app.root / "templates" / finding.path.relative_to(copies)
            yield replace(finding, path=path)
        elif finding.path.is_relative_to(proof.issue.folder):
            template = _template_of(proof.issue, finding.where)
            path = app.root / "templates" / str(proof.theme and proof.theme.name) / template
            yield replace(finding, path=path, line=0, column=0)


def _template_of(issue: Issue, where: str) -> str:
    """The template that shows what stands at a key of the issue."""
    parts = where.split(".")
    section = (
        issue.original.sections.get(parts[1]) if parts[0] == "sections" and parts[1:] else None
    )
    return f"sections/{section.kind}.mjml.j2" if section else "edition.mjml.j2"
