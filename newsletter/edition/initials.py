"""The letters that stand where there is no portrait."""

import unicodedata

_PARTICLES = frozenset({"de", "di", "da", "del", "della", "der", "den", "von", "van", "la", "le"})


def initials(name: str) -> str:
    """``NC`` of Nome Cognome, ``王`` of 王芳: the first and the last word's first letters.

    A script without capitals gives one letter: two that stand together would join, as in
    Arabic, or read as a word, as in Chinese. A particle in small letters is no last word.
    """
    words = [word for word in name.split() if word[0].isalpha()]
    names = [word for word in words if word not in _PARTICLES] or words
    if not names:
        return name.strip()[:1].upper()
    first, last = (_letter(names[at]) for at in (0, -1))
    return first + last if len(names) > 1 and first[0] != first[0].lower() else first


def _letter(word: str) -> str:
    """The first letter with what is written on it, as a capital."""
    end = 1
    while end < len(word) and unicodedata.combining(word[end]):
        end += 1
    return word[:end].upper()
