"""Mailboxes are read whole, and marked only when the ledger has it."""

import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from newsletter.errors import MailboxError
from newsletter.feedback.imap import Account, ImapFolder
from newsletter.feedback.mailbox import Letter, Mailbox
from newsletter.feedback.maildir import Maildir
from newsletter.feedback.mbox import Mbox
from tests.feedback.imap_server import ImapServer

MAILS = [b"Subject: one\n\nbody\n", b"Subject: two\n\n>From here\n", b"Subject: three\n\n"]


@dataclass
class Notebook:
    """Keeps places in memory."""

    kept: dict[str, str] = field(default_factory=dict)

    def recall(self, name: str) -> str:
        """What was kept."""
        assert len(name) <= 40
        return self.kept.get(name, "")

    def keep(self, name: str, value: str) -> None:
        """Keep it."""
        self.kept[name] = value


def read(mailbox: Mailbox) -> list[Letter]:
    """All letters, which are then done."""
    letters = list(mailbox.letters())
    mailbox.done(letters, letters)
    return letters


# Maildir


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """A Maildir with three mails."""
    for part in ("new", "cur", "tmp"):
        (tmp_path / part).mkdir()
    (tmp_path / "new" / "1.a").write_bytes(MAILS[0])
    (tmp_path / "cur" / "2.b:2,R").write_bytes(MAILS[1])
    (tmp_path / "cur" / "3.c:2,S").write_bytes(MAILS[2])
    return tmp_path


def test_a_maildir_gives_what_is_not_seen_and_marks_what_was_understood(maildir: Path) -> None:
    box = Maildir(maildir)
    letters = list(box.letters())
    assert [letter.raw for letter in letters] == MAILS[:2]
    assert sorted(path.name for path in maildir.glob("*/*")) == ["1.a", "2.b:2,R", "3.c:2,S"]
    box.done(letters, letters[1:])
    names = sorted(path.name for path in maildir.glob("*/*"))
    assert names == ["1.a", "2.b:2,RS", "3.c:2,S"]
    assert [letter.raw for letter in read(box)] == MAILS[:1]
    assert read(box) == []


def test_a_mail_that_another_program_takes_meanwhile_is_left(maildir: Path) -> None:
    box = Maildir(maildir)
    letters = []
    for letter in box.letters():
        letters.append(letter)
        (maildir / letter.key).unlink()
    box.done(letters, letters)
    assert len(letters) == 2


def test_what_is_no_file_in_a_maildir_stops_nothing(maildir: Path) -> None:
    before = list(Maildir(maildir).letters())
    (maildir / "new" / "folder").mkdir()
    (maildir / "new" / "gone").symlink_to(maildir / "nowhere")
    os.mkfifo(maildir / "new" / "pipe")
    assert read(Maildir(maildir)) == before != []


def test_what_is_no_maildir_says_so(tmp_path: Path) -> None:
    with pytest.raises(MailboxError, match="cannot be read"):
        list(Maildir(tmp_path / "nowhere").letters())


# mbox


def mbox(*mails: bytes) -> bytes:
    """A file in that form."""
    return b"".join(b"From x Sat Nov 28 09:00:00 2026\n" + mail + b"\n" for mail in mails)


def test_an_mbox_goes_on_where_it_ended_and_is_never_written(tmp_path: Path) -> None:
    path, notes = tmp_path / "bounces", Notebook()
    path.write_bytes(mbox(*MAILS[:2]))
    before = path.stat()
    letters = read(Mbox(path, notes))
    assert [letter.raw.partition(b"\n")[2].rstrip() for letter in letters] == [
        mail.rstrip() for mail in MAILS[:2]
    ]
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert read(Mbox(path, notes)) == []
    with path.open("ab") as file:
        file.write(mbox(MAILS[2]))
    assert [b"three" in letter.raw for letter in read(Mbox(path, notes))] == [True]


def test_an_mbox_that_was_emptied_is_read_anew(tmp_path: Path) -> None:
    path, notes = tmp_path / "bounces", Notebook()
    path.write_bytes(mbox(*MAILS))
    assert len(read(Mbox(path, notes))) == 3
    path.write_bytes(mbox(MAILS[2]))
    assert len(read(Mbox(path, notes))) == 1
    path.write_bytes(mbox(*MAILS))
    assert len(read(Mbox(path, notes))) == 3


def test_a_place_is_kept_only_when_it_is_done(tmp_path: Path) -> None:
    path, notes = tmp_path / "bounces", Notebook()
    path.write_bytes(mbox(*MAILS))
    letters = list(Mbox(path, notes).letters())
    Mbox(path, notes).done(letters[:1], letters[:1])
    assert len(read(Mbox(path, notes))) == 2


def test_no_mbox_yet_is_no_mail(tmp_path: Path) -> None:
    assert read(Mbox(tmp_path / "none", Notebook())) == []


def test_a_long_line_or_mail_is_cut_and_the_next_one_read(tmp_path: Path) -> None:
    path = tmp_path / "bounces"
    path.write_bytes(mbox(b"Subject: big\n\n" + b"x" * 3_000_000 + b"\n", MAILS[0]))
    letters = read(Mbox(path, Notebook()))
    assert [len(letter.raw) < 600_000 for letter in letters] == [True, True]
    assert b"one" in letters[1].raw


# IMAP


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for the server."""
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[ImapServer]:
    """A server over TLS, with three mails."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ImapServer(context) as running:
        running.add(*MAILS)
        yield running


@pytest.fixture
def account(server: ImapServer, authority: trustme.CA, tmp_path: Path) -> Account:
    """The folder on it, by verified TLS."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return Account("127.0.0.1", "bounces", "segreto", port=server.port, ca_file=tmp_path / "ca.pem")


def fetch(account: Account, notes: Notebook, understood: int = 99) -> list[bytes]:
    """One reading of the folder."""
    box = ImapFolder(account, notes)
    try:
        letters = list(box.letters())
        box.done(letters, letters[:understood])
        return [letter.raw for letter in letters]
    finally:
        box.close()


@pytest.mark.slow
def test_a_folder_is_read_once_whatever_a_person_opens(
    server: ImapServer, account: Account
) -> None:
    notes = Notebook()
    server.mails[2].flags.add(r"\Seen")  # the officer looked
    assert fetch(account, notes, understood=1) == MAILS
    assert server.seen() == [1, 2]  # number 3 waits for a person
    assert fetch(account, notes) == []
    server.add(b"Subject: four\n\n")
    assert fetch(account, notes) == [b"Subject: four\n\n"]
    assert server.fetched == [1, 2, 3, 4]
    assert not any("EXPUNGE" in command or "DELETE" in command for command in server.commands)


@pytest.mark.slow
def test_numbers_that_begin_anew_are_read_anew(server: ImapServer, account: Account) -> None:
    notes = Notebook()
    fetch(account, notes)
    server.validity += 1
    assert fetch(account, notes) == MAILS


@pytest.mark.slow
def test_nothing_is_marked_before_it_is_done(server: ImapServer, account: Account) -> None:
    notes = Notebook()
    box = ImapFolder(account, notes)
    assert len(list(box.letters())) == 3
    box.close()
    assert server.seen() == []
    assert notes.kept == {}


@pytest.mark.slow
def test_a_certificate_that_nobody_vouches_for_ends_it(server: ImapServer) -> None:
    stranger = Account("127.0.0.1", "bounces", "segreto", port=server.port)
    with pytest.raises(MailboxError, match="certificate"):
        fetch(stranger, Notebook())
    assert server.commands == []  # no password was said


@pytest.mark.slow
def test_a_wrong_password_says_where_it_is_set_and_not_what_it_was(
    server: ImapServer, account: Account
) -> None:
    server.password = "another"
    with pytest.raises(MailboxError, match="refuses the login") as caught:
        fetch(account, Notebook())
    assert "NEWSLETTER_FEEDBACK__IMAP__PASSWORD" in caught.value.cure
    assert "segreto" not in str(caught.value) + repr(account)


def test_clear_text_is_refused_off_this_machine() -> None:
    far = Account("imap.alisei.example", "bounces", "segreto", security="none")
    with pytest.raises(MailboxError, match="clear text"):
        fetch(far, Notebook())


def test_a_server_that_is_not_there_says_so() -> None:
    with pytest.raises(MailboxError, match=r"127\.0\.0\.1"):
        fetch(Account("127.0.0.1", "bounces", "x", port=1, security="none"), Notebook())
