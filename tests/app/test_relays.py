"""The relays as the settings name them."""

from pathlib import Path

import pytest

from newsletter.app.open import open_app
from newsletter.app.relay import smtp_options
from newsletter.app.relays import relays_of
from tests.cli.newsroom import write_newsletter

_ONE = """
[relays.{name}]
host = "127.0.0.1"
port = 2525
security = "none"
domains = ["{name}.example"]
"""


def test_one_account_in_two_tables_has_two_names(tmp_path: Path) -> None:
    write_newsletter(tmp_path, 2525)
    file = tmp_path / "newsletter.toml"
    file.write_text(file.read_text() + _ONE.format(name="slow") + _ONE.format(name="other"))
    names = [relay.name for relay in relays_of(open_app(tmp_path, profile="production"))]
    assert names == ["127.0.0.1:2525", "127.0.0.1:2525 (2)", "127.0.0.1:2525 (3)"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ca/ours.pem", "{root}/ca/ours.pem"),
        ("/etc/ours.pem",) * 2,
        ("~/ours.pem", "{home}/ours.pem"),
    ],
)
def test_authorities_are_looked_for_in_the_newsletters_folder_wherever_a_command_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, meant: str
) -> None:
    monkeypatch.setenv("HOME", "/home/officer")
    write_newsletter(tmp_path, 2525)
    file = tmp_path / "newsletter.toml"
    file.write_text(file.read_text().replace("[relay]", f'[relay]\nca_file = "{written}"'))
    app = open_app(tmp_path / "issues", profile="production")
    assert str(smtp_options(app).ca_file) == meant.format(root=tmp_path, home="/home/officer")
