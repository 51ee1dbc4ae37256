"""The rows of the rules about the rendered page."""

from pathlib import Path

from newsletter.lint.rule import Proof
from tests.lint.proofs import CLEAN, Case, Row, changed, clean, page, proof_of, template

IMAGE = """
[sections.b]
kind = "article"
title = "Foto"
body = "Una foto."
image = { file = "images/a.png", alt = "Una foto" }
"""


def image_of(octets: int, root: Path) -> Proof:
    proof = proof_of(root, CLEAN + IMAGE)
    with (proof.issue.folder / "images" / "a.png").open("ab") as file:
        file.truncate(octets)
    return proof


def sized(octets: int) -> Case:
    return changed(sizes={"it--china": octets})


ROWS = {
    "W031": Row(
        "a.png", lambda root: image_of(412_000, root), lambda root: image_of(200_000, root)
    ),
    "W150": Row(
        "issue.toml:1:1",
        changed(messages={"it--china": b"x" * 1_000_001}),
        changed(messages={"it--china": b"x" * 1_000_000}),
    ),
    "W041": Row("issue.toml:1:1", sized(80_001), sized(80_000)),
    "E042": Row("issue.toml:1:1", sized(102_400), sized(102_399)),
    "E044": Row("edition.txt.j2:1:1", page("<p>x</p>", " \n"), page("<p>x</p>")),
    "E046": Row(
        "edition.mjml.j2:9:1",
        template("edition.mjml.j2", ' alt=""', ""),
        clean(),
    ),
}
