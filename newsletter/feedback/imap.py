"""A folder on an IMAP server: read from the last number on; what was understood becomes seen.

Numbers, not flags, say what was read: an officer who opens a bounce in a mail program hides it
from nobody. TLS is verified. Needs the extra ``imap``.
"""

import contextlib
import hashlib
import imaplib
import ipaddress
import json
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from newsletter.errors import MailboxError
from newsletter.feedback.mail import LOOKED_AT
from newsletter.feedback.mailbox import Letter, Memory

_AT_ONCE = 25
_BETWEEN_LOOKS = 2.0  # seconds
_PORTS = {"tls": 993, "starttls": 143, "none": 143}
_CLEAR = "the password would go over the network in clear text"


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach the folder. The password never shows in a repr."""

    host: str
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    port: int | None = None
    security: Literal["tls", "starttls", "none"] = "tls"
    insecure: bool = False
    ca_file: Path | None = None
    timeout: float = 60.0
    table: str = "feedback.imap"
    """Where the settings say this: what a cure names."""

    @property
    def address(self) -> str:
        """What to call it in a message."""
        return f"{self.username}@{self.host}:{self.port or _PORTS[self.security]}/{self.folder}"


class ImapFolder:
    """One folder, over one connection that is opened at first use."""

    def __init__(self, account: Account, memory: Memory) -> None:
        _need_the_extra()
        self.name = account.address
        self._account = account
        self._memory = memory
        self._key = f"imap {hashlib.sha256(account.address.encode()).hexdigest()[:24]}"
        self._box: Any = None
        self._validity = 0

    def letters(self) -> Iterator[Letter]:
        """What has a higher number than what was read last; all, where numbers began anew."""
        with _told(self._account):
            last = self._open()
            numbers = [int(uid) for uid in self._box.uids(f"UID {last + 1}:*")]
        after = sorted(number for number in numbers if number > last)
        for begin in range(0, len(after), _AT_ONCE):
            with _told(self._account):
                letters = self._fetch(after[begin : begin + _AT_ONCE])
            yield from letters

    def done(self, read: Sequence[Letter], understood: Sequence[Letter]) -> None:
        """Keep the last number; nothing is expunged or moved."""
        if not read:
            return
        kept = {"validity": self._validity, "last": int(read[-1].key)}
        self._memory.keep(self._key, json.dumps(kept))
        if understood:
            numbers = ",".join(letter.key for letter in understood)
            with _told(self._account):
                self._box.client.uid("STORE", numbers, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Say good-bye, if it was opened."""
        if self._box is not None:
            with contextlib.suppress(Exception):  # it may have hung up first
                self._box.logout()

    def _open(self) -> int:
        """Log in and select the folder; the number up to which it was read."""
        self._box = _connected(self._account)
        self._box.login(self._account.username, self._account.password, self._account.folder)
        found = self._box.folder.status(self._account.folder, ["UIDVALIDITY"])
        self._validity = int(found.get("UIDVALIDITY", 0))
        kept = json.loads(self._memory.recall(self._key) or "{}")
        return int(kept.get("last", 0)) if kept.get("validity") == self._validity else 0

    def _fetch(self, numbers: Sequence[int]) -> list[Letter]:
        wanted = ",".join(map(str, numbers))
        what = f"(UID BODY.PEEK[]<0.{LOOKED_AT}>)"
        _, answers = self._box.client.uid("FETCH", wanted, what)
        found = {}
        for answer in answers:
            if isinstance(answer, tuple) and (number := _number(answer[0])):
                found[number] = bytes(answer[1])
        return [
            Letter(str(n), f"mail {n} in {self._account.folder}", found[n]) for n in sorted(found)
        ]


@contextlib.contextmanager
def _told(account: Account) -> Iterator[None]:
    """Whatever goes wrong with a server, as an error with a cure."""
    from imap_tools import ImapToolsError, MailboxLoginError

    name = account.address
    try:
        yield
    except MailboxLoginError as error:
        variable = f"NEWSLETTER_{account.table.replace('.', '__').upper()}__PASSWORD"
        cure = f"set {account.table}.username, and {variable} in .env"
        raise MailboxError(f"{name} refuses the login", cure=cure) from error
    except ssl.SSLError as error:
        ca_file = f"{account.table}.ca_file"
        cure = f"name the server as its certificate does, or its authority as {ca_file}"
        raise MailboxError(f"{name}: {_reason(error)}", cure=cure) from error
    except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError) as error:
        cure = f"see {account.table} in newsletter.toml, and whether the server answers"
        raise MailboxError(f"{name}: {_reason(error)}", cure=cure) from error


def _need_the_extra() -> None:
    if find_spec("imap_tools") is None:
        message = "an IMAP folder needs the extra 'imap'"
        raise MailboxError(message, cure="pip install 'newsletter[imap]'")


def wait_for(account: Account, message_ids: Sequence[str], seconds: float) -> dict[str, bytes]:
    """Whole mails with these Message-IDs, waited for at most so long; what came, by its id.

    Nothing is marked, moved or remembered.
    """
    _need_the_extra()
    found: dict[str, bytes] = {}
    end = time.monotonic() + seconds
    with _told(account):
        box = _connected(account)
        try:
            box.login(account.username, account.password, account.folder)
            while True:
                for name in message_ids:
                    if name not in found and (raw := _one(box, name)):
                        found[name] = raw
                if len(found) == len({*message_ids}) or time.monotonic() >= end:
                    return found
                time.sleep(_BETWEEN_LOOKS)
                box.client.noop()
        finally:
            with contextlib.suppress(Exception):  # it may have hung up first
                box.logout()


def _one(box: Any, message_id: str) -> bytes | None:
    """The newest mail with this id."""
    quoted = '"' + message_id.replace("\\", "").replace('"', "") + '"'
    _, answers = box.client.uid("SEARCH", "HEADER", "Message-ID", quoted)
    numbers = (answers[0] or b"").split()
    if not numbers:
        return None
    _, mails = box.client.uid("FETCH", numbers[-1].decode("ascii"), "(UID BODY.PEEK[])")
    return next((bytes(each[1]) for each in mails if isinstance(each, tuple)), None)


def _connected(account: Account) -> Any:
    """A mailbox of imap-tools, over verified TLS unless the officer says otherwise."""
    from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted

    port = account.port or _PORTS[account.security]
    if account.security == "none":
        if not account.insecure and not _is_loopback(account.host):
            cure = f'{account.table}.security = "tls"; insecure = true allows it all the same'
            raise MailboxError(f"{account.address}: {_CLEAR}", cure=cure)
        return MailBoxUnencrypted(account.host, port, account.timeout)
    context = ssl.create_default_context(cafile=account.ca_file)
    kind = MailBox if account.security == "tls" else MailBoxStartTls
    return kind(account.host, port, timeout=account.timeout, ssl_context=context)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _number(head: bytes) -> int:
    """The UID in ``12 (UID 345 BODY[]<0> {1234}``."""
    words = head.replace(b"(", b" ").split()
    place = words.index(b"UID") + 1 if b"UID" in words else 0
    return int(words[place]) if place and words[place].isdigit() else 0


def _reason(error: Exception) -> str:
    """Its first line, without what the client may have said."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
