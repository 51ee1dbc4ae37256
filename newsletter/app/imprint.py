"""What the public pages say of who publishes: the masthead's word, the name, the footer."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.app.open import App
from newsletter.edition.theme import Theme
from newsletter.errors import NewsletterError
from newsletter.values import Language, choose_language

PUBLIC_LANGUAGES = (Language("it"), Language("en"), Language("fr-CA"), Language("zh-Hans"))
"""Those that the public pages speak."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """Who publishes; the same on every page."""

    name: str
    """The newsletter's."""
    organisation: str
    postal_address: tuple[str, ...]
    contact: str
    """Where a person answers."""
    language: Language
    """What is spoken where nobody asks for a language."""
    brands: Mapping[Language, str]
    """The masthead's word in each language."""

    def choose(self, wanted: str) -> Language:
        """The public pages' language that is nearest to the one wanted."""
        return choose_language(wanted, PUBLIC_LANGUAGES, self.language)


def imprint_of(app: App) -> Imprint:
    """What the settings and the public pages' theme say."""
    sender, theme = app.settings.sender, public_theme(app)
    own = choose_language(app.settings.language, PUBLIC_LANGUAGES, Language("en"))
    return Imprint(
        name=app.settings.name,
        organisation=sender.organisation,
        postal_address=sender.postal_address,
        contact=sender.reply_to or sender.address,
        language=own,
        brands={each: _brand(app, theme, each) for each in PUBLIC_LANGUAGES},
    )


def public_theme(app: App) -> Theme | None:
    """The theme that the settings name for the public pages, else the first; None without one."""
    named = app.settings.site.theme
    if named:
        return app.load_theme(named)
    try:
        return next(map(app.load_theme, app.theme_names()), None)
    except NewsletterError:  # a theme at work: the pages do without its masthead
        return None


def _brand(app: App, theme: Theme | None, language: Language) -> str:
    return (theme.strings_for(language).get("brand") if theme else "") or app.settings.name
