"""Building and checking ask nothing of the network, whatever a theme and an issue name."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from newsletter.app.start import EXAMPLE_ISSUE, copy_example
from newsletter.errors import ChecksFailed
from tests.cli.newsroom import wait_until
from tests.cli.watched import REPOSITORY
from tests.web.test_inbox_browser import trap

HEAD = """
<mj-font name="Far" href="FAR/font.css" />
<mj-raw><link rel="stylesheet" href="FAR/link.css" /><style>@import url(FAR/import.css);
@import "file://SECRET"; body { background: url(FAR/bg.png) }</style>
<style media="screen">@import url("FILE");</style></mj-raw>
<mj-style inline="inline">@import url(FAR/inline.css); p { background: url(FAR/p.png) }</mj-style>
</mj-head>"""
BODY = """
<mj-section background-url="FAR/section.png"><mj-column>
<mj-image src="FAR/image.png" alt="" /><mj-image src="file://SECRET" alt="" />
<mj-text><a href="FAR/link">x</a><img src="//FARHOST/x.png" alt="" /></mj-text>
<mj-raw><object data="FAR/object"></object><iframe src="FAR/frame"></iframe></mj-raw>
</mj-column></mj-section>
</mj-body>"""
SECRET = ".secret-of-this-machine { color: red }"
SHEET = '\n.pad { background: url("FAR/pad.png") }\n.top { background: url(file://SECRET) }\n'
FACE = "\n@font-face { font-family: Far; src: url(FAR/face.woff) }\n"


def spoil(root: Path, far: str) -> None:
    """Let a theme and an issue name a server and a file in every way there is."""
    secret = root.parent / "secret.css"
    secret.write_text(SECRET, encoding="utf-8")
    words = {
        "FARHOST": far.partition("//")[2],
        "FAR": far,
        "SECRET": str(secret),
        "FILE": str(secret),
    }

    def add(name: str, after: str, text: str) -> None:
        for word, meant in words.items():
            text = text.replace(word, meant)
        file = root / "templates" / "alisei" / name
        written = file.read_text("utf-8")
        file.write_text(written.replace(after, text) if after else written + text, "utf-8")

    add("edition.mjml.j2", "</mj-head>", HEAD)
    add("edition.mjml.j2", "</mj-body>", BODY)
    add("inline.css", "", SHEET)
    add("head.css", "", FACE)
    issue = root / "issues" / EXAMPLE_ISSUE / "issue.toml"
    issue.write_text(issue.read_text("utf-8").replace("https://www.alisei.example", far), "utf-8")


def watched(root: Path, *words: str) -> dict[str, Any]:
    """One command under the hook."""
    command = [sys.executable, "-m", "tests.cli.watched", str(root), *words]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY), "HOME": str(root)}
    done = subprocess.run(  # noqa: S603 our own program
        command, cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.slow
@pytest.mark.parametrize("command", ["build", "check"])
def test_a_command_asks_nothing_of_network_or_disk_beyond_its_folder(
    tmp_path: Path, command: str
) -> None:
    root = tmp_path / "newsletter"
    copy_example(root)
    with trap() as (far, callers):
        spoil(root, far)
        told = watched(root, command, EXAMPLE_ISSUE)
        assert told["asked"] == []
        assert callers == []
    assert told["code"] == (0 if command == "build" else ChecksFailed.exit_code)
    if command == "build":
        page = (root / "build" / EXAMPLE_ISSUE / "it.html").read_text("utf-8")
        for name in ("link.css", "import.css", "section.png", "object", "pad.png", "face.woff"):
            assert f"{far}/{name}" in page, "the page names the trap, so the trap could be sprung"
        written = [file for file in (root / "build").rglob("*") if file.is_file()]
        assert len(written) > 10
        assert not any(b"secret-of-this-machine" in file.read_bytes() for file in written)


PROBE = """
from newsletter.errors import ChecksFailed
from tests.cli.newsroom import wait_until
from tests.cli.watched import watch
asked = watch(".")
import contextlib, socket, sys
with contextlib.suppress(ConnectionRefusedError):
    socket.create_connection(("127.0.0.1", int(sys.argv[1])))
open(sys.argv[2]).close()
print(*asked, sep="\\n")
"""


@pytest.mark.slow
def test_the_watch_sees_a_connection_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret.css"
    file.touch()
    with trap() as (far, callers):
        port = far.rpartition(":")[2]
        done = subprocess.run(  # noqa: S603 our own program
            [sys.executable, "-c", PROBE, port, str(file)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "socket.getaddrinfo" in done.stdout
        assert f"open {file}" in done.stdout
        assert callers == [], "and what it sees is denied"
        socket.create_connection(("127.0.0.1", int(port))).close()
        wait_until(lambda: callers)
