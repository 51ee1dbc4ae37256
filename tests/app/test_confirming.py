"""The mail that asks to confirm a subscription."""

from pathlib import Path

from newsletter.app.confirming import question
from newsletter.app.open import open_app
from newsletter.values import Address, Language
from tests.cli.newsroom import write_newsletter
from tests.cli.relay import parsed


def test_what_no_person_sends_says_so_and_is_answered_by_no_program(tmp_path: Path) -> None:
    write_newsletter(tmp_path, relay_port=25)
    asked = question(
        open_app(tmp_path, environ={}), Address("nuova@lettori.example"), Language("en"), "token"
    )
    assert parsed(asked.content)["Auto-Submitted"] == "auto-generated"
