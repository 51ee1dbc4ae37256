"""A compiled message is read part by part, whatever the theme."""

from pathlib import Path

import pytest

from newsletter.app.compose import compose_issue
from newsletter.app.open import App, open_app
from newsletter.edition.model import Variant
from newsletter.message.compiled import CompiledMessage
from newsletter.message.reading import Part, read_message
from newsletter.values import Language, SectionId
from tests.cli.newsroom import ISSUE, write_newsletter

REPOSITORY = Path(__file__).parents[2]
SECTIONS = tuple(map(SectionId, ["report", "china"]))


@pytest.fixture
def app(tmp_path: Path) -> App:
    write_newsletter(tmp_path)
    return open_app(tmp_path, profile="production", environ={})


def parts_of(app: App, issue: str, variant: Variant) -> dict[str, Part]:
    page = compose_issue(app, app.load_issue(issue), [variant]).pages[variant]
    frozen = CompiledMessage.from_bytes(page.compiled.to_bytes())
    reading = read_message(frozen, variant.sections)
    assert read_message(page.compiled, variant.sections) == reading
    return {part.name: part for part in reading.parts}


@pytest.mark.slow
def test_each_section_has_its_own_words_and_the_footer_the_way_out(app: App) -> None:
    parts = parts_of(app, ISSUE, Variant(Language("it"), SECTIONS))
    assert list(parts) == ["opening", "report", "china", "footer"]
    assert parts["report"].lines == [
        "La relazione",
        'Caro {{ name | "lettore" }}, un saluto da {{ country | "qui" }}.',
    ]
    assert parts["china"].lines[:2] == ["La Cina", "Un tavolo a Roma."]
    assert parts["footer"].links == [("Annulla", "unsubscribe_url")]
    assert "Che cosa è successo a novembre." not in parts["opening"].lines  # hidden


def test_the_subject_shows_its_slots(app: App) -> None:
    variant = Variant(Language("en"), SECTIONS)
    page = compose_issue(app, app.load_issue(ISSUE)).pages[variant]
    assert read_message(page.compiled, SECTIONS).subject == 'News for {{ first_name | "you" }}'


@pytest.mark.slow
def test_a_picture_above_a_title_belongs_to_its_section() -> None:
    app = open_app(REPOSITORY, profile="production", environ={})
    issue = app.load_issue("2019-11-assemblea")
    parts = parts_of(app, issue.slug, Variant(Language("zh-Hans"), issue.section_ids))
    assert list(parts) == ["opening", *issue.section_ids, "footer"]
    assert [url.rpartition("/")[2] for url, _ in parts["internationalization"].images] == [
        "streams.png"
    ]
    assert [url.rpartition("/")[2] for url, _ in parts["opening"].images] == ["masthead.png"]
    assert parts["canada"].links[0][1] == "mailto:canada@alisei.example"
