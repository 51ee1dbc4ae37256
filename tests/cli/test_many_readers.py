"""What a campaign of many readers costs: nobody looks for cycles among their rows."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.newsroom import ISSUE, clean_environment, write_newsletter

RECORD = """
import gc, sys
from newsletter.__main__ import main

def searches():
    return gc.get_stats()[0]["collections"]

for root in sys.argv[1:]:
    words = ["send", "ISSUE", "--root", root, "--at", "2090-12-03 10:00 Europe/Rome", "--yes"]
    sys.argv = ["newsletter", *words, "--profile", "production"]
    before = searches()
    sys.stdout.write(f"exit code {main()}\\n")
    sys.stdout.write(f"searches: {searches() - before}\\n")
""".replace("ISSUE", ISSUE)


def newsletter_of(root: Path, readers: int) -> str:
    """A newsletter with so many readers; its folder."""
    write_newsletter(root, relay_port=1)
    rows = "".join(f"r{n}@list.example,R {n},it\n" for n in range(readers))
    (root / "subscribers" / "members.csv").write_text(f"email,name,language\n{rows}")
    return str(root)


@pytest.mark.slow
def test_python_looks_for_cycles_hardly_oftener_to_record_many_readers_than_few(
    tmp_path: Path,
) -> None:
    """With Python's own settings it did so over a hundred times, a fifth of the whole time."""
    sizes = {"warm": 10, "few": 10, "many": 8_000}
    roots = [newsletter_of(tmp_path / name, readers) for name, readers in sizes.items()]
    words = subprocess.run(  # noqa: S603 our own program
        [sys.executable, "-c", RECORD, *roots],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert words.count("exit code 0") == len(roots), words
    found = [int(line.split()[1]) for line in words.splitlines() if line.startswith("searches")]
    _, few, many = found
    assert many - few <= sizes["many"] / 1_000, found
