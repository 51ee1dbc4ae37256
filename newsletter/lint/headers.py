"""Rules about what an inbox's list shows: subject and preheader."""

import re
from collections.abc import Iterator

from newsletter.edition.dates import locale_of
from newsletter.issue.model import IssueText
from newsletter.issue.slots import Slot, replace_slots
from newsletter.lint.leftovers import still_to_write
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import Language

_WORD = re.compile(r"[^\W\d_]+")
_SHOUTED = 6
"""Letters of the longest word in capitals: a shorter one may be an acronym."""
_MOSTLY = 0.8
_MANY_SIGNS = re.compile(r"[!！]{2,}|[?？]{2,}|[!?！？]{3,}")
_EMOJI = re.compile(
    r"[\U0001F1E6-\U0001F1FF]{2}"
    r"|[\u231A\u231B\u23E9-\u23FA\u2600-\u27BF\u2B50\u2B55\U0001F300-\U0001FAFF]"
    r"[\uFE0F\U0001F3FB-\U0001F3FF]*(?:\u200D[\u2600-\u27BF\U0001F300-\U0001FAFF][\uFE0F\U0001F3FB-\U0001F3FF]*)*"
)
_MAX_EMOJI = 2
_ANSWER = re.compile(
    r"\s*(?:re|fwd?|r|rif|tr|réf|aw|wg|sv|rv|res|enc)\s*(?:\[\d+\])?:|\s*(?:回复|答复|转发)\s*[:：]",
    re.IGNORECASE,
)
_SAYS_NOTHING = frozenset(
    {
        *("newsletter", "newsletters", "infolettre", "bulletin", "bollettino", "notiziario"),
        *("通讯", "简报", "期刊", "电子报", "test", "prova", "essai", "测试", "draft", "bozza"),
        *("brouillon", "草稿", "subject", "oggetto", "objet", "主题", "title", "titolo", "titre"),
        *("标题", "untitled", "无标题", "senza", "sans", "no"),
    }
)
_CHINESE_WORDS = re.compile(r"通讯|简报|期刊|电子报|测试|草稿|主题|无标题|标题|[第期年月]|.+")
_SMALL_WORDS = frozenset(
    {
        *(
            "n",
            "nr",
            "num",
            "number",
            "numero",
            "numéro",
            "issue",
            "edition",
            "edizione",
            "édition",
        ),
        *("di", "del", "della", "de", "du", "des", "la", "le", "il", "l", "d", "of", "the", "our"),
        *("nostra", "notre", "第", "期", "年", "月"),
    }
)


@rule(
    "W011",
    says="The subject has at most 70 characters.",
    source="desktop inboxes show about 70 characters, phones about 40",
    cure="say the most important thing first, and cut the rest",
)
def long_subject(proof: Proof) -> Iterator[Hit]:
    """The subject's length, each slot counted as its default or ten letters."""
    for language, text in _texts(proof):
        length = len(_typical(text.subject))
        if length > proof.limits.subject:
            yield Hit(f"the subject has {length} characters", "subject", language)


@rule(
    "W012",
    says="There is a preheader.",
    source="without one, inboxes show the page's first words, often a link",
    cure='write preheader = "…": what the subject does not say',
)
def no_preheader(proof: Proof) -> Iterator[Hit]:
    """The original's preheader; a translation without one falls back to it."""
    if not proof.issue.original.preheader:
        yield Hit("there is no preheader", "preheader")


@rule(
    "W013",
    says="The preheader does not repeat the subject.",
    source="the two stand beside each other in the inbox",
    cure="say in it what the subject does not say",
)
def repeated_preheader(proof: Proof) -> Iterator[Hit]:
    """Subject and preheader, whatever their case and their last sign."""
    for language, text in _texts(proof):
        same = text.preheader and _bare(text.preheader) == _bare(text.subject)
        if same and not still_to_write(text.subject):
            yield Hit("the preheader repeats the subject", "preheader", language)


@rule(
    "W014",
    says="Subject and preheader are not written in capitals.",
    source="capitals read slowly, and filters count them as shouting",
    cure="write it as in a sentence",
)
def shouted(proof: Proof) -> Iterator[Hit]:
    """Lines in capitals; acronyms and the publisher's own names are left out."""
    own = set(_WORD.findall(f"{proof.publisher.name} {proof.publisher.organisation}".upper()))
    for language, where, line in _lines(proof):
        words = [word for word in _WORD.findall(line) if word.upper() not in own]
        cased = [letter for word in words for letter in word if letter.lower() != letter.upper()]
        capitals = sum(letter.isupper() for letter in cased)
        longest = max((len(word) for word in words if word.isupper()), default=0)
        if longest >= _SHOUTED and len(words) > 1 and capitals >= _MOSTLY * len(cased):
            yield Hit(f"the {where} is written in capitals", where, language)


@rule(
    "W015",
    says="Subject and preheader end a sentence with one sign.",
    source="filters count !! and ??, and readers trust them less",
    cure="keep one sign, or none",
)
def many_signs(proof: Proof) -> Iterator[Hit]:
    """Exclamation and question marks in a row."""
    for language, where, line in _lines(proof):
        found = _MANY_SIGNS.search(line)
        if found:
            message = f"{found[0]} stands in the {where}"
            yield Hit(message, where, language, offset=found.start())


@rule(
    "W016",
    says="The subject has at most two emoji.",
    source="screen readers speak each by its name, and filters count them",
    cure="keep the one that says something",
)
def many_emoji(proof: Proof) -> Iterator[Hit]:
    """Emoji and signs like them; families and flags count once."""
    for language, text in _texts(proof):
        found = list(_EMOJI.finditer(text.subject))
        if len(found) > _MAX_EMOJI:
            message = f"the subject has {len(found)} emoji"
            yield Hit(message, "subject", language, offset=found[_MAX_EMOJI].start())


@rule(
    "W017",
    says="The subject says what the issue is about.",
    source="a name and a date are in every newsletter; readers open for what is new",
    cure="name the most important piece of news",
)
def empty_subject(proof: Proof) -> Iterator[Hit]:
    """Subjects of nothing but "newsletter", a number, a month, or the publisher's name."""
    own = {*_WORD.findall(f"{proof.publisher.name} {proof.publisher.organisation}".casefold())}
    for language, text in _texts(proof):
        line = replace_slots(text.subject, lambda _: "")
        words = {word for found in _WORD.findall(line.casefold()) for word in _parted(found)}
        if not words - own - _SAYS_NOTHING - _SMALL_WORDS - _months(language):
            yield Hit(f'"{text.subject}" does not say what is new', "subject", language)


@rule(
    "W018",
    says="The subject does not look like an answer.",
    source="CAN-SPAM forbids subjects that mislead; filters know these",
    cure="take Re: or Fwd: out",
)
def false_answer(proof: Proof) -> Iterator[Hit]:
    """``Re:``, ``Fwd:``, ``R:``, ``TR:``, ``回复：`` at the beginning."""
    for language, text in _texts(proof):
        found = _ANSWER.match(text.subject)
        if found:
            yield Hit(f"the subject begins with {found[0].strip()}", "subject", language, offset=0)


@rule(
    "N019",
    says="The preheader has at most 150 characters.",
    source="no inbox shows more",
    cure="keep what makes one open it",
)
def long_preheader(proof: Proof) -> Iterator[Hit]:
    """The preheader's length, each slot counted as its default or ten letters."""
    for language, text in _texts(proof):
        length = len(_typical(text.preheader or ""))
        if length > proof.limits.preheader:
            yield Hit(f"the preheader has {length} characters", "preheader", language)


def _texts(proof: Proof) -> Iterator[tuple[Language, IssueText]]:
    """The languages that have their own subject; the others would repeat the original's."""
    for language, text in proof.issue.texts.items():
        if language == proof.issue.language or text.subject != proof.issue.original.subject:
            yield language, text


def _lines(proof: Proof) -> Iterator[tuple[Language, str, str]]:
    for language, text in _texts(proof):
        yield language, "subject", text.subject
        if text.preheader:
            yield language, "preheader", text.preheader


def _typical(words: str) -> str:
    return replace_slots(words, _typical_value)


def _typical_value(slot: Slot) -> str:
    return slot.default if slot.default is not None else "x" * 10


def _bare(words: str) -> str:
    return words.casefold().rstrip(" .!?…。！？")


def _months(language: Language) -> frozenset[str]:
    months = locale_of(language).months
    return frozenset(
        str(name).casefold().rstrip(".")
        for form in ("format", "stand-alone")
        for name in months[form]["wide"].values()
    )


def _parted(word: str) -> list[str]:
    """Chinese writes no blanks: its words of no meaning here are parted by themselves."""
    return _CHINESE_WORDS.findall(word) if word[0] > "\u3000" else [word]


RULES = (
    long_subject,
    no_preheader,
    repeated_preheader,
    shouted,
    many_signs,
    many_emoji,
    empty_subject,
    false_answer,
    long_preheader,
)
