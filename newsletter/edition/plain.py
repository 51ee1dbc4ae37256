"""Markdown's tokens written as plain text."""

from collections.abc import Iterator

from markdown_it.token import Token

from newsletter.edition.tables import alignment, columns
from newsletter.edition.wrap import fill

_BREAK = "\n"


def write_plain(tokens: list[Token], width: int = 72, direction: str = "ltr") -> str:
    """Paragraphs, lists, quotations and tables as text; blocks are a blank line apart."""
    return "\n\n".join(_blocks(_Cursor(tokens, direction), width)).strip()


class _Cursor:
    """A reader over block tokens that can stop at a closing token."""

    def __init__(self, tokens: list[Token], direction: str) -> None:
        self.tokens = tokens
        self.direction = direction
        self.at = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def until(self, closing: str) -> Iterator[Token]:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.type == closing:
                return
            yield token


def _blocks(cursor: _Cursor, width: int, closing: str = "") -> list[str]:
    blocks = []
    for token in cursor.until(closing):
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            blocks.append(_list(cursor, token, width))
        elif token.type == "blockquote_open":
            inner = "\n\n".join(_blocks(cursor, width - 2, "blockquote_close"))
            blocks.append(_prefix(inner, "> ", "> "))
        elif token.type == "table_open":
            blocks.append(_table(cursor, width))
        elif token.type == "inline":
            blocks.append(_paragraph(inline_text(token), width))
        elif token.type in {"fence", "code_block"}:
            blocks.append(_prefix(token.content.rstrip("\n"), "    ", "    "))
        elif token.type == "hr":
            blocks.append("* * *")
    return blocks


def _list(cursor: _Cursor, opening: Token, width: int) -> str:
    ordered = opening.type == "ordered_list_open"
    number = int(str(opening.attrGet("start") or 1))
    items, tight = [], True
    for token in cursor.until(opening.type.replace("open", "close")):
        if token.type != "list_item_open":
            continue
        mark = f"{number}. " if ordered else "- "
        # markdown-it hides the paragraphs of a tight list; an empty item has none.
        tight = tight and (cursor.next.type != "paragraph_open" or cursor.next.hidden)
        gap = "\n" if tight else "\n\n"
        blocks = _blocks(cursor, width - len(mark), "list_item_close")
        items.append(_prefix(gap.join(blocks), mark, " " * len(mark)))
        number += 1
    return ("\n" if tight else "\n\n").join(items)


def _table(cursor: _Cursor, width: int) -> str:
    rows: list[list[str]] = []
    sides: list[str] = []
    for token in cursor.until("table_close"):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            sides.append(alignment(token))
        elif token.type == "inline":
            rows[-1].append(inline_text(token).replace(_BREAK, " "))
    return columns(rows, sides, width, cursor.direction)


def inline_text(token: Token) -> str:
    """The words of an inline token; ``label (address)`` for links, a hard break as a new line."""
    words, links = [""], list[tuple[str, int]]()
    for child in token.children or []:
        if child.type == "link_open":
            links.append((str(child.attrGet("href") or ""), len(words)))
        elif child.type == "link_close":
            url, start = links.pop()
            label = "".join(words[start:])
            words.append("" if _same(label, url) else f" ({url})")
        elif child.type == "softbreak":
            words.append(" ")
        elif child.type == "hardbreak":
            words.append(_BREAK)
        elif child.type in {"text", "code_inline"}:
            words.append(child.content)
        elif child.type in {"s_open", "s_close"}:  # else what is struck out would be said
            words.append("~~")
    return "".join(words)


def _same(label: str, url: str) -> bool:
    return label in {url, url.removeprefix("mailto:"), url.partition("://")[2].rstrip("/")}


def _paragraph(text: str, width: int) -> str:
    return "\n".join(fill(line, width) for line in text.split(_BREAK))


def _prefix(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    shown = [first + lines[0], *(rest + line if line else rest.rstrip() for line in lines[1:])]
    return "\n".join(shown)
