"""What deploy/ holds is tried: the units, the timer, the line for cron, the container file.

Paths are put in place of those in the files; then each command is run as it stands there.
"""

import datetime as dt
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.newsroom import EVERYBODY, ISSUE, REPOSITORY, Newsroom, clean_environment, wait_until
from tests.cli.readers import due_now
from tests.ports import quiet_port

DEPLOY = REPOSITORY / "deploy"
UNITS = ("newsletter-worker.service", "newsletter-due.service", "newsletter-due.timer")
PROGRAM, FOLDER = "/opt/newsletter/bin/newsletter", "/srv/newsletter"
METRICS = "127.0.0.1:9464"
LONG = 120.0
WORST = 20  # of 100, as systemd-analyze counts how exposed a service is


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The program under a name of its own, as it is installed."""
    path = tmp_path / "bin" / "newsletter"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m newsletter "$@"\n')
    path.chmod(0o755)
    return path


def here(text: str, program: Path, root: Path) -> str:
    """The same for the paths of a test."""
    return text.replace(PROGRAM, str(program)).replace(FOLDER, str(root))


def settings_of(unit: str) -> Mapping[str, str]:
    """The last value of each setting of a unit."""
    lines = re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE)
    return dict(lines)


@contextmanager
def running(words: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """A command in a process of its own, which ends with the test."""
    child = subprocess.Popen(  # noqa: S603 our own program
        words,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate(timeout=LONG)


def scheduled(newsroom: Newsroom) -> None:
    """A campaign that is due."""
    newsroom.run("send", ISSUE, "--yes", "--at", "2100-01-01 10:00", follow=False)
    due_now(newsroom)


# systemd


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs the package systemd")
def test_systemd_takes_every_unit_and_finds_the_services_little_exposed(
    newsroom: Newsroom, program: Path, tmp_path: Path
) -> None:
    places = [tmp_path / name for name in UNITS]
    for place in places:
        place.write_text(here(text_of(place.name), program, newsroom.root))
    ran = analyze("verify", *map(str, places))
    assert (ran.returncode, ran.stderr) == (0, "")
    for place in places[:2]:
        exposed = analyze("security", "--offline=yes", f"--threshold={WORST}", str(place))
        assert exposed.returncode == 0, exposed.stdout
    every = settings_of(text_of(UNITS[2]))["OnCalendar"]
    assert "*-*-* *:*:00" in analyze("calendar", every).stdout


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 fixed words
        ["systemd-analyze", *words],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "SYSTEMD_LOG_LEVEL": "warning", "LANG": "C.UTF-8"},
    )


@pytest.mark.slow
def test_the_worker_unit_does_what_it_says_and_ends_as_it_is_told(
    newsroom: Newsroom, program: Path
) -> None:
    unit = settings_of(here(text_of(UNITS[0]), program, newsroom.root))
    port = quiet_port()
    words = shlex.split(unit["ExecStart"].replace(METRICS, f"127.0.0.1:{port}"))
    scheduled(newsroom)
    with running(words) as worker:
        wait_until(lambda: len(newsroom.relay.received) == 5, LONG)
        wait_until(lambda: newsroom.campaigns()[0]["state"] == "finished", LONG)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=LONG) as answer:
            assert b"newsletter_messages_total" in answer.read()
        worker.send_signal(getattr(signal, unit["KillSignal"]))
        out, err = worker.communicate(timeout=LONG)
    assert (worker.returncode, out) == (0, "")
    assert [json.loads(line)["event"] for line in err.splitlines()][-1] == "worker ends"
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
    for path in (unit["WorkingDirectory"], unit["ReadWritePaths"]):
        assert Path(path) == newsroom.root


def test_the_worker_unit_goes_on_trying_whatever_it_ends_with() -> None:
    unit = settings_of(text_of(UNITS[0]))

    assert unit["Restart"] == "on-failure"
    assert unit["StartLimitIntervalSec"] == "0", "or systemd gives up after five"
    assert "RestartPreventExitStatus" not in unit, "a database that starts later is 2, too"
    assert int(unit["TimeoutStopSec"]) > 30, "open dialogues get half a minute"


@pytest.mark.slow
def test_the_units_for_one_look_send_what_is_due_and_later_is_no_failure(
    newsroom: Newsroom, program: Path
) -> None:
    unit = settings_of(here(text_of(UNITS[1]), program, newsroom.root))
    words = shlex.split(unit["ExecStart"])
    scheduled(newsroom)
    ran = subprocess.run(words, env=clean_environment(), capture_output=True, check=False)  # noqa: S603

    assert ran.returncode == 0
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
    assert unit["SuccessExitStatus"] == "75"
    assert unit["Type"] == "oneshot"
    assert settings_of(text_of(UNITS[2]))["Persistent"] == "true"


# cron


def cron_line() -> tuple[str, str, str]:
    """When, as whom, and what; cron reads no line that does not end, and takes % for a break."""
    text = text_of("newsletter.cron")
    assert text.endswith("\n")
    (line,) = [each for each in text.splitlines() if re.match(r"[*\d]", each)]
    *fields, user, command = line.split(maxsplit=6)
    assert "%" not in command
    return " ".join(fields), user, command


@pytest.mark.slow
def test_the_line_for_cron_looks_every_minute_and_is_silent_unless_somebody_is_to_look(
    newsroom: Newsroom, program: Path
) -> None:
    when, user, command = cron_line()
    assert (when, user) == ("* * * * *", "newsletter")
    command = here(command, program, newsroom.root)

    def look() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 the line itself
            ["/bin/sh", "-c", command],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    quiet = look()
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    scheduled(newsroom)
    sent = look()
    assert (sent.returncode, sent.stdout, sent.stderr) == (0, "", "")
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
    newsroom.run("send", ISSUE, "--yes", "--again", "--at", "2100-01-01 10:00", follow=False)
    due_now(newsroom, late=dt.timedelta(hours=3))
    missed = look()
    assert "missed its time" in missed.stdout
    newsroom.write("newsletter.toml", "rate = 1\n")
    assert "newsletter.toml" in look().stdout


# The container


def instructions() -> list[tuple[str, str]]:
    """The container file's instructions, each on one line."""
    text = re.sub(r"^#.*\n", "", text_of("Containerfile"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1].strip()) for line in lines if line.strip()]


def copied() -> list[str]:
    """What is copied from the repository."""
    found = [rest.split()[:-1] for name, rest in instructions() if name == "COPY"]
    return [each for sources in found for each in sources if not sources[0].startswith("--")]


def one(name: str) -> str:
    """The last instruction of a name."""
    return [rest for each, rest in instructions() if each == name][-1]


def test_all_that_the_container_file_copies_is_in_git_and_given_to_the_build() -> None:
    known = subprocess.run(  # noqa: S603 names of the container file
        ["git", "ls-files", *copied()],  # noqa: S607 the git of this machine
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    given = (REPOSITORY / ".dockerignore").read_text().splitlines()
    for source in copied():
        assert any(path == source or path.startswith(f"{source}/") for path in known), source
        assert f"!{source}" in given, source
    assert "*" in given


@pytest.mark.slow
def test_the_wheel_of_the_container_is_whole_and_its_command_runs_a_healthy_worker(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    installed = build(tmp_path)
    env = clean_environment() | {"PYTHONPATH": str(installed)}
    python = [sys.executable, "-m", *json.loads(one("ENTRYPOINT"))]
    subprocess.run([*python, "init", str(tmp_path / "new")], env=env, check=True)  # noqa: S603
    assert (tmp_path / "new" / "newsletter.toml").exists()

    def words(instruction: str) -> list[str]:
        said = instruction.replace("/newsletter", str(newsroom.root))
        listed: list[str] = json.loads(said.replace("0.0.0.0:9464", f"127.0.0.1:{quiet_port()}"))
        return listed

    asked = words(one("HEALTHCHECK").partition("CMD ")[2])
    health = [*python, *asked[1:]]
    with subprocess.Popen([*python, *words(one("CMD"))], env=env) as worker:  # noqa: S603
        try:
            wait_until(lambda: not subprocess.call(health, env=env), LONG)  # noqa: S603
            worker.send_signal(getattr(signal, one("STOPSIGNAL")))
            assert worker.wait(LONG) == 0
        finally:
            worker.kill()
    assert subprocess.call(health, env=env) == 1  # noqa: S603


def build(tmp_path: Path) -> Path:
    """The wheel, made of nothing but what the container file copies, and unpacked."""
    source = tmp_path / "source"
    source.mkdir()
    for name in copied():
        path = REPOSITORY / name
        into = source / name
        if path.is_dir():
            shutil.copytree(path, into, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(path, into)
    subprocess.run(  # noqa: S603 the builder that is pinned
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", str(tmp_path), "."],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    return tmp_path / "installed"


def test_the_packages_of_the_container_are_pinned_with_the_extras_that_a_server_needs() -> None:
    said = " ".join(rest for name, rest in instructions() if name == "RUN")
    files = re.findall(r"-r (\S+)", said)
    assert "--require-hashes" in said
    pinned = "\n".join((REPOSITORY / name).read_text() for name in files)
    names = set(re.findall(r"^([\w-]+)==", pinned, re.MULTILINE))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    wanted += [
        each for name in ("postgres", "metrics", "holidays", "imap") for each in extras[name]
    ]
    assert {re.split(r"[\[>=;]", each)[0].lower() for each in wanted} <= names
