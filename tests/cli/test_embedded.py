"""Images on the site or inside each message, as the newsletter or one issue says."""

from email.message import EmailMessage

import pytest

from tests.cli.newsroom import ISSUE, ISSUE_TOML, Newsroom
from tests.cli.relay import parsed
from tests.issue.folder import PNG

TOML = f"issues/{ISSUE}/issue.toml"
PICTURE = """
[sections.streams]
kind = "article"
title = "Le correnti"
body = "Tre correnti."
image = { file = "images/a.png", alt = "Tre correnti" }
"""
HOSTED = b"https://news.alisei.example/images/"


def write(newsroom: Newsroom, *, issue: str = "", settings: str = "") -> None:
    newsroom.write(f"issues/{ISSUE}/images/a.png", PNG)
    newsroom.write(TOML, issue + ISSUE_TOML + PICTURE)
    if settings:
        newsroom.edit("newsletter.toml", 'language = "it"', f'language = "it"\n{settings}')


def built(newsroom: Newsroom) -> EmailMessage:
    ran = newsroom.run("build", ISSUE, follow=False)
    assert ran.code == 0, ran.said
    return parsed((newsroom.root / "build" / ISSUE / "it.eml").read_bytes())


def images_of(message: EmailMessage) -> list[bytes]:
    found = [
        part.get_content() for part in message.walk() if part.get_content_maintype() == "image"
    ]
    page = next(part for part in message.walk() if part.get_content_type() == "text/html")
    assert (HOSTED in page.get_content().encode()) == (not found)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "issue", "inside"),
    [
        ("", "", False),
        ('images = "embedded"', "", True),
        ("", 'images = "embedded"\n', True),
        ('images = "embedded"', 'images = "hosted"\n', False),
        ('images = "hosted"', 'images = "embedded"\n', True),
    ],
)
def test_the_issue_has_the_last_word_on_where_images_are(
    newsroom: Newsroom, settings: str, issue: str, inside: bool
) -> None:
    write(newsroom, issue=issue, settings=settings)
    found = images_of(built(newsroom))
    assert (PNG in found) == inside
    ran = newsroom.run("build", ISSUE, follow=False)
    assert ("takes its images along" in ran.out) == inside


@pytest.mark.slow
def test_another_place_of_the_images_is_another_content(newsroom: Newsroom) -> None:
    write(newsroom)
    hosted = newsroom.run("build", ISSUE, "--format", "json", follow=False).object
    write(newsroom, issue='images = "embedded"\n')
    inside = newsroom.run("build", ISSUE, "--format", "json", follow=False).object
    assert hosted["content_digest"] != inside["content_digest"]
    sizes = [value["variants"][0]["message_size"] for value in (hosted, inside)]
    assert sizes[1] > sizes[0] + len(PNG)


@pytest.mark.slow
def test_a_heavy_message_is_a_finding_at_the_key(newsroom: Newsroom) -> None:
    write(newsroom, issue='images = "embedded"\n')
    newsroom.write(f"issues/{ISSUE}/images/a.png", PNG + bytes(800_000))
    ran = newsroom.run("check", ISSUE, follow=False)
    assert f"{TOML}:1:1  W150" in ran.out
    newsroom.edit(TOML, '"embedded"', '"hosted"')
    assert "W150" not in newsroom.run("check", ISSUE, follow=False).out


def test_a_wrong_word_is_told_with_the_right_ones(newsroom: Newsroom) -> None:
    write(newsroom, issue='images = "inside"\n')
    ran = newsroom.run("check", ISSUE, follow=False)
    assert ran.code == 2
    assert f"{TOML}:1:1" in ran.said
    assert "'hosted' or 'embedded'" in ran.said


@pytest.mark.slow
def test_a_campaign_delivers_the_images_to_each_reader(newsroom: Newsroom) -> None:
    write(newsroom, issue='images = "embedded"\n')
    ran = newsroom.run("send", ISSUE, "--recipients", "5", follow=False)
    assert ran.code == 0, ran.said
    messages = [parsed(content) for _, content in newsroom.relay.received]
    assert len(messages) == 5
    assert all(PNG in images_of(message) for message in messages)


@pytest.mark.slow
@pytest.mark.parametrize("images", ["hosted", "embedded"])
def test_a_picture_may_have_any_name_that_a_file_may_have(newsroom: Newsroom, images: str) -> None:
    name = "images/Sala (1) d’è %41.PNG"
    newsroom.write(f"issues/{ISSUE}/{name}", PNG)
    picture = PICTURE.replace("images/a.png", name)
    newsroom.write(TOML, f'images = "{images}"\n' + ISSUE_TOML + picture)
    assert (PNG in images_of(built(newsroom))) == (images == "embedded")
    assert (newsroom.root / f"build/{ISSUE}/web/images/{ISSUE}/{name}").read_bytes() == PNG
    assert "W091" not in newsroom.run("check", ISSUE, follow=False).out
