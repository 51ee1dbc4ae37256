"""Rules about a theme, asked of the specimen: an issue with every kind in several languages.

`newsletter theme check` asks them; `newsletter check` looks at what one issue makes of a theme.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import unescape

from newsletter.edition.dates import locale_of
from newsletter.edition.model import Edition, Publisher, Variant
from newsletter.edition.prose import Typesetter
from newsletter.edition.render import render_edition
from newsletter.edition.theme import Theme
from newsletter.errors import Problem, ThemeError
from newsletter.issue.bare import bare_issues
from newsletter.issue.model import SECTION_KINDS, Issue, Place
from newsletter.issue.words import Word, words_of
from newsletter.lint.blocks import Block, blocks_of, one_sided, section_parts
from newsletter.lint.place import PAGE, place_in_theme
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import direction, nearest

_TOP = r"\A"
_WHITE = re.compile(r"\s+")
_TABLE_WITHOUT = r"<table\b(?![^>]*\bdir=)"
_BLOCK_WITHOUT = r"<(?:div|p|h[1-6]|ul|ol|blockquote)\b(?![^>]*\bdir=)"


@rule(
    "E140",
    says="Each template runs, with all that a section may say and with no more than it needs.",
    source="an issue must not fail over what its writer left out",
    cure="mend the template; ask {% if … %} before what may be left out",
)
def template_fails(proof: Proof) -> Iterator[Hit]:
    """Every kind alone, in every language of the specimen, and bare."""
    if proof.theme is None:
        return
    # The style sheet is inlined into the whole pages: here only the templates are tried.
    light = replace(proof.theme, inline_css="")
    found: dict[Problem, None] = {}
    for issue in (proof.issue, *bare_issues(proof.issue)):
        for variant in _alone(issue, light):
            found |= dict.fromkeys(faults_of(issue, variant, light, proof.publisher))
    for fault in found:
        yield Hit(fault.message, fault.where, place=Place(fault.path, fault.line, fault.column))


def _alone(issue: Issue, theme: Theme) -> Iterator[Variant]:
    """Each section that the theme has templates for by itself, in each language."""
    for language in issue.languages:
        for name in issue.section_ids:
            if issue.original.sections[name].kind in theme.kinds:
                yield Variant(language, (name,))


def faults_of(
    issue: Issue, variant: Variant, theme: Theme, publisher: Publisher
) -> tuple[Problem, ...]:
    """What keeps a theme from showing these sections; nothing where it can."""
    try:
        render_edition(issue, variant, theme, publisher)
    except ThemeError as error:
        return error.problems
    return ()


@rule(
    "N141",
    says="The theme has templates for every kind of section.",
    source="an issue with a section that the theme lacks cannot be sent in it",
    cure="write the two templates and name the kind in kinds; or leave it out on purpose",
)
def kind_without_templates(proof: Proof) -> Iterator[Hit]:
    """The kinds that theme.toml does not name."""
    if proof.theme is None:
        return
    about = proof.theme.path_of("theme.toml")
    for kind in SECTION_KINDS:
        if kind not in proof.theme.kinds:
            written = proof.theme.path_of(f"sections/{kind}.mjml.j2").is_file()
            cure = f'its templates are there: add "{kind}" to kinds' if written else ""
            yield Hit(f"the theme does not have the kind {kind}", "kinds", path=about, cure=cure)


@rule(
    "E142",
    says="Every kind that theme.toml names is one.",
    source="its templates would never be used",
    cure="write the kind as the reference has it, or take it out",
)
def unknown_kind(proof: Proof) -> Iterator[Hit]:
    """The kinds that no section can have."""
    if proof.theme is None:
        return
    for kind in proof.theme.kinds:
        if kind not in SECTION_KINDS:
            near = nearest(kind, SECTION_KINDS)
            cure = f'did you mean "{near}"?' if near else f"kinds: {', '.join(SECTION_KINDS)}"
            yield Hit(
                f"there is no section kind {kind}",
                "kinds",
                path=proof.theme.path_of("theme.toml"),
                cure=cure,
            )


@rule(
    "W143",
    says="A string that one language has, every language has.",
    source="else a page has two languages in it",
    cure="write it there too",
)
def string_not_translated(proof: Proof) -> Iterator[Hit]:
    """The tables of strings.toml beside each other; the first one may say for all."""
    if proof.theme is None:
        return
    tables = proof.theme.strings
    shared = set(next(iter(tables.values()), {}))
    spoken = [set(table) for table in list(tables.values())[1:]]
    wanted = set().union(*spoken) if spoken else set()
    for language, table in tables.items():
        for key in sorted(wanted - set(table)):
            other = "the first language's" if key in shared else "another language's"
            yield Hit(
                f"{language} has no {key}: {other} word would stand there",
                language,
                path=proof.theme.path_of("strings.toml"),
            )


@rule(
    "N144",
    says="The theme has words in each language of the specimen.",
    source="a page in a language without a table says its own words in English",
    cure="add a table to strings.toml, if your readers read it",
)
def language_without_strings(proof: Proof) -> Iterator[Hit]:
    """The languages that strings.toml says nothing in."""
    if proof.theme is None:
        return
    for language in proof.issue.languages:
        if not {language, language.split("-")[0]} & set(proof.theme.strings):
            name = locale_of(language).english_name
            path = proof.theme.path_of("strings.toml")
            yield Hit(f"there are no words in {language} ({name})", path=path)


@rule(
    "W145",
    says="The page shows every word of a section, and its links lead on.",
    source="what an officer wrote must reach the reader",
    cure="show the field in the template",
)
def word_not_in_page(proof: Proof) -> Iterator[Hit]:
    """Short words and addresses of every section, against the page."""
    for edition, name, word in _section_words(proof):
        part = section_parts(edition).get(name, "")
        if word.sort.url:
            shown = word.text in unescape(part)
        else:
            shown = _WHITE.sub("", _said(edition, word)) in _letters(part)
        if not shown and not _of_a_picture_left_out(edition, word):
            yield _missing(proof, edition, word, "mjml", "the page")


@rule(
    "W146",
    says="The plain text says every word of a section, and its addresses.",
    source="whoever reads the text reads the whole issue",
    cure="show the field in the text template",
)
def word_not_in_text(proof: Proof) -> Iterator[Hit]:
    """Short words and addresses of every section, against the plain text."""
    for edition, _, word in _section_words(proof):
        text = _WHITE.sub("", edition.text)
        said = word.text.removeprefix("mailto:").partition("?")[0] if word.sort.url else ""
        shown = (said or _WHITE.sub("", _said(edition, word))) in text
        if not shown and not word.where.endswith(".alt"):
            yield _missing(proof, edition, word, "txt", "the plain text")


@rule(
    "W147",
    says="Each table and each block of words says its language and its direction.",
    source="a mail program drops those of the page around them",
    cure='write lang="{{ lang }}" dir="{{ dir }}" on it',
)
def block_without_direction(proof: Proof) -> Iterator[Hit]:
    """The tables, and the elements that stand first inside mj-text."""
    for kind, found in _blocks(proof):
        for block in found:
            if block.tag == "table" and not block.has("dir"):
                place = _in_template(proof.theme, kind, _TABLE_WITHOUT)
                yield Hit("a table has no dir", kind, place=place)
            elif block.outermost and not (block.has("dir") and block.has("lang")):
                place = _in_template(proof.theme, kind, _BLOCK_WITHOUT)
                yield Hit(f"a block of words ({block.tag}) has no lang or dir", kind, place=place)


@rule(
    "W148",
    says="A page that reads from right to left is mirrored.",
    source="what stands at the start of a line in Italian stands at its end in Arabic",
    cure="write align and paddings by {{ start }}, {{ end }} or a class for each {{ dir }}",
)
def not_mirrored(proof: Proof) -> Iterator[Hit]:
    """Alignments to the left, and paddings that are the same as from left to right."""
    there, back = (_reading(proof, way) for way in ("ltr", "rtl"))
    if there is None or back is None:
        return
    ahead, turned = (section_parts(edition) for edition in (there, back))
    for name in turned:
        kind = _kind(proof, name)
        for said in one_sided(ahead.get(name, ""), turned[name]):
            yield Hit(f"{said} is not mirrored", kind, place=_in_template(proof.theme, kind))


def _section_words(proof: Proof) -> Iterator[tuple[Edition, str, Word]]:
    for edition in proof.editions:
        text = proof.issue.texts[edition.variant.language]
        for word in words_of(text):
            name = word.where.split(".")[1] if word.where.startswith("sections.") else ""
            if name in edition.variant.sections and not word.sort.markdown:
                yield edition, name, word


def _said(edition: Edition, word: Word) -> str:
    return Typesetter(edition.variant.language, lambda _: False).typo(word.text)


def _letters(html: str) -> str:
    """All that a piece of a page says, alternative texts too, without white space."""
    alts = re.findall(r"\balt=(?:\"([^\"]*)\"|'([^']*)')", html)
    said = re.sub(r"<[^>]*>", "", html) + "".join(one or other for one, other in alts)
    return _WHITE.sub("", unescape(said))


def _of_a_picture_left_out(edition: Edition, word: Word) -> bool:
    """A theme may leave a picture out, but not its words once it is there."""
    if not word.where.endswith(".alt"):
        return False
    name = word.where.split(".")[1]
    return "<img" not in section_parts(edition).get(name, "")


def _missing(proof: Proof, edition: Edition, word: Word, form: str, where: str) -> Hit:
    kind = _kind(proof, word.where.split(".")[1])
    field = ".".join(part for part in word.where.split(".")[2:] if not part.isdigit())
    language = edition.variant.language
    file = f"sections/{kind}.{form}.j2"
    place = place_in_theme(proof.theme, files=file, otherwise=file) if proof.theme else None
    return Hit(f"{field} of {kind} does not stand in {where} ({language})", kind, place=place)


def _kind(proof: Proof, name: str) -> str:
    return next(s.kind for key, s in proof.issue.original.sections.items() if key == name)


def _reading(proof: Proof, way: str) -> Edition | None:
    return next((e for e in proof.editions if direction(e.variant.language) == way), None)


def _blocks(proof: Proof) -> Iterator[tuple[str, Iterable[Block]]]:
    edition = _reading(proof, "rtl") or next(iter(proof.editions), None)
    for name, part in section_parts(edition, written=True).items() if edition else ():
        yield _kind(proof, name), blocks_of(part)


def _in_template(theme: Theme | None, kind: str, pattern: str = _TOP) -> Place | None:
    """The first match in the kind's template, else in what templates share, else the top."""
    if theme is None:
        return None
    file = f"sections/{kind}.mjml.j2"
    top = place_in_theme(theme, files=file, otherwise=file)
    shared = sorted(path.name for path in theme.folder.glob("*.mjml.j2") if path.name != PAGE)
    for files in (file, *shared) if pattern != _TOP else ():
        found = place_in_theme(theme, pattern, files, otherwise=file)
        if found != top:
            return found
    return top


RULES = (
    template_fails,
    kind_without_templates,
    unknown_kind,
    string_not_translated,
    language_without_strings,
    word_not_in_page,
    word_not_in_text,
    block_without_direction,
    not_mirrored,
)
