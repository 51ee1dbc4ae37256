"""Reading the staging inbox."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.inbox.maildir import Envelope, file_message, prepare, split_envelope
from newsletter.inbox.messages import PAGE_SIZE, Mailroom
from newsletter.inbox.parts import take_apart
from newsletter.inbox.verify import verify
from tests.inbox.samples import ENVELOPE, HOSTILE, READER, sample

TEST_MARK = "X-Newsletter-Issue: 2019-11-assemblea\r\nX-Newsletter-Test: yes\r\n"


@pytest.fixture
def mailroom(tmp_path: Path) -> Mailroom:
    """An empty staging inbox."""
    prepare(tmp_path)
    return Mailroom(tmp_path)


def put(mailroom: Mailroom, content: bytes, to: str = READER) -> str:
    """File one message; its name."""
    return file_message(mailroom.folder, Envelope("news@alisei.example", (to,)), content)


def test_the_list_has_the_newest_first(mailroom: Mailroom) -> None:
    names = [put(mailroom, sample(subject=f"n {number}")) for number in range(3)]

    assert [summary.name for summary in mailroom.summaries()] == names[::-1]
    assert [summary.subject for summary in mailroom.summaries()] == ["n 2", "n 1", "n 0"]


def test_an_empty_inbox_has_one_empty_page(mailroom: Mailroom) -> None:
    page = mailroom.page()

    assert (page.messages, page.pages, page.total, page.first, page.last) == ((), 1, 0, 0, 0)


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert Mailroom(tmp_path / "none").summaries() == []


def test_messages_are_grouped_by_issue_and_test_or_campaign(mailroom: Mailroom) -> None:
    put(mailroom, sample(headers=TEST_MARK))
    put(mailroom, sample(headers="List-Id: Altra <altra.alisei.example>\r\n"))
    put(mailroom, sample(headers="X-Newsletter-Issue: 2019-11\r\nX-Newsletter-Campaign: 12\r\n"))
    put(mailroom, sample(headers=TEST_MARK))
    put(mailroom, b"Subject: x\r\n\r\n")

    page = mailroom.page()

    assert [(group.title, group.count) for group in page.groups] == [
        ("other mail", 1),
        ("2019-11-assemblea · test", 2),
        ("2019-11 · campaign 12", 1),
        ("Altra <altra.alisei.example>", 1),
    ]
    assert [message.group for message in page.messages] == [
        "other mail",
        "2019-11-assemblea · test",
        "2019-11-assemblea · test",
        "2019-11 · campaign 12",
        "Altra <altra.alisei.example>",
    ]


@pytest.mark.slow
def test_1006_messages_come_in_pages_that_hold_each_once(mailroom: Mailroom) -> None:
    for number in range(1_006):
        put(mailroom, b"Subject: x\r\n\r\n", f"reader{number}@soci.example")

    pages = [mailroom.page(number=number) for number in range(1, 22)]

    names = [message.name for page in pages for message in page.messages]
    assert len(names) == len(set(names)) == 1_006
    assert {page.pages for page in pages} == {21}
    assert (pages[-1].first, pages[-1].last) == (1_001, 1_006)
    assert len(pages[0].messages) == PAGE_SIZE
    assert mailroom.page(number=10**6).number == 21


def test_search_finds_an_address_or_a_subject_in_any_case(mailroom: Mailroom) -> None:
    put(mailroom, sample(subject="Gli eventi"), "marco@soci.example")
    put(mailroom, sample(subject="=?utf-8?q?Perch=C3=A9_no?="))

    assert [m.subject for m in mailroom.page(wanted="MARCO@").messages] == ["Gli eventi"]
    assert [m.subject for m in mailroom.page(wanted="perché").messages] == ["Perché no"]
    assert mailroom.page(wanted="nobody").total == 0


def test_a_message_is_read_whole_and_without_its_envelope(mailroom: Mailroom) -> None:
    received = mailroom.read(put(mailroom, sample()))

    assert received is not None
    assert received.content == sample()
    assert received.summary.envelope == ENVELOPE
    assert received.parts.header("subject") == "L'assemblea"
    assert received.parts.html is not None
    assert received.parts.html.startswith("<!doctype html>")


@pytest.mark.parametrize(
    "name", ["../secret", "..", "", "a/b", "new", ".hidden", "x\0y", "/etc/passwd", "nobody"]
)
def test_a_name_never_leads_out_of_the_folder(mailroom: Mailroom, name: str) -> None:
    (mailroom.folder / "secret").write_text("x")

    assert mailroom.read(name) is None


def test_deleting_leaves_nothing_and_counts(mailroom: Mailroom) -> None:
    names = [put(mailroom, sample()) for _ in range(3)]

    assert mailroom.delete_all() == 3
    assert mailroom.summaries() == []
    assert mailroom.read(names[0]) is None


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_message_is_listed_read_and_examined(mailroom: Mailroom, kind: str) -> None:
    name = put(mailroom, HOSTILE[kind])

    assert mailroom.page(wanted="").total == 1
    received = mailroom.read(name)
    assert received is not None
    assert received.content == HOSTILE[kind]
    assert verify(received.content, received.summary.envelope, received.parts)
    for header, value in received.parts.headers:
        f"{header}{value}".encode()


@pytest.mark.slow
def test_a_message_of_10_mb_is_cut_for_the_page_and_kept_whole(mailroom: Mailroom) -> None:
    html = "<p>" + "x" * 10_000_000
    received = mailroom.read(put(mailroom, sample(html=html)))

    assert received is not None
    assert received.parts.html is not None
    assert len(received.parts.html) == 5_000_000
    assert len(received.content) > 10_000_000


@pytest.mark.slow
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    head=st.binary(max_size=200),
    kind=st.sampled_from([b"text/html", b"multipart/mixed; boundary=b", b"message/rfc822"]),
    encoding=st.sampled_from([b"base64", b"quoted-printable", b"x-uuencode", b"8bit"]),
    body=st.binary(max_size=400),
)
def test_no_octets_make_the_reader_fail(
    head: bytes, kind: bytes, encoding: bytes, body: bytes
) -> None:
    marks = b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n" % (kind, encoding)
    content = marks + head + b"\r\n\r\n--b\r\n" + marks + b"\r\n" + body

    parts = take_apart(content)

    verify(content, ENVELOPE, parts)
    (parts.html or "").encode("utf-8", "replace")


def test_headers_of_the_message_cannot_pose_as_the_envelope() -> None:
    filed = b"Return-Path: <x@y.test>\r\nDelivered-To: x@y.test\r\nSubject: x\r\n\r\n"

    assert split_envelope(filed) == (Envelope("", ()), filed)
