"""Edition to compiled message: headers, two bodies, and the places of the slots."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from newsletter.edition.model import Edition, Slot
from newsletter.message.compiled import CompiledMessage, Context, SlotPlace
from newsletter.message.embedding import EmbeddedImage, embed, image_part
from newsletter.message.headers import (
    check_static,
    encoded_words,
    fixed,
    mailbox,
    unstructured,
)
from newsletter.message.quoted import body_text, encode_segment
from newsletter.values import Address, digest_of

_LIST_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+")
_TOKEN = re.compile(r"[A-Za-z0-9]+")
_LONGEST_LIST_ID = 255  # RFC 2919, 2
_QUOTED_PRINTABLE = "Content-Transfer-Encoding: quoted-printable\r\n\r\n"

_TO = SlotPlace("email", None, Context.TO)
_DATE = SlotPlace("date", None, Context.DATE)
_MESSAGE_ID = SlotPlace("message_id", None, Context.MESSAGE_ID)
_UNSUBSCRIBE = SlotPlace("unsubscribe_url", None, Context.UNSUBSCRIBE)

_Piece = bytes | SlotPlace


def compile_message(
    edition: Edition,
    *,
    sender_name: str,
    sender_address: str,
    reply_to: str,
    list_id: str,
    list_name: str,
    marks: Mapping[str, str] = MappingProxyType({}),
    embedded: Sequence[EmbeddedImage] = (),
) -> CompiledMessage:
    """Encode one variant, headers and bodies; the same edition gives the same bytes.

    ``reply_to`` may be empty. ``list_id`` is a dotted name such as ``alisei.soci.example``
    (RFC 2919). ``marks`` are further headers with fixed ASCII values, such as the issue's name
    for the staging inbox; ``embedded`` are images that the message takes along. ``ValueError``
    says which of the values cannot stand in a header, or which slot is not a token. There is no
    Auto-Submitted header: RFC 3834 means it for what no person wrote, and List-Id with
    Precedence already keep automatic answers away.
    """
    tokens = _tokens(edition.slots)
    check_static(edition.subject, "the subject")
    text = _body(edition.text, edition.slots, tokens, Context.TEXT)
    sender = _plain(sender_address)
    domain = sender.rpartition("@")[2]
    page, images = embed(edition.html, embedded, domain)
    html = _body(page, edition.slots, tokens, Context.HTML)
    boundary = _boundary(edition)
    return _join(
        [
            mailbox(check_static(sender_name, "the sender's name"), "From", sender),
            _TO,
            mailbox("", "Reply-To", _plain(reply_to)) if reply_to else "",
            *_subject(edition, tokens),
            _DATE,
            _MESSAGE_ID,
            "MIME-Version: 1.0\r\n",
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n',
            f"Content-Language: {check_static(edition.variant.language, 'the language')}\r\n",
            _list_id(list_id, list_name),
            _UNSUBSCRIBE,
            "Precedence: bulk\r\n",
            *(fixed(name, check_static(value, name)) for name, value in marks.items()),
            "\r\n",
            f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n{_QUOTED_PRINTABLE}",
            *text,
            f"\r\n--{boundary}\r\n",
            *_related(html, [image_part(image, domain) for image in images], boundary),
            f"\r\n--{boundary}--\r\n",
        ]
    )


def _related(html: Iterable[_Piece], images: Sequence[bytes], outer: str) -> Iterator[str | _Piece]:
    """The page's part; with images, the two in a part of their own (RFC 2387)."""
    head = f"Content-Type: text/html; charset=utf-8\r\n{_QUOTED_PRINTABLE}"
    if not images:
        yield head
        yield from html
        return
    boundary = outer.replace("=_", "=_r", 1)
    kind = 'multipart/related; type="text/html"'
    yield f'Content-Type: {kind};\r\n boundary="{boundary}"\r\n\r\n--{boundary}\r\n{head}'
    yield from html
    for image in images:
        yield f"\r\n--{boundary}\r\n"
        yield image
    yield f"\r\n--{boundary}--\r\n"


def _join(parts: list[str | _Piece]) -> CompiledMessage:
    """Put neighbouring octets together, so that segments and slots alternate."""
    segments: list[list[bytes]] = [[]]
    slots: list[SlotPlace] = []
    for part in parts:
        if isinstance(part, SlotPlace):
            slots.append(part)
            segments.append([])
        else:
            segments[-1].append(part.encode("ascii") if isinstance(part, str) else part)
    return CompiledMessage(tuple(map(b"".join, segments)), tuple(slots))


def _tokens(slots: Mapping[str, Slot]) -> re.Pattern[str]:
    """One pattern that finds every slot's token, the longer before its own beginning."""
    for token in slots:
        if not _TOKEN.fullmatch(token):
            message = f"{token!r} is not a slot's token: it has letters and digits only"
            raise ValueError(message)
    ordered = sorted(slots, key=lambda token: (-len(token), token))
    return re.compile("(" + "|".join(ordered) + ")" if ordered else "((?!))")


def _body(
    content: str, slots: Mapping[str, Slot], tokens: re.Pattern[str], context: Context
) -> Iterator[_Piece]:
    """A body in pieces; it ends in exactly one line break, and its control characters go."""
    whole = body_text(content).rstrip("\n") + "\n"
    for at, part in enumerate(tokens.split(whole)):
        if at % 2:
            yield SlotPlace(slots[part].name, slots[part].default, context)
        elif part:
            yield encode_segment(part)


def _subject(edition: Edition, tokens: re.Pattern[str]) -> Iterator[str | _Piece]:
    """The Subject header; one with slots is made of encoded words alone, a line each."""
    subject = " ".join(filter(None, edition.subject.split(" ")))
    parts = tokens.split(subject)
    if len(parts) == 1:
        yield unstructured("Subject", subject)
        return
    yield "Subject:"
    for at, part in enumerate(parts):
        if at % 2:
            slot = edition.slots[part]
            first = at == 1 and not parts[0]
            yield SlotPlace(slot.name, slot.default, Context.FIRST_WORD if first else Context.WORD)
        elif part:
            yield "\r\n " if at else " "
            yield encoded_words(part)
    yield "\r\n"


def _plain(address: str) -> str:
    return Address.parse(address).text


def _list_id(list_id: str, list_name: str) -> str:
    """List-Id (RFC 2919); a name that is not ASCII is left out, as encoded words would harm."""
    if not _LIST_ID.fullmatch(list_id) or len(list_id) > _LONGEST_LIST_ID or "=?" in list_id:
        message = f"{list_id!r} is not a List-Id: write a dotted name such as alisei.soci.example"
        raise ValueError(message)
    name = check_static(list_name, "the list's name").replace("\\", "").replace('"', "")
    if not name or not name.isascii():
        return f"List-Id: <{list_id}>\r\n"
    gap = "\r\n " if len(name) + len(list_id) > 60 else " "  # noqa: PLR2004  # folds at 78
    return f'List-Id: "{name[:60]}"{gap}<{list_id}>\r\n'


def _boundary(edition: Edition) -> str:
    """A boundary from the content; ``=_`` cannot occur in quoted-printable (RFC 2045, 6.7)."""
    digest = digest_of(edition.subject.encode(), edition.html.encode(), edition.text.encode())
    return f"=_{digest[:32]}"
