"""MRML is given only what it can bear, and whatever it does comes back as one kind of error."""

import pytest

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
    html = to_html(PAGE.format("ciao"))
    assert "ciao" in html
    assert "@import" not in html
    assert "<link" not in html


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
    with pytest.raises(MjmlError, match="unexpected element") as caught:
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
