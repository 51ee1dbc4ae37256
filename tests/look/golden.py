"""What readers get of every kind of section, kept: `python -m tests.look.golden` renews it.

`tests/look/golden/THEME/` has a file for each kind and language: the section's HTML, an element a
line and without its inlined styles, then its plain text. What is around the sections stands in
`frame.LANGUAGE.txt`; styles stand once for each script, by element and class, in
`styles.LANGUAGE.txt`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from newsletter.edition.model import Edition
from newsletter.lint.blocks import section_parts
from tests.look.pages import EVERY_LANGUAGE, THEMES, specimen, specimen_issue, tree

FOLDER = Path(__file__).parent / "golden"
_STYLE = re.compile(r" style=(?:\"[^\"]*\"|'[^']*')")
_RULE = re.compile(r"\n(?:-{72}|={72}|\* \* \*)\n")
"""A line between the parts of a plain text, in one theme or the other."""
_END_OF_CELL = "\n</tbody>\n</table>\n</td>\n</tr>\n</tbody>"
"""Where MJML closes the column that a section's words stand in."""


def pages() -> Iterator[tuple[str, str]]:
    """Every golden file: its path in the folder, and what it should say."""
    for look in THEMES:
        for language in EVERY_LANGUAGE:
            edition = specimen(language, look)
            for kind, words in _sections(edition):
                yield f"{look}/{kind}.{language}.txt", words
            yield f"{look}/frame.{language}.txt", _frame(edition)
        for language in ("it", "zh-Hans", "ar"):
            yield f"{look}/styles.{language}.txt", _styles(specimen(language, look))


def _sections(edition: Edition) -> Iterator[tuple[str, str]]:
    parts, sections = section_parts(edition), specimen_issue().original.sections
    texts = _texts(edition)[-len(sections) - 1 : -1]
    for name, section in sections.items():
        cell = _lines(edition, parts[name]).partition(_END_OF_CELL)[0]
        yield section.kind, f"{cell}\n\n{texts.pop(0)}\n"


def _texts(edition: Edition) -> list[str]:
    """The sections' texts, between what stands before them and what stands after them."""
    return [part.strip("\n") for part in _RULE.split(_named(edition, edition.text))]


def _frame(edition: Edition) -> str:
    """The page's body and its text without the sections: what stands before and after them."""
    parts = list(section_parts(edition).values())
    before, after = edition.html.split(parts[0])[0], edition.html.split(parts[-1])[1]
    body = before[before.index("<body") :] + "<!-- sections -->" + after
    *before_text, last = _texts(edition)
    text = [*before_text[: -len(parts)], "[sections]", last]
    return "\n\n".join([_lines(edition, body), *text]) + "\n"


def _styles(edition: Edition) -> str:
    found = {
        f"{element.tag}.{element.get('class', '')}: {element.get('style')}"
        for element in tree(edition).xpath("//*[@style]")
    }
    return "\n".join([*sorted(found), ""])


def _lines(edition: Edition, html: str) -> str:
    bare = _STYLE.sub("", _named(edition, html))
    return re.sub(r">\s*<", ">\n<", bare).strip()


def _named(edition: Edition, words: str) -> str:
    """Slots by their names: their tokens change with every word of the issue."""
    for token, slot in edition.slots.items():
        words = words.replace(token, "{{ " + slot.name + " }}")
    return words


def main() -> None:
    """Write every file anew, and take out those that are no longer wanted."""
    wanted = dict(pages())
    for file in FOLDER.rglob("*.txt"):
        if file.relative_to(FOLDER).as_posix() not in wanted:
            file.unlink()
    for name, words in wanted.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(words, encoding="utf-8", newline="\n")
    print(f"{len(wanted)} files in {FOLDER}")  # noqa: T201 - the command's answer


if __name__ == "__main__":
    main()
