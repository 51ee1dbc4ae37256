"""Slots become tokens of letters and digits that nothing on the way to the page changes."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.edition.audit import misplaced_slots
from newsletter.edition.prose import Typesetter
from newsletter.edition.slots import Tokens
from newsletter.issue.slots import Slot, malformed_slot, slots_in, whole_url_slot
from newsletter.values import Language

NAME = Slot("name")
URL = Slot("unsubscribe_url")


@pytest.mark.parametrize(
    ("words", "slot"),
    [
        ("{{ first_name }}", Slot("first_name")),
        ("{{first_name}}", Slot("first_name")),
        ("{{ name | 'cara lettrice' }}", Slot("name", "cara lettrice")),
        ('{{name|"l\'amico"}}', Slot("name", "l'amico")),
        ("{{ name | '' }}", Slot("name", "")),
    ],
)
def test_a_slot_names_a_field_and_may_give_a_default(words: str, slot: Slot) -> None:
    assert list(slots_in(words)) == [slot]
    assert malformed_slot(words) is None


@pytest.mark.parametrize(
    "words",
    [
        "{{ 7*7 }}",
        "{{ name",
        "name }}",
        "{{ name | upper }}",
        "{{ name.x }}",
        "{{}}",
        "{{ Name }}",
        "{{ name | 'x }}",
        "{{ {{ name }} }}",
    ],
)
def test_anything_else_in_double_braces_is_malformed(words: str) -> None:
    assert malformed_slot(words)


def test_single_braces_are_text() -> None:
    assert malformed_slot("{a} {% x %} {# y #}") is None


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Cara {{ First_Name }}, ecco {{ name }} e altro", "{{ First_Name }}"),
        ("Cara {{ nome, ecco {{ name }}", "{{ nome, ecco"),
        ("e }} poi", "}}"),
    ],
)
def test_a_slot_that_is_none_is_shown_alone(words: str, shown: str) -> None:
    assert malformed_slot(words) == (shown, words.index(shown))


def test_only_a_slot_that_dispatch_fills_can_be_an_address() -> None:
    assert whole_url_slot("{{ browser_url }}")
    assert not whole_url_slot("{{ email }}")
    assert not whole_url_slot("https://a.example/{{ browser_url }}")


def test_the_same_slot_has_the_same_token_and_another_default_another_one() -> None:
    tokens = Tokens("words")
    assert tokens.token(NAME) == tokens.token(Slot("name"))
    assert tokens.token(NAME) != tokens.token(Slot("name", "x"))
    assert tokens.slots[tokens.token(NAME)] == NAME


def test_tokens_come_from_the_content_and_occur_nowhere_in_it() -> None:
    first = Tokens("words")
    assert Tokens("words").nonce == first.nonce
    assert Tokens(f"words {first.nonce}").nonce not in f"words {first.nonce}"


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=30), st.text(max_size=30), st.sampled_from(["it", "fr", "fr-CA", "zh-Hans"])
)
def test_tokens_pass_through_typography_and_markdown_unchanged(
    before: str, after: str, language: str
) -> None:
    tokens = Tokens(before + after)
    token = tokens.token(NAME)
    setter = Typesetter(Language(language), tokens.is_url)
    assert token in setter.typo(f"{before} {token} {after}")
    assert setter.prose(f"*a* {token} **b**").count(token) == 1


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("<p>{name}</p>", None),
        ('<p title="dear {name}">x</p>', None),
        ('<a href="{url}">x</a>', None),
        ("<a href='{url}'>{url}</a>", None),
        ("<title>{name}</title>", None),
        ('<a href="{url}?x">x</a>', "not a whole URL in the attribute href"),
        ('<a href="{name}">x</a>', "not a whole URL in the attribute href"),
        ('<img src="{name}">', "not a whole URL in the attribute src"),
        ('<td background="x{name}">', "not a whole URL in the attribute background"),
        ("<a href={url}>x</a>", "outside quotes"),
        ("<p {name}>x</p>", "outside quotes"),
        ('<p style="color:{name}">x</p>', "in the attribute style"),
        ('<p onclick="{name}">x</p>', "in the attribute onclick"),
        ("<style>{name}</style>", "a style sheet or script"),
        ("<script>{name}</script>", "a style sheet or script"),
        ("<!-- {name} -->", "a comment"),
        ("<!--[if mso]><p>{name}</p><![endif]-->", "a comment"),
    ],
)
def test_the_audit_knows_where_a_slot_may_stand(page: str, fault: str | None) -> None:
    tokens = Tokens("words")
    html = page.format(name=tokens.token(NAME), url=tokens.token(URL))
    found = list(misplaced_slots(html, tokens))
    if fault is None:
        assert found == []
    else:
        assert len(found) == 1
        assert fault in found[0]
        assert re.search(r"the slot (name|unsubscribe_url) ", found[0])
