"""Each rule finds the fault that was planted for it, and says nothing of a clean issue."""

import dataclasses
from pathlib import Path

import pytest

from newsletter.edition.model import Edition, Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import load_theme
from newsletter.edition.variants import variant_for
from newsletter.issue.loader import load_issue
from newsletter.lint.check import RULES, lint
from newsletter.lint.rule import Finding, Proof, Severity
from newsletter.values import Language, SectionId
from tests.edition.tiny import publisher, write_theme
from tests.issue.folder import SECTION, TOP, write_issue

CLEAN = TOP + 'preheader = "Un tavolo, una fiera"\n' + SECTION


def proof_of(root: Path, toml: str = CLEAN, **translations: str) -> Proof:
    """The proof of an issue, rendered with the tiny theme."""
    issue = load_issue(write_issue(root, toml, **translations))
    theme = load_theme(write_theme(root))
    editions = tuple(
        render_edition(issue, variant_for(issue, language, {"china"}), theme, publisher())
        for language in issue.languages
    )
    return Proof(
        issue=issue,
        publisher=publisher(),
        editions=editions,
        theme=theme,
        themes=frozenset({"tiny"}),
        segments=frozenset({"china", "canada"}),
        fields=frozenset({"city"}),
    )


def found(proof: Proof, rule: str) -> list[Finding]:
    return [finding for finding in lint(proof) if finding.rule == rule]


def the_only(proof: Proof, rule: str) -> Finding:
    findings = found(proof, rule)
    assert len(findings) == 1, findings
    return findings[0]


def test_a_clean_issue_has_no_findings(tmp_path: Path) -> None:
    assert lint(proof_of(tmp_path)) == ()


def test_every_rule_has_a_name_of_its_own_a_reason_and_a_cure() -> None:
    names = [rule.id for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(rule.says.endswith(".") and rule.source for rule in RULES)
    for rule in RULES:
        assert rule.severity.value.startswith({"E": "e", "W": "w", "N": "n"}[rule.id[0]])


PLANTED_IN_WORDS = {
    "E002": ('name = "Cina"', 'name = "Cina"\naudience = "chna"', 11, '"china"?'),
    "E003": ("Un *tavolo*", "Gentile {{ cty }}", 11, '"city"?'),
    "W011": ("Notizie di novembre", "parola " * 11, 1, "cut"),
    "W012": ('preheader = "Un tavolo, una fiera"\n', "", 1, "preheader"),
    "W013": ("Un tavolo, una fiera", "NOTIZIE di novembre", 5, "does not say"),
    "W021": ("Un *tavolo*", "TODO scrivere", 11, "belongs"),
    "W022": ("Un *tavolo*", "[qui](https://www.example.com/x)", 11, "real address"),
    "W023": ("Un *tavolo*", "[Clicca qui](https://alisei.example)", 11, "name what is there"),
    "W024": ("Un *tavolo*", "[la pagina](http://alisei.example)", 11, "https"),
    "W028": ("Un *tavolo*", "Lunedì 26 novembre", 11, "weekday"),
}


@pytest.mark.parametrize("rule", PLANTED_IN_WORDS)
def test_a_fault_in_the_words_is_found_at_its_line(tmp_path: Path, rule: str) -> None:
    old, new, line, cure = PLANTED_IN_WORDS[rule]
    assert old in CLEAN
    finding = the_only(proof_of(tmp_path, CLEAN.replace(old, new)), rule)
    assert (finding.path.name, finding.line) == ("issue.toml", line)
    assert cure in finding.cure


@pytest.mark.parametrize(
    "words",
    [
        "XXX edizione",
        "todo el mundo",
        "Martedì 26 novembre",
        "lunedì 26 novembre 2018",
        "https://alisei.example",
        "clicca quindi",
    ],
)
def test_what_only_looks_like_a_fault_is_left_alone(tmp_path: Path, words: str) -> None:
    assert lint(proof_of(tmp_path, CLEAN.replace("Un *tavolo*", words))) == ()


def test_a_theme_that_is_not_there_is_an_error_with_the_nearest_name(tmp_path: Path) -> None:
    proof = proof_of(tmp_path)
    lost = dataclasses.replace(
        proof, theme=None, editions=(), themes=frozenset({"tinny", "alisei"})
    )
    finding = the_only(lost, "E001")
    assert (finding.severity, finding.line) == (Severity.ERROR, 4)
    assert '"tinny"?' in finding.cure


def test_a_kind_that_the_theme_lacks_is_an_error(tmp_path: Path) -> None:
    proof = proof_of(tmp_path)
    assert proof.theme
    poor = dataclasses.replace(proof, theme=dataclasses.replace(proof.theme, kinds=("report",)))
    assert "no templates for country" in the_only(poor, "E005").message


def test_what_is_not_translated_is_listed_by_language(tmp_path: Path) -> None:
    english = 'subject = "News"\npreheader = "A table"\n[sections.china]\ntitle = "China"\n'
    messages = [finding.message for finding in found(proof_of(tmp_path, en=english), "W004")]
    assert "sections.china.name is not translated into en" in messages
    assert len(messages) == 4


def test_a_fault_that_a_translation_took_over_is_reported_once(tmp_path: Path) -> None:
    toml = CLEAN.replace("Un *tavolo*", "TODO scrivere")
    assert the_only(proof_of(tmp_path, toml, en='subject = "News"\n'), "W021")


def test_a_second_call_is_found(tmp_path: Path) -> None:
    call = '\n[sections.{}]\nkind = "call"\ntitle = "Partecipi"\n'
    call += 'button = {{ label = "Scriva", url = "mailto:a@alisei.example" }}\n'
    proof = proof_of(tmp_path, CLEAN + call.format("a") + call.format("b"))
    assert the_only(proof, "W025").where == "sections.b.kind"


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


def test_events_out_of_order_are_found(tmp_path: Path) -> None:
    toml = CLEAN + '\n[[sections.china.events]]\ndate = 2019-11-25\ntitle = "Prima"\n'
    assert the_only(proof_of(tmp_path, toml), "W027").line == 18


def test_a_publisher_without_a_postal_address_is_an_error(tmp_path: Path) -> None:
    proof = dataclasses.replace(proof_of(tmp_path), publisher=publisher(postal_address=()))
    assert the_only(proof, "E026").path.name == "newsletter.toml"


def test_a_heavy_image_is_found(tmp_path: Path) -> None:
    image = '\n[sections.b]\nkind = "article"\ntitle = "Foto"\nbody = "x"\n'
    image += 'image = { file = "images/a.png", alt = "Una foto" }\n'
    proof = proof_of(tmp_path, CLEAN + image)
    assert found(proof, "W031") == []
    with (proof.issue.folder / "images" / "a.png").open("ab") as file:
        file.write(bytes(412_000))
    assert "a.png weighs 412 KB" in the_only(proof, "W031").message


@pytest.mark.parametrize(
    ("size", "rules"),
    [(80_000, []), (80_001, ["W041"]), (102_399, ["W041"]), (102_400, ["E042"])],
)
def test_a_heavy_page_is_warned_of_before_gmail_cuts_it(
    tmp_path: Path, size: int, rules: list[str]
) -> None:
    proof = proof_of(tmp_path)
    sized = dataclasses.replace(proof, sizes={proof.editions[0].variant.key: size})
    assert [finding.rule for finding in lint(sized)] == rules


def edition(html: str, text: str) -> Edition:
    variant = Variant(Language("it"), (SectionId("china"),))
    return Edition(variant, "Notizie", "", html, text, slots={})


@pytest.mark.parametrize(
    ("html", "text", "rules"),
    [
        ("<p>niente</p>", "Un testo abbastanza lungo.", ["E043", "E043"]),
        ("<p>x</p>", "  \n ", ["E043", "E043", "E044"]),
        ('<a href="#">x</a>', "Un testo abbastanza lungo.", ["E043", "E043", "E045"]),
        ('<a href="">x</a>', "Un testo abbastanza lungo.", ["E043", "E043", "E045"]),
        ('<img src="x">', "Un testo abbastanza lungo.", ["E043", "E043", "E046"]),
        ('<img src="x" alt=""><a id="china"></a>', "Un testo molto lungo.", ["E043", "E043"]),
    ],
)
def test_a_fault_of_the_page_is_an_error(
    tmp_path: Path, html: str, text: str, rules: list[str]
) -> None:
    proof = dataclasses.replace(proof_of(tmp_path), editions=(edition(html, text),))
    assert sorted(finding.rule for finding in lint(proof)) == rules


def test_errors_come_before_warnings(tmp_path: Path) -> None:
    toml = CLEAN.replace("Un *tavolo*", "TODO {{ cty }}")
    assert [finding.rule for finding in lint(proof_of(tmp_path, toml))] == ["E003", "W021"]


def test_a_hole_in_a_sentence_is_shown_at_the_slot_that_has_no_default(tmp_path: Path) -> None:
    toml = CLEAN.replace("preheader", 'greeting = "Ciao {{ first_name }}"\npreheader', 1)
    proof = dataclasses.replace(proof_of(tmp_path, toml), holes={"first_name": 3})
    finding = the_only(proof, "E006")
    assert finding.where == "greeting"
    assert finding.message.startswith("3 recipients have no first_name")
    assert finding.severity is Severity.ERROR
