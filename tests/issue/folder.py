"""The smallest issue folder, for tests that spoil one thing in it."""

import base64
from pathlib import Path

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
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
