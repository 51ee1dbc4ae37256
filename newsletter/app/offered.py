"""The lists as readers see them: by which name, in their language, and which they may join."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from newsletter.app.open import App
from newsletter.settings.lists import ListOptions
from newsletter.values import Language, choose_language

FORM_LIST: Final = "web"
"""Where those are who join by the form, as long as no list of the settings is open."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One list for one reader's eyes."""

    name: str
    title: str
    about: str


class Offers:
    """What is said of lists, and which are open."""

    def __init__(self, newsletter: str, lists: Mapping[str, ListOptions]) -> None:
        self._newsletter = newsletter
        self._lists = lists
        self.open = tuple(name for name, each in lists.items() if each.open) or (FORM_LIST,)
        """The names of those that anybody may join."""

    @classmethod
    def of(cls, app: App) -> "Offers":
        """Those of this newsletter."""
        return cls(app.settings.name, app.settings.lists)

    def offer(self, name: str, language: Language) -> Offer:
        """A list by its name, in the language or the nearest that its words are in."""
        known = self._lists.get(name, ListOptions())
        plain = self._newsletter if name == FORM_LIST else name.replace("-", " ").replace("_", " ")
        return Offer(name, _in(known.title, language) or plain, _in(known.about, language))


def _in(words: Mapping[str, str], language: Language) -> str:
    offered = [Language(each) for each in words]
    return words[choose_language(language, offered, offered[0])] if offered else ""
