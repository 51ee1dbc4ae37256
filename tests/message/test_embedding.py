"""Images inside the message: one part each, asked for by an id that comes from their octets."""

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.edition.model import Edition
from newsletter.message import Common, CompiledMessage, EmbeddedImage, Filler, compile_message
from tests.issue.folder import PNG
from tests.message.make import NAME, OPTIONS, VALUES, make_edition

HOST = "https://news.alisei.example/images/2019-11"
LOGO = EmbeddedImage(f"{HOST}/a.png", PNG)
PHOTO = EmbeddedImage(f"{HOST}/a.png2.jpg", b"\xff\xd8\xff" + bytes(range(256)) * 300)
PAGE = (
    f'<p>{NAME}</p><img src="{LOGO.url}" alt=""><a href="{LOGO.url}">x</a>'
    f"<td background='{PHOTO.url}' style=\"background:url({LOGO.url})\">{NAME}</td>"
)


def compiled(*images: EmbeddedImage, html: str = PAGE, **changes: Any) -> CompiledMessage:
    edition: Edition = replace(make_edition(html=html), **changes)
    return compile_message(edition, **OPTIONS, marks={}, embedded=images)


def parsed(message: bytes) -> EmailMessage:
    found = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_the_page_and_its_images_stand_in_one_part_beside_the_text() -> None:
    whole = parsed(compiled(LOGO, PHOTO).fill(VALUES))
    assert whole.get_content_type() == "multipart/alternative"
    text, related = whole.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert related.get_content_type() == "multipart/related"
    assert related.get_param("type") == "text/html"
    page, *images = related.iter_parts()
    assert page.get_content_type() == "text/html"
    assert [part.get_content_type() for part in images] == ["image/png", "image/jpeg"]
    assert [part.get_content() for part in images] == [LOGO.content, PHOTO.content]
    assert all(part.get_content_disposition() == "inline" for part in images)
    html = page.get_content()
    for part in images:
        assert f"cid:{str(part['Content-ID'])[1:-1]}" in html
    assert f'href="{LOGO.url}"' in html
    assert PHOTO.url not in html
    assert html.count("cid:") == 3
    assert not any(part.defects for part in whole.walk())


def test_an_id_comes_from_the_octets_alone() -> None:
    ids = [
        image.content_id("a.example") for image in (LOGO, replace(LOGO, url="https://x.example"))
    ]
    assert ids[0] == ids[1] != PHOTO.content_id("a.example")
    first, second = compiled(LOGO).fill(VALUES), compiled(LOGO).fill(VALUES)
    assert first == second
    twice = EmbeddedImage(f"{HOST}/copy.png", PNG)
    both = compiled(LOGO, twice, html=f'{PAGE}<img src="{twice.url}">').fill(VALUES)
    assert both.count(b"Content-ID:") == 1


def test_an_image_that_the_page_does_not_show_stays_behind() -> None:
    assert compiled(LOGO, html=f'<a href="{LOGO.url}">{NAME}</a>') == compiled(
        html=f'<a href="{LOGO.url}">{NAME}</a>'
    )


def test_an_address_with_signs_is_found_as_the_page_writes_it() -> None:
    odd = EmbeddedImage(f"{HOST}/a&b.png", PNG)
    message = compiled(odd, html=f'<img src="{HOST}/a&amp;b.png">').fill(VALUES)
    assert b"Content-ID" in message


def test_images_are_part_of_the_size_and_of_no_slot() -> None:
    without, inside = compiled(), compiled(LOGO, PHOTO)
    weight = len(LOGO.content) + len(PHOTO.content)
    assert weight < inside.size - without.size < weight * 1.5
    assert inside.slots == without.slots
    assert len(inside.segments) == len(without.segments)
    assert inside.needs_no_stuffing == without.needs_no_stuffing
    assert CompiledMessage.from_bytes(inside.to_bytes()) == inside


def test_the_same_image_is_encoded_once_for_all_variants() -> None:
    from newsletter.message.embedding import image_part

    domain = "news.alisei.example"
    assert image_part(PHOTO, domain) is image_part(replace(PHOTO), domain)


def test_the_quick_fill_is_the_general_one() -> None:
    common = Common(
        {name: f"https://alisei.example/{name}/" for name in
         ("unsubscribe_url", "preferences_url", "browser_url")},
        "mailto:leave@alisei.example?subject=", VALUES["message_id"],
    )  # fmt: skip
    token = "0123456789abcdef0123456789abcdef"
    message = compiled(LOGO, PHOTO)
    quick = Filler(message, common).fill(
        VALUES["email"], VALUES["to_name"], {"first_name": "Anna"}, [],
        b"Date: Fri, 15 Nov 2019 09:00:00 +0100\r\n", b"abc.1@soci.example",
        (token.encode(),) * 3,
    )  # fmt: skip
    assert parsed(quick)["To"] == parsed(message.fill(VALUES))["To"]
    assert quick.endswith(message.segments[-1])


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=2000))
def test_whatever_an_image_holds_arrives_whole_in_lines_of_76(octets: bytes) -> None:
    image = EmbeddedImage(LOGO.url, b"GIF89a" + octets)
    message = compiled(image).fill(VALUES)
    _, related = parsed(message).iter_parts()
    _, part = related.iter_parts()
    assert part.get_content() == image.content
    body = message[message.index(b"image/gif") :]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert b"\n" not in body.replace(b"\r\n", b"")
