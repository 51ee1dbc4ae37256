"""The audit of slots: where a token may stand in a page, and where it may not.

A token stands in text or inside a quoted attribute; in an attribute that holds a URL it is the
whole value and a slot that dispatch fills with a URL; never in style, script, a comment or a tag.
"""

import re
from collections.abc import Iterator

from newsletter.edition.slots import Tokens

_RAW = r"(?:style|script)\b.*?</(?:style|script)\s*>"
_INSIDE_TAG = r"(?:[^'\">]++|\"[^\"]*+\"|'[^']*+')*+"
_PIECE = re.compile(
    rf"<(?:(?P<tag>(?!{_RAW})/?[a-zA-Z]{_INSIDE_TAG}>)|(?P<comment>!--.*?-->)|(?P<raw>{_RAW}))",
    re.DOTALL | re.IGNORECASE,
)
_WHOLE_PIECES = re.compile(
    rf"(?:[^<]++|<(?:(?!(?:style|script)\b)/?[a-zA-Z]{_INSIDE_TAG}>|!--.*?-->|{_RAW}))*",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"""([^\s"'<>=/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_URL_ATTRIBUTES = frozenset({"href", "src", "action", "background", "formaction", "poster"})
_CODE_ATTRIBUTES = re.compile(r"style|srcset|on\w+|srcdoc", re.IGNORECASE)


def misplaced_slots(html: str, tokens: Tokens) -> Iterator[str]:
    """One sentence for each token that stands where a reader's words must not go."""
    slots = tokens.slots
    if not any(token in html for token in slots):
        return
    for piece in _pieces_with_tokens(html, tokens):
        text = piece[0]
        if not piece["tag"]:
            place = "a comment" if piece["comment"] else "a style sheet or script"
            yield f"the slot {_name(text, tokens)} stands in {place}"
            continue
        yield from _in_tag(text, tokens)


def _pieces_with_tokens(html: str, tokens: Tokens) -> Iterator[re.Match[str]]:
    """Each tag, comment or sheet that holds a token; what lies between them is passed in one step.

    (A page has thousands of pieces, and a few dozen tokens, most of them in its text.)
    """
    at = 0
    for token in tokens.pattern.finditer(html):
        while at <= token.start():
            passed = _WHOLE_PIECES.match(html, at, token.start())
            at = passed.end() if passed else at
            piece = _PIECE.match(html, at)
            if piece and piece.end() > token.start():
                yield piece
            at = piece.end() if piece else at + 1  # a sign < that begins nothing, or a word


def _in_tag(tag: str, tokens: Tokens) -> Iterator[str]:
    for match in _ATTRIBUTE.finditer(tag):
        name, value = match[1].lower(), match[2] if match[2] is not None else match[3]
        if not tokens.pattern.search(value):
            continue
        if _CODE_ATTRIBUTES.fullmatch(name):
            yield f"the slot {_name(value, tokens)} stands in the attribute {name}"
        elif name in _URL_ATTRIBUTES and not tokens.is_url(value):
            yield f"the slot {_name(value, tokens)} is not a whole URL in the attribute {name}"
    rest = _ATTRIBUTE.sub("", tag)
    if tokens.pattern.search(rest):
        yield f"the slot {_name(rest, tokens)} stands in a tag, outside quotes"


def _name(text: str, tokens: Tokens) -> str:
    found = tokens.pattern.search(text)
    slot = tokens.slots.get(found[0]) if found else None
    return slot.name if slot else "?"
