"""Which links are counted, and what that does to a message: nothing, until it is said where."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.edition.model import URL_SLOTS, Edition
from newsletter.message import (
    LINK,
    OPENS,
    Common,
    CompiledMessage,
    Counting,
    Filler,
    counted_in,
    date_line,
    settled,
    with_counted,
)
from tests.message.make import LINK as LEAVE
from tests.message.make import NAME, VALUES, make_compiled, make_edition

SITE = "https://alisei.example"
A, B = "https://a.example/x?y=1&z=è", "http://b.example/"
TOKEN = b"T" * 32


def page_of(*links: str) -> Edition:
    """A page with these links, as they are written in it, and the text of another edition."""
    return make_edition(html=f"<html><body><p>{NAME} {' '.join(links)}</p></body></html>")


def hrefs(message: bytes) -> list[str]:
    """Where the links of a message's page lead."""
    parsed = message_from_bytes(message, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body(("html",))
    assert body
    return [unescape(url) for url in re.findall(r'<a[^>]*href="([^"]*)"', str(body.get_content()))]


def compiled_with(*links: str, counting: Counting | None = None) -> CompiledMessage:
    """The message of such a page."""
    return make_compiled(with_counted(page_of(*links), counting or Counting()))


def link(url: str, words: str = "la pagina", more: str = "") -> str:
    """A link as a page has it."""
    return f'<a style="color:#fff"{more} href="{url}">{words}</a>'


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        (link("https://a.example/"), True),
        (link("HTTP://A.example"), True),
        ("<a href='https://a.example/'>x</a>", True),
        ('<a\n class=b\n href = "https://a.example/"\n>x <b>y</b></a>', True),
        ('<a title="a > b" href="https://a.example/">x</a>', True),
        (link("https://a.example/", '<img src="https://i.example/a.png" alt="">'), True),
        (link("https://a.example/", "Vers. 2.0"), True),
        (link("mailto:a@b.example"), False),
        (link("tel:+390612345"), False),
        (link("#china"), False),
        (link("/relativo"), False),
        (link("https://"), False),
        (link("https://[a/"), False),
        (link("javascript:alert(1)"), False),
        (link("data:text/html,x"), False),
        (link(LEAVE), False),
        (link(f"https://a.example/?who={NAME}"), False),
        (link("https://a.example/", "https://a.example"), False),
        (link("https://a.example/", "vedi <b>www.a.example</b>"), False),
        (link("https://a.example/", "a.example/pagina"), False),
        (link("https://a.example/", "ufficio@a.example"), False),
        ('<a name="x">x</a>', False),
        ('<area href="https://a.example/">', False),
        ('<link href="https://a.example/">', False),
    ],
)
def test_web_links_are_counted_but_those_that_show_an_address_or_are_a_readers(
    written: str, counted: bool
) -> None:
    found = counted_in(compiled_with(written))
    assert bool(found) is counted


@pytest.mark.parametrize(
    ("never", "counted"),
    [
        ("https://a.example/voto", False),
        ("https://a.example/voto/", False),
        ("https://a.example/vot", True),
        ("a.example", False),
        ("A.Example", False),
        ("example", False),
        ("https://a.example/", True),
        ("b.example", True),
        ("xa.example", True),
    ],
)
def test_what_the_officer_names_is_not_counted(never: str, counted: bool) -> None:
    compiled = compiled_with(link("https://a.example/voto"), counting=Counting((never,)))
    assert bool(counted_in(compiled)) is counted


def test_a_page_that_is_filled_without_more_leads_straight_where_it_was_written_to() -> None:
    links = [link("https://a.example/x?y=1&amp;z=è"), link(B), link(LEAVE)]
    plain, counted = make_compiled(page_of(*links)), compiled_with(*links)

    assert counted_in(counted) == (A, B)
    assert hrefs(counted.fill(VALUES)) == hrefs(plain.fill(VALUES))
    assert hrefs(counted.fill(VALUES))[:2] == [A, B]
    assert not counted.missing(VALUES)


def test_the_same_address_is_one_link_and_the_text_part_is_as_it_was() -> None:
    edition = replace(page_of(link(A), link(A)), text=f"Leggi {A}\n")
    compiled = make_compiled(with_counted(edition, Counting()))
    message = settled(compiled, {f"{LINK}{A}": f"{SITE}/c/x"}).fill(VALUES)

    assert hrefs(message) == [f"{SITE}/c/x"] * 2
    parsed = message_from_bytes(message, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    text = parsed.get_body(("plain",))
    assert text
    assert text.get_content().split() == ["Leggi", A]


def test_what_is_settled_is_there_for_everybody_and_costs_the_fill_no_slot() -> None:
    compiled = compiled_with(link(A), link(B))
    fixed = settled(compiled, {f"{LINK}{A}": f"{SITE}/c/a", f"{LINK}{B}": f"{SITE}/c/b&amp"})

    assert fixed.slots == make_compiled(page_of(link(A), link(B))).slots
    assert hrefs(fixed.fill(VALUES)) == [f"{SITE}/c/a", f"{SITE}/c/b&amp"]
    body = fixed.fill(VALUES).partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert CompiledMessage.from_bytes(compiled.to_bytes()) == compiled


PIECES = (
    *(
        '<a href="https://a.example/?x=1&amp;y=2">',
        '<a class="b" href="https://b.example/">',
        "</a>",
    ),
    *(
        "<a>",
        "<a ",
        "<!--",
        "-->",
        "<p>",
        "</p>",
        "</body>",
        "<style>",
        "</A>",
        "<a href=",
        '"',
        ">",
    ),
    *("parole", " ", "\n", "è", "www.a.example", "zl", NAME, "&amp;", "<b title='x'>"),
)


@pytest.mark.slow
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.booleans())
def test_whatever_a_page_is_its_defaults_give_it_back_as_it_was(page: str, opens: bool) -> None:
    edition = make_edition(html=page)
    marked = with_counted(edition, Counting(opens=opens))
    back, image = marked.html, ""
    for token, slot in marked.slots.items():
        if slot.name == OPENS:
            image = (
                f'<img src="{token}" width="1" height="1" alt="" style="display:block;border:0">'
            )
        elif slot.name.startswith(LINK):
            assert slot.default
            back = back.replace(token, escape(slot.default))
    assert back.count(image) == 1 or not opens
    assert back.replace(image, "") == page
    assert (marked.text, marked.subject) == (edition.text, edition.subject)


def test_opens_are_counted_by_one_image_only_where_that_is_asked() -> None:
    assert OPENS not in compiled_with(link(A)).slot_names
    compiled = compiled_with(counting=Counting(opens=True))
    untold = compiled.fill(VALUES).replace(b"=\r\n", b"")
    message = settled(compiled, {OPENS: f"{SITE}/o/x"}).fill(VALUES).replace(b"=\r\n", b"")

    assert untold.count(b"<img") == 1
    assert b'src=3D"data:image/gif;base64,' in untold
    assert b'<img src=3D"https://alisei.example/o/x" width=3D"1"' in message
    assert b"</body>" in message.partition(b"/o/x")[2]


def common_of(begins: dict[str, str]) -> Common:
    """What the messages of a campaign have in common."""
    urls = {name: f"{SITE}/{name[0]}/" for name in URL_SLOTS}
    return Common(urls, "mailto:leave@alisei.example?subject=", "<1.1@alisei.example>", begins)


@pytest.mark.slow
@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.booleans())
def test_links_with_a_readers_token_are_filled_quickly_byte_for_byte_as_slowly(
    lengths: list[int], breaks: bool
) -> None:
    urls = [f"https://a.example/{'x' * length}{at}" for at, length in enumerate(lengths)]
    gap = "<br>\n" if breaks else "…"
    compiled = compiled_with(*(link(url, more=" ") + gap for url in urls))
    begins = {f"{LINK}{url}": f"{SITE}/c/{'L' * len(url)}/" for url in urls}
    common, tokens = common_of(begins), (b"A" * 32, b"B" * 32, b"C" * 32)
    quick = Filler(compiled, common).fill(
        VALUES["email"],
        VALUES["to_name"],
        {"first_name": VALUES["first_name"]},
        (),
        date_line(VALUES["date"]).encode(),
        b"<1.9@alisei.example>",
        (*tokens, TOKEN),
    )
    values = {
        **VALUES,
        "organisation": "",
        "message_id": "<1.9@alisei.example>",
        "unsubscribe_mailto": f"{common.mailto}{'A' * 32}",
        "unsubscribe_url": common.urls["unsubscribe_url"] + "A" * 32,
        **{name: begin + TOKEN.decode() for name, begin in begins.items()},
    }

    assert quick == compiled.fill(values)
    assert hrefs(quick) == [begin + TOKEN.decode() for begin in begins.values()]
