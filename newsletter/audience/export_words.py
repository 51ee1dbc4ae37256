"""What the columns and words of other tools' exports mean: whose they are, and who said no.

Learnt of the tools' own files and code: Mailchimp has a file each for subscribed, unsubscribed,
cleaned and non-subscribed contacts; Brevo marks blocklisted ones; MailerLite's states are active,
unsubscribed, unconfirmed, bounced and junk; listmonk writes uuid, email, name, attributes, status
(enabled, disabled, blocklisted) and instants as Go prints them. The newsletter's own export says
it in columns of its own, so that any other is a reader's field.
"""

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from newsletter.audience.cells import clean_cell
from newsletter.audience.header import RESERVED, column_name


class Tool(StrEnum):
    """Whose export it is."""

    MAILCHIMP = "mailchimp"
    BREVO = "brevo"
    MAILERLITE = "mailerlite"
    LISTMONK = "listmonk"
    NEWSLETTER = "newsletter"
    """This program's own, of another newsletter or another day."""
    CSV = "csv"


class Verdict(StrEnum):
    """What the export says of a contact."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNCONFIRMED = "unconfirmed"
    """Never asked for the newsletter, or never confirmed it."""
    BARRED = "manual"
    """Never mailed, by the officer's word."""
    UNKNOWN = "unknown"
    """In a state whose words are not known here."""


OWN_LISTS, OWN_STATUS = "newsletter_lists", "newsletter_status"
"""What the newsletter's own export says of each reader besides the fields."""
_SINCE = (
    "confirm_time",
    "confirmation_timestamp",
    "optin_time",
    "opt_in_timestamp",
    "signup_timestamp",
    "opted_in_at",
    "subscribed",
    "subscribed_at",
    "date_subscribed",
    "added_time",
    "created_at",
)
IPS = (
    "confirm_ip",
    "confirmation_ip",
    "optin_ip",
    "opt_in_ip",
    "opted_in_ip",
    "signup_ip",
    "ip_address",
)
_STATUS = (
    "status",
    "subscription_status",
    "email_marketing",
    "email_marketing_status",
    "stato_iscrizione",
)
_TYPE = "type"
"""A state in some tools' files; anywhere else it may be any sort of reader."""
_AGREED = ("subscribed", "opt_in", "optin", "consent", "consenso")
"""Whether the reader agreed, or since when."""
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
BOOKKEEPING = frozenset({
    *_SINCE, *IPS, *_STATUS, _TYPE, *_BLOCKED, "contact_id", "uuid", "id", "attributes",
    "modified_time", "updated_at", "last_changed", "leid", "euid", "notes", "email_type",
    "member_rating", "latitude", "longitude", "gmtoff", "dstoff", "region", "unsub_time",
    "unsub_campaign_title", "unsub_campaign_id",
    "unsub_reason", "unsub_reason_other", "clean_time", "clean_campaign_title",
    "clean_campaign_id", "sent", "opens", "clicks", "opened", "clicked", "open_rate",
    "click_rate", "unsubscribed", "unsubscribed_at", "double_opt_in", "groups", "lists",
    "sms", "sms_blacklist", "sms_blacklisted", "whatsapp", "reason", "opt_in", "optin",
})  # fmt: skip
_WORDS = {
    Verdict.UNCONFIRMED: r"unconfirmed|not[ _-]?confirmed|pending|non[ _-]?subscribed"
                         r"|not[ _-]?subscribed|never|transactional|waiting"
                         r"|non (?:confermat|iscritt)|in attesa|en attente|non confirm",
    Verdict.COMPLAINED: r"complain|junk|spam|abuse",
    Verdict.BOUNCED: r"bounc|cleaned|invalid|undeliver|rimbalz|respint",
    Verdict.UNSUBSCRIBED: r"unsub|opt(?:ed)?[ _-]?out|inactive|disabled|block|blacklist|suppress"
                          r"|archived|deleted|removed|left|do[ _-]?not|deactivated"
                          r"|cancell|disiscri|disattiv|inattiv|non attiv|rimoss|sospes|bloccat"
                          r"|d[eé]sabon|d[eé]sinscri|d[eé]sactiv|inactif|supprim"
                          r"|abgemeldet|abbestellt|inaktiv|gel[oö]scht|gesperrt",
    Verdict.SUBSCRIBED: r"subscribed|active|enabled|confirmed|opt(?:ed)?[ _-]?in|yes|true|1$"
                        r"|iscritt|attiv|confermat|abonn|inscrit|actif|angemeldet|aktiv|^s[iì]$",
}  # fmt: skip
"""The order decides: ``unsubscribed`` and ``unconfirmed`` end like their contraries."""
_REFUSED = frozenset({"0", "false", "no", "n", "non", "nein", "falso", "faux"})
_NO = _REFUSED | {""}


def recognised(names: frozenset[str]) -> Tool:
    """By the columns that only one tool writes."""
    if OWN_STATUS in names:
        return Tool.NEWSLETTER
    if {"leid", "euid"} & names or "member_rating" in names or "unsub_time" in names:
        return Tool.MAILCHIMP
    if {"uuid", "attributes", "status"} <= names:
        return Tool.LISTMONK
    if {"added_time", "modified_time"} & names or "contact_id" in names:
        return Tool.BREVO
    return Tool.MAILERLITE if "subscriber" in names else Tool.CSV


def is_field(name: str, tool: Tool) -> bool:
    """Whether a column is a reader's own, and not the tool's bookkeeping."""
    if tool is Tool.NEWSLETTER:
        return name not in {"email", OWN_LISTS, OWN_STATUS, *RESERVED}
    return name not in {"email", *BOOKKEEPING, *RESERVED}


def verdict_of(tool: Tool, path: Path, names: Sequence[str], cells: Mapping[str, str]) -> Verdict:
    """The row's own word first, then the kind of file it stands in."""
    if tool is Tool.NEWSLETTER:
        return _own_verdict(cells.get(OWN_STATUS, ""))
    for name in _BLOCKED:
        if name in names and cells.get(name, "").casefold() not in _NO:
            return Verdict.UNSUBSCRIBED
    said = {name: cells[name].casefold() for name in (*_STATUS, _TYPE) if cells.get(name)}
    found = [_in_words(word) for word in said.values()]
    for verdict in _WORDS:
        if verdict in found and verdict is not Verdict.SUBSCRIBED:
            return verdict
    if "unsub_time" in names or cells.get("unsubscribed", "").casefold() not in _NO:
        return Verdict.UNSUBSCRIBED
    if cells.get("unsubscribed_at"):
        return Verdict.UNSUBSCRIBED
    if "clean_time" in names:
        return Verdict.BOUNCED
    of_file = _of_file(path.stem.casefold())
    return of_file if of_file is not Verdict.SUBSCRIBED else _agreed(tool, said, cells)


def _agreed(tool: Tool, said: Mapping[str, str], cells: Mapping[str, str]) -> Verdict:
    """Whether somebody of whom nothing is known against it agreed, too."""
    if any(cells.get(name, "").casefold() in _REFUSED for name in _AGREED):
        return Verdict.UNCONFIRMED
    states = {name: word for name, word in said.items() if name != _TYPE or tool is not Tool.CSV}
    known = not states or any(map(_in_words, said.values()))
    return Verdict.SUBSCRIBED if known else Verdict.UNKNOWN


def _own_verdict(word: str) -> Verdict:
    try:
        return Verdict(word)
    except ValueError:
        return Verdict.BARRED if word else Verdict.UNCONFIRMED


def _of_file(stem: str) -> Verdict:
    """What a file's name says of everybody in it."""
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
        ("junk", Verdict.COMPLAINED),
    )
    return next((kind for begin, kind in kinds if begin in stem), Verdict.SUBSCRIBED)


def _in_words(said: str) -> Verdict | None:
    return next((verdict for verdict, words in _WORDS.items() if re.search(words, said)), None)


def attributes(text: str) -> dict[str, str]:
    """Listmonk's free fields: what is a word or a number of them, or a list of words."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    named = {column_name(str(name)): _as_cell(value) for name, value in found.items()}
    return {name: cell for name, cell in named.items() if cell and is_field(name, Tool.LISTMONK)}


def _as_cell(value: object) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ";".join(value)
    return clean_cell(str(value))[0] if isinstance(value, str | int | float) else ""


def first_instant(cells: Mapping[str, str]) -> dt.datetime | None:
    """When the reader agreed, as far as the tool says it."""
    for name in _SINCE:
        if found := _instant(cells.get(name, "")):
            return found
    return None


_GO = re.compile(r" ([+-]\d{4})(?: [A-Z]{3,4}| [+-]\d{2,4})?(?: m=\S+)?$")
"""How Go's instants end, as listmonk writes them: ``2024-02-03 10:00:00.123 +0000 UTC``."""


def _instant(text: str) -> dt.datetime | None:
    """ISO 8601 or ``2024-01-31 12:00:00``, taken for UTC where no zone is named."""
    try:
        found = dt.datetime.fromisoformat(_GO.sub(r"\1", text.strip()).removesuffix(" UTC"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
