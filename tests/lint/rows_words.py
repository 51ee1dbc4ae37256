"""The rows of the rules about words, names and the sender."""

from newsletter.lint.rule import Proof
from tests.edition.tiny import publisher
from tests.lint.proofs import (
    CLEAN,
    SETTINGS,
    Row,
    body,
    changed,
    clean,
    settings,
    template,
    toml,
    translated,
    words,
)

CALL = """
[sections.{}]
kind = "call"
title = "Partecipi"
button = {{ label = "Scriva", url = "mailto:a@alisei.example" }}
"""
ENGLISH = """\
subject = "News"
preheader = "A table, a fair"

[sections.china]
title = "China"
name = "China"
body = "A *table* in Rome."

[[sections.china.events]]
title = "Biomedicine"
place = "Beijing"
"""
EARLIER = """
[[sections.china.events]]
date = 2019-11-{}
title = "Chimica"
"""


def without_country(proof: Proof) -> Proof:
    import dataclasses

    assert proof.theme
    poor = dataclasses.replace(proof.theme, kinds=("report",))
    return dataclasses.replace(proof, theme=poor)


ROWS = {
    "E001": Row(
        "issue.toml:4:1",
        changed(theme=None, editions=(), themes=frozenset({"alisei"})),
        clean(),
    ),
    "E002": Row(
        "issue.toml:11:1",
        words('name = "Cina"', 'name = "Cina"\naudience = "chna"'),
        words('name = "Cina"', 'name = "Cina"\naudience = "china"'),
    ),
    "E003": Row("issue.toml:11:17", body("Gentile {{ cty }}"), body("Gentile {{ city }}")),
    "W004": Row(
        "issue.en.toml:4:1",
        translated(ENGLISH.replace('name = "China"\n', "")),
        translated(ENGLISH),
    ),
    "E005": Row("issue.toml:8:1", lambda root: without_country(clean()(root)), clean()),
    "E006": Row(
        "issue.toml:11:14",
        changed(body("Ciao {{ first_name }}"), holes={"first_name": 3}),
        changed(body("Ciao {{ first_name | 'a Lei' }}")),
    ),
    "W011": Row(
        "issue.toml:1:1",
        words("Notizie di novembre", "Le notizie " * 7),
        words("Notizie di novembre", "Le notizie " * 6),
    ),
    "W012": Row("issue.toml:1:1", words('preheader = "Un tavolo, una fiera"\n', ""), clean()),
    "W013": Row(
        "issue.toml:5:1",
        words("Un tavolo, una fiera", "NOTIZIE di novembre"),
        words("Un tavolo, una fiera", "Notizie di novembre e di dicembre"),
    ),
    "W021": Row("issue.toml:11:18", body("Un testo TODO qui"), body("todo el mundo, XXX edizione")),
    "W022": Row(
        "issue.toml:11:15",
        body("[qui](https://www.example.com/x)"),
        body("[il bando](https://www.alisei.example/x)"),
    ),
    "W023": Row(
        "issue.toml:11:10",
        body("[Clicca qui](https://alisei.example)"),
        body("[Il bando](https://alisei.example): clicca quindi"),
    ),
    "W024": Row(
        "issue.toml:11:21",
        body("[la pagina](http://alisei.example)"),
        body("[la pagina](https://alisei.example)"),
    ),
    "W025": Row(
        "issue.toml:24:1",
        toml(CLEAN + CALL.format("a") + CALL.format("b")),
        toml(CLEAN + CALL.format("a")),
    ),
    "E026": Row(
        "newsletter.toml:3:1",
        settings(SETTINGS.replace("postal", "no"), publisher=publisher(postal_address=())),
        settings(SETTINGS),
    ),
    "W027": Row(
        "issue.toml:18:1",
        toml(CLEAN + EARLIER.format(25)),
        toml(CLEAN + EARLIER.format(27)),
    ),
    "W028": Row("issue.toml:11:9", body("Lunedì 26 novembre"), body("Martedì 26 novembre")),
    "E043": Row(
        "edition.mjml.j2:18:1",
        template("edition.mjml.j2", "{{ url.unsubscribe }}", "https://alisei.example"),
        clean(),
    ),
    "E045": Row(
        "country.mjml.j2:2:63",
        template("section", "</h2>", ' <a href="#">su</a></h2>'),
        template("section", "</h2>", ' <a href="https://alisei.example">su</a></h2>'),
    ),
}
