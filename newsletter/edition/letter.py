"""A short letter of the newsletter's own, in the theme's clothes: the mail that asks to confirm."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from markupsafe import Markup

from newsletter.edition.environment import standing_environment
from newsletter.edition.inline import inline_css
from newsletter.edition.mjml import to_html
from newsletter.edition.model import Edition, Publisher, Variant
from newsletter.edition.theme import Theme
from newsletter.values import Language, choose_language, direction

_FOLDER: Final = Path(__file__).parent / "letters"
_MASTHEAD: Final = "images/masthead.png"


@dataclass(frozen=True, slots=True)
class Letter:
    """What is said, in one language, and where its button leads."""

    subject: str
    preheader: str
    title: str
    body: str
    button: str
    url: str
    ending: str

    @classmethod
    def to_confirm(cls, language: Language, publisher: Publisher, url: str) -> Self:
        """Whether it is true that this address wants to be mailed."""
        said = _words()
        spoken = said[choose_language(language, said, Language("en"))]
        filled = {
            key: text.replace("{newsletter}", publisher.name).replace(
                "{organisation}", publisher.organisation
            )
            for key, text in spoken.items()
        }
        return cls(url=url, **filled)


def render_letter(
    letter: Letter, language: Language, theme: Theme | None, publisher: Publisher
) -> Edition:
    """The letter as HTML and as text; without a theme it is plain.

    ``ValueError`` and what MJML and premailer raise, where a theme's style sheet is at fault.
    """
    masthead = _masthead(theme, publisher)
    context = _context(letter, language, theme, publisher) | {"masthead": masthead.get("url", "")}
    environment = standing_environment(_FOLDER)
    mjml = environment.get_template("letter.mjml.j2").render(context)
    html = inline_css(to_html(mjml), theme.inline_css if theme else "")
    return Edition(
        variant=Variant(language, ()),
        subject=letter.subject,
        preheader=letter.preheader,
        html=html,
        text=environment.get_template("letter.txt.j2").render(context),
        slots={},
        images=((masthead["url"], masthead["path"]),) if masthead else (),
    )


def _context(
    letter: Letter, language: Language, theme: Theme | None, publisher: Publisher
) -> dict[str, Any]:
    written = direction(language)
    strings: Mapping[str, str] = theme.strings_for(language) if theme else {}
    return {
        "letter": letter,
        "publisher": publisher,
        "brand": strings.get("brand") or publisher.name,
        "lang": language,
        "dir": written,
        "start": "right" if written == "rtl" else "left",
        "script": "han" if language.startswith("zh") else "latin",
        "head_css": Markup(theme.head_css if theme else ""),  # noqa: S704 checked when read
    }


def _masthead(theme: Theme | None, publisher: Publisher) -> dict[str, str]:
    """Where the theme's own masthead is hosted, and its file; nothing where it has none."""
    if theme is None or not (theme.folder / _MASTHEAD).is_file():
        return {}
    url = publisher.image_url("themes", theme.name, _MASTHEAD)
    return {"url": url, "path": f"templates/{theme.name}/{_MASTHEAD}"}


@cache
def _words() -> Mapping[Language, Mapping[str, str]]:
    tables = tomllib.loads((_FOLDER / "confirm.toml").read_text(encoding="utf-8"))
    return {Language(language): table for language, table in tables.items()}
