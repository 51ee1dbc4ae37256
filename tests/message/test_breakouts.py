"""No value leaves its place: page, text and headers keep their structure, whatever it holds."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache

import html5lib
import pytest

from newsletter.edition.model import Slot
from newsletter.message import CompiledMessage
from tests.message.hostile import HOSTILE
from tests.message.make import LINK, SLOTS, VALUES, make_compiled, make_edition

PLACES: Mapping[str, Callable[[str], dict[str, str]]] = {
    "text and subject": lambda value: {"first_name": value},
    "attribute": lambda value: {"organisation": value},
    "URL": lambda value: {"browser_url": value},
    "URL with a beginning": lambda value: {"browser_url": f"https://a.example/v?x={value}"},
    "To": lambda value: {"to_name": value},
    "all at once": lambda value: {
        "first_name": value,
        "organisation": value,
        "to_name": value,
    },
}


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(HOSTILE) >= 200


@cache
def compiled() -> CompiledMessage:
    slots = {**SLOTS, LINK: Slot("browser_url")}
    return make_compiled(replace(make_edition(), slots=slots))


BENIGN = VALUES | {"browser_url": "https://alisei.example/v/0123456789abcdef"}


def structure(content: bytes) -> object:
    """Header names, the addresses, the parts, and the page's elements with their attributes."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    parts = [part.get_content_type() for part in message.walk()]
    defects = [defect for part in message.walk() for defect in part.defects]
    page = message.get_body(("html",))
    assert page
    return (
        list(message.keys()),
        [address.addr_spec for address in message["To"].addresses],
        [address.addr_spec for address in message["From"].addresses],
        parts,
        defects,
        elements(str(page.get_content())),
    )


def elements(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every element of a page as a browser reads it, with the names of its attributes."""
    tree = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    return [(str(each.tag), tuple(sorted(each.attrib))) for each in tree.iter()]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_value_stays_in_its_place(place: str) -> None:
    expected = structure(compiled().fill(BENIGN))
    for value in HOSTILE:
        content = compiled().fill(BENIGN | PLACES[place](value))
        assert structure(content) == expected, (place, value)
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content), (place, value)
        assert max(map(len, content.split(b"\r\n"))) <= 998, (place, value)


@pytest.mark.slow
def test_an_address_that_would_break_a_header_makes_no_message() -> None:
    expected = structure(compiled().fill(BENIGN))
    for value in HOSTILE:
        content = filled_or_refused(f"https://a.example/u?x={value}")
        assert content is None or structure(content) == expected, value
    assert filled_or_refused("https://a.example/\r\nBcc: x@y.example") is None


def filled_or_refused(address: str) -> bytes | None:
    """The message with this address to unsubscribe at; None where it is refused."""
    try:
        return compiled().fill(BENIGN | {"unsubscribe_url": address})
    except ValueError:
        return None


def test_the_judge_sees_a_breakout() -> None:
    content = compiled().fill(BENIGN)
    expected = structure(content)
    assert structure(content.replace(b"To:", b"Bcc: x@y.example\r\nTo:", 1)) != expected
    assert structure(content.replace(b"<p>", b"<p><b>x</b>", 1)) != expected
    assert structure(content.replace(b"<p title", b'<p onclick=3D"x" title', 1)) != expected
