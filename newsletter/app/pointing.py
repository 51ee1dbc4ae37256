"""From a part of a page to the line that says it: what a click in the live preview leads to."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from newsletter.app.live_reading import Reading
from newsletter.issue.model import Place
from newsletter.issue.words import words_of
from newsletter.settings import FILE_NAME
from newsletter.toml_file import TomlFile, UnreadableToml, read_toml
from newsletter.values import Language

_LINK_TARGET: Final = re.compile(r"\]\([^)\s]*\)")
_SLOT: Final = re.compile(r"\{\{[^{}]*\}\}")
_OF_A_TITLE: Final = 2  # dots in sections.china.title
_ENOUGH: Final = 0.6  # of what was pointed at must stand in the line
_BEGINNING: Final = 16  # letters by which a line of a long text is found
_SHORTEST: Final = 2  # letters: one alone is found in any word
_LONGEST: Final = 3_000  # characters that are compared

_Said = tuple[Path | None, str, str]
"""A file beside the issue's or None, a key, and what stands there."""


@dataclass(frozen=True, slots=True)
class Pointed:
    """A place in a file, and the key that stands there."""

    place: Place
    where: str


def point_at(reading: Reading, language: str, section: str, said: Sequence[str]) -> Pointed:
    """The line that says what stands in a part of a page.

    ``said`` are the words of that part, then those of each part around it, outwards. ``section``
    is the section it stands in, or nothing in masthead, contents and footer.
    """
    issue = reading.issue
    tongue = Language(language) if language in issue.texts else issue.language
    for words in (each[:_LONGEST] for each in said):
        best = _most_like(_candidates(reading, tongue, section), words)
        if best:
            return _pointed(reading, tongue, best, words)
    where = f"sections.{section}" if section in issue.original.sections else "subject"
    return Pointed(issue.place(tongue, where), where)


def _candidates(reading: Reading, language: Language, section: str) -> Iterator[_Said]:
    """The words that may stand in this part of a page, each with its file and its key."""
    for word in words_of(reading.issue.texts[language]):
        inside = word.where.startswith(f"sections.{section}.")
        titles = word.where.count(".") == _OF_A_TITLE and word.where.endswith(".title")
        if inside if section else titles or "." not in word.where:
            yield None, word.where, word.text
    if not section:
        yield from _beside_the_issue(reading, language)


def _beside_the_issue(reading: Reading, language: Language) -> Iterator[_Said]:
    """The settings, which masthead and footer are made of, and the theme's own words."""
    tongues = tuple(f"{tag}." for tag in (language, language.split("-")[0], "en"))
    settings, strings = reading.app.root / FILE_NAME, reading.theme.path_of("strings.toml")
    for path, begins in ((settings, ("sender.", "name")), (strings, tongues)):
        file = _file(path)
        for where, text in _strings(file.data if file else {}):
            if where.startswith(begins):
                yield path, where, text


def _pointed(reading: Reading, language: Language, said: _Said, words: str) -> Pointed:
    path, where, text = said
    place = Place(path, 1, 1) if path else reading.issue.place(language, where)
    file = _file(place.path)
    value = file.value(where) if file else None
    if file is None or not isinstance(value, str) or value.strip() != text.strip():
        return Pointed(place, where)  # saved since: the key's own place will do
    at = file.place_in_value(where, _offset(value, words))
    return Pointed(Place(place.path, *at), where)


def _file(path: Path) -> TomlFile | None:
    try:
        return read_toml(path)
    except UnreadableToml:
        return None


def _strings(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    inside: dict[Any, Any] = dict(enumerate(value)) if isinstance(value, list) else {}
    for key, inner in (value if isinstance(value, Mapping) else inside).items():
        place = f"{where}.{key}" if where else str(key)
        if isinstance(inner, str):
            yield place, inner
        else:
            yield from _strings(inner, place)


def _most_like(candidates: Iterable[_Said], words: str) -> _Said | None:
    """What says most of these words; of equals the first."""
    wanted = _letters(words)
    if len(wanted) < _SHORTEST:
        return None
    rated = [(_likeness(each[2], wanted), each) for each in candidates]
    best = max(rated, key=lambda each: each[0], default=None)
    return best[1] if best and best[0] >= _ENOUGH else None


def _likeness(text: str, wanted: str) -> float:
    """How alike a text and these letters are: 1 for the same, less where one holds the other."""
    return max(_likeness_of_part(part, wanted) for part in {text, *text.split("\n")})


def _likeness_of_part(text: str, wanted: str) -> float:
    said = _letters(_readable(text))
    if wanted in said:
        return 0.9 + 0.1 * len(wanted) / len(said)
    fixed = [_letters(part) for part in _SLOT.split(_LINK_TARGET.sub("", text))]
    if len(fixed) > 1 and any(fixed) and re.fullmatch(".*".join(map(re.escape, fixed)), wanted):
        return 0.95
    return 0.9 * len(said) / len(wanted) if said and said in wanted else 0.0


def _readable(text: str) -> str:
    """The text with blanks in the place of slots and addresses, so that no offset moves."""
    return _SLOT.sub(_blank, _LINK_TARGET.sub(_blank, text))


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _letters(words: str) -> str:
    return "".join(sign for sign in words.casefold() if sign.isalnum())


def _offset(text: str, words: str) -> int:
    """Where in the text the words begin; 0 when they do not stand there as they are."""
    signs = [
        (small, at)
        for at, sign in enumerate(_readable(text))
        for small in sign.casefold()
        if small.isalnum()
    ]
    found = "".join(sign for sign, _ in signs).find(_letters(words)[:_BEGINNING])
    return signs[found][1] if found >= 0 and signs else 0
