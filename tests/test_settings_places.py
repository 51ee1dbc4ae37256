"""Whatever is wrong in newsletter.toml is shown where it stands, however it is written."""

from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import SettingsError
from newsletter.settings import load_settings

GOOD = """\
# È la configurazione
name = "È ALISEI"
rate = "5/s"

[sender]
name = "È"
address = "a@soci.example"
organisation = "È"
postal_address = ["Via È 1", "Roma"]
list_id = "news.soci.example"

[site]
url = "https://news.example"

[relays.main]
host = "relay.example"
"""

SPOILED: dict[str, tuple[str, str, tuple[int, int]]] = {
    "wrong type at the top": ('"È ALISEI"', "3", (2, 1)),
    "wrong type in a table": ('"news.soci.example"', "3", (10, 1)),
    "wrong type of an item": ('"Via È 1", "Roma"', '"Via È 1", 3', (9, 30)),
    "wrong type of an item on its own line": ('"Roma"', "\n  3\n", (10, 3)),
    "unknown key at the top": ("rate =", "rat =", (3, 1)),
    "unknown key in a table": ("list_id", "  zzz = 1\nlist_id", (10, 3)),
    "unknown key in an inline table": (
        "# È la configurazione",
        'site = { url = "https://news.example", "è" = 1 }\n#',
        (1, 40),
    ),
    "unknown table": ("[relays.main]", "[zzz]\n[relays.main]", (15, 1)),
    "unknown key in a table of tables": ('"relay.example"', '"r"\nzzz = 1', (17, 1)),
    "missing at the top": ('name = "È ALISEI"\n', "", (1, 1)),
    "missing in a table": ('address = "a@soci.example"\n', "", (5, 1)),
    "missing in a table of tables": ('host = "relay.example"\n', "", (15, 1)),
    "bad value": ('"5/s"', '"five"', (3, 1)),
    "empty": ('organisation = "È"', 'organisation = ""', (8, 1)),
    "nothing in a list": ('["Via È 1", "Roma"]', "[]", (9, 1)),
    "a bad name of a table": ("[relays.main]", '[relays."A B"]', (15, 1)),
    "a table that is none": ("# È la configurazione", "site = 3\n#", (1, 1)),
    "dotted key": ("[relays.main]\nhost", "[relays]\nmain.port = 0\nmain.host", (16, 6)),
}


def places(folder: Path, content: bytes) -> set[tuple[int, int]]:
    (folder / "newsletter.toml").write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_settings(folder, environ={})
    return {(problem.line, problem.column) for problem in caught.value.problems}


@pytest.mark.parametrize("name", SPOILED)
def test_a_fault_in_the_settings_is_shown_where_it_stands(tmp_path: Path, name: str) -> None:
    old, new, place = SPOILED[name]
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if new.startswith("site ="):
        text = text.replace('[site]\nurl = "https://news.example"\n', "")
    forms: list[Any] = [text.encode(), b"\xef\xbb\xbf" + text.encode()]
    for content in (*forms, text.replace("\n", "\r\n").encode()):
        assert places(tmp_path, content) == {place}, content.decode()
