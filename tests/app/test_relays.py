"""Two tables of the settings for one account are two relays."""

from pathlib import Path

from newsletter.app.open import open_app
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
