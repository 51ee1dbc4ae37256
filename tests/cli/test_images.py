"""`issue image add`: a picture is filed with an issue, and named in it."""

import re
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from newsletter.issue.loader import load_issue
from newsletter.issue.sections import Article, Cards
from tests.cli.newsroom import ISSUE, ISSUE_TOML, Newsroom

TOML = f"issues/{ISSUE}/issue.toml"
IMAGES = f"issues/{ISSUE}/images"
ARTICLE = '''
# Before the article.
[sections.news]  # the news
kind = "article"
title = "Novità"      # a title
body = """
[sections.fake]
Una frase.
"""  # and its end
button = { label = "Vai", url = "https://a.example" }

# Before the cards.
[sections.pair]
kind = "cards"

[[sections.pair.cards]]
title = "Uno"
[[sections.pair.cards]]
title = "Due"  # the second
'''
ALT = 'La "sala" di Città \\ piena'


@pytest.fixture
def photo(newsroom: Newsroom) -> Path:
    """A photograph beside the newsletter, and an article that has none."""
    newsroom.write(TOML, ISSUE_TOML + ARTICLE)
    path = newsroom.root.parent / "Sala Grande.JPG"
    Image.new("RGB", (2000, 1000), "teal").save(path)
    return path


def add(newsroom: Newsroom, photo: Path, *words: str) -> tuple[int, str]:
    ran = newsroom.run("issue", "image", "add", str(photo), "--issue", ISSUE, *words, follow=False)
    return ran.code, ran.said


@pytest.mark.slow
def test_a_weight_is_told_once_in_the_same_thousands(newsroom: Newsroom, photo: Path) -> None:
    Image.effect_noise((2000, 1300), 90).save(photo, quality=95)
    code, told = add(newsroom, photo, "--alt", "Rumore")
    assert code == 0
    warned = re.search(r"it weighs (\d+) KB", told)
    filed = re.search(r"pixels, (\d+) KB", told)
    assert warned
    assert filed
    assert warned[1] == filed[1]


@pytest.mark.slow
def test_an_alt_text_pasted_over_two_lines_is_written_on_one(
    newsroom: Newsroom, photo: Path
) -> None:
    code, told = add(newsroom, photo, "--alt", " La sala\r\n\tpiena ", "--section", "news")
    assert (code, 'alt = "La sala piena"' in told) == (0, True)
    assert newsroom.run("check", ISSUE, follow=False).code == 0


@pytest.mark.slow
def test_the_lines_to_paste_are_printed_and_check_follows(newsroom: Newsroom, photo: Path) -> None:
    before = (newsroom.root / TOML).read_bytes()
    ran = newsroom.run("issue", "image", "add", str(photo), "--issue", "2026-11", "--alt", ALT)
    assert ran.code == 0
    assert f"{IMAGES}/sala-grande.jpg   1040 × 520 pixels" in ran.out
    lines = [line.strip() for line in ran.out.splitlines() if " = " in line]
    assert tomllib.loads("\n".join(lines)) == {
        "file": "images/sala-grande.jpg",
        "alt": ALT,
        "width": 520,
    }
    assert "[sections.ID.image]" in ran.out
    assert ran.next == f"newsletter check {ISSUE}"
    assert (newsroom.root / TOML).read_bytes() == before
    with Image.open(newsroom.root / IMAGES / "sala-grande.jpg") as image:
        assert image.size == (1040, 520)


@pytest.mark.slow
@pytest.mark.parametrize("ends", ["\n", "\r\n", "no end"])
def test_a_section_gets_its_image_and_every_other_letter_stays(
    newsroom: Newsroom, photo: Path, ends: str
) -> None:
    text = ISSUE_TOML + ARTICLE
    text = text.rstrip() if ends == "no end" else text.replace("\n", ends)
    newsroom.write(TOML, "\ufeff" + text)
    assert add(newsroom, photo, "--alt", ALT, "--section", "news")[0] == 0
    after = (newsroom.root / TOML).read_bytes().decode()
    table = after[after.index("[sections.news.image]") : after.index("# Before the cards")]
    whole = after.replace(table, "").rstrip()
    newline = "\r\n" if ends == "\r\n" else "\n"
    assert whole.replace(newline, "") == ("\ufeff" + text).rstrip().replace(newline, "")
    section = load_issue(newsroom.root / f"issues/{ISSUE}").original.sections["news"]
    assert isinstance(section, Article)
    assert section.image
    assert (section.image.alt, section.image.width) == (ALT, 520)


@pytest.mark.slow
def test_a_card_gets_its_own(newsroom: Newsroom, photo: Path) -> None:
    for number in ("2", "1"):
        code, said = add(newsroom, photo, "--alt", f"Foto {number}", "--section", f"pair.{number}")
        assert code == 0, said
    section = load_issue(newsroom.root / f"issues/{ISSUE}").original.sections["pair"]
    assert isinstance(section, Cards)
    assert [card.image.alt for card in section.cards if card.image] == ["Foto 1", "Foto 2"]
    assert all(card.image.width == 248 for card in section.cards if card.image)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--section", "nwes"], "did you mean 'news'?"),
        (["--section", "report"], "takes no image: its kind is report"),
        (["--section", "pair"], "--section pair.1"),
        (["--section", "pair.3"], "the first card is number 1"),
        (["--section", "pair.x"], "the first card is number 1"),
        (["--section", "news.1"], "takes no image"),
        (["--issue", "2031"], "there is no issue '2031'"),
        (["--alt", " "], "the alt text is empty"),
        (["--alt", "a {{ 7*7 }}"], "{{ 7*7 }} is not a slot"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    newsroom: Newsroom, photo: Path, words: list[str], said: str
) -> None:
    before = (newsroom.root / TOML).read_bytes()
    code, shown = add(newsroom, photo, "--alt", "x", *words)
    assert code == 2
    assert said in shown
    assert (newsroom.root / TOML).read_bytes() == before
    assert not list((newsroom.root / IMAGES).glob("sala*"))


@pytest.mark.slow
def test_another_picture_of_that_name_is_never_written_over_by_itself(
    newsroom: Newsroom, photo: Path
) -> None:
    kept = newsroom.root / IMAGES / "sala-grande.jpg"
    kept.write_bytes(b"another")
    code, said = add(newsroom, photo, "--alt", "x")
    assert code == 2
    assert "--name" in said
    assert kept.read_bytes() == b"another"
    assert add(newsroom, photo, "--alt", "x", "--name", "Altra Sala.jpeg")[0] == 0
    assert add(newsroom, photo, "--alt", "x", "--replace")[0] == 0
    assert kept.read_bytes() == (newsroom.root / IMAGES / "altra-sala-jpeg.jpg").read_bytes()
    assert add(newsroom, photo, "--alt", "x")[0] == 0


@pytest.mark.slow
def test_an_image_in_the_file_is_never_written_over(newsroom: Newsroom, photo: Path) -> None:
    assert add(newsroom, photo, "--alt", "x", "--section", "news")[0] == 0
    code, said = add(newsroom, photo, "--alt", "y", "--section", "news")
    assert code == 2
    assert "has an image already, in line" in said


@pytest.mark.slow
def test_a_file_that_leaves_no_safe_place_is_not_touched(newsroom: Newsroom, photo: Path) -> None:
    dotted = 'kind = "article"\nsections.x.title = "X"\nsections.x.body = "x"\n'.replace(
        "kind", "sections.x.kind"
    )
    text = dotted + ISSUE_TOML.split("[sections.report]")[0]
    newsroom.write(TOML, text)
    code, said = add(newsroom, photo, "--alt", "x", "--section", "x")
    assert code == 2
    assert "no safe place" in said
    assert (newsroom.root / TOML).read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_without_an_alt_text_and_without_a_terminal_it_says_what_to_type(
    newsroom: Newsroom, photo: Path
) -> None:
    code, said = add(newsroom, photo)
    assert code == 2
    assert '--alt "…"' in said
    ran = newsroom.run(
        "issue", "image", "add", str(photo), "--issue", ISSUE, "--format", "json", follow=False
    )
    assert ran.code == 2
    assert ran.object["error"] == "UsageError"
    assert not list((newsroom.root / IMAGES).glob("sala*"))


def test_in_a_terminal_the_officer_is_asked(
    newsroom: Newsroom, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "La sala piena")
    code, said = add(newsroom, photo)
    assert code == 0
    assert 'alt = "La sala piena"' in said


def test_translations_to_be_written_and_things_to_mend_are_named(newsroom: Newsroom) -> None:
    small = newsroom.root.parent / "small.png"
    Image.new("RGB", (200, 100), "teal").save(small)
    ran = newsroom.run(
        "issue", "image", "add", str(small), "--issue", ISSUE, "--alt", "x", "--format", "json"
    )
    assert ran.object["width"] == 200
    assert ran.object["translations"] == ["issue.en.toml"]
    assert "so it is shown 200 wide" in ran.object["notes"][0]
