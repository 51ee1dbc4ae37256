"""The rows of the rules about what an inbox shows: subject, preheader, sender, headers."""

import dataclasses
from pathlib import Path

from newsletter.lint.rule import Proof
from tests.edition.tiny import publisher
from tests.lint.proofs import (
    SETTINGS,
    Case,
    Row,
    clean,
    proof_of,
    sent_by,
    settings,
    template,
    words,
)

SUBJECT, PREHEADER = "Notizie di novembre", "Un tavolo, una fiera"


def subject(text: str) -> Case:
    return words(SUBJECT, text)


def preheader(text: str) -> Case:
    return words(PREHEADER, text)


def header(old: bytes, new: bytes) -> Case:
    """Something in the message's bytes is something else."""

    def make(root: Path) -> Proof:
        proof = proof_of(root)
        messages = {key: text.replace(old, new, 1) for key, text in proof.messages.items()}
        assert messages != proof.messages
        return dataclasses.replace(proof, messages=messages)

    return make


ROWS = {
    "W011": Row("issue.toml:1:1", subject("Le notizie " * 7), subject("Le notizie " * 6)),
    "W012": Row("issue.toml:1:1", words(f'preheader = "{PREHEADER}"\n', ""), clean()),
    "W013": Row(
        "issue.toml:5:1",
        preheader("NOTIZIE di novembre."),
        preheader("Notizie di novembre e di dicembre"),
    ),
    "W014": Row(
        "issue.toml:1:1",
        subject("ASSEMBLEA DEI SOCI"),
        subject("CNR, ENEA e APRE al tavolo"),
    ),
    "W015": Row("issue.toml:1:18", subject("Venite!!"), subject("Venite! Davvero?")),
    "W016": Row("issue.toml:1:14", subject("🎉🎉🎉 Notizie"), subject("🎉 Notizie 🇮🇹 dal Québec")),
    "W017": Row(
        "issue.toml:1:1",
        subject("Newsletter ALISEI n. 12, novembre 2019"),
        subject("Newsletter di novembre: il bilancio"),
    ),
    "W018": Row("issue.toml:1:12", subject("Re: il bilancio"), subject("Reti: il bilancio")),
    "N019": Row("issue.toml:5:1", preheader("parola " * 22), preheader("parola " * 21)),
    "E026": Row(
        "newsletter.toml:3:1",
        settings(SETTINGS.replace("postal", "no"), publisher=publisher(postal_address=())),
        settings(SETTINGS),
    ),
    "W063": Row(
        "newsletter.toml:7:1",
        sent_by(
            address="news@alisei.it", reply_to="info@alisei.it", list_id="organisation.example"
        ),
        clean(),
    ),
    "E064": Row(
        "edition.txt.j2:9:1",
        template("edition.txt.j2", '{{ publisher.postal_address | join(", ") }}', ""),
        clean(),
    ),
    "W065": Row(
        "newsletter.toml:6:1",
        sent_by(reply_to="no-reply@alisei.example"),
        sent_by(address="noreply@alisei.example"),
    ),
    "W066": Row("newsletter.toml:4:1", sent_by(name="news@alisei.example"), clean()),
    "E067": Row(
        "newsletter.toml:5:1",
        sent_by(address="alisei@gmail.com"),
        sent_by(reply_to="alisei@gmail.com"),
    ),
    "W068": Row(
        "newsletter.toml:7:1",
        sent_by(list_id="news.other.example"),
        sent_by(list_id="soci.news.alisei.example"),
    ),
    "E069": Row(
        "newsletter.toml:14:1",
        header(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        clean(),
    ),
    "E070": Row(
        "newsletter.toml:14:1",
        header(b"List-Unsubscribe: <https:", b"List-Unsubscribe: =?utf-8?q?<https:?="),
        clean(),
    ),
    "E071": Row("newsletter.toml:3:1", header(b"From: ", b"From: a@b.example\r\nFrom: "), clean()),
}
