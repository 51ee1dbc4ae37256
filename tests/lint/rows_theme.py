"""The rows of the rules about what a theme makes of the page: MJML, colours, structure, clients."""

from pathlib import Path

from newsletter.lint.rule import Proof
from tests.edition.tiny import write_theme
from tests.lint.proofs import (
    SETTINGS,
    Case,
    Row,
    body,
    clean,
    page,
    proof_of,
    settings,
    template,
)

PAGE = "edition.mjml.j2"
TEXT = '<mj-text css-class="prose">'
DARK = "color: #ff9db1"
BUTTON = '<a href="https://alisei.example" style="background:#a3133f;color:#fff;{}">Vada</a>'


def in_section(new: str) -> Case:
    """The section's text begins with this."""
    return template("section", TEXT, TEXT + new)


def in_page(old: str, new: str) -> Case:
    return template(PAGE, old, new)


def mjml(attributes: str) -> Case:
    """The section's mj-text has these attributes besides."""
    return template("section", TEXT, f'<mj-text css-class="prose" {attributes}>')


def beside(tags: str) -> Case:
    """These tags stand in the page's first column."""
    return in_page("<mj-text align", f"{tags}<mj-text align")


def css(inline: str) -> Case:
    """The inlined style sheet is this."""

    def make(root: Path) -> Proof:
        (write_theme(root) / "inline.css").write_text(inline, encoding="utf-8")
        return proof_of(root)

    return make


ROWS = {
    # E080 and what E082 refuses by tag stop the renderer too; here they wait in a branch.
    "E080": Row("edition.mjml.j2:10:15", beside("{% if false %}<mj-txt/>{% endif %}"), clean()),
    "W081": Row("country.mjml.j2:1:51", mjml('padding-lft="3px"'), mjml('padding-left="3px"')),
    "E082": Row(
        "edition.mjml.j2:5:11",
        in_page("<mj-style>", '<mj-style inline="inline">'),
        clean(),
    ),
    "W083": Row("country.mjml.j2:1:51", mjml('font-size="2em"'), mjml('font-size="20px"')),
    "W084": Row(
        "edition.mjml.j2:8:13",
        in_page("<mj-section><mj-column>", "<mj-section><mj-spacer/><mj-column>"),
        in_page("<mj-section><mj-column>", "<mj-section><mj-column><mj-spacer/>"),
    ),
    "W085": Row(
        "edition.mjml.j2:10:31",
        beside(
            '<mj-social><mj-social-element name="linkedin" href="https://a.example" /></mj-social>'
        ),
        beside(
            '<mj-social><mj-social-element name="linkedin-noshare" href="https://a.example" />'
            "</mj-social>"
        ),
    ),
    "W095": Row(
        "country.mjml.j2:1:51",
        in_section('<p class="faint" style="color:#999999">Chiaro</p>'),
        in_section('<p class="faint" style="color:#666666">Scuro</p>'),
    ),
    "W096": Row("edition.mjml.j2:15:24", template("head.css", DARK, "color: #a3133f"), clean()),
    "W097": Row(
        "country.mjml.j2:1:51",
        in_section('<p class="tiny" style="font-size:11px">Piccolo</p>'),
        in_section('<p class="tiny" style="font-size:12px">Piccolo</p>'),
    ),
    "W098": Row(
        "country.mjml.j2:1:24",
        in_section(
            BUTTON.format("display:inline-block;font-size:16px;line-height:24px;padding:6px")
        ),
        in_section(
            BUTTON.format("display:inline-block;font-size:16px;line-height:24px;padding:10px")
        ),
    ),
    "W099": Row(
        "country.mjml.j2:2:1",
        template(
            "section",
            '<h2 id="{{ section.anchor }}">{{ section.data.title | typo }}</h2>',
            "<h4>{{ section.data.title | typo }}</h4>",
        ),
        body("## Un tavolo"),
    ),
    "W100": Row(
        "issue.toml:11:9",
        body("# Un tavolo"),
        body("## Un tavolo"),
    ),
    "E101": Row("edition.mjml.j2:1:1", in_page(' lang="{{ lang }}"', ""), clean()),
    "W102": Row(
        "country.mjml.j2:1:51",
        in_section("<table><tr><td>x</td></tr></table>"),
        body(r"| a | b |\n|---|---|\n| c | d |"),
    ),
    "E103": Row(
        "country.mjml.j2:1:51",
        in_section('<a href="https://alisei.example"><img src="" alt="" width="9" /></a>'),
        in_section('<a href="https://alisei.example"><img src="" alt="Casa" width="9" /></a>'),
    ),
    "W104": Row(
        "edition.mjml.j2:2:1",
        in_page("<mj-title>{{ issue.subject | typo }}</mj-title>", ""),
        clean(),
    ),
    "W105": Row(
        "edition.mjml.j2:6:40",
        in_page(
            "</mj-head>",
            '<mj-raw><meta name="viewport" content="user-scalable=no" /></mj-raw></mj-head>',
        ),
        in_page(
            "</mj-head>",
            '<mj-raw><meta name="viewport" content="width=device-width" /></mj-raw></mj-head>',
        ),
    ),
    "E113": Row(
        "edition.mjml.j2:1:1",
        page("<p>x</p><!--[if mso]><i>y</i>"),
        page(
            "<p>x</p><!--[if mso]><i>y</i><![endif]--><!--[if !mso]><!--><b>z</b><!--<![endif]-->"
        ),
    ),
    "W115": Row(
        "head.css:1:1",
        template("head.css", "@media", ".a { color: red } " * 500 + "@media"),
        clean(),
    ),
    "E116": Row(
        "country.mjml.j2:1:51",
        in_section('<iframe src="https://alisei.example"></iframe>'),
        in_section("<p>Un film</p>"),
    ),
    "W119": Row(
        f"newsletter.toml:{SETTINGS.count(chr(10)) + 3}:1",
        settings(f'{SETTINGS}\n[check]\nclients = ["outlok"]\n', clients=("outlok",)),
        settings(f'{SETTINGS}\n[check]\nclients = ["gmx"]\n', clients=("gmx",)),
    ),
    "W120": Row(
        "inline.css:1:16",
        css(".prose { x: y; position: absolute }"),
        css(".prose { border-radius: 3px }"),
    ),
    "W121": Row(
        "country.mjml.j2:1:51",
        in_section('<video src="https://alisei.example/a.mp4">Un film</video>'),
        in_section("<small>Un film</small>"),
    ),
}
