"""Where each section stands in a finished page: the marks of its MJML, set into its HTML again.

A reader's page carries no marks. MRML keeps them on demand, and inlining a style sheet changes no
element: so a mark stands before the same start tag in both, whatever the theme.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from mjml import mjml2html

from newsletter.edition.mjml import accepted_to_html

_MARK: Final = re.compile(r"<!-- @(?:src|end) [^\s>]+ -->")
_TAG: Final = re.compile(
    r"<!-- @(?:src|end) [^\s>]+ -->|<!--.*?-->"
    r"|<[a-zA-Z](?:[^'\">]++|\"[^\"]*+\"|'[^']*+')*+>",
    re.DOTALL,
)
_HINGE: Final = re.compile(r"<!--\[if\b[^>]*\]>(?P<revealed><!-->|-->)?|(?P<end><!\[endif\]-->)")
_REMARK: Final = re.compile(r"<!--(?!>|\[if\b[^>]*\]>|<!\[endif\]).*?-->", re.DOTALL)


def marked(where: str, mjml: str) -> str:
    """The MJML of a part of the issue, between its marks."""
    return f"<!-- @src {where} -->\n{mjml}\n<!-- @end {where} -->\n"


@lru_cache(maxsize=32)
def marked_page(mjml: str, html: str) -> str:
    """``html``, made of ``mjml``, with ``<!-- @src sections.china -->`` before each section.

    After it stands ``<!-- @end sections.china -->``.

    Without the marks it is the same page, octet for octet. Where the two do not have the same
    elements (a theme's own raw HTML may be mended on the way) it comes back without marks.
    The last pages are remembered: the preview and the rules ask for the same.
    """
    kept = accepted_to_html(mjml, _with_comments)
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
    return "".join(_hoisted(mjml2html(mjml, **(options | {"disable_comments": False}))))


def _hoisted(html: str) -> Iterator[str]:
    """The page with each remark that stands inside a conditional comment moved to its end.

    MRML writes what is between a wrapper's sections into a comment for Outlook, which a second
    comment would close too early.
    """
    done, waiting, opened = 0, list[str](), 0
    for remark in _REMARK.finditer(html):
        if waiting and remark.start() >= opened:
            yield html[done:opened]
            yield from waiting
            done = opened
            waiting.clear()
        if not _is_inside(html, remark.start()):
            continue
        yield html[done : remark.start()]
        done = remark.end()
        waiting.append(remark[0])
        opened = _end_of_condition(html, done)
    if waiting and opened <= len(html):
        yield html[done:opened]
        yield from waiting
        done = opened
    yield html[done:]


def _is_inside(html: str, at: int) -> bool:
    """Whether a conditional comment that hides what is in it is open here."""
    begun, ended = html.rfind("<!--[if", 0, at), html.rfind("<![endif]-->", 0, at)
    hinge = _HINGE.match(html, begun) if begun > ended else None
    return bool(hinge and not hinge["revealed"])


def _end_of_condition(html: str, at: int) -> int:
    """Behind the next hinge, where all is shown again; beyond the page where there is none."""
    for hinge in _HINGE.finditer(html, at):
        if hinge["end"] or hinge["revealed"]:
            return hinge.end()
    return len(html) + 1


def _marks(page: str) -> tuple[list[tuple[int, str]], int]:
    """Each mark with the number of start tags before it, and how many there are in all."""
    found, elements = [], 0
    for tag in _TAG.finditer(page):
        if not tag[0].startswith("<!--"):
            elements += 1
        elif _MARK.fullmatch(tag[0]):
            found.append((elements, tag[0]))
    return found, elements
