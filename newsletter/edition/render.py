"""Issue, variant and theme to the edition that readers get. The same input, the same bytes."""

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError

from newsletter.edition.audit import misplaced_slots
from newsletter.edition.blame import template_line
from newsletter.edition.context import Images, ShownSection, page_context, shown_sections
from newsletter.edition.inline import inline_css
from newsletter.edition.marks import marked
from newsletter.edition.mjml import MAX_BYTES, MjmlError, to_html
from newsletter.edition.model import Edition, Publisher, Slot, Variant
from newsletter.edition.slots import Tokens, tokenize
from newsletter.edition.theme import Theme
from newsletter.errors import Problem, ThemeError
from newsletter.issue.model import Issue

_EDITION: Final = "edition"
_BLANK_LINES = re.compile(r"\n{3,}")


def render_edition(issue: Issue, variant: Variant, theme: Theme, publisher: Publisher) -> Edition:
    """The page of one variant, as HTML and as text; ``ThemeError`` when a template fails.

    Nothing is fetched: every image and style sheet comes from the issue's or theme's folder.
    """
    text, tokens = tokenize(issue.texts[variant.language])
    images = Images(issue, theme, publisher)
    context = page_context(text, variant, theme, publisher, tokens, images) | {"slug": issue.slug}
    press = _Press(theme, context)
    sections = press.sections(shown_sections(text, variant))
    mjml = press.mjml(sections)
    html = press.html(mjml, sections)
    _refuse_misplaced(html, tokens, theme)
    setter = context["typesetter"]
    subject, preheader = setter.typo(text.subject), setter.typo(text.preheader or "")
    subject = subject.replace("=?", "= ?")  # what stood between went: no header may hold it
    plain = _tidy(press.run(f"{_EDITION}.txt.j2", "", sections=sections))
    return Edition(
        variant=variant,
        subject=subject,
        preheader=preheader,
        html=html,
        text=plain,
        slots=_used(tokens, subject, preheader, html, plain),
        images=images.used,
        mjml=mjml,
    )


def _used(tokens: Tokens, *parts: str) -> dict[str, Slot]:
    """The tokens that stand in the page, and their slots."""
    found = {token for part in parts for token in tokens.pattern.findall(part)}
    return {token: slot for token, slot in tokens.slots.items() if token in found}


class _Press:
    """Runs a theme's templates over one context; a failure names template, line and section."""

    def __init__(self, theme: Theme, context: dict[str, Any]) -> None:
        self.theme = theme
        self.context = context

    def sections(self, sections: list[ShownSection]) -> list[ShownSection]:
        """Each section rendered on its own, as MJML with a mark of its source, and as text."""
        shared = {"sections": sections}
        return [
            section.rendered(
                marked(f"sections.{section.id}", self._section(section, "mjml", at, shared)),
                self._section(section, "txt", at, shared).strip("\n"),
            )
            for at, section in enumerate(sections, 1)
        ]

    def mjml(self, sections: list[ShownSection]) -> str:
        """The whole page as MJML."""
        return self.run(f"{_EDITION}.mjml.j2", "", sections=sections)

    def html(self, mjml: str, sections: list[ShownSection]) -> str:
        """The page as HTML, with the theme's style sheet inlined."""
        try:
            page = to_html(mjml)
        except MjmlError as error:
            raise self._mjml_fault(error, mjml, sections) from error
        return self._inlined(page)

    def _inlined(self, page: str) -> str:
        try:
            return inline_css(page, self.theme.inline_css)
        except Exception as error:
            # premailer passes on whatever its parsers of CSS and selectors raise.
            path = self.theme.path_of("inline.css")
            message = f"the style sheet cannot be inlined: {error}"
            raise ThemeError([Problem(path, message, "mend the selector or the rule")]) from error

    def run(self, template: str, where: str, **names: Any) -> str:
        """One template's output; ``ThemeError`` names the template's line."""
        try:
            found = self.theme.environment.get_template(template)
            return _capped(found.generate(self.context | names))
        except Exception as error:
            # A template can raise anything that its filters and values can.
            raise self._template_fault(error, template, where) from error

    def _section(
        self, section: ShownSection, form: str, position: int, shared: dict[str, Any]
    ) -> str:
        template = f"sections/{section.kind}.{form}.j2"
        where = f"sections.{section.id}"
        return self.run(template, where, section=section, position=position, **shared)

    def _template_fault(self, error: Exception, template: str, where: str) -> ThemeError:
        path, line = _place_of(error, self.theme.folder)
        path = path or self.theme.path_of(template)
        said = getattr(error, "message", None) if isinstance(error, TemplateError) else str(error)
        if isinstance(error, TemplateNotFound):
            said = f"there is no template {error.name!r} in the theme's folder"
        kind = "" if isinstance(error, TemplateError) else f"{type(error).__name__}: "
        message = f"the template failed: {kind}{said or error}"
        cure = "mend the template, or what the issue says there"
        return ThemeError(
            [Problem(path, message, cure, line, where=where, source=_line_of(path, line))]
        )

    def _mjml_fault(self, error: MjmlError, mjml: str, sections: list[ShownSection]) -> ThemeError:
        """The first section that fails alone is to blame; else the edition's own template."""
        template, where = f"{_EDITION}.mjml.j2", ""
        for section in sections:
            page = f"<mjml><mj-body>{section.mjml}</mj-body></mjml>"
            alone = _error_of(page)
            if alone:
                template, where = f"sections/{section.kind}.mjml.j2", f"sections.{section.id}"
                error, mjml = alone, page
                break
        message = f"the theme's MJML cannot be rendered: {error}"
        written = self.theme.path_of(template)
        path, line = template_line(self.theme.folder, written, mjml, error.offset)
        source = _line_of(path, line) or _line_at(mjml, error.offset)
        problem = Problem(path, message, "mend the template", line, where=where, source=source)
        return ThemeError([problem])


def _error_of(mjml: str) -> MjmlError | None:
    try:
        to_html(mjml)
    except MjmlError as error:
        return error
    return None


class OutputTooLarge(ValueError):
    """A template wrote more than any page can hold."""


def _capped(pieces: Iterable[str]) -> str:
    parts, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_BYTES:
            message = f"the template wrote more than {MAX_BYTES:,} characters"
            raise OutputTooLarge(message)
        parts.append(piece)
    return "".join(parts)


def _place_of(error: Exception, folder: Path) -> tuple[Path | None, int]:
    """The innermost template line in the traceback, or the line of a syntax error."""
    if isinstance(error, TemplateSyntaxError) and error.filename:
        return Path(error.filename), error.lineno
    home, found = str(folder.resolve()), (None, 0)
    step = error.__traceback__
    place: tuple[Path | None, int] = found
    while step:
        name = step.tb_frame.f_code.co_filename
        if name.startswith(home):
            place = Path(name), step.tb_lineno
        step = step.tb_next
    return place


def _line_of(path: Path, line: int) -> str:
    if not line:
        return ""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return next(islice(file, line - 1, line), "").rstrip("\n")


def _line_at(text: str, offset: int) -> str:
    if offset < 0:
        return ""
    start = text.rfind("\n", 0, offset) + 1
    return text[start : text.find("\n", offset) if "\n" in text[offset:] else None].strip()[:200]


def _refuse_misplaced(html: str, tokens: Tokens, theme: Theme) -> None:
    path = theme.path_of(f"{_EDITION}.mjml.j2")
    cure = "let it stand in text, or alone in an attribute"
    problems = [Problem(path, message, cure) for message in misplaced_slots(html, tokens)]
    if problems:
        raise ThemeError(problems)


def _tidy(text: str) -> str:
    """Plain text without trailing spaces or runs of empty lines, ending in one line break."""
    lines = "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
    return _BLANK_LINES.sub("\n\n", lines) + "\n"
