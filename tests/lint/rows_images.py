"""The rows of the rules about images and about being watched."""

import struct
from pathlib import Path

from newsletter.lint.rule import Proof
from tests.issue.folder import png
from tests.lint.proofs import CLEAN, Case, Row, body, clean, proof_of, template, toml
from tests.lint.rows_page import IMAGE
from tests.lint.rows_theme import in_section

WEBP = b"RIFF\0\0\0\0WEBPVP8 "
JPEG = b"\xff\xd8\xff\xc0" + struct.pack(">HBHHB", 17, 8, 100, 1200, 4) + bytes(12)


def picture(content: bytes, name: str = "a.png") -> Case:
    """An article shows a picture with these octets, put there after the issue was read."""

    def make(root: Path) -> Proof:
        proof = proof_of(root, CLEAN + IMAGE)
        (proof.issue.folder / "images" / name).write_bytes(content)
        return proof

    return make


def alt(words: str) -> Case:
    """An article shows a picture with this alt text."""
    return toml(CLEAN + IMAGE.replace('alt = "Una foto"', f'alt = "{words}"'))


def img(attributes: str) -> Case:
    """The section begins with an image."""
    return in_section(f"<img {attributes} />")


HERE = "{{ theme_image('masthead.png') }}"
ROWS = {
    "W086": Row("issue.toml:22:34", alt("foto"), alt("Un prelievo di sangue")),
    "W087": Row("issue.toml:22:34", alt("Una " * 50), alt("Una " * 30)),
    "W088": Row(
        "country.mjml.j2:1:51",
        img(f'src="{HERE}" alt=""'),
        img(f'src="{HERE}" alt="" width="500"'),
    ),
    "W089": Row("issue.toml:22:11", picture(png(1000, 2)), picture(png(1100, 2))),
    "E090": Row("issue.toml:22:11", picture(WEBP), picture(png(1100, 2))),
    "W091": Row(
        "country.mjml.j2:1:61",
        img('src="https://altrove.example/a.png" alt="" width="9"'),
        img(f'src="{HERE}" alt="" width="500"'),
    ),
    "W092": Row("a.png", picture(png(1100, 2) + bytes(1_000_000)), picture(png(1100, 2))),
    "E093": Row("issue.toml:22:11", picture(JPEG), picture(JPEG.replace(b"\x04\0", b"\x03\0", 1))),
    "N094": Row("issue.toml:22:11", picture(png(4000, 2) + bytes(30_000)), picture(png(1100, 2))),
    "E133": Row(
        "country.mjml.j2:1:51",
        img('src="{{ url.browser }}" alt="" width="9"'),
        in_section('<a href="{{ url.browser }}">Apra</a>'),
    ),
    "W134": Row(
        "country.mjml.j2:1:51",
        img(f'src="{HERE}" alt="" width="1" height="1"'),
        img(f'src="{HERE}" alt="" width="500" height="1"'),
    ),
    "W135": Row(
        "issue.toml:11:48",
        body("Legga [qui](https://giornale.example/a?mc_eid=7f3a1)"),
        body("Legga [qui](https://giornale.example/a?utm_source=alisei)"),
    ),
    "W136": Row(
        "head.css:1:1",
        template("head.css", "@media", '@font-face { font-family: "A"; src: url(a.woff) } @media'),
        clean(),
    ),
}
