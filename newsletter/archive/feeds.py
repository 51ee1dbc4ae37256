"""Feeds of a language's issues: Atom (RFC 4287) and JSON Feed 1.1.

They hold words alone, no markup of any issue: whatever shows them has nothing to run.
"""

import json
import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from newsletter.archive.model import Entry, Frame
from newsletter.values import Language

_ATOM: Final = "http://www.w3.org/2005/Atom"
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MOST: Final = 50
ATOM_NAME: Final = "atom.xml"
JSON_NAME: Final = "feed.json"


def atom(frame: Frame, language: Language, entries: Sequence[Entry]) -> bytes:
    """The newest fifty issues; their ids are their addresses."""
    ET.register_namespace("", _ATOM)
    home = f"{frame.address}{language}/"
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": language})
    _add(feed, "id", home)
    _add(feed, "title", frame.name)
    _add(feed, "updated", max(entry.updated for entry in entries).isoformat())
    _add(_add(feed, "author", ""), "name", frame.organisation)
    _add(feed, "link", "", rel="self", type="application/atom+xml", href=home + ATOM_NAME)
    _add(feed, "link", "", rel="alternate", type="text/html", href=home)
    for entry in entries[:_MOST]:
        item = _add(feed, "entry", "")
        _add(item, "id", frame.address + entry.path)
        _add(item, "title", entry.title)
        _add(item, "published", entry.sent_at.isoformat())
        _add(item, "updated", entry.updated.isoformat())
        _add(item, "link", "", rel="alternate", type="text/html", href=frame.address + entry.path)
        _add(item, "summary", entry.preheader or entry.title)
    octets: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return octets + b"\n"


def json_feed(frame: Frame, language: Language, entries: Sequence[Entry]) -> bytes:
    """The same as JSON."""
    home = f"{frame.address}{language}/"
    items = [
        {
            "id": frame.address + entry.path,
            "url": frame.address + entry.path,
            "title": _said(entry.title),
            "content_text": _said(entry.preheader or entry.title),
            "date_published": entry.sent_at.isoformat(),
            "date_modified": entry.updated.isoformat(),
            "language": str(language),
        }
        for entry in entries[:_MOST]
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _said(frame.name),
        "home_page_url": home,
        "feed_url": home + JSON_NAME,
        "language": str(language),
        "authors": [{"name": _said(frame.organisation)}],
        "items": items,
    }
    # A feed that is shown as a page by mistake still holds no tag.
    text = json.dumps(feed, ensure_ascii=False, indent=1)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").encode() + b"\n"


def _add(parent: ET.Element, name: str, words: str, **attributes: str) -> ET.Element:
    found = ET.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    found.text = _said(words) or None
    return found


def _said(words: str) -> str:
    """Words without what XML 1.0 does not allow (2.2)."""
    return _NO_XML.sub("", words)
