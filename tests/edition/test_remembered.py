"""What is kept between renderings changes no page of another issue, theme, language or text."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.edition.model import Variant
from newsletter.edition.prose import Typesetter
from newsletter.edition.render import render_edition
from newsletter.edition.slots import Tokens
from newsletter.edition.theme import load_theme
from newsletter.edition.typeset import SharedTypesetter
from newsletter.issue.loader import load_issue
from newsletter.issue.slots import Slot
from newsletter.values import Language
from tests.edition.tiny import SECTION, publisher, write_theme
from tests.issue.folder import ISSUE, write_issue
from tests.look.pages import FIRST, ROOT

WORDS = st.sampled_from(
    [
        '*Ciao*: "Lei" [qui](SLOT) e [là](https://a.example)!',
        '[x](SLOT) SLOT "oui" ; non ?',
        "- uno\n- due",
        '"quoted" -- words...',
        "",
    ]
)
LANGUAGES = st.sampled_from(["it", "fr-CA", "fr-FR", "en", "zh-Hans", "ar"])
SLOTS = st.sampled_from([Slot("preferences_url"), Slot("unsubscribe_url"), Slot("city")])


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(words=WORDS, language=LANGUAGES, slot=SLOTS, content=st.sampled_from(["a", "b"]))
def test_words_that_were_set_before_are_as_if_set_for_the_first_time(
    words: str, language: str, slot: Slot, content: str
) -> None:
    tokens = Tokens(content)
    token = tokens.token(slot)
    written = words.replace("SLOT", token)
    shared = SharedTypesetter(Language(language), tokens)
    fresh = Typesetter(Language(language), tokens.is_url)
    assert shared.typo(written) == fresh.typo(written)
    assert shared.prose(written) == fresh.prose(written)
    assert shared.plain(written, 40) == fresh.plain(written, 40)
    assert ('href="zs' in shared.prose(written)) == ("SLOT)" in words and slot.name != "city")


def page(root: Path, **theme: str) -> str:
    issue = load_issue(write_issue(root, ISSUE))
    variant = Variant(Language("it"), issue.section_ids)
    return render_edition(issue, variant, load_theme(write_theme(root, **theme)), publisher()).html


@pytest.mark.slow
def test_a_template_or_a_style_sheet_that_changed_is_read_again(tmp_path: Path) -> None:
    first = page(tmp_path)
    changed = page(tmp_path, sections_country_mjml_j2=SECTION.replace("h2", "h3"))
    styled = page(tmp_path, inline_css=".prose p { margin: 9px }")
    assert "<h3" in changed
    assert "<h3" not in first + styled
    assert "margin:9px" in styled
    assert page(tmp_path) == first


def test_two_themes_with_templates_of_one_name_are_two(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    shown = page(other, sections_country_mjml_j2=SECTION.replace("h2", "h4"))
    assert "<h4" in shown
    assert "<h4" not in page(one)
    assert page(other, sections_country_mjml_j2=SECTION.replace("h2", "h4")) == shown


def test_places_of_keys_are_searched_when_they_are_asked_for(tmp_path: Path) -> None:
    folder = write_issue(tmp_path)
    places = load_issue(folder).places
    title = places[Language("it"), "sections.china.title"]
    assert (title.path, title.column) == (folder / "issue.toml", 1)
    assert ISSUE.splitlines()[title.line - 1].startswith("title")
    assert set(places) == set(dict(places))
    assert len(places) == len(list(places)) > 8


DIGESTS = """
import json, sys
from pathlib import Path
from tests.edition.test_remembered import digest
print(json.dumps({name: digest(name) for name in sys.argv[1:]}))
"""


def digest(name: str) -> str:
    """Everything of one page, by theme and language."""
    theme, language = name.split()
    issue = load_issue(FIRST)
    variant = Variant(Language(language), issue.section_ids)
    read = load_theme(ROOT / "templates" / theme)
    edition = render_edition(issue, variant, read, publisher())
    return sha256(repr(edition).encode()).hexdigest()


@pytest.mark.slow
def test_pages_are_the_same_in_any_order_and_in_a_process_of_their_own() -> None:
    names = ["alisei it", "plain it", "alisei zh-Hans", "plain fr-CA"]
    here = {name: digest(name) for name in [*names, *reversed(names)]}
    alone: dict[str, str] = {}
    for name in names:
        done = subprocess.run(  # noqa: S603 our own code
            [sys.executable, "-c", DIGESTS, name],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        alone |= json.loads(done.stdout)
    assert here == alone
