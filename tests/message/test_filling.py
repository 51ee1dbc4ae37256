"""The quick fill of a campaign is the general one, byte for byte; and no line needs stuffing."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.edition.model import URL_SLOTS, Slot
from newsletter.message import (
    Common,
    CompiledMessage,
    Context,
    Filler,
    SlotPlace,
    compile_message,
    date_line,
)
from tests.message.make import LINK, NAME, OPTIONS, OTHER, make_compiled, make_edition
from tests.message.test_fill import VALUE, assert_shaped

TOKENS = (b"A" * 32, b"-_" * 16, b"0123456789abcdefghijklmnopqrstuv")
DATE = "Fri, 15 Nov 2019 09:00:00 +0100"
MESSAGE_ID = "<7.31.0123456789abcdef@alisei.example>"
OF_READER = ("email", "name", "to_name", "lists", "first_name", "organisation", *URL_SLOTS)


def common_of(site: str = "https://alisei.example", mailto: str = "leave@alisei.example") -> Common:
    """What a campaign's messages have in common."""
    return Common(
        urls={name: f"{site}/{name[0]}/" for name in URL_SLOTS},
        mailto=mailto and f"mailto:{mailto}?subject=unsubscribe%20",
        message_id="<7.1.fedcba9876543210@alisei.example>",
    )


def values_of(
    common: Common, name: str, fields: dict[str, str], lists: list[str]
) -> dict[str, str]:
    """The same for the general fill."""
    leave = TOKENS[0].decode()
    urls = {
        slot: common.urls[slot] + token.decode()
        for slot, token in zip(URL_SLOTS, TOKENS, strict=True)
    }
    return {
        **fields,
        "name": name,
        "to_name": name,
        "email": "anna@soci.example",
        "lists": ", ".join(lists),
        "date": DATE,
        "message_id": MESSAGE_ID,
        "unsubscribe_mailto": common.mailto and common.mailto + leave,
        **urls,
    }


def assert_same(
    compiled: CompiledMessage, common: Common, name: str, fields: dict[str, str], lists: list[str]
) -> bytes:
    """Both ways give the same message."""
    filler = Filler(compiled, common)
    date = date_line(DATE).encode()
    filled = filler.fill(
        "anna@soci.example", name, fields, lists, date, MESSAGE_ID.encode(), TOKENS
    )
    assert filled == compiled.fill(values_of(common, name, fields, lists))
    return filled


def compiled_of(slots: dict[str, Slot]) -> CompiledMessage:
    """A page that asks for these, twice in the text and once in the page and the subject."""
    marks = " ".join(slots)
    edition = make_edition(
        subject=f"S {NAME} E", html=f"<p>{marks}</p>", text=f"{marks}\n.{marks}\n"
    )
    return compile_message(
        replace(edition, slots={NAME: Slot("first_name", "x"), **slots}),
        **OPTIONS,
        marks={},
        embedded=(),
    )


EVERY = compiled_of(
    {
        f"sLoT{at:02}x": Slot(name, default)
        for at, name in enumerate(OF_READER)
        for default in [None]
    }
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(VALUE, VALUE, VALUE, st.lists(VALUE, max_size=2))
def test_the_quick_fill_is_the_general_one_whatever_a_reader_is_called(
    name: str, first: str, organisation: str, lists: list[str]
) -> None:
    fields = {"first_name": first, "organisation": organisation, "name": "not this one"}
    assert_shaped(assert_same(EVERY, common_of(), name, fields, lists))
    assert_same(EVERY, common_of(), name, {}, lists)


@pytest.mark.parametrize("length", range(1, 250))
def test_an_address_of_any_length_is_folded_where_the_general_fill_folds_it(length: int) -> None:
    common = common_of(f"https://{'n' * length}.example/~a'b&c")
    filled = assert_same(EVERY, common, "Anna", {}, [])
    assert filled.count(b"\r\n") > 20


def test_without_a_mail_address_the_header_has_the_web_one_alone() -> None:
    assert b"mailto" not in assert_same(make_compiled(), common_of(mailto=""), "Anna", {}, [])


@pytest.mark.parametrize(
    "common",
    [
        replace(common_of(), urls=dict.fromkeys(URL_SLOTS, "javascript:")),
        replace(common_of(), mailto="leave@alisei.example"),
        replace(common_of(), message_id="<1@a b>"),
        replace(common_of(), message_id="<\r\nBcc: a@b>"),
        common_of("https://a.example/MarkMark0123456789-_markmark0123"),
    ],
)
def test_what_the_messages_have_in_common_is_checked_like_a_readers(common: Common) -> None:
    with pytest.raises(ValueError, match=r"cannot stand|is not|in common"):
        Filler(make_compiled(), common)


@pytest.mark.parametrize(
    "slot",
    [
        SlotPlace("date", None, Context.TEXT),
        SlotPlace("unsubscribe_mailto", None, Context.HTML),
        SlotPlace("browser_url", None, Context.WORD),
    ],
)
def test_what_is_not_known_ahead_is_left_to_the_general_fill(slot: SlotPlace) -> None:
    to = SlotPlace("email", None, Context.TO)
    with pytest.raises(ValueError, match="stands"):
        Filler(CompiledMessage((b"", b"", b""), (to, slot)), common_of())


@pytest.mark.parametrize("slots", [(), (SlotPlace("first_name", None, Context.TEXT),) * 2])
def test_a_message_to_nobody_is_left_to_the_general_fill(slots: tuple[SlotPlace, ...]) -> None:
    with pytest.raises(ValueError, match="names its reader"):
        Filler(CompiledMessage((b"",) * (len(slots) + 1), slots), common_of())


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nBcc: x@y.example", "a b@c.example", "=?@b.example"]
)
def test_the_quick_fill_refuses_the_same_addresses(address: str) -> None:
    filler = Filler(make_compiled(), common_of())
    with pytest.raises(ValueError, match="cannot stand"):
        filler.fill(address, "Anna", {}, [], b"", b"1", TOKENS)


# Dots


def needs_stuffing(message: bytes) -> bool:
    """Whether a relay would read a line of it as something else (RFC 5321, 4.5.2)."""
    return message.startswith(b".") or b"\n." in message or not message.endswith(b"\r\n")


SEGMENT = st.sampled_from([b"", b".", b"a", b"\r\n", b"a\r\n", b".a\r\n", b"a\r\n.b\r\n", b"x: "])
PLACE = st.builds(
    SlotPlace,
    st.sampled_from(["email", "first_name", "unsubscribe_url"]),
    st.sampled_from([None, ".", "\r\n.\r\n", "..", "a\n.b"]),
    st.sampled_from(Context),
)
DOTTED = st.one_of(VALUE, st.text(".\r\na= <&", max_size=200))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(PLACE, SEGMENT), max_size=6), SEGMENT, DOTTED)
@example([(SlotPlace("first_name", ".", Context.TEXT), b"\r\n")], b"", "." * 500)
def test_what_is_proved_once_holds_for_every_value(
    parts: list[tuple[SlotPlace, bytes]], first: bytes, value: str
) -> None:
    slots = tuple(slot for slot, _ in parts)
    compiled = CompiledMessage((first, *(segment for _, segment in parts)), slots)
    values = {
        "email": "a@b.example",
        "to_name": value,
        "first_name": value,
        "date": DATE,
        "message_id": "<.1.@b.example>",
        "unsubscribe_url": "https://a.example/u/x",
    }
    for given_values in (values, {"email": "a@b.example"}):
        assert not (compiled.needs_no_stuffing and needs_stuffing(compiled.fill(given_values)))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([NAME, OTHER, LINK, ".", "\n", "a", " ", "\n.\n"]), max_size=20),
    DOTTED,
)
def test_what_the_compiler_makes_is_always_proved(parts: list[str], value: str) -> None:
    body = "".join(parts)
    compiled = make_compiled(make_edition(html=body, text=body, subject=f"S{NAME}"))
    assert compiled.needs_no_stuffing
    values = {"email": "a@b.example", "first_name": value, "organisation": value, "to_name": value}
    assert not needs_stuffing(compiled.fill(values))
