"""Rules about what was to be replaced: sample text, sample addresses, words that say nothing."""

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from newsletter.lint.rule import Hit, Proof, rule

# Capitals only, for "todo" is Spanish for everything; and XXX before a word is thirty in Rome.
_MARKS = r"\b(?:TODO|FIXME|TBD)\b|\bXXX+\b(?!\s+[^\W\d_A-Z])|\?\?\?"
_FILLER = r"(?i:lorem ipsum|dolor sit amet)"
_SAID = (
    r"(?i:\btesto segnaposto\b|\binserire qui\b|\binserisci qui\b|\btesto da inserire\b"
    r"|\bplaceholder text\b|\binsert (?:text|title|link|image|name|date) here\b"
    r"|\byour (?:text|title) here\b|\b(?:text|title) goes here\b"
    r"|\btexte à insérer\b|\binsérer ici\b|\bfaux[- ]texte\b"
    r"|\btexto de relleno\b|\binsertar aquí\b|\bblindtext\b|\btext hier einfügen\b"
    r"|(?:此处|在此)(?:输入|填写|插入)|(?<![有需])待补充|占位(?:符|文字|文本)|示例文[字本])"
)
_BRACKETS = (
    r"(?i:\[(?:titolo|testo|nome|cognome|data|luogo|link|immagine|inserire[^\]\n]{0,40}"
    r"|title|text|name|date|place|image|insert [^\]\n]{0,40}|your [^\]\n]{0,40}"
    r"|titre|texte|nom|prénom|lieu|lien|insérer[^\]\n]{0,40}|à compléter"
    r"|标题|正文|姓名|日期|地点|链接|图片)\](?![(\[]))"
)
_BLANK_DATE = r"\b(?:[xX]{2}|GG|gg|DD|dd|00)([/.-])(?:[xX]{2}|MM|mm|00)\1(?:\d{4}|[xXAaYy]{2,4})\b"
_LEFTOVER = re.compile(f"{_FILLER}|{_MARKS}|{_SAID}|{_BRACKETS}|{_BLANK_DATE}")

_HOST = re.compile(
    r"(?:https?://|mailto:[^\s@?>)]{1,64}@)((?:[\w-]+\.)+[a-z]{2,})[^\s)>\"']*", re.IGNORECASE
)
_DOCUMENTATION = re.compile(r"(?:^|\.)example\.(?:com|org|net)$")
_INVENTED = re.compile(
    r"(?:^|\.)(?:your-?(?:site|domain|website|company)|(?:tuo|vostro|suo)-?(?:sito|dominio)"
    r"|(?:votre|mon)-?(?:site|domaine))\.[a-z]{2,}$"
)
_RESERVED = re.compile(r"\.(?:example|test|invalid|localhost)$")

_CLICK_HERE = re.compile(
    r"\bclicca(?:re|te|ndo)? (?:qui|qua)\b|\bpremi(?:ere)? qui\b|\bclick(?:ing)? here\b"
    r"|\bcliqu(?:ez|er|ant)[- ]ici\b|\bhier klicken\b|\bhaga clic aquí\b"
    r"|点击(?:这里|此处)|(?:点|按)此处|请点此"
    r"|(?<=\[)(?:qui|qua|here|ici|hier|aquí|link|questo link|this link|ce lien)(?=\]\()"
    r"|(?<=\[)(?:这里|此处|链接)(?=\]\()",
    re.IGNORECASE,
)


@rule(
    "W021",
    says="No text stands in for another.",
    source="what was to be replaced before the send",
    cure="write what belongs there",
)
def leftover(proof: Proof) -> Iterator[Hit]:
    """Lorem ipsum, TODO, "insert text here" and the like, in any language."""
    yield from matches(proof, _LEFTOVER, "{} is left over")


@rule(
    "W022",
    says="No link leads to a host that exists only in examples.",
    source="RFC 2606: example.com and .example are for documentation",
    cure="write the real address",
)
def sample_link(proof: Proof) -> Iterator[Hit]:
    """Links to example.com, yoursite.com, and .example unless the newsletter itself is there."""
    here = bool(_RESERVED.search(urlsplit(proof.publisher.site_url).hostname or ""))
    for language, word in proof.words():
        for match in _HOST.finditer(word.text):
            host = match[1].lower()
            known = _DOCUMENTATION.search(host) or _INVENTED.search(host)
            if known or (_RESERVED.search(host) and not here):
                message = f"{match[0]} leads to an example"
                yield Hit(message, word.where, language, offset=match.start())


@rule(
    "W023",
    says="A link says where it leads.",
    source="WCAG 2.2, 2.4.4: readers who hear the page hear its links alone",
    cure="let the link's words name what is there",
)
def click_here(proof: Proof) -> Iterator[Hit]:
    """The habitual words of links that say nothing: "click here", a link that is only "here"."""
    yield from matches(proof, _CLICK_HERE, '"{}" does not say where the link leads')


def still_to_write(text: str) -> bool:
    """Whether something in the text is to be replaced: other rules wait until it is."""
    return bool(_LEFTOVER.search(text))


def matches(proof: Proof, pattern: re.Pattern[str], message: str) -> Iterator[Hit]:
    """Each different match of a word once, at its first character."""
    for language, word in proof.words():
        for found, start in _first_of_each(pattern, word.text):
            yield Hit(message.format(found), word.where, language, offset=start)


@lru_cache(maxsize=4096)
def _first_of_each(pattern: re.Pattern[str], text: str) -> tuple[tuple[str, int], ...]:
    """Each different match, and where it first stands; most words are those of the last check."""
    seen = {match[0]: match.start() for match in reversed(list(pattern.finditer(text)))}
    return tuple(reversed(seen.items()))


RULES = (leftover, sample_link, click_here)
