"""The whole archive as files: a page for each issue and language, lists, feeds. Pure.

Pages are trees until they are written, so no word of an issue can become markup on the way.
"""

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Final

from lxml.html import HtmlElement, builder, tostring

from newsletter.archive.feeds import ATOM_NAME, JSON_NAME, atom, json_feed
from newsletter.archive.model import Entry, Frame
from newsletter.archive.page import PublicPage
from newsletter.edition.dates import date_long
from newsletter.values import Language, choose_language

POLICY: Final = (
    "default-src 'none'; img-src 'self'; style-src 'self' 'unsafe-inline'; base-uri 'none';"
    " form-action 'none'"
)
SENT_NAME: Final = "sent.html"
_INDEX: Final = "index.html"
_BAR: Final = """
.archive-bar { background: #F4F0F3; color: #251B3E; padding: 12px 24px; text-align: center;
  font: 14px/20px "Segoe UI", -apple-system, Roboto, Arial, sans-serif; }
.archive-bar a { color: #251B3E; }
.archive-note { background: #FAF3F5; border-bottom: 4px solid #A3133F; }
@media (prefers-color-scheme: dark) {
  .archive-bar { background: #120D1E; color: #F1ECF4; } .archive-bar a { color: #F1ECF4; }
  .archive-note { background: #251D38; border-bottom-color: #FF9DB1; }
}
"""
_PLACE: Final = re.compile(r"(\{\w+\})")


def site_files(frame: Frame, entries: Iterable[Entry]) -> dict[str, bytes]:
    """Every file but images and style, by its path; the newest issue first everywhere."""
    ordered = sorted(entries, key=lambda entry: (entry.sent_at, entry.slug), reverse=True)
    by_language: dict[Language, list[Entry]] = {}
    for entry in ordered:
        by_language.setdefault(entry.language, []).append(entry)
    files = {_INDEX: _home(frame, by_language)}
    for language, own in sorted(by_language.items()):
        files[f"{language}/{_INDEX}"] = _index(frame, language, own, sorted(by_language))
        files[f"{language}/{ATOM_NAME}"] = atom(frame, language, own)
        files[f"{language}/{JSON_NAME}"] = json_feed(frame, language, own)
    for entry in ordered:
        others = [each for each in ordered if each.slug == entry.slug]
        files |= _pages(entry, others)
    return files


def _pages(entry: Entry, others: Sequence[Entry]) -> dict[str, bytes]:
    bar = _bar(entry, others)
    files = {f"{entry.path}{_INDEX}": _whole(entry.page, entry.language, [bar, *_note(entry)])}
    if entry.correction:
        files[f"{entry.path}{SENT_NAME}"] = _whole(
            entry.sent, entry.language, [bar, _sent_note(entry)]
        )
    return files


def _whole(page: PublicPage, language: Language, above: Sequence[HtmlElement]) -> bytes:
    """An issue's page, with what the archive says above it."""
    root = deepcopy(page.tree)
    root.set("lang", root.get("lang") or language)
    head, body = root.find("head"), root.find("body")
    if head is None:
        head = builder.HEAD()
        root.insert(0, head)
    if body is None:
        body = builder.BODY()
        root.append(body)
    for title in head.findall("title"):
        head.remove(title)
    head[:0] = [*_meta(), builder.TITLE(page.subject)]
    head.append(builder.STYLE(_BAR))
    text, body.text = body.text, None
    body[:0] = above
    above[-1].tail = text
    return _written(root)


def _bar(entry: Entry, others: Sequence[Entry]) -> HtmlElement:
    t = words_in(entry.language)
    parts: list[HtmlElement | str] = [builder.A(t["issues"], href="../")]
    for other in sorted(others, key=lambda each: each.language):
        if other.language != entry.language:
            link = builder.A(name_of(other.language), href=f"../../{other.path}")
            link.set("lang", other.language)
            parts += [" · ", link]
    bar = builder.E.nav(*parts)
    bar.set("class", "archive-bar")
    bar.set("aria-label", t["archive"])
    bar.set("lang", spoken(entry.language))
    return bar


def _note(entry: Entry) -> list[HtmlElement]:
    """That a page was corrected, and where the sent one is."""
    if entry.correction is None:
        return []
    t = words_in(entry.language)
    when = t["corrected"].replace("{date}", _date(entry.correction.at, entry.language))
    said = f"{when} {entry.correction.note} ".replace("  ", " ")
    return [_told(entry, said, builder.A(t["as_sent"], href=SENT_NAME))]


def _sent_note(entry: Entry) -> HtmlElement:
    t = words_in(entry.language)
    said = t["sent_version"].replace("{date}", _date(entry.sent_at, entry.language))
    return _told(entry, f"{said} ", builder.A(t["current"], href="./"))


def _told(entry: Entry, said: str, link: HtmlElement) -> HtmlElement:
    note = builder.P(said, link)
    note.set("class", "archive-bar archive-note")
    note.set("role", "note")
    note.set("style", "margin:0")
    note.set("lang", spoken(entry.language))
    return note


def _index(
    frame: Frame, language: Language, entries: Sequence[Entry], languages: Sequence[Language]
) -> bytes:
    t = words_in(language)
    items = [
        builder.LI(
            builder.A(entry.title, href=f"{entry.slug}/"),
            builder.BR(),
            builder.SMALL(_date(entry.sent_at, language)),
        )
        for entry in entries
    ]
    listed = builder.UL(*items)
    listed.set("class", "issues")
    main = [builder.H1(f"{frame.name}: {t['archive']}"), listed]
    feeds = {
        "{atom}": builder.A("Atom", href=ATOM_NAME),
        "{json}": builder.A("JSON", href=JSON_NAME),
    }
    main.append(builder.P(*(feeds.get(part, part) for part in _PLACE.split(t["feeds"]))))
    main.append(builder.P(builder.A(t["subscribe"], href=frame.subscribe)))
    if len(languages) > 1:
        main.append(_choice(language, languages, "../"))
    home = f"{frame.address}{language}/"
    links = [
        builder.LINK(rel="alternate", type=kind, href=home + name, title=frame.name)
        for kind, name in (
            ("application/atom+xml", ATOM_NAME),
            ("application/feed+json", JSON_NAME),
        )
    ]
    return _framed(frame, language, f"{frame.name}: {t['archive']}", main, "../", links)


def _home(frame: Frame, by_language: Mapping[Language, Sequence[Entry]]) -> bytes:
    """Which languages there are."""
    first = next(iter(by_language), Language("en"))
    title = f"{frame.name}: {words_in(first)['archive']}"
    main = [builder.H1(title), _choice(None, sorted(by_language), "")]
    return _framed(frame, first, title, main, "", [])


def _choice(own: Language | None, languages: Iterable[Language], root: str) -> HtmlElement:
    links = []
    for language in languages:
        if language != own:
            link = builder.A(name_of(language), href=f"{root}{language}/")
            link.set("lang", language)
            links.append(builder.LI(link))
    chosen = builder.UL(*links)
    chosen.set("class", "issues")
    return chosen


def _framed(
    frame: Frame,
    language: Language,
    title: str,
    main: Sequence[HtmlElement],
    root: str,
    links: Sequence[HtmlElement],
) -> bytes:
    brand, header = builder.P(frame.brand), builder.E.header()
    brand.set("class", "column brand")
    header.set("class", "field")
    header.append(brand)
    middle, footer = builder.E.main(*main), builder.E.footer(builder.P(frame.organisation))
    middle.set("class", "column")
    footer.set("class", "column")
    style = builder.LINK(rel="stylesheet", href=f"{root}static/public.css")
    head = builder.HEAD(*_meta(), builder.TITLE(title), style, *links)
    page = builder.HTML(head, builder.BODY(header, middle, footer))
    page.set("lang", spoken(language))
    page.find("body").set("class", "han" if language.startswith("zh") else "latin")
    return _written(page)


def _meta() -> list[HtmlElement]:
    """The policy stands before whatever it is about."""
    policy = builder.META(content=POLICY)
    policy.set("http-equiv", "Content-Security-Policy")
    return [
        builder.META(charset="utf-8"),
        policy,
        builder.META(name="viewport", content="width=device-width, initial-scale=1"),
        builder.META(name="referrer", content="no-referrer"),
        builder.META(name="color-scheme", content="light dark"),
    ]


def _written(page: HtmlElement) -> bytes:
    text = tostring(page, encoding="unicode", method="html", doctype="<!doctype html>")
    return f"{text}\n".encode()


def _date(instant: dt.datetime, language: Language) -> str:
    return date_long(instant.date(), spoken(language))


def spoken(language: Language) -> Language:
    """The archive's language that is nearest."""
    return choose_language(language, _words(), Language("en"))


def words_in(language: Language) -> Mapping[str, str]:
    """What the archive says in that language, or the nearest it speaks."""
    return _words()[spoken(language)]


def name_of(language: Language) -> str:
    """A language's name in itself; its tag where the archive does not speak it."""
    own = spoken(language)
    alike = own.split("-")[0] == language.split("-")[0]
    return _words()[own]["language_name"] if alike else str(language)


@cache
def _words() -> Mapping[Language, Mapping[str, str]]:
    tables = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return {Language(language): table for language, table in tables.items()}
