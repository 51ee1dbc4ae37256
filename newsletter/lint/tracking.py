"""Rules about being watched: what differs between two readers, and what tells one from another."""

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml import etree

from newsletter.edition.model import URL_SLOTS, Edition
from newsletter.lint.css import declarations
from newsletter.lint.look import pixels
from newsletter.lint.origin import image_hit, theme_hit
from newsletter.lint.page import Page, Part, pages_of
from newsletter.lint.place import place_in_theme
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.lint.written import written_links

_LOADING = frozenset({"href", "src", "background", "srcset", "poster", "data", "action"})
_LOADED_BY = ("href", "src", "background")
_LOADED = re.compile(rf"\b({'|'.join(_LOADED_BY)})\s*=\s*[\"']?([^\"'\s>]+)")
_CSS_URL = re.compile(r"url\(\s*([\"']?)(.*?)\1\s*\)", re.IGNORECASE)
_IMPORT = re.compile(r"@import\b|@font-face\b", re.IGNORECASE)
_PIXEL = 3
# Who clicked, in the words of those who count clicks; utm_* names a campaign, not a person.
_PERSONAL = re.compile(
    "(?:fb|g|d|ms|tw|tt|y)clid|msclkid|[gw]braid|igsh(?:id)?|ck_subscriber_id|sc_eid|mc_eid|mkt_tok|vero_id|wickedid"
    "|_hsenc|_hsmi|__hs[st]c|hsctatracking"
    "|__s|oly_anon_id|oly_enc_id|rb_clickid|ml_subscriber(?:_hash)?|bsft_[ue]id|ss_email_id"
    "|trk_contact|trk_msg"
)
_COUNTERS = re.compile(
    r"(?:^|\.)list-manage\.com$|(?:^|\.)sendgrid\.net$|(?:^|\.)mailchimp\.com$|\.rs6\.net$"
    r"|(?:^|\.)safelinks\.protection\.outlook\.com$|^urldefense\.(?:com|proofpoint\.com)$"
    r"|^(?:click|clicks|clicktracking|trk|track|tracking)\.",
    re.IGNORECASE,
)


@rule(
    "E133",
    says="No image or link tells readers apart, but their own three and what they agreed to.",
    source="GDPR and ePrivacy: what tells who opened or clicked needs consent first",
    cure="show every reader the same address; {{ unsubscribe_url }} and its sisters may be links",
)
def tells_readers_apart(proof: Proof) -> Iterator[Hit]:
    """Each page, filled for two readers, and every address in it."""
    for page in pages_of(proof):
        edition = page.edition
        for part, what, address in _addresses(page):
            slot = _slot_of(edition, address)
            if not slot:  # what has no slot is the same for all
                continue
            one, other = (_filled(edition, address, reader) for reader in ("anna", "bruno"))
            if one == other or (slot in URL_SLOTS and what == "a href"):
                continue
            message = f"the {what} of the page tells readers apart by {slot}"
            yield theme_hit(proof, page, part, message, _pattern(what))


@rule(
    "W134",
    says="No image is there only to be counted.",
    source="an image of one pixel is what filters and readers look for; and see E133",
    cure="take it out",
)
def counting_pixel(proof: Proof) -> Iterator[Hit]:
    """Images of up to three pixels, or loaded and not shown."""
    for page in pages_of(proof):
        for part in page.named("img"):
            if _is_pixel(part):
                message = f"{(part.get('src') or '')[:60]} is an image that nobody sees"
                yield image_hit(proof, page, part, message)


@rule(
    "W135",
    says="No link carries somebody's tracking number.",
    source="an address copied from a mail or a network names the person who copied it",
    cure="open the page and copy its plain address, without what tells who clicked",
)
def personal_link(proof: Proof) -> Iterator[Hit]:
    """Links through services that count clicks, and addresses with a number of theirs."""
    told = set()
    for link in written_links(proof):
        why, name = _counts(link.url)
        if why:
            told.add(unquote(link.url))  # on the page it may be written with other signs
            at = max(link.url.find(name), 0) if name else 0
            yield link.hit(f"{link.url[:60]} {why}", at=at)
    for page in pages_of(proof):
        for part in page.named("a"):
            href = part.get("href") or ""
            why, _ = _counts(href)
            if why and unquote(href) not in told:
                yield theme_hit(proof, page, part, f"{href[:60]} {why}", re.escape(href))


@rule(
    "W136",
    says="A page loads nothing but its images.",
    source="a font or a style sheet from elsewhere tells its server who reads, and when",
    cure="write the style into head.css; use fonts that readers have",
)
def loads_more(proof: Proof) -> Iterator[Hit]:
    """Links to style sheets, @import and @font-face in the head."""
    for page in pages_of(proof):
        for part in page.named("link"):
            if "stylesheet" in (part.get("rel") or "").lower():
                message = f"the page loads {part.get('href')}"
                yield theme_hit(proof, page, part, message, "<mj-font|<link")
        for sheet in page.sheets:
            found = _IMPORT.search(sheet)
            if found:
                yield _in_css(proof, page, f"a style sheet has {found[0]}", re.escape(found[0]))


def _filled(edition: Edition, text: str, reader: str) -> str:
    """A piece of the page as one reader gets it: each slot has a value of the reader's own."""
    for token, slot in edition.slots.items():
        text = text.replace(token, f"{reader}-{slot.name}")
    return text


def _addresses(page: Page) -> Iterator[tuple[Part, str, str]]:
    """(where, what loads or leads there, the address) of everything in a page.

    What stands in a comment for Outlook is loaded by Outlook.
    """
    for part in page.parts:
        for name in () if _LOADING.isdisjoint(part.attributes) else part.attributes:
            address = part.get(name)
            if address and name in _LOADING:
                yield part, f"{part.tag} {name}", address
        for text in (part.get("style"), part.element.text if part.tag == "style" else None):
            if text and "(" in text:
                for match in _CSS_URL.finditer(text):
                    yield part, "style", match[2]
    for comment in page.tree.iter(etree.Comment):
        text = comment.text or ""
        if any(name in text for name in _LOADED_BY):
            for match in _LOADED.finditer(text):
                yield page.parts[0], f"comment {match[1]}", match[2]


def _slot_of(edition: Edition, address: str) -> str:
    slots = edition.slots.items()
    return next((slot.name for token, slot in slots if token in address), "")


def _pattern(what: str) -> str:
    tag, _, attribute = what.partition(" ")
    return rf"<(?:{tag}|mj-\w+)\b[^>]*\b{attribute}=\"\{{\{{(?! *(?:theme_|masthead_)?image)"


def _is_pixel(part: Part) -> bool:
    declared = declarations(part.get("style") or "")
    sizes = [_number(part.get(side)) for side in ("width", "height")]
    sizes += [pixels(declared[side][0]) for side in ("width", "height") if side in declared]
    known = [size for size in sizes if size is not None]
    tiny = bool(known) and max(known) < _PIXEL
    return (tiny or not _is_shown(part)) and bool(part.get("src"))


def _is_shown(part: Part) -> bool:
    return not part.light.hidden or not part.dark.hidden


def _number(text: str | None) -> float | None:
    return float(text) if text and text.strip().isdigit() else None


@lru_cache(maxsize=1024)
def _counts(href: str) -> tuple[str, str]:
    """How an address tells who clicked, and by which parameter; nothing when it does not."""
    try:
        parts = urlsplit(href)
        host = parts.hostname or ""
    except ValueError:
        return "", ""
    if _COUNTERS.search(host):
        return "leads through a service that counts clicks", ""
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    personal = next((name for name in names if _PERSONAL.fullmatch(name.lower())), "")
    return (f"carries {personal}", personal) if personal else ("", "")


def _in_css(proof: Proof, page: Page, message: str, pattern: str) -> Hit:
    language = page.edition.variant.language
    if proof.theme is None:
        return Hit(message, language=language)
    return Hit(message, language=language, place=place_in_theme(proof.theme, pattern, "*.css"))


RULES = (tells_readers_apart, counting_pixel, personal_link, loads_more)
