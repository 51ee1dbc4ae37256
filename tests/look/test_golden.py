"""Every kind of section says what it said, in both themes and all languages."""

from functools import cache

import pytest

from newsletter.issue.model import SECTION_KINDS
from tests.look.golden import FOLDER, pages
from tests.look.pages import EVERY_LANGUAGE, THEMES

KEPT = sorted(file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*.*"))
RENEW = "python -m tests.look.golden renews the files, once the change is meant"


@cache
def wanted() -> dict[str, str]:
    return dict(pages())


def test_there_is_a_file_for_every_theme_kind_and_language_and_no_other() -> None:
    assert set(KEPT) == set(wanted()), RENEW
    for look in THEMES:
        for language in EVERY_LANGUAGE:
            assert {f"{look}/{kind}.{language}.txt" for kind in SECTION_KINDS} <= set(KEPT)


@pytest.mark.parametrize("name", KEPT)
def test_a_section_is_the_same_as_it_was(name: str) -> None:
    assert wanted()[name] == (FOLDER / name).read_text("utf-8"), RENEW
