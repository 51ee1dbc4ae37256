"""Settings are read from three sources, checked whole, and never hold a secret in git."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import SettingsError
from newsletter.settings import Settings, find_root, load_settings
from tests.cli.newsroom import write_newsletter


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A newsletter with a relay."""
    write_newsletter(tmp_path, 2500)
    return tmp_path


def problems(root: Path, **environ: str) -> list[str]:
    """What is wrong with the settings, a line each."""
    with pytest.raises(SettingsError) as caught:
        load_settings(root, environ=environ)
    return [str(problem) for problem in caught.value.problems]


def change(root: Path, old: str, new: str) -> None:
    """Write other words into newsletter.toml."""
    path = root / "newsletter.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_root_is_the_nearest_folder_above_with_settings(root: Path) -> None:
    assert find_root(root / "issues") == root
    assert find_root(root) == root
    assert find_root(root.parent) is None


def test_a_relays_port_follows_its_security(root: Path) -> None:
    change(root, "port = 2500\n", "")
    ports = {
        security: load_settings(
            root, environ={"NEWSLETTER_RELAY__SECURITY": security}
        ).relay.effective_port
        for security in ("starttls", "tls", "none")
    }
    assert ports == {"starttls": 587, "tls": 465, "none": 25}


def test_variables_reach_every_level(root: Path) -> None:
    settings = load_settings(
        root,
        environ={
            "NEWSLETTER_RELAY__HOST": "smtp.example",
            "NEWSLETTER_RELAY__USERNAME": "anna",
            "NEWSLETTER_RELAY__PASSWORD": "s3cret",
            "NEWSLETTER_LEDGER": "elsewhere.db",
            "NEWSLETTER_RATE": "200/min",
            "NEWSLETTER_CONNECTIONS": "9",
            "newsletter_language": "en",
        },
    )
    assert settings.relay.host == "smtp.example"
    assert settings.relay.password
    assert settings.relay.password.get_secret_value() == "s3cret"
    assert (settings.ledger, str(settings.rate)) == ("elsewhere.db", "200/min")
    assert (settings.connections, settings.language) == (9, "en")
    assert "s3cret" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize("relay", ["RELAY", "RELAYS__EU"])
def test_a_password_that_nobody_logs_in_with_is_told_at_its_relay(root: Path, relay: str) -> None:
    change(root, "[relay]", '[relays.eu]\nhost = "smtp.eu.example"\n\n[relay]')
    (problem,) = problems(root, **{f"NEWSLETTER_{relay}__PASSWORD": "s3cret"})
    assert "has a password and no username" in problem
    assert relay.lower().replace("__", ".") in problem
    assert "s3cret" not in problem
    known = {f"NEWSLETTER_{relay}__PASSWORD": "s3cret", f"NEWSLETTER_{relay}__USERNAME": "anna"}
    assert load_settings(root, environ=known)


def test_a_password_may_wait_for_the_profile_that_names_a_relay(root: Path) -> None:
    text = (root / "newsletter.toml").read_text().partition("\n[relay]")[0]
    (root / "newsletter.toml").write_text(text)
    assert load_settings(root, environ={"NEWSLETTER_RELAY__PASSWORD": "s3cret"})


def test_settings_cannot_be_changed_once_read(root: Path) -> None:
    settings = load_settings(root, environ={})
    with pytest.raises(ValueError, match="frozen"):
        settings.connections = 5  # type: ignore[misc]  # that is the test


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('[relay]\npassword = "s3cret"', "relay.password"),
        ('[profiles.production.relay]\npassword = "s3cret"', "profiles.production.relay.password"),
        ('[profiles.staging]\nsecret = "s3cret"', "profiles.staging.secret"),
        (
            '[feedback.imap]\nhost = "x"\nusername = "y"\npassword = "s3cret"',
            "feedback.imap.password",
        ),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_shown(root: Path, line: str, told: str) -> None:
    text = (root / "newsletter.toml").read_text().partition("\n[relay]")[0]
    (root / "newsletter.toml").write_text(f"{text}\n{line}\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(root, environ={})
    (problem,) = caught.value.problems
    assert problem.where == told
    assert problem.line
    assert "s3cret" not in repr(problem)


MORE = """
[relays.big]
host = "smtp.big.example"
username = "anna"
rate = "50/s"
hour = 3000
connections = 8

[relays.campus]
host = "mail.campus.example"
username = "anna"
domains = ["Campus.example", "bücher.example"]

[limits]
per_domain = "10/s"
day = 20000
domains = {"gmail.example" = "20/s"}

[profiles.production]
default_relay = "big"
"""

SECRET = '[relays.big]\nhost = "x"\nusername = "anna"\npassword = "s3cret"'
TWICE = """
[relays.a]
host = "x"
domains = ["c.example"]

[relays.b]
host = "y"
domains = ["C.example"]
"""


def add(root: Path, text: str) -> None:
    """Write more into newsletter.toml."""
    with (root / "newsletter.toml").open("a") as file:
        file.write(text)


def test_a_profile_chooses_among_several_relays_and_domains_have_their_own(root: Path) -> None:
    add(root, MORE)
    plain, chosen = (load_settings(root, profile=name, environ={}) for name in (None, "production"))
    assert plain.main_relay is plain.relay
    assert chosen.main_relay.host == "smtp.big.example"
    assert str(chosen.main_relay.rate) == "50/s"
    assert (chosen.main_relay.hour, chosen.main_relay.day) == (3000, None)
    assert chosen.relays["campus"].domains == ("campus.example", "xn--bcher-kva.example")
    assert {name: str(rate) for name, rate in chosen.limits.domains.items()} == {
        "gmail.example": "20/s"
    }


def test_a_named_relays_password_comes_from_its_variable_or_dotenv(root: Path) -> None:
    add(root, MORE)
    named = load_settings(root, environ={"NEWSLETTER_RELAYS__BIG__PASSWORD": "s3cret"}).relays
    assert named["big"].password
    assert named["big"].password.get_secret_value() == "s3cret"
    assert (named["big"].username, named["campus"].password) == ("anna", None)
    (root / ".env").write_text("NEWSLETTER_RELAYS__CAMPUS__PASSWORD=other\n")
    campus = load_settings(root, environ={}).relays["campus"]
    assert campus.password
    assert campus.password.get_secret_value() == "other"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[relays.big]\nhost = "x"\nhots = "x"', "did you mean 'host'?"),
        ("[relays.big]\nport = 25", "'host' is missing"),
        ('[relays.Big-One]\nhost = "x"', "use a-z, 0-9 and single _"),
        (SECRET, "NEWSLETTER_RELAYS__BIG__PASSWORD=…"),
        (TWICE, "c.example stands under both a and b"),
        ('[relays.a]\nhost = "x"\ndomains = ["not a domain"]', "is not a domain"),
        ('[limits]\nper_domian = "5/s"', "did you mean 'per_domain'?"),
        ('[limits.domains]\n"gmail.example" = "fast"', "'fast' is not a rate"),
        ("[limits]\nhour = 0", "at least 1"),
        ("[pause]\nrefuse = 5", "did you mean 'refused'?"),
        ("[pause]\nrefused = 101", "at most 100"),
    ],
)
def test_faults_in_limits_and_relays_are_told_with_their_line(
    root: Path, text: str, told: str
) -> None:
    add(root, f"\n{text}\n")
    (problem,) = problems(root)
    assert told in problem
    assert "newsletter.toml:" in problem
    assert "s3cret" not in problem


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        *(
            ("host", host, "write its name or address alone")
            for host in ("", " ", "127.0.0.1 ", "127.0.0.1:25", "smtp://x.example", "a@x.example",
                         "a..b", "a" * 64, "x.example\\nx", "\\u001b[2J", "[127.0.0.1", "::1]:25")
        ),
        *(
            ("hello", name, "cannot be said in EHLO")
            for name in ("my host", "münchen.example", "x\\r\\nMAIL")
        ),
    ],
)  # fmt: skip
def test_where_a_relay_is_and_what_it_is_greeted_with_are_read_with_care(
    root: Path, key: str, value: str, told: str
) -> None:
    change(
        root,
        'host = "127.0.0.1"',
        'host = "x"\nhello = "x"'.replace(f'{key} = "x"', f'{key} = "{value}"'),
    )
    (problem,) = problems(root)
    assert told in problem
    assert f"relay.{key}" in problem
    assert problem.isprintable()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("LOCALHOST", "LOCALHOST"),
        ("mail_1.x.example.", "mail_1.x.example."),
        ("bücher.example", "bücher.example"),
    ],
)
def test_a_relay_is_named_or_has_an_address(root: Path, written: str, read: str) -> None:
    change(root, 'host = "127.0.0.1"', f'host = "{written}"\nhello = "[192.0.2.7]"')
    assert load_settings(root, environ={}).relay.host == read


def test_a_default_relay_that_is_not_there_brings_the_nearest_one(root: Path) -> None:
    add(root, MORE)
    (told,) = problems(root, NEWSLETTER_DEFAULT_RELAY="bigg")
    assert "'bigg' is none of relays: did you mean 'big'?" in told


def test_a_fault_inside_a_profile_is_found_when_the_profile_is_used(root: Path) -> None:
    with (root / "newsletter.toml").open("a") as file:
        file.write("\n[profiles.production]\nconnections = 0\n")
    assert load_settings(root, environ={}).connections == 4
    with pytest.raises(SettingsError, match="connections"):
        load_settings(root, profile="production", environ={})


@pytest.mark.parametrize("url", ["http://alisei.example", "alisei.example", "ftp://x.example"])
def test_pages_that_readers_are_sent_to_are_https(root: Path, url: str) -> None:
    assert "must be an https address" in problems(root, NEWSLETTER_SITE__URL=url)[0]


def test_files_may_be_named_from_a_home_that_there_is(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/officer")
    home = {"NEWSLETTER_LEDGER": "~/news.db", "NEWSLETTER_FEEDBACK__MBOX": "~/mbox"}
    settings = load_settings(root, environ=home)
    assert settings.ledger == "/home/officer/news.db"
    assert str(settings.feedback.mbox) == "/home/officer/mbox"
    for name in ("LEDGER", "RELAY__CA_FILE", "FEEDBACK__MAILDIR"):
        (problem,) = problems(root, **{f"NEWSLETTER_{name}": "~nobody-here/x"})
        assert "there is no such user here" in problem


def test_a_zone_brings_the_nearest_one(root: Path) -> None:
    (told,) = problems(root, NEWSLETTER_SCHEDULE__ZONE="Europe/Roma")
    assert "did you mean 'Europe/Rome'?" in told


def test_a_table_in_a_variable_that_is_not_json_is_told(root: Path) -> None:
    assert problems(root, NEWSLETTER_RELAY="smtp.example")


@pytest.mark.slow
@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_name_never_breaks_a_header(words: str) -> None:
    from pydantic import TypeAdapter, ValidationError

    field = TypeAdapter(Settings.model_fields["name"].rebuild_annotation())
    try:
        accepted = field.validate_python(words)
    except ValidationError:
        return
    assert len(accepted.splitlines()) <= 1
    assert "=?" not in accepted


@pytest.mark.parametrize("profiles", ['"x"', "[]", "{ staging = 3 }"])
def test_profiles_that_are_no_tables_are_told_at_their_line(root: Path, profiles: str) -> None:
    path = root / "newsletter.toml"
    path.write_text(f"profiles = {profiles}\n{path.read_text()}")
    with pytest.raises(SettingsError) as caught:
        load_settings(root, profile="staging", environ={})
    assert [problem.line for problem in caught.value.problems] == [1]


def test_a_fault_in_a_profile_is_told_where_the_profile_says_it(root: Path) -> None:
    path = root / "newsletter.toml"
    path.write_text(f'{path.read_text()}\n[profiles.staging]\nrate = "0/s"\nnope = 1\n')
    last = len(path.read_text().splitlines())
    with pytest.raises(SettingsError) as caught:
        load_settings(root, profile="staging", environ={})
    found = {problem.where: problem.line for problem in caught.value.problems}
    assert found == {"profiles.staging.rate": last - 1, "profiles.staging.nope": last}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NAME", ""),
        ("NAME", "a\u202eb"),
        ("NAME", "\udcff"),
        ("SENDER__NAME", " "),
        ("SENDER__NAME", "a\u2066b"),
        ("SENDER__ORGANISATION", ""),
        ("SENDER__ADDRESS", "é@alisei.example"),
        ("SENDER__REPLY_TO", '"a b"@alisei.example'),
        ("SENDER__LIST_ID", "a b"),
        ("SENDER__LIST_ID", f"{'a' * 300}.example"),
        ("SITE__URL", "https://"),
        ("SITE__URL", "https://a b.example"),
        ("SITE__URL", 'https://a.example/">'),
        ("SITE__URL", "https://a.example/?q"),
        ("SITE__URL", "https://[a.example"),
        ("SITE__URL", "http://localhost.evil.example"),
    ],
)
def test_what_no_header_or_page_could_hold_is_refused(root: Path, name: str, value: str) -> None:
    found = problems(root, **{f"NEWSLETTER_{name}": value})
    assert len(found) == 1
    assert f"NEWSLETTER_{name}" in found[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"OTHER=1\nNEWSLETTER_NAME=\xff\n", ".env:2: the file is not UTF-8"),
        (b'OTHER=1\nNEWSLETTER_RATE="3/s\n', ".env:2:1: this line cannot be read"),
        (b"NEWSLETTER_PROFILE=staging\n", ".env:1:1: NEWSLETTER_PROFILE: the profile is not read"),
        (b"A=1\nNEWSLETTER_SENDER={\n", ".env:2:1: NEWSLETTER_SENDER: this is not JSON"),
    ],
)
def test_nothing_that_is_ours_in_the_env_file_is_passed_over(
    root: Path, content: bytes, said: str
) -> None:
    (root / ".env").write_bytes(content)
    assert [said in problem for problem in problems(root)] == [True]


def test_a_profile_in_a_variable_would_change_nothing_and_is_refused(root: Path) -> None:
    name = "NEWSLETTER_PROFILES__STAGING__RATE"
    assert ["profiles are not read" in each for each in problems(root, **{name: "1/s"})] == [True]
    (root / ".env").write_text(f"{name}=1/s\n")
    assert [f".env:1:1: {name}" in each for each in problems(root)] == [True]


def test_a_broken_line_of_another_program_in_the_env_file_is_not_ours(root: Path) -> None:
    (root / ".env").write_text('OTHER="x\nNEWSLETTER_RATE=3/s\n')
    assert str(load_settings(root, environ={}).rate) == "3/s"
