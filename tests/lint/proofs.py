"""Proofs for tests: a clean issue with the tiny theme, and one thing in it changed."""

import atexit
import dataclasses
import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from newsletter.edition.model import Edition, Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import Theme, load_theme
from newsletter.edition.variants import variant_for
from newsletter.issue.loader import load_issue
from newsletter.lint.check import lint
from newsletter.lint.rule import Finding, Proof, Sender
from newsletter.message import compile_message
from newsletter.values import Language, SectionId
from tests.edition.tiny import FILES, publisher, write_theme
from tests.edition.tiny import SECTION as SECTION_TEMPLATE
from tests.issue.folder import SECTION, TOP, write_issue

CLEAN = TOP + 'preheader = "Un tavolo, una fiera"\n' + SECTION
SETTINGS = """\
name = "ALISEI"

[sender]
name = "Cluster ALISEI"
address = "news@alisei.example"
reply_to = "segreteria@alisei.example"
list_id = "news.alisei.example"
postal_address = ["Via Roma 1", "00100 Roma"]

[sender.tagline]
it = "Scienze della vita"

[site]
url = "https://alisei.example"
"""
VALUES = {
    "email": "lettrice@soci.example",
    "date": "Fri, 15 Nov 2019 12:00:00 +0000",
    "message_id": "<2019-11.it.sample@alisei.example>",
    "unsubscribe_url": "https://alisei.example/u/sample",
    "preferences_url": "https://alisei.example/p/sample",
    "browser_url": "https://alisei.example/v/sample",
    "unsubscribe_mailto": "mailto:news@alisei.example?subject=unsubscribe",
}

Case = Callable[[Path], Proof]
"""Something that makes a proof in an empty folder."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One rule's row: the smallest issue that breaks it, where, and one that does not.

    ``at`` is ``file:line:column`` of the first finding, the file by its name; a place without
    line and column is one that is no text file.
    """

    at: str
    bad: Case
    good: Case


def proof_of(root: Path, toml: str = CLEAN, **translations: str) -> Proof:
    """The proof of an issue, rendered with the tiny theme (or the one that is there already)."""
    issue = load_issue(write_issue(root, toml, **translations))
    folder = root / "templates" / "tiny"
    theme = load_theme(folder) if folder.exists() else _tiny()
    if not (root / "newsletter.toml").exists():
        (root / "newsletter.toml").write_text(SETTINGS, encoding="utf-8")
    editions = tuple(
        render_edition(issue, variant_for(issue, language, {"china"}), theme, publisher())
        for language in issue.languages
    )
    return Proof(
        issue=issue,
        publisher=publisher(),
        editions=editions,
        theme=theme,
        themes=frozenset({"tiny"}),
        segments=frozenset({"china", "canada"}),
        fields=frozenset({"city"}),
        sender=Sender(
            "Cluster ALISEI",
            "news@alisei.example",
            "segreteria@alisei.example",
            "news.alisei.example",
        ),
        messages={edition.variant.key: message_of(edition) for edition in editions},
    )


@functools.cache
def _tiny() -> Theme:
    """The tiny theme as it is: its templates are compiled once, not for each proof."""
    root = tempfile.TemporaryDirectory(prefix="newsletter-tiny-")
    atexit.register(root.cleanup)
    return load_theme(write_theme(Path(root.name)))


def message_of(edition: Edition) -> bytes:
    """The whole message, with sample values."""
    return compile_message(
        edition,
        sender_name="Cluster ALISEI",
        sender_address="news@alisei.example",
        reply_to="segreteria@alisei.example",
        list_id="news.alisei.example",
        list_name="ALISEI",
    ).fill(VALUES | {slot.name: slot.default or "x" for slot in edition.slots.values()} | VALUES)


def clean() -> Case:
    """Nothing is changed."""
    return proof_of


def words(old: str, new: str) -> Case:
    """Some words of the clean issue are others."""
    assert old in CLEAN
    return toml(CLEAN.replace(old, new, 1))


def body(text: str) -> Case:
    """The section's body, in one line, is this."""
    return words("Un *tavolo* a Roma.", text)


def toml(text: str, **translations: str) -> Case:
    """A whole issue.toml, and translations by language."""
    return lambda root: proof_of(root, text, **translations)


def translated(text: str, language: str = "en") -> Case:
    """The clean issue with one translation."""
    return toml(CLEAN, **{language.replace("-", "_"): text})


def settings(text: str, **changes: Any) -> Case:
    """A newsletter.toml, and what the proof has of it."""

    def make(root: Path) -> Proof:
        (root / "newsletter.toml").write_text(text, encoding="utf-8")
        return dataclasses.replace(proof_of(root), **changes)

    return make


def template(file: str, old: str, new: str) -> Case:
    """One place of the tiny theme is another; ``section`` stands for a country's template."""
    name = "sections/country.mjml.j2" if file == "section" else file
    text = SECTION_TEMPLATE if file == "section" else FILES[file]
    assert old in text

    def make(root: Path) -> Proof:
        folder = write_theme(root)
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
        return proof_of(root)

    return make


def page(html: str, text: str = "Un testo abbastanza lungo.") -> Case:
    """The only edition is this page and text."""
    variant = Variant(Language("it"), (SectionId("china"),))
    return changed(editions=(Edition(variant, "Notizie", "", html, text, slots={}),))


def changed(case: Case = proof_of, **fields: Any) -> Case:
    """Some fields of the proof are others."""
    return lambda root: dataclasses.replace(case(root), **fields)


def sent_by(case: Case = proof_of, **fields: str) -> Case:
    """Some details of the sender are others."""

    def make(root: Path) -> Proof:
        proof = case(root)
        assert proof.sender
        return dataclasses.replace(proof, sender=dataclasses.replace(proof.sender, **fields))

    return make


def found(proof: Proof, rule: str) -> list[Finding]:
    """The findings of one rule."""
    return [finding for finding in lint(proof) if finding.rule == rule]


def the_only(proof: Proof, rule: str) -> Finding:
    """The one finding of a rule."""
    findings = found(proof, rule)
    assert len(findings) == 1, findings
    return findings[0]


def place_of(finding: Finding) -> str:
    """``issue.toml:11:8``; only the file where a finding has no line."""
    parts = [finding.path.name, finding.line, finding.column]
    return ":".join(map(str, parts if finding.line else parts[:1]))
