"""The copy of the caniemail data says its day."""

import json
from pathlib import Path

from newsletter.lint import support


def test_the_rules_name_the_day_of_the_data() -> None:
    copy = Path(support.__file__).with_name("data") / "caniemail.json"

    assert json.loads(copy.read_text(encoding="utf-8"))["updated"] == support.COPIED
