"""The rows of the rules about links and places in the page."""

from dataclasses import replace
from functools import partial

from newsletter.lint.rule import Answer, SpamScore
from newsletter.message import Counting
from tests.edition.tiny import publisher
from tests.lint.proofs import CLEAN, Case, Row, body, changed, clean, template, toml

HTTPS = "https://alisei.example"
BUTTON = """
[sections.{name}]
kind = "article"
title = "{name}"
body = "Testo."
button = {{ label = "Leggi", url = "{url}" }}
"""

VOTE = "https://alisei.example/voto"
UNCOUNTED = CLEAN.replace("[sections", 'uncounted = ["{}"]\n\n[sections', 1).replace(
    "Un *tavolo* a Roma.", f"Un [voto]({VOTE}) a Roma."
)


def link(url: str, label: str = "Il bando") -> Case:
    """A link in the section's body; its address begins at column 21 under the usual words."""
    return body(f"[{label}]({url})")


def buttons(one: str, other: str) -> Case:
    text = "".join(BUTTON.format(name=name, url=url) for name, url in (("a", one), ("b", other)))
    return toml(CLEAN + text)


at_link = partial(Row, "issue.toml:11:20")

ROWS = {
    "E151": Row(
        "newsletter.toml:14:1",
        changed(counting=Counting(), publisher=replace(publisher(), site_url="http://localhost")),
        changed(counting=Counting()),
    ),
    "W152": Row(
        "issue.toml:7:14",
        toml(UNCOUNTED.replace("{}", f"{VOTE}2")),
        toml(UNCOUNTED.replace("{}", f"{VOTE}/")),
    ),
    "N153": Row(
        "issue.toml:11:26",
        changed(link(HTTPS, "alisei.example"), counting=Counting()),
        changed(link(HTTPS, "Il sito di Alisei"), counting=Counting()),
    ),
    "W154": Row(
        "newsletter.toml:1:1",
        changed(counting=Counting(), agreed=0),
        changed(counting=Counting(), agreed=1),
    ),
    "W024": at_link(link("http://alisei.example"), link(HTTPS)),
    "N049": Row("issue.toml:28:36", buttons(f"{HTTPS}/a", f"{HTTPS}/b"), buttons(HTTPS, HTTPS)),
    "E051": at_link(link("https://192.168.1.4/bando"), link("https://alisei.example/localhost")),
    "W052": at_link(link("https://bit.ly/3xY"), link("https://habit.ly/3xY")),
    "E053": at_link(link("mailto:segreteria@"), link("mailto:a@alisei.example,b@alisei.example")),
    "W054": at_link(
        link("mailto:a@alisei.example?subjct=Ciao"),
        link("mailto:a@alisei.example?subject=Ciao%20a%20tutti&body=Gentili"),
    ),
    "W059": Row(
        "issue.toml:11:30",
        link("https://altrove.example", "www.alisei.example"),
        link("https://www.alisei.example/it", "alisei.example"),
    ),
    "W060": at_link(link("https://8.8.8.8/bando"), link("https://8.example/bando")),
    "W061": Row("issue.toml:11:45", link(f"{HTTPS}/it,"), link(f"{HTTPS}/it/")),
    "W057": Row("issue.toml:11:9", link(f"{HTTPS}/bando finale.pdf"), link(f"{HTTPS}/b%20f.pdf")),
    "E062": at_link(
        changed(link(HTTPS), answers={HTTPS: Answer("the server says 404", dead=True)}),
        changed(link(HTTPS), answers={HTTPS: Answer("")}),
    ),
    "W072": at_link(
        changed(link(HTTPS), answers={HTTPS: Answer("the server says 503")}),
        changed(link(HTTPS), answers={HTTPS: Answer("")}),
    ),
    "W075": Row(
        "issue.toml:1:1",
        changed(spam={"it--china": SpamScore(5.1, 5.0, ("HTML_IMAGE_ONLY_04",))}),
        changed(spam={"it--china": SpamScore(4.9, 5.0)}),
    ),
    "E055": Row(
        "country.mjml.j2:2:66",
        template("section", "</h2>", ' <a href="#altrove">giù</a></h2>'),
        template("section", "</h2>", ' <a href="#{{ section.anchor }}">giù</a></h2>'),
    ),
    "W056": Row(
        "country.mjml.j2:2:66",
        template("section", "</h2>", ' <b id="x">a</b><b id="x">b</b></h2>'),
        template("section", "</h2>", ' <b id="x">a</b><b id="y">b</b></h2>'),
    ),
    "W074": Row(
        "edition.mjml.j2:16:13",
        template("edition.mjml.j2", "{{ t.unsubscribe }}</a>", "</a>"),
        clean(),
    ),
}
