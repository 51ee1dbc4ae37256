"""Where each section begins in a finished page: the marks of its MJML, set into its HTML again.

A reader's page carries no marks. MRML keeps them on demand, and inlining a style sheet changes no
element: so a mark stands before the same start tag in both, whatever the theme.
"""

import re
from typing import Any, Final

from mjml import mjml2html

from newsletter.edition.mjml import to_html

_MARK: Final = re.compile(r"<!-- @src ([^\s>]+) -->")
_TAG: Final = re.compile(
    r"<!-- @src [^\s>]+ -->|<!--.*?-->|<[a-zA-Z](?:\"[^\"]*\"|'[^']*'|[^'\">])*>", re.DOTALL
)


def marked_page(mjml: str, html: str) -> str:
    """``html``, made of ``mjml``, with ``<!-- @src sections.china -->`` before each section.

    Without the marks it is the same page, octet for octet. Where the two do not have the same
    elements (a theme's own raw HTML may be mended on the way) it comes back without marks.
    """
    kept = to_html(mjml, _with_comments)
    wanted, elements = _marks(kept)
    starts = [tag.start() for tag in _TAG.finditer(html) if not tag[0].startswith("<!--")]
    if len(starts) != elements:
        return html
    parts, done = [], 0
    for index, mark in wanted:
        at = starts[index] if index < elements else len(html)
        parts += [html[done:at], mark]
        done = at
    return "".join([*parts, html[done:]])


def _with_comments(mjml: str, **options: Any) -> str:
    return str(mjml2html(mjml, **(options | {"disable_comments": False})))


def _marks(page: str) -> tuple[list[tuple[int, str]], int]:
    """Each mark with the number of start tags before it, and how many there are in all."""
    found, elements = [], 0
    for tag in _TAG.finditer(page):
        if _MARK.fullmatch(tag[0]):
            found.append((elements, tag[0]))
        elif not tag[0].startswith("<!--"):
            elements += 1
    return found, elements
