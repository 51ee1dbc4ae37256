"""Whatever stands in an issue's file, the loader reads it or says what is wrong with it."""

import json
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import IssueError
from newsletter.issue.loader import load_issue
from tests.issue.folder import ISSUE, write_issue

EN = '[sections.china]\ntitle = "China"\n[[sections.china.events]]\ntitle = "x"\n'
VALUES = ["3", "true", "[]", "{}", '""', "[[1]]", "2019-01-01", "[{}]", "{ a = 1 }", "1e400", "nan"]


def read(content: str | bytes, english: str = EN) -> None:
    """Load, and look at each problem as a command would show it."""
    with tempfile.TemporaryDirectory() as root:
        folder = write_issue(Path(root), content, en=english)
        try:
            load_issue(folder)
        except IssueError as error:
            shown = [str(problem) for problem in error.problems if problem.message]
        else:
            shown = ["read"]
    assert shown
    assert all(shown)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read(content)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_line_may_be_lost_doubled_or_given_another_value(chance: random.Random) -> None:
    for text in (ISSUE, EN):
        lines = text.splitlines()
        at = chance.randrange(len(lines))
        key = lines[at].partition("=")[0]
        lines[at : at + 1] = chance.choice(
            [[], [lines[at]] * 2, [f"{key}= {chance.choice(VALUES)}"]]
        )
        spoiled = "\n".join(lines)
        read(spoiled) if text is ISSUE else read(ISSUE, spoiled)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_words_are_read_or_refused(words: str) -> None:
    # A JSON string is a TOML string, but for lone surrogates, which hypothesis does not make.
    read(ISSUE.replace('"La Cina"', json.dumps(words)))
