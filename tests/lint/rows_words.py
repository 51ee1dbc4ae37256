"""The rows of the rules about words, names and the sender."""

from newsletter.lint.rule import Proof
from tests.lint.proofs import (
    CLEAN,
    Row,
    body,
    changed,
    clean,
    template,
    toml,
    words,
)

CALL = """
[sections.{}]
kind = "call"
title = "Partecipi"
button = {{ label = "Scriva", url = "mailto:a@alisei.example" }}
"""
REPORT = """
[sections.r]
kind = "report"
title = "Bilancio"
lead = "Il bilancio."
figures = [{{ value = "3", label = "{}" }}]
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
    "E005": Row("issue.toml:8:1", lambda root: without_country(clean()(root)), clean()),
    "E006": Row(
        "issue.toml:11:14",
        changed(body("Ciao {{ first_name }}"), holes={"first_name": 3}),
        changed(body("Ciao {{ first_name | 'a Lei' }}")),
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
    "W025": Row(
        "issue.toml:24:1",
        toml(CLEAN + CALL.format("a") + CALL.format("b")),
        toml(CLEAN + CALL.format("a")),
    ),
    "W035": Row(
        "issue.toml:20:1",
        toml(CLEAN + CALL.format("a").replace("Partecipi", "La Cina")),
        toml(CLEAN + CALL.format("a")),
    ),
    "N037": Row(
        "issue.toml:22:1",
        toml(CLEAN + CALL.format("a") + f'body = "{"parola " * 26}"\n'),
        toml(CLEAN + CALL.format("a") + f'body = "{"parola " * 25}"\n'),
    ),
    "N038": Row(
        "issue.toml:22:27",
        toml(CLEAN + REPORT.format("soci che sono venuti in assemblea quest'anno")),
        toml(CLEAN + REPORT.format("soci che sono venuti in assemblea")),
    ),
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
