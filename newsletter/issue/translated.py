"""What each translation was made from: a record beside the issue, without git or clocks.

``translated.toml`` holds, for each language and key, a short digest of the original's words and
one of the translation's. A translation is out of date when the original's words changed since
and the translation's did not: whoever touched the translation has looked at it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from newsletter.issue.model import Issue
from newsletter.issue.words import words_of
from newsletter.toml_file import UnreadableToml, shared_toml
from newsletter.values import Language, digest_of

FILE: Final = "translated.toml"
_DIGITS = 12
_HEAD = """\
# Written by `newsletter issue translated`, which says: these translations are up to date.
# For each key a digest of the original's words and one of the translation's.
"""


def changed_since(issue: Issue) -> Iterator[tuple[Language, str]]:
    """Each language and key whose original changed since, and whose translation did not."""
    record = _read(issue.folder / FILE)
    for language, where, then in _pairs(issue):
        known = record.get((language, where))
        if known and known[0] != then[0] and known[1] == then[1]:
            yield language, where


def record_of(issue: Issue, languages: tuple[Language, ...]) -> str:
    """The record in which these languages are up to date; what it says of others stays."""
    kept = {at: pair for at, pair in _read(issue.folder / FILE).items() if at[0] not in languages}
    new = {(tag, where): pair for tag, where, pair in _pairs(issue) if tag in languages}
    lines = [_HEAD]
    for language in issue.languages:
        mine = {where: pair for (tag, where), pair in {**kept, **new}.items() if tag == language}
        if mine:
            lines.append(f'\n["{language}"]\n')
            lines += [f'"{where}" = "{one} {two}"\n' for where, (one, two) in mine.items()]
    return "".join(lines)


def _pairs(issue: Issue) -> Iterator[tuple[Language, str, tuple[str, str]]]:
    """Every word that a translation's own file has, addresses apart, with the two digests."""
    original = {word.where: word for word in words_of(issue.original)}
    taken_over = {(gap.language, gap.where) for gap in issue.fallbacks}
    for language, text in issue.texts.items():
        if language == issue.language:
            continue
        for word in words_of(text):
            own = not word.sort.url and (language, word.where) not in taken_over
            if own and word.where in original:
                pair = (_digest(original[word.where].text), _digest(word.text))
                yield language, word.where, pair


def _digest(words: str) -> str:
    """White space does not count: a line wrapped anew says the same."""
    return digest_of(" ".join(words.split()).encode())[:_DIGITS]


def _read(path: Path) -> dict[tuple[Language, str], tuple[str, str]]:
    """The record; nothing where there is none, and nothing of what was not written by us."""
    if not path.is_file():
        return {}
    try:
        data = shared_toml(path).data
    except UnreadableToml:
        return {}
    return {
        (Language(language), where): (pair[:_DIGITS], pair[-_DIGITS:])
        for language, table in data.items()
        if isinstance(table, dict)
        for where, pair in table.items()
        if isinstance(pair, str)
    }
