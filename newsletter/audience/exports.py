"""What other tools export, as readers: who is subscribed, who must not be mailed, since when.

Learnt of the tools' own files: Mailchimp has a file each for subscribed, unsubscribed, cleaned and
non-subscribed contacts; Brevo marks blocklisted ones; MailerLite and listmonk have a status.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from newsletter.audience.cells import clean_cell
from newsletter.audience.header import RESERVED, column_name
from newsletter.audience.model import Gravity
from newsletter.audience.row import CheckedRow, Remarks, shown
from newsletter.audience.table import BrokenRow, Row, Table, UnreadableTable, detect_encoding
from newsletter.errors import ListError, Problem
from newsletter.values import Address

_ZIP = b"PK\x03\x04"


class Tool(StrEnum):
    """Whose export it is."""

    MAILCHIMP = "mailchimp"
    BREVO = "brevo"
    MAILERLITE = "mailerlite"
    LISTMONK = "listmonk"
    CSV = "csv"


class Verdict(StrEnum):
    """What the export says of a contact."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNCONFIRMED = "unconfirmed"
    """Never asked for the newsletter, or never confirmed it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of an export."""

    address: Address
    fields: Mapping[str, str]
    verdict: Verdict
    path: Path
    line: int
    since: dt.datetime | None = None
    ip: str = ""

    @property
    def source(self) -> str:
        """Where it stands: ``members.csv:12``."""
        return f"{self.path.name}:{self.line}"


@dataclass
class Export:
    """One file, read; rows = entries + refused."""

    path: Path
    tool: Tool = Tool.CSV
    rows: int = 0
    refused: int = 0
    columns: tuple[str, ...] = ()
    """The columns that are fields of readers."""
    entries: list[Entry] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()


_EMAIL = ("email", "email_address", "subscriber", "e_mail", "e_mail_address", "mail")
_RENAMED = {
    "firstname": "first_name",
    "fname": "first_name",
    "prenom": "first_name",
    "nome": "first_name",
    "lastname": "last_name",
    "lname": "last_name",
    "surname": "last_name",
    "nom": "last_name",
    "cognome": "last_name",
    "lang": "language",
    "locale": "language",
    "cc": "country",
}
_SINCE = (
    "confirm_time",
    "confirmation_timestamp",
    "optin_time",
    "opt_in_timestamp",
    "signup_timestamp",
    "subscribed",
    "subscribed_at",
    "date_subscribed",
    "added_time",
    "created_at",
)
_IPS = ("confirm_ip", "confirmation_ip", "optin_ip", "opt_in_ip", "signup_ip", "ip_address")
_STATUS = (
    "status",
    "subscription_status",
    "email_marketing",
    "email_marketing_status",
    "state",
    "type",
)
_BLOCKED = (
    "blocklisted",
    "blacklisted",
    "email_blacklisted",
    "email_blocklisted",
    "emailblacklisted",
    "email_blacklist",
    "emailblocklisted",
    "blacklist",
    "blocklist",
    "unsubscribed_email",
)
_BOOKKEEPING = frozenset({
    *_SINCE, *_IPS, *_STATUS, *_BLOCKED, "contact_id", "uuid", "id", "attributes", "modified_time",
    "updated_at", "last_changed", "leid", "euid", "notes", "member_rating", "latitude", "longitude",
    "gmtoff", "dstoff", "region", "unsub_time", "unsub_campaign_title", "unsub_campaign_id",
    "unsub_reason", "unsub_reason_other", "clean_time", "clean_campaign_title",
    "clean_campaign_id", "sent", "opens", "clicks", "opened", "clicked", "open_rate",
    "click_rate", "unsubscribed", "unsubscribed_at", "double_opt_in", "groups", "lists",
    "sms", "sms_blacklist", "sms_blacklisted", "whatsapp", "reason", "opt_in", "optin",
})  # fmt: skip
_WORDS = {
    Verdict.UNSUBSCRIBED: ("unsub", "opted out", "optout", "opt-out", "inactive", "disabled",
                           "blocklist", "blacklist", "suppress", "archived"),
    Verdict.BOUNCED: ("bounce", "cleaned", "invalid", "undeliver", "hardbounce"),
    Verdict.COMPLAINED: ("complain", "junk", "spam", "abuse"),
    Verdict.UNCONFIRMED: ("unconfirmed", "pending", "nonsubscribed", "non-subscribed",
                          "transactional", "not subscribed"),
    Verdict.SUBSCRIBED: ("subscribed", "active", "enabled", "confirmed"),
}  # fmt: skip
"""The order decides: ``unsubscribed`` and ``unconfirmed`` end like their contraries."""
_YES = frozenset({"1", "true", "yes", "y", "x", "sì", "si", "oui"})
_NO = frozenset({"", "0", "false", "no", "n", "non"})


def read_export(path: Path, tool: Tool | None = None) -> Export:
    """Every row of the file is an entry, or a problem with line and column.

    ``ListError`` where the file cannot be read at all.
    """
    try:
        if path.read_bytes()[:4] == _ZIP and path.suffix.lower() == ".zip":
            cure = "unpack it, and import the files in it: unsubscribed and cleaned ones with them"
            raise ListError([Problem(path, "this is an archive of several files", cure)])
        return _Reading(path, tool).read()
    except OSError as error:
        problem = Problem(path, f"cannot be read: {error.strerror}", "check the path")
        raise ListError([problem]) from error
    except UnreadableTable as error:
        raise ListError([Problem(path, error.message, error.cure, error.line)]) from error


class _Reading:
    """One export as far as it was read."""

    def __init__(self, path: Path, tool: Tool | None) -> None:
        self._export = Export(path)
        self._tool = tool
        self._remarks = Remarks(path)
        self._names: tuple[str, ...] = ()

    def read(self) -> Export:
        """Read the whole file."""
        export = self._export
        encoding = detect_encoding(export.path)
        with export.path.open(encoding=encoding.name, errors="strict") as file:
            table = iter(Table(file))
            header = next(table, None)
            if not isinstance(header, Row):
                raise UnreadableTable("the file has no header", "export it once more", 1)
            self._take_header(header)
            for record in table:
                self._take(record)
        remarks = (each for each in self._remarks.in_order() if each.gravity is Gravity.REFUSED)
        export.problems = tuple(each.problem for each in remarks)
        return export

    def _take_header(self, header: Row) -> None:
        raw = [column_name(clean_cell(cell)[0]) for cell in header.cells]
        self._export.tool = self._tool or _recognised(frozenset(raw))
        email = next((name for name in _EMAIL if name in raw), None)
        if email is None:
            message = "there is no column with addresses: none of " + ", ".join(_EMAIL)
            problem = Problem(
                self._export.path, message, "name it email", header.line, 1, "header",
                shown(header.text),
            )  # fmt: skip
            raise ListError([problem])
        named = ["email" if name == email else _RENAMED.get(name, name) for name in raw]
        self._names = tuple(_unique(named))
        own = (n for n in self._names if n != "email" and n not in _BOOKKEEPING | RESERVED)
        self._export.columns = tuple(own)

    def _take(self, record: Row | BrokenRow) -> None:
        export = self._export
        export.rows += 1
        if isinstance(record, BrokenRow):
            problem = Problem(
                export.path, record.message, record.cure, record.line, record.column,
                f"row {export.rows}", shown(record.text),
            )  # fmt: skip
            self._remarks.add(export.rows, Gravity.REFUSED, problem)
            export.refused += 1
            return
        row = CheckedRow(self._remarks, self._names, export.rows, record)
        row.check()
        if row.address is None:
            export.refused += 1
            return
        export.entries.append(self._entry(row.address, row.fields, record.line))

    def _entry(self, address: Address, cells: Mapping[str, str], line: int) -> Entry:
        fields = {name: cells[name] for name in self._export.columns if cells.get(name)}
        fields |= _attributes(cells.get("attributes", ""))
        return Entry(
            address,
            fields,
            _verdict(self._export.path, self._names, cells),
            self._export.path,
            line,
            _first_instant(cells),
            next((cells[name] for name in _IPS if cells.get(name)), ""),
        )


def _recognised(names: frozenset[str]) -> Tool:
    """By the columns that only one tool writes."""
    if {"leid", "euid"} & names or "member_rating" in names or "unsub_time" in names:
        return Tool.MAILCHIMP
    if {"uuid", "attributes", "status"} <= names:
        return Tool.LISTMONK
    if {"added_time", "modified_time"} & names or "contact_id" in names:
        return Tool.BREVO
    return Tool.MAILERLITE if "subscriber" in names else Tool.CSV


def _unique(names: Sequence[str]) -> Iterator[str]:
    """Columns that are there twice get a number: an export is not the officer's to mend."""
    for at, name in enumerate(names):
        known = name or f"column_{at + 1}"
        yield known if known not in names[:at] else f"{known}_{at + 1}"


def _verdict(path: Path, names: Sequence[str], cells: Mapping[str, str]) -> Verdict:
    """The row's own word first, then the kind of file it stands in."""
    for name in _BLOCKED:
        if name in names and cells.get(name, "").casefold() not in _NO:
            return Verdict.UNSUBSCRIBED
    for name in _STATUS:
        said = cells.get(name, "").casefold()
        if found := _in_words(said):
            return found
    stem = path.stem.casefold()
    if "unsub_time" in names or cells.get("unsubscribed", "").casefold() not in _NO:
        return Verdict.UNSUBSCRIBED
    if "clean_time" in names:
        return Verdict.BOUNCED
    kinds = (
        ("nonsubscribed", Verdict.UNCONFIRMED),
        ("unsubscribed", Verdict.UNSUBSCRIBED),
        ("cleaned", Verdict.BOUNCED),
        ("bounced", Verdict.BOUNCED),
        ("blocklist", Verdict.UNSUBSCRIBED),
        ("blacklist", Verdict.UNSUBSCRIBED),
        ("suppress", Verdict.UNSUBSCRIBED),
        ("unconfirmed", Verdict.UNCONFIRMED),
        ("complain", Verdict.COMPLAINED),
    )
    return next((kind for begin, kind in kinds if begin in stem), Verdict.SUBSCRIBED)


def _in_words(said: str) -> Verdict | None:
    if not said:
        return None
    for verdict, words in _WORDS.items():
        if verdict is not Verdict.SUBSCRIBED and any(said.startswith(word) for word in words):
            return verdict
    return None


def _attributes(text: str) -> dict[str, str]:
    """Listmonk's free fields: what is a word or a number of them."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    named = {column_name(str(name)): value for name, value in found.items()}
    return {
        name: clean_cell(str(value))[0]
        for name, value in named.items()
        if name and name not in RESERVED and isinstance(value, str | int | float)
    }


def _first_instant(cells: Mapping[str, str]) -> dt.datetime | None:
    for name in _SINCE:
        if found := _instant(cells.get(name, "")):
            return found
    return None


def _instant(text: str) -> dt.datetime | None:
    """ISO 8601 or ``2024-01-31 12:00:00``, taken for UTC where no zone is named."""
    try:
        found = dt.datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
