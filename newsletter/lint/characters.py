"""Rules about characters that are not what they seem: unseen, turned round, of another script."""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import Language, direction

_EMBEDDINGS = re.compile(r"[\u202a-\u202e]")
_ISOLATES = re.compile(r"[\u2066-\u2069]")
_END_OF_ISOLATE = "\u2069"
_UNSEEN = re.compile(
    r"[\u200b\u2060-\u2064\u180e\ufeff\ufff9-\ufffb\ue000-\uf8ff\U000f0000-\U0010ffff]"
    r"|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]"
    r"|(?<=[A-Za-z])[\u200c\u200d](?=[A-Za-z])"
)
_SPOILT = re.compile(
    r"\ufffd|[ÃÂ][\u0080-\u00bf\u2013-\u203a\u20ac\u0152-\u0178]|â€[\u0080-\u00bf\u2018-\u2122œžš™]"
    r"|Ã[ \u00a0](?=\w)"
)
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
# Greek is at home beside Latin in a laboratory (TNFα, κB); its look-alikes are not.
_GREEK_LIKE = re.compile(r"[ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοΟ]")
_ADDRESS_HOST = re.compile(r"https?://[^\s/?#)>\"'<\]]+", re.IGNORECASE)
_HOST = re.compile(r"https?://[^\s)>\"'<\]]+", re.IGNORECASE)


@rule(
    "E127",
    says="No character turns the order of the text round.",
    source="Unicode TR 36: what is shown is not what is written, in a word or in an address",
    cure="delete it; right-to-left text needs none",
)
def turned_round(proof: Proof) -> Iterator[Hit]:
    """Embeddings and overrides anywhere; isolates that are not closed, or not in Arabic's kin."""
    for language, word in proof.words():
        found = _EMBEDDINGS.search(word.text) or _open_isolate(word.text, language)
        if found:
            message = f"the text holds {_said(found[0])}"
            yield Hit(message, word.where, language, offset=found.start())


@rule(
    "W128",
    says="The text holds no character that nobody sees.",
    source="it breaks words for searches and voices, and filters take it for a disguise",
    cure="delete it; it came with a paste",
)
def unseen(proof: Proof) -> Iterator[Hit]:
    """Zero-width spaces, marks of byte order, private characters; joiners between Latin letters."""
    for language, word in proof.words():
        found = _UNSEEN.search(word.text)
        if found:
            message = f"the text holds {_said(found[0])}"
            yield Hit(message, word.where, language, offset=found.start())


@rule(
    "W129",
    says="A word has the letters of one script.",
    source="Unicode TS 39: an а of Cyrillic looks like an a, and is found by no search",
    cure="type the word anew",
)
def mixed_script(proof: Proof) -> Iterator[Hit]:
    """Cyrillic, or Greek letters that look Latin, in a word with Latin letters; hosts: W132."""
    for language, word in proof.words():
        for found in _WORD.finditer(_ADDRESS_HOST.sub(_blanks, word.text)):
            odd = _odd_letter(found[0])
            if odd:
                message = f'"{found[0]}" has {_said(odd[0])} among Latin letters'
                offset = found.start() + odd.start()
                yield Hit(message, word.where, language, offset=offset)


@rule(
    "W130",
    says="No letters were spoilt by a wrong encoding.",
    source="Ã¨ stands for è where UTF-8 was read as another encoding",
    cure="type the letter anew; save the source as UTF-8",
)
def spoilt_letters(proof: Proof) -> Iterator[Hit]:
    """Pairs such as Ã¨ and â€™, and the sign for what could not be read."""
    for language, word in proof.words():
        found = _SPOILT.search(word.text)
        if found:
            message = f'"{found[0]}" is a letter that a wrong encoding spoilt'
            yield Hit(message, word.where, language, offset=found.start())


@rule(
    "W131",
    says="Letters and their accents are one character.",
    source="Unicode NFC: Outlook for Windows sets a loose accent beside its letter",
    cure="type the letter anew on the keyboard",
)
def loose_accents(proof: Proof) -> Iterator[Hit]:
    """Words that change when they are composed."""
    for language, word in proof.words():
        if word.text.isascii() or unicodedata.is_normalized("NFC", word.text):
            continue
        marks = (at for at, sign in enumerate(word.text) if _is_loose(word.text, at, sign))
        offset = next(marks, None)
        if offset is not None:
            message = f'the accent of "{word.text[offset - 1 : offset + 1]}" stands alone'
            yield Hit(message, word.where, language, offset=offset - 1)


@rule(
    "W132",
    says="A link's host is written in the letters of one script.",
    source="Unicode TS 39: аlisei.it with a Cyrillic а is another server",
    cure="type the address anew, and look where it leads",
)
def disguised_host(proof: Proof) -> Iterator[Hit]:
    """The hosts of addresses, written out or as xn--."""
    for language, word in proof.words():
        for found in _HOST.finditer(word.text):
            host = _host(found[0])
            if any(_odd_letter(label) for label in host.split(".")):
                message = f"{host} mixes scripts"
                yield Hit(message, word.where, language, offset=found.start())


def _open_isolate(text: str, language: Language) -> re.Match[str] | None:
    """The first isolate that is out of place: unclosed, or in text that runs one way."""
    found = _ISOLATES.search(text)
    if not found:
        return None
    depth = 0
    for sign in _ISOLATES.finditer(text):
        depth += -1 if sign[0] == _END_OF_ISOLATE else 1
        if depth < 0:
            return sign
    return found if depth or direction(language) == "ltr" else None


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _odd_letter(word: str) -> re.Match[str] | None:
    if word.isascii() or not _LATIN.search(word):
        return None
    return _CYRILLIC.search(word) or (_GREEK_LIKE.search(word) if len(word) > 2 else None)  # noqa: PLR2004 - ΔΤ


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    labels = host.split(".")
    return ".".join(_decoded(label) for label in labels)


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode().decode("punycode")
    except UnicodeError:
        return label


def _is_loose(text: str, at: int, sign: str) -> bool:
    """Whether a mark could be one character with the letter before it."""
    if not at or not unicodedata.combining(sign):
        return False
    return len(unicodedata.normalize("NFC", text[at - 1 : at + 1])) == 1


def _said(sign: str) -> str:
    name = unicodedata.name(sign, "a private character").lower()
    return f"U+{ord(sign):04X} ({name})"


RULES = (turned_round, unseen, mixed_script, spoilt_letters, loose_accents, disguised_host)
