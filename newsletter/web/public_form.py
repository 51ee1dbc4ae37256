"""A form as it was sent, in memory that is bounded: urlencoded, or multipart (RFC 7578).

Mail services press one-click in either form (RFC 8058, 3.2).
"""

from email import message_from_bytes, policy
from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_LARGEST: Final = 32_768
_MOST_FIELDS: Final = 200

Form = dict[str, list[str]]


async def read_body(request: Request, largest: int = _LARGEST) -> bytes:
    """The request's octets; ``HTTPException`` 413 when there are too many."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            raise HTTPException(413)
    return bytes(body)


async def read_form(request: Request) -> Form:
    """The fields and what each holds; what is no form has none."""
    kind = request.headers.get("content-type", "")
    body = await read_body(request)
    try:
        pairs = _multipart(kind, body) if kind.startswith("multipart/") else _urlencoded(body)
    except (ValueError, LookupError):
        return {}
    form: Form = {}
    for name, value in pairs[:_MOST_FIELDS]:
        form.setdefault(name, []).append(value.replace("\x00", ""))
    return form


def first(form: Form, name: str) -> str:
    """What a field holds first, without blanks around it; nothing where there is no such field."""
    return form.get(name, [""])[0].strip()


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    text = body.decode("utf-8", "replace")
    return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)


def _multipart(kind: str, body: bytes) -> list[tuple[str, str]]:
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    message = message_from_bytes(head + body, policy=policy.HTTP)
    parts = message.iter_parts() if message.is_multipart() else iter(())
    found = []
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            found.append((name, payload.decode("utf-8", "replace").rstrip("\r\n")))
    return found
