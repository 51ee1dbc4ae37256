"""The audit passes over most of a page in one step, and finds what a look at each piece finds."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.edition.audit import _PIECE, misplaced_slots
from newsletter.edition.slots import Tokens
from newsletter.issue.slots import Slot

TOKENS = Tokens("words")
TOKEN = TOKENS.token(Slot("first_name"))
URL = TOKENS.token(Slot("unsubscribe_url"))
SCRAPS = st.sampled_from(
    [
        *("<p>", "<a href=", '"', "'", ">", "<", "</p>", " ", "x", "=", "/", f'<a href="{URL}">'),
        *("<!--", "-->", "<style>", "</style>", "<STYLE media='x'", "<script", "</script >"),
        *(TOKEN, URL, f"title='{TOKEN}'", "<!doctype html>", "<![endif]-->", "<!--[if mso]>"),
    ]
)


def looked_at_piece_by_piece(html: str) -> list[str]:
    pieces = [piece[0] for piece in _PIECE.finditer(html) if TOKENS.pattern.search(piece[0])]
    alone = (misplaced_slots(piece, TOKENS) for piece in pieces)
    return [said for each in alone for said in each]


@pytest.mark.slow
@given(st.lists(SCRAPS, max_size=30).map("".join))
@example(f"<style>a</style><p title={TOKEN}>{TOKEN}</p><style>{TOKEN}</style>")
@example(f"<style>never closed <b x='{TOKEN}'><!-- {TOKEN} -->")
@example(f"< <p <b '{TOKEN}' > {URL} <script>{TOKEN}{TOKEN}</script><a href='{TOKEN}'>")
def test_the_same_is_found_as_when_each_piece_is_looked_at(html: str) -> None:
    assert list(misplaced_slots(html, TOKENS)) == looked_at_piece_by_piece(html)


def test_the_words_of_a_large_page_are_passed_over() -> None:
    page = "<p class='a'>x</p>" * 20_000
    assert list(misplaced_slots(f"{page}{TOKEN}{page}", TOKENS)) == []
    (said,) = misplaced_slots(f"{page}<i class=x{TOKEN}>{page}", TOKENS)
    assert re.search("first_name stands in a tag", said)
