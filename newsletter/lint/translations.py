"""Rules about translations: complete, up to date, in their own language, with the same numbers."""

import re
from collections.abc import Iterator, Mapping

from newsletter.issue.slots import replace_slots
from newsletter.issue.translated import changed_since
from newsletter.lint.place import place_in_theme
from newsletter.lint.rule import Hit, Proof, rule

_LONG = 6
"""Words: what is shorter may be a name, and the same in two languages."""
_PROSE = 40
"""Letters: what is shorter may be made of names."""
_SCRIPTS: Mapping[str, str] = {
    "zh": "\u3400-\u9fff",
    "ja": "\u3040-\u30ff\u3400-\u9fff",
    "ko": "\u1100-\u11ff\uac00-\ud7af",
    "ar": "\u0600-\u06ff",
    "fa": "\u0600-\u06ff",
    "he": "\u0590-\u05ff",
    "el": "\u0370-\u03ff",
    "ru": "\u0400-\u04ff",
    "uk": "\u0400-\u04ff",
}
"""The letters of languages that do not write Latin ones, as ranges of a pattern."""

_OF_ANY = re.compile(f"[{''.join(dict.fromkeys(_SCRIPTS.values()))}]")
_LETTER = re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"\]\([^)]*\)|<[^>\s]+>|https?://\S+|\S+@\S+")
_DIGITS = re.compile(r"\d")


@rule(
    "W004",
    says="Each translation has all the words of the original.",
    source="what is not translated is read in the original's language",
    cure="translate it, or leave it so on purpose",
)
def not_translated(proof: Proof) -> Iterator[Hit]:
    """The words that fall back."""
    for fallback in proof.issue.fallbacks:
        message = f"{fallback.where} is not translated into {fallback.language}"
        yield Hit(message, fallback.where, path=fallback.path)


@rule(
    "W007",
    says="The theme speaks each language of the issue.",
    source="else its own words, such as Unsubscribe, stand there in English",
    cure="write the language's table in the theme's strings.toml",
)
def theme_without_language(proof: Proof) -> Iterator[Hit]:
    """The tables of strings.toml against the issue's languages."""
    for language in proof.issue.languages if proof.theme else ():
        if proof.theme and not {language, language.split("-")[0]} & set(proof.theme.strings):
            place = place_in_theme(proof.theme, r"\A", "strings.toml", "strings.toml")
            yield Hit(f"the theme {proof.theme.name} has no words in {language}", place=place)


@rule(
    "W008",
    says="The tagline is written in each language of the issue.",
    source="else the line under the name is in another language than the page",
    cure="write the language's line under [sender.tagline]",
)
def tagline_without_language(proof: Proof) -> Iterator[Hit]:
    """The taglines of newsletter.toml, where there are any."""
    for language in proof.issue.languages:
        if proof.publisher.taglines and language not in proof.publisher.taglines:
            message = f"there is no tagline in {language}"
            yield Hit(message, "sender.tagline", path=proof.settings_file)


@rule(
    "W073",
    says="A translation has the figures of the original.",
    source="a number is the same in every language that writes it in digits",
    cure="mend the one that is wrong",
)
def other_figures(proof: Proof) -> Iterator[Hit]:
    """The digits of figures; Chinese and Japanese count large numbers in other units."""
    for language, word, translated in proof.translated():
        if not word.where.endswith(".value") or language.split("-")[0] in {"zh", "ja"}:
            continue
        there, here = _digits(word.text), _digits(translated.text)
        if there and here and there != here:
            message = f"{translated.text} stands for {word.text} of the original"
            yield Hit(message, word.where, language, offset=0)


@rule(
    "W076",
    says="A translation is made from the words that stand in the original now.",
    source="what changed in the original since is not in the translation",
    cure="look at it again; then say so: newsletter issue translated",
)
def out_of_date(proof: Proof) -> Iterator[Hit]:
    """Words of the original that changed after `issue translated`, their translation not."""
    for language, where in changed_since(proof.issue):
        message = f"{where} of the original changed since it was translated"
        yield Hit(message, where, language)


@rule(
    "W077",
    says="A translation does not repeat the original's sentences.",
    source="what was copied to be translated, and was not",
    cure="translate it, or take the line out: then the original's stand there",
)
def copied(proof: Proof) -> Iterator[Hit]:
    """Texts of six words or more that are the same in two languages."""
    for language, word, translated in proof.translated():
        same_base = language.split("-")[0] == proof.issue.language.split("-")[0]
        long = len(_bare(word.text).split()) >= _LONG
        if not same_base and not word.sort.url and long and translated.text == word.text:
            yield Hit(f"it is still in {proof.issue.language}", word.where, language)


@rule(
    "W078",
    says="A text is in the script of its language.",
    source="what was written into the wrong language's file",
    cure="put it into the file of its own language",
)
def other_script(proof: Proof) -> Iterator[Hit]:
    """Prose without one letter of its language's own script, or mostly of another script's."""
    for language, word in proof.words():
        script = _SCRIPTS.get(language.split("-")[0])
        if word.sort.url or (script is None and not _OF_ANY.search(word.text)):
            continue
        text = _bare(word.text)
        letters = len(_LETTER.findall(text))
        if script and letters >= _PROSE and not re.search(f"[{script}]", text):
            yield Hit(f"there is not one letter of {language}", word.where, language)
        elif script is None and len(_OF_ANY.findall(text)) * 2 > max(letters, _PROSE // 4):
            yield Hit(f"most of it is not written as {language} is", word.where, language)


def _bare(text: str) -> str:
    return _ADDRESS.sub(" ", replace_slots(text, lambda _: " "))


def _digits(text: str) -> str:
    """Only the digits: languages part thousands and decimals differently."""
    return "".join(_DIGITS.findall(text))


RULES = (
    not_translated,
    theme_without_language,
    tagline_without_language,
    other_figures,
    out_of_date,
    copied,
    other_script,
)
