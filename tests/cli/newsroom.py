"""A small newsletter in a folder of the test, and an officer who types commands in it."""

import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from newsletter.cli.main import run
from tests.cli.relay import Relay
from tests.edition.tiny import write_theme
from tests.issue.folder import PNG
from tests.ledger.moved import as_if_moved
from tests.ports import quiet_port
from tests.waiting import PATIENCE
from tests.waiting import wait_until as wait_until  # noqa: PLC0414 - for those who read this room

ISSUE = "2026-11-news"
REPOSITORY = Path(__file__).parents[2]

SETTINGS = """\
name = "Alisei News"
language = "it"
rate = "500/s"
connections = 4

[sender]
name = "Cluster ALISEI"
address = "news@alisei.example"
reply_to = "redazione@alisei.example"
organisation = "Cluster ALISEI"
postal_address = ["Via Roma 1", "00100 Roma"]
list_id = "news.alisei.example"

[sender.tagline]
it = "Scienze della vita"
en = "Life sciences"

[site]
url = "https://news.alisei.example"

[staging]
address = "prova@staging.example"
also = ["capo@staging.example"]
port = {staging_port}
"""

ISSUE_TOML = """\
subject = "Notizie per {{ first_name | 'voi' }}"
preheader = "Che cosa è successo a novembre."
date = 2026-11-15
language = "it"
theme = "tiny"

[sections.report]
kind = "report"
title = "La relazione"
lead = "In breve."
body = "Caro {{ name | 'lettore' }}, un *saluto* da {{ country | 'qui' }}."

[sections.china]
kind = "country"
title = "La Cina"
name = "Cina"
audience = "china"
body = "Un tavolo a Roma."

[[sections.china.events]]
date = 2026-11-26
title = "Biomedicina"
place = "Pechino"
"""

ISSUE_EN = """\
subject = "News for {{ first_name | 'you' }}"
preheader = "What happened in November."

[sections.report]
title = "The report"
lead = "In short."
body = "Dear {{ name | 'reader' }}, *greetings* from {{ country | 'here' }}."

[sections.china]
title = "China"
name = "China"
body = "A round table in Rome."
"""

SEGMENTS = """\
china = '"china" in interests'
italians = 'country == "IT"'
"""

MEMBERS = """\
email,first_name,last_name,language,interests,country
anna.rossi@soci.example,Anna,Rossi,it,china,IT
bruno.weiss@soci.example,Bruno,Weiss,en,,DE
carla.dubois@soci.example,Carla,Dubois,fr,china,FR
dario.neri@soci.example,,,it,,IT
"""

PARTNERS = """\
email,first_name,last_name,language,interests,country
anna.rossi@SOCI.example,Anna,Rossi,it,china,IT
wei.li@partner.example,伟,李,en,china,CN
"""

EVERYBODY = {
    "anna.rossi@soci.example",
    "bruno.weiss@soci.example",
    "carla.dubois@soci.example",
    "dario.neri@soci.example",
    "wei.li@partner.example",
}

_NEXT = re.compile(r"^next: (.+)$", re.MULTILINE)
_LASTING = {"worker", "inbox", "preview", "serve"}
_FOLLOWED: set[str] = set()
"""Of those that last, which were followed already: once is enough, they need a process each."""
_STAGING_PORT = quiet_port()


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything that was printed."""
        return self.out + self.err

    @property
    def object(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)

    @property
    def next(self) -> str:
        """The command after ``next:``, in text or in JSON; empty when there is none."""
        found = _NEXT.findall(self.said)
        assert len(found) <= 1, f"several next lines: {found}"
        if found:
            return str(found[0])
        if "json" in self.words and self.out.startswith("{"):
            return str(self.object.get("next", ""))
        return ""


@dataclass
class Newsroom:
    """A newsletter's folder with the officer in it. Every ``next:`` line is followed in a copy."""

    root: Path
    capsys: pytest.CaptureFixture[str]
    relay: Relay
    shadow: Relay
    """Takes what a followed command sends."""
    followed: set[str] = field(default_factory=set)

    def run(self, *words: str, follow: bool = True) -> Ran:
        """Type one command, in this process."""
        self.capsys.readouterr()
        code = run(list(words))
        captured = self.capsys.readouterr()
        ran = Ran(words, code, captured.out, captured.err)
        assert "Traceback" not in ran.said, ran.said
        if follow and ran.next:
            self.follow(ran.next)
        return ran

    def write(self, name: str, content: str | bytes) -> Path:
        """Write one file of the newsletter."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def edit(self, name: str, old: str, new: str) -> Path:
        """Change some words in a file; they must be there."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    @property
    def ledger(self) -> Path:
        """Where the ledger is, once there is one."""
        return self.root / ".newsletter" / "ledger.db"

    def campaigns(self) -> list[dict[str, Any]]:
        """The campaigns that the ledger knows, by the schedule-free view of `status`."""
        if not self.ledger.exists():
            return []
        seen = self.run("status", "--format", "json", follow=False).object
        many = [each["campaign"] for each in seen["campaigns"]]
        return many or ([seen["progress"]["campaign"]] if seen["progress"] else [])

    def nothing_happened(self) -> bool:
        """Whether nothing was recorded and nothing was sent."""
        return not self.campaigns() and not self.relay.received

    def follow(self, command: str) -> None:
        """Type a printed command in a copy of the newsletter: it must be usable as it stands."""
        words = shlex.split(command)
        assert words[0] == "newsletter", command
        with self._copied():
            if words[1] in _LASTING:
                if words[1] not in _FOLLOWED:
                    stop_soon(words[1:])
                _FOLLOWED.add(words[1])
                return
            code = run(words[1:])
            captured = self.capsys.readouterr()
        self.followed.add(command)
        assert code != 2, f"`{command}` does not run:\n{captured.out}{captured.err}"

    @contextmanager
    def _copied(self) -> Iterator[None]:
        place = self.root.parent / "copy"
        shutil.copytree(self.root, place)
        with suppress(sqlite3.Error):  # some are no ledgers
            as_if_moved(place / self.ledger.relative_to(self.root))
        port = os.environ.get("NEWSLETTER_RELAY__PORT")
        os.environ["NEWSLETTER_RELAY__PORT"] = str(self.shadow.port)
        os.chdir(place)
        try:
            yield
        finally:
            os.chdir(self.root)
            os.environ.pop("NEWSLETTER_RELAY__PORT")
            if port is not None:
                os.environ["NEWSLETTER_RELAY__PORT"] = port
            shutil.rmtree(place)

    def child(self, *words: str, **environ: str) -> "subprocess.Popen[str]":
        """A command in a process of its own."""
        return subprocess.Popen(  # noqa: S603 our own program
            [sys.executable, "-m", "newsletter", *words],
            cwd=self.root,
            env=clean_environment() | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def stop_soon(words: list[str]) -> None:
    """Start a command that lasts, see that it does, and stop it."""
    process = subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, "-m", "newsletter", *words],
        env=clean_environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def clean_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child; without a base, none of the newsletter's variables."""
    found = dict(os.environ if base is None else base)
    if base is None:
        found = {key: value for key, value in found.items() if not key.startswith("NEWSLETTER_")}
    return found | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}


def write_newsletter(root: Path, relay_port: int | None = None) -> None:
    """Settings, theme, two lists that overlap, segments, one issue in two languages."""
    settings = SETTINGS.format(staging_port=_STAGING_PORT)
    if relay_port is not None:
        settings += f'\n[relay]\nhost = "127.0.0.1"\nport = {relay_port}\nsecurity = "none"\n'
    write_theme(root)
    files = {
        "newsletter.toml": settings,
        f"issues/{ISSUE}/issue.toml": ISSUE_TOML,
        f"issues/{ISSUE}/issue.en.toml": ISSUE_EN,
        "subscribers/members.csv": MEMBERS,
        "subscribers/partners.csv": PARTNERS,
        "subscribers/segments.toml": SEGMENTS,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "issues" / ISSUE / "images").mkdir()
    (root / "issues" / ISSUE / "images" / "a.png").write_bytes(PNG)
