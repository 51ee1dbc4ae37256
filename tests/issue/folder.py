"""The smallest issue folder, for tests that spoil one thing in it."""

import base64
import struct
import zlib
from pathlib import Path

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def png(width: int, height: int) -> bytes:
    """A white picture of so many pixels (PNG, 1 bit a pixel)."""
    rows = (b"\0" + b"\xff" * ((width + 7) // 8)) * height
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


TOP = """\
subject = "Notizie di novembre"
date = 2019-11-15
language = "it"
theme = "tiny"
"""

SECTION = """
[sections.china]
kind = "country"
title = "La Cina"
name = "Cina"
body = "Un *tavolo* a Roma."

[[sections.china.events]]
date = 2019-11-26
title = "Biomedicina"
place = "Pechino"
"""

ISSUE = TOP + SECTION


def write_issue(root: Path, toml: str | bytes = ISSUE, **translations: str) -> Path:
    """``issues/2019-11`` under ``root``; translations by language, ``_`` for the hyphen."""
    folder = root / "issues" / "2019-11"
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "images" / "a.png").write_bytes(PNG)
    content = toml if isinstance(toml, bytes) else toml.encode()
    (folder / "issue.toml").write_bytes(content)
    for language, text in translations.items():
        (folder / f"issue.{language.replace('_', '-')}.toml").write_text(text, encoding="utf-8")
    return folder
