"""A mailed page made fit for the public: what is not known to be harmless is not there.

The tree is built of what is on the lists below: no script, no frame, no form, no event handler,
no address but of the web, of mail and of a telephone. Style sheets stay, unless they could end
themselves. A policy in the page's head forbids scripts besides.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

NOWHERE: Final = "https://slot.invalid/"
"""Where a reader's own links lead in a page that is nobody's."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_KNOWN: Final = _set(
    "html head body title style a abbr address article aside b bdi bdo big blockquote br "
    "caption center cite code col colgroup dd del dfn div dl dt em figcaption figure font "
    "footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp "
    "section small span strong sub sup table tbody td tfoot th thead time tr tt u ul var "
    "wbr"
)
_GONE_WITH_WORDS: Final = _set(
    "script noscript iframe frame frameset noframes object embed applet svg math template "
    "form input button select option textarea audio video source track base link meta param "
    "portal canvas dialog slot xmp plaintext listing noembed"
)
_ATTRIBUTES: Final = _set(
    "align alt bgcolor border cellpadding cellspacing class cite color colspan datetime dir "
    "face height href hspace id lang nowrap role rowspan scope size span src start style "
    "summary title valign vspace width"
)
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_NO_TEXT: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no tree holds (XML 1.0, 2.2)."""
_LEAVES_CSS: Final = re.compile(
    r"<|expression\s*\(|@import|-moz-binding|behavior\s*:", re.IGNORECASE
)
_KEPT_EMPTY: Final = frozenset({"html", "head", "body"})

Image = Callable[[str], str | None]
"""From an image's address to the one in the archive, or None where it is not to be shown."""


def cleaned(html: str, image: Image) -> HtmlElement:
    """The page as a tree of what is known to be harmless, without the links of any reader."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    html = _NO_TEXT.sub("", html)
    root = document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            _drop(element)
    _prune(root)
    for element in root.iter():
        _bare(element, image)
    _without_own_links(root)
    return root


def text_of(element: HtmlElement) -> str:
    """What is read in it, in one line."""
    return " ".join("".join(map(str, element.itertext())).split())


def _prune(root: HtmlElement) -> None:
    """Take out what is not known; of what is only unknown the words stay."""
    for element in list(root.iter()):
        tag = str(element.tag).lower()
        if tag in _GONE_WITH_WORDS or (tag == "style" and _leaves(element.text)):
            _drop(element)
        elif tag not in _KNOWN and element.getparent() is not None:
            _unwrap(element)


def _unwrap(element: HtmlElement) -> None:
    """Leave the words of an element, without it; none where they are no words of a tree."""
    try:
        element.drop_tag()
    except ValueError:
        _drop(element)


def _bare(element: HtmlElement, image: Image) -> None:
    """Take away what an element may not say."""
    given = [(str(name), str(value)) for name, value in element.attrib.items()]
    for name, value in given:
        if (
            not (name in _ATTRIBUTES or name.startswith("aria-"))
            or (name in {"style", "class"} and _leaves(value))
            or (name in {"href", "cite"} and not _harmless(value))
        ):
            del element.attrib[name]
        elif name == "src":
            _show(element, image(value) if element.tag == "img" else None)
    if element.tag == "a" and element.get("href", "").startswith(("http:", "https:")):
        element.set("rel", "noopener noreferrer")


def _show(element: HtmlElement, shown: str | None) -> None:
    if shown is None:
        del element.attrib["src"]
    else:
        element.set("src", shown)


def _leaves(css: str | None) -> bool:
    return bool(_LEAVES_CSS.search(css or ""))


def _harmless(address: str) -> bool:
    """Whether an address leads to a page, a person or a part of this page."""
    plain = _CONTROL.sub("", address)
    if plain.startswith("#"):
        return True
    try:
        return urlsplit(plain).scheme.lower() in _SCHEMES
    except ValueError:
        return False


def _without_own_links(root: HtmlElement) -> None:
    """Take out the links that were each reader's own, and what is empty without them."""
    for link in [each for each in root.iter("a") if each.get("href", "").startswith(NOWHERE)]:
        parent = link.getparent()
        _drop(link)
        while parent is not None and parent.tag not in _KEPT_EMPTY and _is_empty(parent):
            empty, parent = parent, parent.getparent()
            _drop(empty)


def _is_empty(element: HtmlElement) -> bool:
    return not text_of(element) and not any(True for _ in _shown(element))


def _shown(element: HtmlElement) -> Iterator[HtmlElement]:
    yield from element.iter("img", "hr")


def _drop(element: etree._Element) -> None:
    """Take an element out, with all that is in it; what follows it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)
