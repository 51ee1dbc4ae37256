"""The live preview's reading: what a save changes, what it leaves, and what is pointed at."""

from pathlib import Path

import pytest

from newsletter.app.live_preview import LivePreview
from newsletter.app.pointing import point_at
from newsletter.app.sources import read_source, source_files
from newsletter.errors import IssueError, ListError, ThemeError, UsageError
from tests.web.previews import ISSUE, WRITTEN, change, copy_example, line_of, opened

NEWS = "in questo numero trova"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_example(tmp_path)


@pytest.fixture
def preview(root: Path) -> LivePreview:
    return opened(root)


def save(preview: LivePreview, root: Path, old: str, new: str, file: str = WRITTEN) -> None:
    change(root, old, new, file)
    preview.refresh([root / file])


@pytest.mark.slow
def test_every_page_that_readers_see_is_counted_and_nobody_is_counted_twice(
    preview: LivePreview,
) -> None:
    variants = preview.variants()
    assert len({each.key for each in variants}) == len(variants) == 16
    readers = len(list(preview.reading.readers.audience))
    assert sum(each.readers for each in variants) == readers > 300
    assert {each.language for each in variants} == set(preview.reading.issue.languages)


@pytest.mark.slow
def test_a_page_is_shown_as_its_first_reader_sees_it_in_every_form(preview: LivePreview) -> None:
    page = preview.page("", "")
    assert page.variant.language == "it"
    assert f"Gentile {page.reader.split()[0]}," in page.html
    assert "@src sections.china" in page.html
    assert "@src sections.china" in page.mjml
    assert page.subject in dict(page.headers)["Subject"]
    assert b"@src" not in page.message
    assert page.html_size < len(page.message)
    assert (page.images, page.images_size) == (4, 68_004)


@pytest.mark.slow
def test_as_a_reader_it_is_her_own_page_and_an_unknown_one_is_named(preview: LivePreview) -> None:
    someone = next(p for p in preview.reading.readers.audience if p.fields["language"] == "zh-Hans")
    page = preview.page("", someone.address.text)
    assert page.variant.language == "zh-Hans"
    assert someone.address.text in page.message.decode()
    with pytest.raises(UsageError, match="is on no list"):
        preview.page("", "nobody@nowhere.example")


@pytest.mark.slow
def test_a_save_makes_only_the_pages_of_its_language_anew(preview: LivePreview, root: Path) -> None:
    for _ in preview.make_ready():
        pass
    before = dict(preview.reading.pages)
    save(preview, root, NEWS, "QUI " + NEWS)
    kept = preview.reading.pages
    assert {variant.language for variant in before} - {v.language for v in kept} == {"it"}
    assert all(kept[variant] is before[variant] for variant in kept)
    assert "QUI" in preview.page("", "").html


@pytest.mark.slow
def test_the_theme_is_read_again_only_when_it_changed(preview: LivePreview, root: Path) -> None:
    before = preview.reading.theme
    save(preview, root, NEWS, "QUI " + NEWS)
    assert preview.reading.theme is before
    save(preview, root, '"Apri nel', '"ORA Apri nel', "templates/alisei/strings.toml")
    assert preview.reading.theme is not before
    assert "ORA " in preview.page("", "").html


@pytest.mark.slow
def test_a_changed_list_changes_the_counts(preview: LivePreview, root: Path) -> None:
    before = sum(each.readers for each in preview.variants())
    lines = (root / "subscribers/press.csv").read_text().splitlines(keepends=True)
    (root / "subscribers/press.csv").write_text("".join(lines[:-1]))
    preview.refresh([root / "subscribers/press.csv"])
    assert sum(each.readers for each in preview.variants()) == before - 1


@pytest.mark.slow
def test_changed_settings_are_on_the_next_page(preview: LivePreview, root: Path) -> None:
    save(preview, root, "Via dell’Esempio 1", "Via Nuova 7", "newsletter.toml")
    assert "Via Nuova 7" in preview.page("", "").html


@pytest.mark.slow
def test_a_mistake_leaves_the_last_good_page_and_is_over_when_it_is_mended(
    preview: LivePreview, root: Path
) -> None:
    good = preview.page("", "").html
    with pytest.raises(IssueError) as caught:
        save(preview, root, 'subject = "', "subject = ")
    assert caught.value.problems[0].line == line_of("subject")
    assert preview.page("", "").html == good
    save(preview, root, "subject = ", 'subject = "')
    assert preview.page("", "").html == good


@pytest.mark.slow
def test_what_was_saved_during_a_mistake_is_not_forgotten(preview: LivePreview, root: Path) -> None:
    with pytest.raises(IssueError):
        save(preview, root, 'subject = "', "subject = ")
    with pytest.raises(IssueError):
        save(preview, root, '"Apri nel', '"ORA Apri nel', "templates/alisei/strings.toml")
    save(preview, root, "subject = ", 'subject = "')
    assert "ORA " in preview.page("", "").html


@pytest.mark.slow
def test_a_template_that_fails_says_where(preview: LivePreview, root: Path) -> None:
    template = "templates/alisei/sections/article.mjml.j2"
    save(preview, root, "{% if data.body %}", "{% if data.nothing.at_all %}", template)
    with pytest.raises(ThemeError) as caught:
        preview.page("", "")
    assert caught.value.problems[0].path == root / template


@pytest.mark.slow
def test_a_faulty_list_is_told_too(preview: LivePreview, root: Path) -> None:
    (root / "subscribers/press.csv").write_text("email,first_name\nnot-an-address,Anna\n")
    with pytest.raises(ListError):
        preview.refresh([root / "subscribers/press.csv"])


@pytest.mark.slow
def test_the_verdict_is_that_of_check(preview: LivePreview, root: Path) -> None:
    assert preview.verdict().findings == ()
    save(preview, root, "preheader = ", "# preheader = ")
    found = preview.verdict().findings
    assert found
    assert preview.verdict().pages == 16


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "section", "said", "file", "beginning"),
    [
        ("it", "", "Gentile Anna Maria,", "issue.toml", "greeting"),
        ("it", "", "L’assemblea guarda lontano", "issue.toml", "title"),
        ("it", "", "Verso il Canada, a partire dal Québec", "issue.toml", "sections.canada.title"),
        ("it", "china", "Innovation Forum, Pechino", "issue.toml", "sections.china.events.1.place"),
        ("en", "china", "Biomedicine", "issue.en.toml", "sections.china.events.1.title"),
        ("it", "", "Via dell’Esempio 1", "newsletter.toml", "sender.postal_address.0"),
        ("it", "", "In questo numero", "strings.toml", "it.contents"),
        ("it", "china", "what stands nowhere", "issue.toml", "sections.china"),
        ("xx", "no-such", "", "issue.toml", "subject"),
    ],
)
def test_a_part_of_the_page_leads_to_its_line(
    preview: LivePreview, language: str, section: str, said: str, file: str, beginning: str
) -> None:
    found = point_at(preview.reading, language, section, [said])
    assert (found.place.path.name, found.where) == (file, beginning)
    line = found.place.path.read_text("utf-8").splitlines()[found.place.line - 1]
    assert line


@pytest.mark.slow
def test_a_paragraph_of_a_long_text_leads_to_its_own_line(preview: LivePreview) -> None:
    text = preview.reading.issue.original.sections["internationalization"]
    paragraphs = [line for line in str(getattr(text, "body", "")).splitlines() if line.strip()]
    assert len(paragraphs) > 1
    for paragraph in paragraphs:
        bare = paragraph.replace("**", "").split("](")[0].lstrip("*-[ ")
        found = point_at(preview.reading, "it", "internationalization", [bare])
        lines = found.place.path.read_text("utf-8").splitlines()
        assert lines[found.place.line - 1].strip().strip('"') == paragraph.strip()


def test_words_around_the_part_are_asked_when_it_says_nothing_of_its_own(
    preview: LivePreview,
) -> None:
    found = point_at(
        preview.reading, "it", "china", ["28", "28 novembre", "Health & Life Sciences"]
    )
    assert found.where == "sections.china.events.2.title"


def test_each_line_of_a_file_knows_its_key_and_a_broken_file_is_shown_too(
    preview: LivePreview, root: Path
) -> None:
    source = read_source(preview.reading, WRITTEN, 1)
    assert source
    assert source.whole
    keys = {line.text.split(" = ")[0]: line.where for line in source.lines}
    assert keys["subject"] == "subject"
    assert keys["[sections.china]"] == "sections.china"
    change(root, 'subject = "', "subject = ")
    broken = read_source(preview.reading, WRITTEN, line_of("subject"))
    assert broken
    assert broken.lines[line_of("subject") - 1].text.startswith("subject = L")


def test_of_a_long_file_the_part_around_the_line_is_shown(preview: LivePreview, root: Path) -> None:
    rows = [f"reader{number}@soci.example" for number in range(5_000)]
    (root / "subscribers/long.csv").write_text("\n".join(["email", *rows]))
    source = read_source(preview.reading, "subscribers/long.csv", 4_000)
    assert source
    assert not source.whole
    assert len(source.lines) == 2_000
    assert any(line.number == 4_000 for line in source.lines)


@pytest.mark.parametrize(
    "wanted",
    [
        "../outside.toml",
        "/etc/passwd",
        ".newsletter/secret",
        ".env",
        "issues/../../outside.toml",
        f"issues/{ISSUE}/images/hero.jpg",
        "build/x.css",
        "",
    ],
)
def test_no_file_but_the_newsletters_own_is_shown(
    preview: LivePreview, root: Path, wanted: str
) -> None:
    (root.parent / "outside.toml").write_text("secret = 1")
    (root / ".env").write_text("NEWSLETTER_SECRET=1")
    assert read_source(preview.reading, wanted, 1) is None
    assert all(
        name.startswith(f"issues/{ISSUE}/") for name in source_files(preview.reading, wanted)
    )
