"""What the rules about words take for a fault, and what only looks like one."""

import dataclasses
from pathlib import Path

import pytest

from newsletter.lint.check import lint
from newsletter.lint.rule import Severity
from tests.lint.proofs import CLEAN, body, changed, found, proof_of, the_only


@pytest.mark.parametrize(
    "text",
    [
        "XXX edizione",
        "todo el mundo",
        "Martedì 26 novembre",
        "lunedì 26 novembre 2018",
        "https://alisei.example",
        "clicca quindi",
    ],
)
def test_what_only_looks_like_a_fault_is_left_alone(tmp_path: Path, text: str) -> None:
    assert lint(body(text)(tmp_path)) == ()


def test_a_theme_that_is_not_there_is_an_error_with_the_nearest_name(tmp_path: Path) -> None:
    lost = changed(theme=None, editions=(), themes=frozenset({"tinny", "alisei"}))(tmp_path)
    finding = the_only(lost, "E001")
    assert finding.severity is Severity.ERROR
    assert '"tinny"?' in finding.cure


def test_what_is_not_translated_is_listed_by_language(tmp_path: Path) -> None:
    english = 'subject = "News"\npreheader = "A table"\n[sections.china]\ntitle = "China"\n'
    messages = [finding.message for finding in found(proof_of(tmp_path, en=english), "W004")]
    assert "sections.china.name is not translated into en" in messages
    assert len(messages) == 4


def test_a_fault_that_a_translation_took_over_is_reported_once(tmp_path: Path) -> None:
    toml = CLEAN.replace("Un *tavolo*", "TODO scrivere")
    assert the_only(proof_of(tmp_path, toml, en='subject = "News"\n'), "W021")


@pytest.mark.parametrize(
    ("language", "right", "wrong"),
    [
        ("en", "Tuesday, November 26, 2019", "Monday, November 26, 2019"),
        ("en", "Tuesday 26th of November", "Friday 26th of November"),
        ("fr-CA", "mardi 26 novembre", "le jeudi 26 novembre"),
        ("zh-Hans", "2019年11月26日（星期二）", "11月26日星期三"),
    ],
)
def test_weekdays_are_known_in_every_language(
    tmp_path: Path, language: str, right: str, wrong: str
) -> None:
    for words, count in ((right, 0), (wrong, 1)):
        text = f'[sections.china]\nbody = "{words}"\n'
        proof = proof_of(tmp_path, **{language.replace("-", "_"): text})
        assert len(found(proof, "W028")) == count, words


def test_a_hole_in_a_sentence_says_how_many_readers_it_waits_for(tmp_path: Path) -> None:
    toml = CLEAN.replace("preheader", 'greeting = "Ciao {{ first_name }}"\npreheader', 1)
    proof = dataclasses.replace(proof_of(tmp_path, toml), holes={"first_name": 3})
    finding = the_only(proof, "E006")
    assert finding.where == "greeting"
    assert finding.message.startswith("3 recipients have no first_name")


def test_words_that_span_lines_have_the_place_of_the_fault_not_of_the_key(tmp_path: Path) -> None:
    lines = 'body = """\\nUn tavolo.\\n\\n  Un TODO qui.\\n"""'.replace("\\n", "\n")
    toml = CLEAN.replace('body = "Un *tavolo* a Roma."', lines)
    finding = the_only(proof_of(tmp_path, toml), "W021")
    assert (finding.line, finding.column) == (14, 6)


@pytest.mark.parametrize(
    ("subject", "rules"),
    [
        ("Bando PNRR e IPCEI: che cosa cambia?", set()),
        ("CNR, ENEA, APRE: un tavolo", set()),
        ("ALISEI CNR", set()),
        ("R&D: i bandi aperti", set()),
        ("Re Artù in corsia", set()),
        ("Test genetici per tutti", set()),
        ("No alle barriere", set()),
        ("30 ottobre: l’assemblea", set()),
        ("Quoi de neuf ? La foire !", set()),
        ("会员大会与国际合作进展", set()),
        ("2026年3月通讯：地平线计划有何变化？", set()),
        ("C’è posto ✓ per tutti", set()),
        ("Le 8 mars 👩🏽‍🔬 à l’honneur", set()),
        ("OFFERTA IMPERDIBILE PER TUTTI", {"W014"}),
        ("GRANDE ÉVÉNEMENT", {"W014"}),
        ("NEWS FROM THE ASSEMBLY", {"W014"}),
        ("Ultimi posti!!!", {"W015"}),
        ("最后机会！！", {"W015"}),
        ("🎉🔥💥🚀 Vieni", {"W016"}),
        ("Newsletter di marzo 2026", {"W017"}),
        ("ALISEI", {"W017"}),
        ("Bulletin no 12, marzo", {"W017"}),
        ("通讯第12期", {"W017"}),
        ("2026年3月简报", {"W017"}),
        ("Prova", {"W017"}),
        ("Fwd: il bilancio", {"W018"}),
        ("RE: RE: bilancio", {"W018"}),
        ("TR : le bilan", {"W018"}),
        ("转发：会员大会", {"W018"}),
    ],
)
def test_a_subject_is_judged_by_what_an_inbox_makes_of_it(
    tmp_path: Path, subject: str, rules: set[str]
) -> None:
    toml = CLEAN.replace("Notizie di novembre", subject)
    found = {each.rule for each in lint(proof_of(tmp_path, toml))}
    assert found - {"W078"} == rules  # the issue is Italian


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Lorem ipsum dolor", "W021"),
        ("Il [titolo] del pezzo", "W021"),
        ("Le 00/00/0000 à Rome", "W021"),
        ("[Insert photo here]", "W021"),
        ("此处输入正文", "W021"),
        ("[il sito](https://www.tuosito.it)", "W022"),
        ("[scriva](mailto:nome@example.com)", "W022"),
        ("Per leggere, clicca qui.", "W023"),
        ("[qui](https://alisei.example)", "W023"),
        ("[ici](https://alisei.example)", "W023"),
        ("详情请点击这里", "W023"),
        ("Ciao %%NOME%%", "E126"),
        ("Ciao ${contact.name}", "E126"),
        ("Ciao {nome}", "W029"),
        ("Ciao <%= name %>", "E126"),
        ("[il bando](https://localhost:8000/)", "E051"),
        ("[il bando](https://intranet/bando)", "E051"),
        ("[www.alisei.example](https://bit.ly/2)", "W059"),
        ("[a@alisei.example](mailto:b@altrove.example)", "W059"),
        ("[scriva](mailto:a@alisei.example?Ciao)", "W054"),
        ("[scriva](mailto:a%40@alisei..example)", "E053"),
        ("Si veda [il bando] (https://alisei.example/b).", "W057"),
        ("Si chiami [la segreteria](tel:+39 06 123).", "W057"),
        ("Si veda [il bando](<https://alisei.example/b\\n>).", "W057"),
    ],
)
def test_a_fault_in_prose_is_found(tmp_path: Path, text: str, rule: str) -> None:
    assert rule in {each.rule for each in lint(body(text)(tmp_path))}


@pytest.mark.parametrize(
    "text",
    [
        "Il 25 e il 26 novembre a Roma, in via XX Settembre.",
        "Con Node.js: [Node.js](https://nodejs.example)",
        "[alisei.example](https://www.alisei.example/it)",
        "[segreteria@alisei.example](mailto:segreteria@alisei.example?subject=Ciao)",
        "[Il verbale](https://alisei.example/a_(1).pdf) (PDF, 100 %)",
        "[Il 12 %](https://alisei.example/a%20b?x=1&y=2)",
        "Così: `[parole](https://alisei.example/a b)`.",
        "Un luogo da definire, un piano da completare, un testo di legge.",
        "Il tasso {a, b} e l’insieme {1; 2}.",
        "- <https://alisei.example/" + "b" * 70 + ">",
        "> 12. <https://alisei.example/" + "b" * 70 + ">",
    ],
)
def test_prose_that_is_right_is_left_alone(tmp_path: Path, text: str) -> None:
    assert lint(body(text)(tmp_path)) == ()


def test_what_is_still_to_be_written_is_said_once(tmp_path: Path) -> None:
    toml = CLEAN.replace("Notizie di novembre", "TODO").replace("Un tavolo, una fiera", "TODO")
    toml = toml.replace('"La Cina"', '"TODO"')
    toml += '\n[sections.b]\nkind = "article"\ntitle = "TODO"\nbody = "TODO"\n'
    assert {each.rule for each in lint(proof_of(tmp_path, toml))} == {"W021"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Gentile *|FNAME|*", "E126"),
        ("Gentile %%first_name%%", "E126"),
        ("Gentile ${contact.name}", "E126"),
        ("Gentile {nome}", "W029"),
        ("Gentile [FNAME]", "W029"),
        ("Gentile %%nome proprio%%", "W029"),
        ("[il bando](https://alisei.example/?gclid=1)", "W135"),
        ("[il bando](https://alisei.example/?q=città&msclkid=1)", "W135"),
        ("[il bando](https://click.alisei.example/x?mc_eid=1)", "W135"),
        ("[il bando](https://аlisei.example/x)", "W132"),
        ("Un [bando](https://alisei.example/bаndo)", "W129"),
    ],
)
def test_one_fault_is_told_once(tmp_path: Path, text: str, rule: str) -> None:
    clean = {each.rule for each in lint(body("Un *tavolo* a Roma.")(tmp_path / "clean"))}
    found = [each for each in lint(body(text)(tmp_path / "bad")) if each.rule not in clean]
    assert [each.rule for each in found] == [rule]
