"""MRML is given only what it can bear, and whatever it does comes back as one kind of error."""

from html import unescape

import pytest
from lxml import html

from newsletter.edition.mjml import MAX_BYTES, MjmlError, to_html

PAGE = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>"
    "{}</mj-text></mj-column></mj-section></mj-body></mjml>"
)


class PanicException(BaseException):
    """A double of pyo3's exception, which is no Exception."""


def panic(*_: object, **__: object) -> str:
    message = "called unwrap on None"
    raise PanicException(message)


def interrupt(*_: object, **__: object) -> str:
    raise KeyboardInterrupt


def test_a_page_becomes_html_without_fonts_from_the_network() -> None:
    page = to_html(PAGE.format("ciao"))
    assert "ciao" in page
    assert "@import" not in page
    assert "<link" not in page


def test_a_panic_in_the_renderer_is_an_error_and_an_interrupt_is_not() -> None:
    with pytest.raises(MjmlError, match="the MJML renderer failed"):
        to_html(PAGE, panic)
    with pytest.raises(KeyboardInterrupt):
        to_html(PAGE, interrupt)


def complain(mjml: str, **_: object) -> str:
    start = mjml.encode().index(b"<mj-text>")
    message = f"unexpected element in root template at position {start}:{start + 9}"
    raise ValueError(message)


def test_byte_offsets_of_the_renderer_become_characters() -> None:
    page = PAGE.replace("<mj-text>", "<!-- è 中 --><mj-text>")
    with pytest.raises(MjmlError) as caught:
        to_html(page, complain)
    assert page[caught.value.offset :].startswith("<mj-text>")


def test_a_real_complaint_of_the_renderer_has_its_place() -> None:
    page = "<mjml><mj-head><mj-title>è</mj-title><mj-section /></mj-head></mjml>"
    with pytest.raises(MjmlError, match="mj-section may not stand here") as caught:
        to_html(page)
    assert page[caught.value.offset :].startswith("mj-section")


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("x" * (MAX_BYTES + 1), "larger than 1,000,000 bytes"),
        (PAGE.format("\x00"), "control character U\\+0000"),
        (PAGE.format("<div>" * 10_000), "nested more than 100 deep"),
        ("<mjml><mj-include path='/etc/hostname' type='css' /></mjml>", "mj-include"),
    ],
)
def test_what_would_crash_the_renderer_is_refused_before(page: str, message: str) -> None:
    with pytest.raises(MjmlError, match=message):
        to_html(page, panic)


@pytest.mark.parametrize("tag", ["mj-nope", "mj-sectoin"])
def test_a_tag_that_mjml_does_not_know_is_not_passed_on(tag: str) -> None:
    page = PAGE.format(f"ciao</mj-text><{tag}>x</{tag}><mj-text>")
    with pytest.raises(MjmlError, match=tag) as caught:
        to_html(page)
    assert caught.value.offset == page.index(f"<{tag}")


def test_words_that_look_like_a_tag_are_words() -> None:
    assert "&lt;mj-nope&gt;" in to_html(PAGE.format("&lt;mj-nope&gt;"))


@pytest.mark.parametrize(
    "words",
    [
        "la vidéo\u00a0: ici",
        "8\u202f125 km",
        "می\u200cخواهم",
        "\u200fالعربية",
        "e\u0301",
        "C:\\temp\\u{a0}",
        "two\nlines\tand a tab",
        "it's &quot;so&quot; &amp; 😀",
    ],
)
def test_what_an_attribute_says_reaches_the_reader_as_it_is(words: str) -> None:
    image = f'<img src="a.png" alt="{words}" />'
    page = html.document_fromstring(to_html(PAGE.format(image)))
    assert page.xpath("//img/@alt") == [unescape(words)]
    framed = f'<mjml><mj-body><mj-section><mj-column><mj-image src="a" alt="{words}" />'
    framed += "</mj-column></mj-section></mj-body></mjml>"
    assert html.document_fromstring(to_html(framed)).xpath("//img/@alt") == [unescape(words)]


def test_a_complaint_has_its_place_where_attributes_were_spelled_out() -> None:
    page = "<mjml><mj-head><mj-title>è</mj-title></mj-head>"
    page += '<mj-body><mj-section css-class="è\u00a0中"><mj-column><mj-raw><br></mj-raw>'
    page += "</mj-column></mj-section></mj-body><mj-text /></mjml>"

    def complains(given: str, **_: object) -> str:
        start = given.encode().index(b"<mj-text />")
        message = f"unexpected element at position {start}:{start + 9}"
        raise ValueError(message)

    with pytest.raises(MjmlError) as caught:
        to_html(page, complains)
    assert page[caught.value.offset :].startswith("<mj-text />")
