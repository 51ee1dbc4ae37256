"""Every kind of section says what it said, in both themes and all languages."""

import pytest

from newsletter.issue.model import SECTION_KINDS
from tests.look.golden import FOLDER, pages
from tests.look.pages import EVERY_LANGUAGE, THEMES

PAGES = dict(pages())
RENEW = "python -m tests.look.golden renews the files, once the change is meant"


def test_there_is_a_file_for_every_theme_kind_and_language_and_no_other() -> None:
    kept = {file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*.*")}
    assert kept == set(PAGES), RENEW
    for look in THEMES:
        for language in EVERY_LANGUAGE:
            assert {f"{look}/{kind}.{language}.txt" for kind in SECTION_KINDS} <= kept


@pytest.mark.parametrize("name", PAGES)
def test_a_section_is_the_same_as_it_was(name: str) -> None:
    assert PAGES[name] == (FOLDER / name).read_text("utf-8"), RENEW
