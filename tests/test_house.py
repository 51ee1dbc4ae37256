"""The house as an officer meets it: help, speed, secrets, profiles, a newsletter from nothing."""

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import typer

from newsletter.app.open import open_app
from newsletter.cli.front import TEXT
from newsletter.cli.main import build, run
from newsletter.settings import load_settings
from tests.cli.newsroom import ISSUE, clean_environment, write_newsletter
from tests.cli.relay import Relay
from tests.ports import quiet_port

REPOSITORY = Path(__file__).parents[1]
SECRET = "un-segreto-lunghissimo-42"
HEAVY = ("premailer", "sqlalchemy", "alembic", "mjml", "lxml", "aiosmtplib", "starlette")
RENDERS = ("premailer", "cssutils", "mjml")


def commands() -> Iterator[tuple[tuple[str, ...], object]]:
    """Every command with its words, groups gone through."""
    top = typer.main.get_command(build())
    waiting: list[tuple[tuple[str, ...], object]] = [((), top)]
    while waiting:
        words, found = waiting.pop(0)
        inside = getattr(found, "commands", None)
        if inside is None:
            yield words, found
        else:
            waiting += [((*words, name), inner) for name, inner in inside.items()]


EVERY = dict(commands())


def python(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A Python of its own."""
    return subprocess.run(  # noqa: S603 our own program
        [sys.executable, *words],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


# Help


def test_the_front_page_fits_a_terminal_and_is_the_same_by_every_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = TEXT.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert python("-m", "newsletter", "--help").stdout == TEXT
    assert run(["--help"]) == 0
    assert capsys.readouterr().out == TEXT


def test_the_front_page_names_every_command_there_is_and_no_other() -> None:
    named = set(re.findall(r"[a-z]+(?:-[a-z]+)*", TEXT))
    for words in EVERY:
        assert set(words) <= named, words
    tops = {words[0] for words in EVERY}
    first_words = set(re.findall(r"^(?:[A-Z]\w+ +| {8})([a-z-]+)  ", TEXT, re.MULTILINE))
    assert first_words <= tops


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_help_for_everything_an_example_and_exit_codes(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    found = EVERY[words]
    for parameter in found.params:  # type: ignore[attr-defined]
        if parameter.name != "help":
            assert getattr(parameter, "help", None), parameter.name
    assert run([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"Example: newsletter {' '.join(words)}" in " ".join(said.split())
    assert "Exit codes: 0 " in said
    assert found.help.strip()  # type: ignore[attr-defined]


@pytest.mark.slow
def test_no_help_loads_what_only_work_needs() -> None:
    script = (
        "import sys\n"
        "from newsletter.cli.main import build, run\n"
        "run(['plan', '--help']), run(['--help'])\n"
        f"found = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not found, found\n"
    )
    done = python("-c", script)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_looking_how_it_goes_loads_nothing_that_renders(tmp_path: Path) -> None:
    write_newsletter(tmp_path)
    script = (
        "import sys\n"
        "from newsletter.cli.main import run\n"
        "assert run(['status']) == 0\n"
        f"found = [name for name in {RENDERS!r} if name in sys.modules]\n"
        "assert not found, found\n"
    )
    done = python("-c", script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"newsletter \d+\.\d+\.\d+\n", python("-m", "newsletter", "-V").stdout)


@pytest.mark.slow
def test_help_takes_no_more_than_five_times_an_empty_python() -> None:
    def seconds(words: Sequence[str]) -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 our own program
        return time.perf_counter() - begin

    pairs = [(seconds(["-m", "newsletter", "--help"]), seconds(["-c", "pass"])) for _ in range(9)]
    ratio = statistics.median(one for one, _ in pairs) / statistics.median(two for _, two in pairs)
    assert ratio <= 5, ratio


# Secrets and settings


@pytest.mark.slow
def test_no_secret_shows_in_output_debug_ledger_or_repr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("HOST", "smtp.eu.example"), ("USERNAME", "anna"), ("PASSWORD", SECRET)):
        monkeypatch.setenv(f"NEWSLETTER_RELAYS__EU__{name}", value)
    monkeypatch.setenv("NEWSLETTER_SECRET", SECRET)
    with Relay() as relay:
        write_newsletter(tmp_path, relay.port)
        monkeypatch.chdir(tmp_path)
        for words in (["plan", ISSUE], ["send", ISSUE, "--yes"], ["status"], ["report"]):
            assert run(words) == 0
            assert run([*words[:2], "--format", "json"]) in {0, 4}
        (tmp_path / "newsletter.toml").write_text(
            (tmp_path / "newsletter.toml").read_text().replace('rate = "500/s"', "rate = 1")
        )
        with pytest.raises(Exception, match="is not a rate") as caught:
            run(["plan", ISSUE, "--debug"])
        assert SECRET not in repr(caught.value) + str(caught.value)
        app_words = repr(
            load_settings(tmp_path, environ={"NEWSLETTER_SECRET": SECRET, "NEWSLETTER_RATE": "5/s"})
        )
    captured = capsys.readouterr()
    assert SECRET not in captured.out + captured.err + app_words
    kept = [path.read_bytes() for path in (tmp_path / ".newsletter").rglob("*") if path.is_file()]
    assert kept
    assert not [content for content in kept if SECRET.encode() in content]
    assert not [content for _, content in relay.received if SECRET.encode() in content]


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_file(tmp_path: Path) -> None:
    write_newsletter(tmp_path, 2500)
    assert load_settings(tmp_path, environ={}).connections == 4
    (tmp_path / ".env").write_text("NEWSLETTER_CONNECTIONS=5\nNEWSLETTER_RELAY__HOST=one.example\n")
    assert load_settings(tmp_path, environ={}).connections == 5
    both = load_settings(tmp_path, environ={"NEWSLETTER_CONNECTIONS": "6"})
    assert (both.connections, both.relay.host, both.relay.port) == (6, "one.example", 2500)


def test_the_profile_is_production_once_a_relay_is_named_and_can_be_chosen(tmp_path: Path) -> None:
    write_newsletter(tmp_path)
    assert open_app(tmp_path, environ={}).profile == "staging"
    named = {"NEWSLETTER_RELAY__HOST": "127.0.0.1"}
    assert open_app(tmp_path, environ=named).profile == "production"
    chosen = named | {"NEWSLETTER_PROFILE": "staging"}
    assert open_app(tmp_path, environ=chosen).profile == "staging"
    assert open_app(tmp_path, profile="production", environ=chosen).profile == "production"


def test_a_profiles_table_is_laid_over_the_rest(tmp_path: Path) -> None:
    write_newsletter(tmp_path)
    with (tmp_path / "newsletter.toml").open("a") as file:
        file.write(
            '\n[profiles.production]\nrate = "1/s"\n[profiles.production.relay]\nport = 26\n'
        )
    assert str(load_settings(tmp_path, environ={}).rate) == "500/s"
    production = load_settings(tmp_path, profile="production", environ={})
    assert (str(production.rate), production.relay.port) == ("1/s", 26)


# From nothing


@pytest.mark.slow
def test_a_new_newsletter_checks_clean_plans_and_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("sys.argv", ["newsletter"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSLETTER_STAGING__PORT", str(quiet_port()))
    for words in (["init"], ["check", "--strict"]):
        assert run(words) == 0, capsys.readouterr()
    said = re.findall(r"^next: (.+)$", capsys.readouterr().out, re.MULTILINE)
    following = f"{said[0]} --once"  # without it the page would be there until somebody ends it
    assert following.startswith("newsletter preview ")
    for _ in range(4):
        assert run(following.split()[1:]) in {0, 4}
        out, err = capsys.readouterr()
        said = re.findall(r"^next: (.+)$", out + err, re.MULTILINE)
        following = said[0] if said else "newsletter status"
    assert run(["issue", "new", "2026-12-winter"]) == 0
    assert run(["check", "--strict"]) == 0
    assert run(["init"]) == 2


@pytest.mark.slow
def test_a_new_newsletter_bears_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["newsletter"])
    monkeypatch.chdir(tmp_path)
    assert run(["init"]) == 0
    settings = (tmp_path / "newsletter.toml").read_text("utf-8")
    named = settings.replace('name = "Our newsletter"', 'name = "Il Corriere"', 1)
    (tmp_path / "newsletter.toml").write_text(named, "utf-8")
    assert run(["build"]) == 0
    for page in ("en.html", "en.txt"):
        [built] = (tmp_path / "build").glob(f"*/{page}")
        assert "Il Corriere" in built.read_text("utf-8")
        assert "ALISEI" not in built.read_text("utf-8")
    strings = tmp_path / "templates/alisei/strings.toml"
    strings.write_text(
        strings.read_text("utf-8").replace("[en]", '[en]\nbrand = "CORRIERE"'), "utf-8"
    )
    assert run(["build"]) == 0
    assert "CORRIERE" in next((tmp_path / "build").glob("*/en.html")).read_text("utf-8")


@pytest.mark.slow
def test_the_wheel_works_by_itself_in_a_clean_environment(tmp_path: Path) -> None:
    wheels, place = tmp_path / "wheels", tmp_path / "venv"
    built = python(
        "-m", "build", "--no-isolation", "--wheel", "--outdir", str(wheels), str(REPOSITORY)
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("*.whl")
    assert python("-m", "venv", str(place)).returncode == 0
    env = {key: value for key, value in clean_environment().items() if key != "PYTHONPATH"}

    def typed(*words: str, cwd: Path = tmp_path) -> str:
        done = subprocess.run(  # noqa: S603 our own program
            words, cwd=cwd, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pinned = REPOSITORY / "requirements" / "runtime.txt"
    pip = (str(place / "bin/python"), "-m", "pip", "--disable-pip-version-check", "-q", "install")
    typed(*pip, "--require-hashes", "-r", str(pinned))
    typed(*pip, "--no-deps", str(wheel))
    program = str(place / "bin/newsletter")
    typed(program, "init", "mine")
    assert "passed" in typed(program, "check", cwd=tmp_path / "mine")
    assert "the ledger adds up" in typed(program, "demo")
