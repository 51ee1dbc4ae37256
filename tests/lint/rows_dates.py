"""The rows of the rules about dates and translations."""

from pathlib import Path

from newsletter.issue.translated import record_of
from newsletter.lint.rule import Proof
from newsletter.values import Language
from tests.lint.proofs import CLEAN, Case, Row, body, clean, proof_of, toml, words

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
EVENT = """
[[sections.china.events]]
date = {}
title = "Chimica"
"""
FIGURES = """
[sections.r]
kind = "report"
title = "Bilancio"
lead = "Il bilancio."
figures = [{{ value = "{}", label = "soci" }}]
"""


def event(date: str) -> Case:
    return toml(CLEAN + EVENT.format(date))


def english(old: str = "", new: str = "", original: str = CLEAN) -> Case:
    """The issue with an English translation, some words of it others."""
    assert old in ENGLISH
    return toml(original, en=ENGLISH.replace(old, new, 1))


def with_body(italian: str, other: str, language: str = "en") -> Case:
    text = ENGLISH.replace("A *table* in Rome.", other)
    original = CLEAN.replace("Un *tavolo* a Roma.", italian)
    return toml(original, **{language.replace("-", "_"): text})


def figures(value: str, other: str) -> Case:
    text = ENGLISH + f'[sections.r]\nfigures = [{{ value = "{other}", label = "members" }}]\n'
    return toml(CLEAN + FIGURES.format(value), en=text)


def changed_after(original: str, translation: str, root: Path) -> Proof:
    """A translation is recorded as up to date; then two files become these."""
    before = proof_of(root, CLEAN, en=ENGLISH)
    record = record_of(before.issue, (Language("en"),))
    (before.issue.folder / "translated.toml").write_text(record, encoding="utf-8")
    return proof_of(root, original, en=translation)


def mended(root: Path) -> Proof:
    proof = changed_after(CHANGED, ENGLISH.replace("in Rome", "in Milan"), root)
    assert (proof.issue.folder / "translated.toml").is_file()
    return proof


def stale(root: Path) -> Proof:
    return changed_after(CHANGED, ENGLISH, root)


def taglines(text: str) -> Case:
    def make(root: Path) -> Proof:
        (root / "newsletter.toml").write_text(text, encoding="utf-8")
        return english()(root)

    return make


CHANGED = CLEAN.replace("a Roma", "a Milano")
LONG = "Il Cluster ha partecipato al tavolo di Roma."

ROWS = {
    "W027": Row("issue.toml:18:1", event("2019-11-25"), event("2019-11-27")),
    "W028": Row("issue.toml:11:9", body("Lunedì 26 novembre"), body("Martedì 26 novembre")),
    "W033": Row("issue.toml:19:1", event("2109-11-27"), event("2021-11-14")),
    "W048": Row(
        "issue.toml:15:10",
        words('"Biomedicina"', '"Giovedì: biomedicina"'),
        words('"Biomedicina"', '"Martedì: biomedicina"'),
    ),
    "W050": Row(
        "issue.toml:14:1", words("2019-11-26", "2019-11-14"), words("2019-11-26", "2019-11-15")
    ),
    "W079": Row(
        "issue.en.toml:7:12",
        with_body("Il 26 novembre a Roma.", "On 28 November in Rome."),
        with_body("Dal 25 al 29 novembre a Roma.", "In Rome, November 25–29."),
    ),
    "W004": Row("issue.en.toml:4:1", english('name = "China"\n'), english()),
    "W007": Row(
        "strings.toml:1:1",
        toml(CLEAN, fr_CA=ENGLISH),
        english(),
    ),
    "W008": Row("newsletter.toml:10:1", english(), clean()),
    "W073": Row("issue.en.toml:13:23", figures("1.204", "1,240"), figures("1.204", "1,204")),
    "W076": Row("issue.en.toml:7:1", stale, mended),
    "W077": Row("issue.en.toml:7:1", with_body(LONG, LONG), with_body("Pechino", "Pechino")),
    "W078": Row(
        "issue.zh-Hans.toml:7:1",
        with_body(LONG, "The Cluster took part in the table in Rome, chaired by ENEA.", "zh-Hans"),
        with_body(LONG, "集群出席了罗马圆桌会议。", "zh-Hans"),
    ),
}
