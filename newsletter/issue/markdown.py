"""The Markdown that officers write: CommonMark without HTML, with tables and struck-out words."""

from functools import cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

LINK_SCHEMES = frozenset({"http", "https", "mailto"})


def link_allowed(url: str) -> bool:
    """Whether a link may be written: a whole http, https or mailto address, without spaces."""
    try:
        parts = urlsplit(url)
        host = bool(parts.hostname) and parts.port != 0  # a port that there cannot be raises
    except ValueError:
        return False
    if parts.scheme not in LINK_SCHEMES or any(sign.isspace() for sign in url):
        return False
    return host if parts.scheme != "mailto" else bool(parts.path)


def ascii_address(url: str) -> str:
    """A link's address as prose writes it into a page: the host in IDNA, other signs escaped."""
    return markdown().normalizeLink(url)


@cache
def markdown() -> MarkdownIt:
    """The parser: no HTML, images parsed as images; typography comes after it."""
    parser = MarkdownIt("commonmark", {"html": False})
    parser.disable(["html_block", "html_inline"])
    parser.enable(["table", "strikethrough"])
    parser.validateLink = _any_link  # type: ignore[method-assign]
    return parser


def _any_link(url: str) -> bool:
    """The parser keeps every link, so that a forbidden one is reported and not shown as text."""
    del url
    return True
