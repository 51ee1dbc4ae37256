"""The message of every theme and kind of section, over random issues: well formed, signed, aligned.

A short form runs with the tests, a thousand issues under ``CRASH=full`` (`make crash`).
"""

import email
import email.policy
import os
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from newsletter.app.compose import compile_page, sample_values
from newsletter.app.open import App, open_app
from newsletter.campaign import Page
from newsletter.doctor import dmarc
from newsletter.doctor.ask import SystemDns
from newsletter.edition.model import Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import Theme, load_theme
from newsletter.issue.model import SECTION_KINDS, Issue
from newsletter.signing import Algorithm, Signer, SigningKey, new_key, record_text
from newsletter.values import IssueSlug, Language, SectionId
from tests.look.every_kind import LANGUAGES, issue_of_every_kind
from tests.verifiers import dkimpy_takes, perl_says
from tests.zones import ZoneServer, txt

ROOT: Final = Path(__file__).parents[2]
THEMES: Final = ("alisei", "plain")
ISSUES: Final = 1_000 if os.environ.get("CRASH") == "full" else 20
AUTHOR: Final = "alisei.example"
NOW: Final = 1_764_320_000
KEYS: Final = (
    SigningKey.read(new_key(Algorithm.RSA), AUTHOR, "r1"),
    SigningKey.read(new_key(Algorithm.ED25519), AUTHOR, "e1"),
)
RECORDS: Final = {key.record_name: record_text(key.algorithm, key.public) for key in KEYS}
FOR_MACHINES: Final = re.compile(
    r"^(List-|Message-ID|DKIM-|Feedback-ID|MIME-|Content-|Precedence|Date|Return-Path)",
    re.IGNORECASE,
)
ALPHABETS: Final = (
    "abcdefghij klmnop",
    "àèìòù çñß ’“”«»",
    "工作组 扩大我们 欢迎您",
    "المجموعة تتوسع نريد",
    "🎉👩‍🔬🇮🇹 ok ",
    "=?_.,;:<>\"'()[]{}@\\ -",
    ".... From  \t=20",
)


def _words(chance: random.Random, most: int) -> str:
    letters = "".join(chance.sample(ALPHABETS, chance.randint(1, 3)))
    text = "".join(chance.choice(letters) for _ in range(chance.randint(1, most)))
    clean = " ".join(text.replace("=?", "= ?").replace("{{", "{ {").replace("{%", "{ %").split())
    return clean or "parole"


def _random_issue(chance: random.Random, whole: Mapping[tuple[str, str], Issue]) -> Issue:
    """Some of all kinds of section in an order by chance, under words by chance."""
    theme, language = chance.choice(THEMES), chance.choice(LANGUAGES)
    issue = whole[theme, language]
    names = list(issue.original.sections)
    chosen = chance.sample(names, chance.randint(1, len(names)))
    text = issue.original.model_copy(
        update={
            "sections": {name: issue.original.sections[name] for name in chosen},
            "subject": _words(chance, 180),
            "preheader": _words(chance, 180),
        }
    )
    slug = IssueSlug(f"random-{chance.randint(1, 10**9)}")
    return Issue(slug, issue.folder, Language(language), {Language(language): text})


def _message(app: App, theme: Theme, issue: Issue, chance: random.Random) -> bytes:
    language = issue.language
    variant = Variant(language, tuple(SectionId(name) for name in issue.original.sections))
    edition = render_edition(issue, variant, theme, app.publisher)
    page = Page(edition, compile_page(app, issue, edition))
    reader = {"to_name": _words(chance, 60), "first_name": _words(chance, 20)}
    content = page.compiled.fill(sample_values(app, issue, page) | reader)
    return Signer(KEYS).sign(content, NOW, relaxed=True)


def _faults(message: bytes) -> Sequence[str]:
    """What is wrong with the octets; nothing."""
    head, _, body = message.partition(b"\r\n\r\n")
    found = []
    if not message.isascii() or b"\0" in message:
        found.append("not 7 bit")
    if re.search(rb"(?<!\r)\n|\r(?!\n)", message):
        found.append("a bare line break")
    if max(map(len, body.split(b"\r\n"))) > 76 or max(map(len, head.split(b"\r\n"))) > 998:
        found.append("a long line")
    if re.search(rb"(?m)^\.", message):
        found.append("a dot at the beginning of a line")
    lines = re.sub(rb"\r\n[ \t]", b" ", head).decode("ascii").split("\r\n")
    found += [line[:60] for line in lines if "=?" in line and FOR_MACHINES.match(line)]
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    defects = [type(each).__name__ for part in parsed.walk() for each in part.defects]
    names = [name.lower() for name in parsed.keys() if name != "DKIM-Signature"]  # noqa: SIM118
    twice = {name for name in names if names.count(name) > 1}
    return [*found, *defects, *twice]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, str], Issue]:
    """Every kind of section, full and bare, for each theme and language."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("every-kind")
    (folder / "images").mkdir()
    Image.new("RGB", (600, 300), "navy").save(folder / "images" / "a.png")
    return {
        (theme, language): issue_of_every_kind(folder, language, theme, "images/a.png")
        for theme in THEMES
        for language in LANGUAGES
    }


@pytest.mark.slow
@pytest.mark.debian
def test_every_message_is_well_formed_signed_for_two_verifiers_and_aligned(
    whole: Mapping[tuple[str, str], Issue], tmp_path: Path
) -> None:
    app = open_app(ROOT, profile="production", environ={})
    themes = {name: load_theme(ROOT / "templates" / name) for name in THEMES}
    issues = list(whole.values())
    chance = random.Random(6_376)  # noqa: S311 the same issues each time
    issues += [_random_issue(chance, whole) for _ in range(ISSUES)]
    kinds = {section.kind for each in issues for section in each.original.sections.values()}
    assert kinds == set(SECTION_KINDS)
    messages = []
    for issue in issues:
        message = _message(app, themes[issue.original.theme], issue, chance)
        assert _faults(message) == [], issue.original.subject
        assert dkimpy_takes(message, RECORDS), issue.original.subject
        messages.append(message)
    said = perl_says(messages, RECORDS, tmp_path)
    assert [each["rsa-sha256"] for each in said] == ["pass"] * len(messages)
    _are_aligned(messages)


def _are_aligned(messages: Sequence[bytes]) -> None:
    """As a receiver finds it: the strictest policy, and the domain that signed."""
    zone = {(f"_dmarc.{AUTHOR}", "TXT"): txt("v=DMARC1; p=reject; adkim=s; aspf=s")}
    with ZoneServer(zone) as server:
        dns = SystemDns(f"127.0.0.1:{server.port}")
        for message in messages:
            author = email.message_from_bytes(message)["From"].rpartition("@")[2].strip(" >")
            policy = dmarc.find(dns, author).policy
            assert policy
            signers = re.findall(rb"(?m)^ d=([^;]+);", message.partition(b"\r\n\r\n")[0])
            assert len(signers) == len(KEYS)
            for domain in signers:
                assert dmarc.aligned(dns, domain.decode(), author, policy.says("adkim", "r"))
