"""Signing keys as the officer handles them, and the mail that they sign."""

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.inbox.server import StagingInbox
from newsletter.signing import Algorithm, new_key
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom
from tests.cli.readers import SEND, filed
from tests.verifiers import dkimpy_takes, perl_says
from tests.zones import ZoneServer, txt

pytestmark = pytest.mark.slow  # real messages over real SMTP


def records_of(newsroom: Newsroom) -> dict[str, str]:
    """What would be published of every key."""
    rows = newsroom.run("keys", "dns", "--format", "json").object["records"]
    return {row["name"]: row["text"] for row in rows}


def resolver(newsroom: Newsroom, server: ZoneServer) -> None:
    """Have this newsletter ask a server of the test."""
    text = (newsroom.root / "newsletter.toml").read_text()
    text = text.partition("\n[doctor]")[0]
    line = f'\n[doctor]\nresolver = "127.0.0.1:{server.port}"\n'
    newsroom.write("newsletter.toml", text + line)


def test_without_a_key_its_record_leads_to_a_new_one(newsroom: Newsroom) -> None:
    ran = newsroom.run("keys", "dns", follow=False)
    assert ran.code == 2
    assert "there is no key" in ran.err
    assert "keys new" in ran.err


def test_a_new_key_is_private_and_its_record_is_printed_in_strings_of_255(
    newsroom: Newsroom,
) -> None:
    ran = newsroom.run("keys", "new", "--selector", "s1")
    assert ran.code == 0
    line = next(line for line in ran.out.splitlines() if "IN TXT" in line)
    assert line.startswith("s1._domainkey.alisei.example. IN TXT ")
    chunks = re.findall(r'"([^"]*)"', line)
    assert max(map(len, chunks)) <= 255
    assert len(chunks) == 2
    path = newsroom.root / ".newsletter/keys/s1.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    secret = path.read_text().splitlines()[1]
    assert secret not in ran.said
    assert secret not in (path.parent / "keys.json").read_text()


@pytest.mark.debian
def test_every_message_of_a_send_a_dry_run_and_a_test_is_signed_for_two_verifiers(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.run("keys", "new")
    newsroom.run("keys", "new", "--algorithm", "ed25519")
    assert newsroom.run(*SEND).code == 0
    newsroom.run("send", ISSUE, "--dry-run", "--output", str(tmp_path / "dry"), "--again")
    written = [path.read_bytes() for path in (tmp_path / "dry").glob("**/*.eml")]
    assert len(written) == len(EVERYBODY)
    newsroom.run("test", ISSUE, follow=False)
    messages = [content for _, content in newsroom.relay.received] + written
    assert len(messages) >= 2 * len(EVERYBODY) + 2
    records = records_of(newsroom)
    assert len(records) == 2
    for message in messages:
        assert message.count(b"DKIM-Signature:") == 2
        assert dkimpy_takes(message, records)
    said = perl_says(messages, records, tmp_path)
    assert all(each["rsa-sha256"] == "pass" for each in said)


def test_the_plan_says_who_signs(newsroom: Newsroom) -> None:
    assert "Signed" not in newsroom.run("plan", ISSUE).out
    newsroom.run("keys", "new", "--selector", "s1")
    assert "Signed    alisei.example, s1 (rsa-sha256)" in newsroom.run("plan", ISSUE).out


def test_a_staging_send_is_signed_too(newsroom: Newsroom, staging: StagingInbox) -> None:
    newsroom.run("keys", "new")
    assert newsroom.run(*SEND, "--profile", "staging").code == 0
    assert staging.received == len(EVERYBODY)
    records = records_of(newsroom)
    for path in filed(newsroom):
        assert dkimpy_takes(path.read_bytes(), records)


def test_a_rotation_signs_with_the_old_key_until_the_new_record_is_seen(
    newsroom: Newsroom,
) -> None:
    newsroom.run("keys", "new", "--selector", "s1")
    published = records_of(newsroom)
    with ZoneServer({(name, "TXT"): txt(text) for name, text in published.items()}) as server:
        resolver(newsroom, server)
        made = newsroom.run("keys", "rotate", follow=False)
        assert made.code == 0
        early = newsroom.run("keys", "rotate")
        assert early.code == 2
        assert "no record is published" in early.err
        assert newsroom.run(*SEND).code == 0
        for _, content in newsroom.relay.received:
            assert dkimpy_takes(content, published)
        after = records_of(newsroom)
        assert len(after) == 2
        server.zone |= {(name, "TXT"): txt(text) for name, text in after.items()}
        done = newsroom.run("keys", "rotate", follow=False)
        assert done.code == 0, done.said
    newsroom.relay.received.clear()
    assert newsroom.run(*SEND, "--again").code == 0
    new = {name: text for name, text in after.items() if name not in published}
    for _, content in newsroom.relay.received:
        assert dkimpy_takes(content, new)
    listed = newsroom.run("keys", "list", "--format", "json").object["keys"]
    assert [key["state"] for key in listed] == ["retired", "signing"]
    assert not (newsroom.root / ".newsletter/keys/s1.pem").exists()
    assert set(records_of(newsroom)) == set(after)  # the old record is shown until it is removed
    assert newsroom.run("keys", "remove", "s1").code == 0
    assert set(records_of(newsroom)) == set(new)


def test_look_says_what_the_dns_has(newsroom: Newsroom) -> None:
    newsroom.run("keys", "new", "--selector", "s1")
    (name, text), *_ = records_of(newsroom).items()
    with ZoneServer({}) as server:
        resolver(newsroom, server)
        for rows, words in (
            (None, "no record is published"),
            (txt(text), "published"),
            (txt(text[:-20]), "cut or broken"),
            (txt("v=DKIM1; p="), "revokes"),
            ([*txt(text), *txt("x=y")], "2 TXT records"),
            ("!servfail", "the DNS says nothing"),
        ):
            server.zone = {} if rows is None else {(name, "TXT"): rows}
            assert words in newsroom.run("keys", "dns", "--look").out


def _into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "is missing"),
    "group-readable": (lambda path: path.chmod(0o640), "mode 0640"),
    "world-readable": (lambda path: path.chmod(0o604), "mode 0604"),
    "empty": (lambda path: path.write_bytes(b""), "no private key"),
    "another kind": (lambda path: path.write_text("-----BEGIN PUBLIC KEY-----"), "public key"),
    "a folder": (_into_a_folder, "is not a file"),
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_an_unfit_key_stops_a_send_before_anything_and_says_how_to_mend_it(
    newsroom: Newsroom, spoil: str
) -> None:
    newsroom.run("keys", "new", "--selector", "s1")
    change, words = SPOILT[spoil]
    change(newsroom.root / ".newsletter/keys/s1.pem")
    for command in (("plan", ISSUE), SEND, ("test", ISSUE)):
        ran = newsroom.run(*command)
        assert ran.code == 2
        assert words in ran.err
        assert "s1.pem" in ran.err
        assert len(ran.err.splitlines()) <= 3
    assert newsroom.nothing_happened()


def test_a_ring_that_is_damaged_is_told(newsroom: Newsroom) -> None:
    newsroom.run("keys", "new")
    newsroom.write(".newsletter/keys/keys.json", "{")
    ran = newsroom.run("keys", "list")
    assert ran.code == 2
    assert "damaged" in ran.err


def test_a_key_of_the_environment_signs_and_shows_nowhere(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = new_key(Algorithm.RSA).decode()
    monkeypatch.setenv("NEWSLETTER_DKIM__SELECTOR", "env1")
    monkeypatch.setenv("NEWSLETTER_DKIM__KEY", pem.replace("\n", "\\n"))
    ran = newsroom.run(*SEND)
    assert ran.code == 0
    for _, content in newsroom.relay.received:
        assert b"s=env1;" in content
    monkeypatch.setenv("NEWSLETTER_DKIM__KEY", pem[:200])
    broken = newsroom.run("plan", ISSUE)
    assert broken.code == 2
    assert "NEWSLETTER_DKIM__KEY" in broken.err
    assert pem.splitlines()[1] not in ran.said + broken.said


def test_a_keys_file_signs_from_outside_the_folder_and_is_refused_where_git_keeps_it(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    text = (newsroom.root / "newsletter.toml").read_text()
    for written, code in ((f"{tmp_path}/k.pem", 0), ("~/h.pem", 0), (f"{newsroom.root}/k.pem", 2)):
        path = Path(written).expanduser()
        path.write_bytes(new_key(Algorithm.ED25519))
        path.chmod(0o600)
        table = f'\n[dkim]\nselector = "file1"\nkey_file = "{written}"\n'
        newsroom.write("newsletter.toml", text + table)
        ran = newsroom.run("plan", ISSUE)
        assert ran.code == code, ran.said
    assert "git keeps" in ran.err
    newsroom.write("newsletter.toml", text + '\n[dkim]\nselector = "file1"\n')
    assert newsroom.run("plan", ISSUE).code == 2


def test_a_key_in_the_settings_file_is_refused_and_not_shown(newsroom: Newsroom) -> None:
    text = (newsroom.root / "newsletter.toml").read_text()
    newsroom.write("newsletter.toml", text + '\n[dkim]\nselector = "a"\nkey = "s3cr3tkey"\n')
    ran = newsroom.run("plan", ISSUE)
    assert ran.code == 2
    assert "NEWSLETTER_DKIM__KEY" in ran.err
    assert "s3cr3tkey" not in ran.said


def test_a_second_key_of_a_kind_wants_a_rotation_and_names_are_checked(
    newsroom: Newsroom,
) -> None:
    newsroom.run("keys", "new", "--selector", "s1")
    for words in (
        ("new",),
        ("new", "--algorithm", "dsa"),
        ("new", "--algorithm", "ed25519", "--selector", "A b"),
        ("new", "--algorithm", "ed25519", "--selector", "s1"),
        ("dns", "s9"),
        ("remove", "s9"),
        ("remove", "s1"),
    ):
        ran = newsroom.run("keys", *words)
        assert ran.code == 2, words
    assert newsroom.run("keys", "remove", "s1", "--yes", follow=False).code == 0
    assert json.loads((newsroom.root / ".newsletter/keys/keys.json").read_text()) == []


def test_headers_that_the_relay_rewrites_are_left_unsigned(newsroom: Newsroom) -> None:
    newsroom.run("keys", "new")
    text = (newsroom.root / "newsletter.toml").read_text()
    newsroom.write("newsletter.toml", text + '\n[dkim]\nspare = ["Message-ID"]\n')
    assert newsroom.run(*SEND).code == 0
    records = records_of(newsroom)
    for _, content in newsroom.relay.received:
        changed = re.sub(rb"(?m)^Message-ID: <", b"Message-ID: <x", content)
        assert changed != content
        assert dkimpy_takes(changed, records)
