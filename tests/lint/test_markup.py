"""What the rules about the rendered page make of it."""

import dataclasses
from pathlib import Path

import pytest

from newsletter.lint.check import lint
from tests.lint.proofs import page, proof_of


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


@pytest.mark.parametrize(
    ("html", "text", "rules"),
    [
        ("<p>niente</p>", "Un testo abbastanza lungo.", {"E043"}),
        ("<p>x</p>", "  \n ", {"E043", "E044"}),
        ('<a href="#">x</a>', "Un testo abbastanza lungo.", {"E043", "E045"}),
        ('<a href="">x</a>', "Un testo abbastanza lungo.", {"E043", "E045"}),
        ('<img src="x">', "Un testo abbastanza lungo.", {"E043", "E046"}),
        ('<img src="x" alt=""><a id="china"></a>', "Un testo molto lungo.", {"E043"}),
    ],
)
def test_a_fault_of_the_page_is_found(
    tmp_path: Path, html: str, text: str, rules: set[str]
) -> None:
    known = {"E043", "E044", "E045", "E046"}
    assert known & {finding.rule for finding in lint(page(html, text)(tmp_path))} == rules
