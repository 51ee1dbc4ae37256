"""Slots become tokens that survive Markdown, MJML and premailer unchanged."""

import hashlib
import re
from collections.abc import Mapping

from newsletter.issue.model import IssueText, Translatable
from newsletter.issue.slots import URL_SLOTS, Slot, replace_slots
from newsletter.issue.words import map_words, words_of

_URL_FIELDS = {"unsubscribe": URL_SLOTS[0], "preferences": URL_SLOTS[1], "browser": URL_SLOTS[2]}


class Tokens:
    """The slots of one edition and the token of each: letters and digits only.

    A token is ``zs``, a nonce of 12 hexadecimal digits, the slot's number and a closing ``z``.
    The nonce comes from the content, so the same content gives the same bytes, and is derived
    anew until it occurs nowhere in the words.
    """

    def __init__(self, content: str) -> None:
        self.nonce = _nonce(content)
        self.pattern = re.compile(rf"zs{self.nonce}n\d+z")
        self._tokens: dict[Slot, str] = {}

    def token(self, slot: Slot) -> str:
        """The token of a slot: the same slot always has the same one."""
        return self._tokens.setdefault(slot, f"zs{self.nonce}n{len(self._tokens)}z")

    def replace(self, words: str) -> str:
        """The words with a token in the place of each slot."""
        return replace_slots(words, self.token)

    @property
    def slots(self) -> Mapping[str, Slot]:
        """Each token and its slot."""
        return {token: slot for slot, token in self._tokens.items()}

    @property
    def urls(self) -> Mapping[str, str]:
        """The tokens for ``url.unsubscribe``, ``url.preferences`` and ``url.browser``."""
        return {key: self.token(Slot(name)) for key, name in _URL_FIELDS.items()}

    def is_url(self, text: str) -> bool:
        """Whether the text is, whole, the token of a slot that holds a URL."""
        return any(token == text and slot.name in URL_SLOTS for slot, token in self._tokens.items())


def tokenize(text: IssueText) -> tuple[IssueText, Tokens]:
    """The issue's text with tokens for slots, and the tokens."""
    tokens = Tokens("\0".join(word.text for word in words_of(text)))

    def change(words: str, sort: Translatable) -> str:
        del sort
        return tokens.replace(words)

    return map_words(text, change), tokens


def _nonce(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    while digest[:12] in content:
        digest = hashlib.sha256(digest.encode()).hexdigest()
    return digest[:12]
