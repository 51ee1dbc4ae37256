"""What is wrong with the tags of an MJML page, and where: the renderer's own words seldom say.

MRML takes crossed tags without a word, crashes the process on deep ones and reports most mistakes
without a place. So each page's tags are paired here first, and what MRML still refuses is looked
at sign by sign.
"""

import re
from collections.abc import Iterator
from typing import Final

MAX_DEPTH: Final = 100
_SHOWN: Final = 60
_TAG = re.compile(
    r"<(/?)([a-zA-Z][^\s<>\"'/=]*+)(?:[^'\"<>/]++|\"[^\"]*+\"|'[^']*+'|/(?!>))*+(/?)>|<!--.*?-->",
    re.DOTALL,
)
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_SOUND = re.compile(
    r"</[a-zA-Z][\w:.-]*\s*>"
    r"|<[a-zA-Z][\w:.-]*(?:\s+[\w:.@-]+(?:\s*=\s*(?:\"[^\"]*+\"|'[^']*+'))?)*+\s*/?>"
    r"|<!--(?!-?>)(?:(?!--).)*+-->",
    re.DOTALL,
)
_BARE_VALUE = re.compile(r"<[^<>\"']*?\s([\w:.@-]+=[^\s\"'<>]+)")


class TagFault(ValueError):
    """One mistake, with the character where it begins."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def refuse_tags(mjml: str) -> None:
    """Raise ``TagFault`` for tags that are too deep, not closed, or closed crosswise."""
    _refuse_open_comment(mjml)
    if not _are_paired(mjml):
        _refuse_unpaired(mjml)


def _are_paired(mjml: str) -> bool:
    """Whether each tag is closed in its turn and none too deep: nearly always, so asked first."""
    open_names: list[str] = []
    for ends, name, alone in _TAG.findall(mjml):
        if not name or alone or name.lower() in _VOID:
            continue
        if not ends:
            open_names.append(name)
            if len(open_names) > MAX_DEPTH:
                return False
        elif not open_names or open_names.pop() != name:
            return False
    return not open_names


def _refuse_unpaired(mjml: str) -> None:
    open_tags: list[tuple[str, int]] = []
    for tag in _TAG.finditer(mjml):
        ends, name, alone = tag.groups()
        if name is None or alone or name.lower() in _VOID:
            continue
        if ends:
            if open_tags and open_tags[-1][0] == name:
                del open_tags[-1]
            else:
                _refuse_crossing(name, tag.start(), open_tags)
            continue
        open_tags.append((name, tag.start()))
        if len(open_tags) > MAX_DEPTH:
            raise TagFault(f"tags are nested more than {MAX_DEPTH} deep", tag.start())
    if open_tags:
        name, start = open_tags[-1]
        raise TagFault(f"{name} is not closed", start)


def _refuse_open_comment(mjml: str) -> None:
    """A comment that does not end; besides, a search for its end would cost its square."""
    start = mjml.find("<!--", mjml.rfind("-->") + 1)
    if start >= 0:
        raise TagFault("a comment is not closed", start)


def _refuse_crossing(name: str, start: int, open_tags: list[tuple[str, int]]) -> None:
    """Take the innermost open tag away; to blame is it, or an end tag that none is open for."""
    inner, begun = open_tags.pop() if open_tags else ("", start)
    if inner.lower() != name.lower():
        if name.lower() not in {each.lower() for each, _ in open_tags}:
            raise TagFault(f"</{name}> closes nothing that is open", start)
        raise TagFault(f"{inner} is still open where </{name}> stands", begun)


def lexical_faults(mjml: str) -> Iterator[TagFault]:
    """Every ``<`` that begins neither a tag nor a comment as XML writes them."""
    at = 0
    while (at := mjml.find("<", at)) >= 0:
        sound = _SOUND.match(mjml, at)
        if not sound:
            yield TagFault(_said_of(mjml[at : at + 500]), at)
        at = sound.end() if sound else at + 1


def _said_of(text: str) -> str:
    bare = _BARE_VALUE.match(text)
    shown = " ".join(text.split(">", maxsplit=1)[0][:_SHOWN].split())
    if text.startswith("<!--"):
        return "a comment may not hold -- or begin with >"
    if text.startswith(("<!", "<?")):
        return f"{shown} has no place in MJML"
    if bare:
        return f"a value needs quotation marks: {bare[1][:_SHOWN]}"
    return f"this is no tag: {shown}; a sign < is written &lt;"
