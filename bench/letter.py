"""A page and its readers in the form that the peers get: text with marks, and a value for each.

No import of the newsletter's: a peer that reads a letter pays for nothing of ours.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Self

Reader = Mapping[str, str]
_KEY = b"the benchmark signs with this key"


@dataclass(frozen=True)
class Letter:
    """One edition with its marks: ``slots`` says for each mark which value stands there."""

    issue: str
    sender_name: str
    sender_address: str
    reply_to: str
    list_id: str
    site: str
    subject: str
    html: str
    text: str
    slots: Mapping[str, str]
    octets: int
    """Of one filled message of ours: what ``smtp-source`` sends, too."""
    readers: tuple[Reader, ...]

    def save(self, path: Path) -> None:
        """Write it where a peer reads it."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what ``save`` wrote."""
        read = json.loads(path.read_text(encoding="utf-8"))
        return cls(**read | {"readers": tuple(read["readers"])})

    def message_for(self, reader: Reader) -> EmailMessage:
        """The message as the standard library builds it, with ours' headers and values."""
        values = self.values_for(reader)
        message = EmailMessage(policy=SMTP)
        message["From"] = formataddr((self.sender_name, self.sender_address))
        message["To"] = formataddr((values["name"], reader["email"]))
        message["Reply-To"] = self.reply_to
        message["Subject"] = self.subject
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{token(reader, 'id')}@{self.sender_address.partition('@')[2]}>"
        message["List-Id"] = f"<{self.list_id}>"
        message["List-Unsubscribe"] = f"<{values['unsubscribe_url']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Precedence"] = "bulk"
        message.set_content(self._filled(self.text, values))
        safe = {name: escape(value) for name, value in values.items()}
        message.add_alternative(self._filled(self.html, safe), subtype="html")
        return message

    def values_for(self, reader: Reader) -> dict[str, str]:
        """What stands in the reader's slots."""
        name = f"{reader['first_name']} {reader['last_name']}"
        urls = {
            f"{kind}_url": f"{self.site}/{kind[0]}/{token(reader, kind)}"
            for kind in ("unsubscribe", "preferences", "browser")
        }
        return {**reader, "name": name, **urls}

    def _filled(self, body: str, values: Mapping[str, str]) -> str:
        return self._marks.sub(lambda mark: values[self.slots[mark[0]]], body)

    @cached_property
    def _marks(self) -> re.Pattern[str]:
        return re.compile("|".join(sorted(self.slots, key=len, reverse=True)))


def token(reader: Reader, purpose: str) -> str:
    """An HMAC of the reader's address, as long as the newsletter's own tokens."""
    signed = f"{purpose} {reader['email']}".encode()
    return base64.urlsafe_b64encode(hmac.digest(_KEY, signed, hashlib.sha256)[:24]).decode()
