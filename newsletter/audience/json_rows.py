"""JSON of many rows at once: the same words around the cells of each column."""

from collections.abc import Sequence
from itertools import repeat
from json.encoder import encode_basestring, encode_basestring_ascii

_ESCAPED = bytes([*range(0x20), ord('"'), ord("\\"), 0x7F])
_END, _ESCAPED_END = "\x1f", "\\u001f"


def quoted(column: Sequence[str], *, in_ascii: bool) -> Sequence[str]:
    """Each cell as JSON has it between its quotes; other letters as themselves, or in ASCII."""
    text = "".join(column)
    if text.isascii() or not in_ascii:
        octets = text.encode("utf-8", "surrogatepass")
        if len(octets.translate(None, _ESCAPED)) == len(octets):
            return column
    write = encode_basestring_ascii if in_ascii else encode_basestring
    if _END in text or "\\" in text:
        return [write(cell)[1:-1] for cell in column]
    return write(_END.join(column))[1:-1].split(_ESCAPED_END)


def woven(words: Sequence[str], columns: Sequence[Sequence[str]]) -> list[str]:
    """A text for each row: the words with the row's cells between them.

    There is one word more than columns, and at least one column.
    """
    parts = [
        part
        for word, column in zip(words, columns, strict=False)
        for part in (repeat(word), column)
    ]
    return [*map("".join, zip(*parts, repeat(words[-1]), strict=False))]  # repeats have no end
