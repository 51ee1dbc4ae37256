"""Typography follows the language, lets addresses, slots and code be, and is done once."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.edition.prose import Typesetter
from newsletter.edition.typography import typography_of
from newsletter.issue.slots import BUILT_IN_SLOTS
from newsletter.values import Language

LANGUAGES = ("it", "en", "fr", "fr-CA", "de", "es", "zh-Hans", "zh-Hant", "ar", "pl", "de-CH")


def set_in(language: str, words: str) -> str:
    return typography_of(Language(language)).set_words(words)


def prose(language: str, markdown: str) -> str:
    return str(Typesetter(Language(language), lambda _: False).prose(markdown))


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("it", "«a “b” c»"),
        ("en", "“a ‘b’ c”"),
        ("fr", "«\u00a0a “b” c\u00a0»"),
        ("fr-CA", "«\u00a0a “b” c\u00a0»"),
        ("de", "„a ‚b‘ c“"),
        ("de-CH", "«a ‹b› c»"),
        ("de-AT", "„a ‚b‘ c“"),
        ("es", "«a “b” c»"),
        ("es-MX", "“a ‘b’ c”"),
        ("pt-BR", "“a ‘b’ c”"),
        ("zh-Hans", "“a ‘b’ c”"),
        ("zh-Hant-TW", "「a 『b』 c」"),
        ("ar", "«a “b” c»"),
        ("xx", "“a ‘b’ c”"),
    ],
)
def test_quotations_have_the_languages_marks_outside_and_inside(language: str, shown: str) -> None:
    assert set_in(language, "\"a 'b' c\"") == shown
    if shown[0] not in "“「":
        assert set_in(language, 'x "a "b" c" y').startswith(f"x {shown[0]}")


@pytest.mark.parametrize(
    ("language", "written", "shown"),
    [
        (
            "it",
            "l'ora, dell'\"arte\", un po' di, gli anni '90",
            "l’ora, dell’«arte», un po’ di, gli anni ’90",
        ),
        ("it", '«il "gruppo" di lavoro»', "«il “gruppo” di lavoro»"),
        (
            "it",
            "dell'8 marzo e 5' di pausa, 24\" di schermo",
            "dell’8 marzo e 5' di pausa, 24\" di schermo",
        ),
        (
            "en",
            "rock'n'roll isn't the readers' choice: 'tis",
            "rock’n’roll isn’t the readers’ choice: ’tis",
        ),
        ("en", '("yes"), "no"; "why?"', "(“yes”), “no”; “why?”"),
        ("en", "\"it's 'so'\"", "“it’s ‘so’”"),
        ("zh-Hans", '他说"你好"，又说"再见"。', "他说“你好”，又说“再见”。"),
        (
            "fr",
            "Quoi ? Vraiment?! Bien ; oui: non (si)!",
            "Quoi\u202f? Vraiment\u202f?! Bien\u202f; oui\u00a0: non (si)\u202f!",
        ),
        (
            "fr-CA",
            "Quoi ? Vraiment?! Bien ; oui: non (si)!",
            "Quoi? Vraiment?! Bien; oui\u00a0: non (si)!",
        ),
        (
            "fr",
            '« mot », «mot» et "mot" : 12 %',
            "«\u00a0mot\u00a0», «\u00a0mot\u00a0» et «\u00a0mot\u00a0»\u00a0: 12\u00a0%",
        ),
        ("fr", "à 10:30, Yahoo!x", "à 10:30, Yahoo!x"),
        ("it", "Quoi ? oui : non", "Quoi ? oui : non"),
        (
            "it",
            "Roma - Milano, 5 - 3, 2019--2021, ciao -- addio, e--o, ec---co",
            "Roma – Milano, 5 - 3, 2019–2021, ciao – addio, e–o, ec—co",
        ),
        ("en", "run --help or -v, a --> b, <-- c, ----", "run --help or -v, a --> b, <-- c, ----"),
        ("it", "e poi... ma.... no..", "e poi… ma.... no.."),
        ("zh-Hans", "他--她...走了，A--B，2019--2021", "他——她……走了，A——B，2019–2021"),
        ("it", "(c) (r) +- !!!!", "(c) (r) +- !!!!"),
        ("de", '"Ja", 5 €', "„Ja“, 5\u00a0€"),
    ],
)
def test_marks_and_spaces_are_those_of_the_language(
    language: str, written: str, shown: str
) -> None:
    assert set_in(language, written) == shown


@pytest.mark.parametrize(
    "kept",
    [
        "https://a.example/x--y...?a='b'&c=d;e!f",
        "http://a.example:80/it's",
        "www.a.example/x--y",
        "a.example/x--y...z",
        "o'neil--x@a.example",
        "mailto:a@b.example?subject=c--d",
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_address_in_the_words_stays(kept: str, language: str) -> None:
    address = kept.partition("'")[2] if kept.startswith("o'") else kept
    assert address in set_in(language, f'"Vedi" {kept} e "poi"')
    assert address in set_in(language, f'"{address}"')


def test_a_mark_may_begin_in_one_style_and_end_in_another() -> None:
    assert prose("it", 'Il "*bel* **Paese**" e "[qui](https://a.example/x)"') == (
        '<p>Il «<em>bel</em> <strong>Paese</strong>» e «<a href="https://a.example/x">qui</a>»</p>'
    )
    assert prose("fr", "**Lieu**: *Rome*!") == (
        "<p><strong>Lieu</strong>\u00a0: <em>Rome</em>\u202f!</p>"
    )


def test_code_and_written_out_addresses_are_as_written() -> None:
    html = prose("fr", '`a--b "c" d!` "x" <https://a.example/b--c!>\n\n    e--f\n\n```\n"g"\n```')
    assert "<code>a--b &quot;c&quot; d!</code> «\u00a0x\u00a0»" in html
    assert '<a href="https://a.example/b--c!">https://a.example/b--c!</a>' in html
    assert "<code>e--f\n</code>" in html
    assert "<code>&quot;g&quot;\n</code>" in html


SIGNS = st.sampled_from(
    [
        *"\"'-.!?:;«»“”„‘’‚()[]{}…–—%€0 9ab é中，。م\u00a0\u202f\n,/@",
        "--",
        "---",
        "...",
        "' ",
        ' "',
        "https://a.example/",
        "{{ name | 'x \"y\" --' }}",
        "a@b.example",
        "www.c.example",
    ]
)
WORDS = st.lists(SIGNS, max_size=30).map("".join)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(st.sampled_from(LANGUAGES), WORDS)
@example("fr", '"!" \'a"\' : "')
def test_what_is_set_stays_as_it_is(language: str, words: str) -> None:
    once = set_in(language, words)
    assert set_in(language, once) == once


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LANGUAGES), WORDS)
def test_no_letter_and_no_figure_is_ever_lost(language: str, words: str) -> None:
    def plain(text: str) -> str:
        return "".join(sign for sign in text if sign.isalnum())

    assert plain(set_in(language, words)) == plain(words)


SLOT = st.builds(
    "{{{{ {} | {!r} }}}}".format,
    st.sampled_from(BUILT_IN_SLOTS),
    st.text(alphabet='ab "-.!?:;«é', max_size=8),
)  # fmt: skip
PATH = st.text(alphabet="ab-._~!$&*+,;=:@%/?#é", max_size=20)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(LANGUAGES), WORDS, SLOT, PATH, WORDS)
def test_slots_and_addresses_pass_unchanged(
    language: str, before: str, slot: str, path: str, after: str
) -> None:
    url = f"https://a.example/{path}z"
    shown = set_in(language, f"{before} {slot} {url} {after}")
    assert slot in shown or "{{" in before
    assert url in shown or "{{" in before


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.sampled_from(LANGUAGES), WORDS, st.text(alphabet="ab \"'-.!?:;«", min_size=1), PATH)
def test_links_and_code_in_prose_pass_unchanged(
    language: str, words: str, code: str, path: str
) -> None:
    link = f"[x](<https://a.example/{path}>)"
    markdown = f"{link} ``` {code} ``` {re.sub('[`<>|]', '', words)}"
    set_one, unset = prose(language, markdown), prose("xx", link + f" ``` {code} ```")
    assert re.findall('<a href="[^"]*">|<code>[^<]*</code>', set_one)[:2] == re.findall(
        '<a href="[^"]*">|<code>[^<]*</code>', unset
    )
