"""The theme's style sheets and templates: contrast, dark mode, and what mail programs cannot do."""

import re
from pathlib import Path

import pytest

from tests.look.pages import TEMPLATES as FOLDERS
from tests.look.pages import THEME, THEMES

INLINE = (THEME / "inline.css").read_text("utf-8")
HEAD = (THEME / "head.css").read_text("utf-8")
DARK = HEAD[HEAD.index("@media (prefers-color-scheme: dark)") :]
TEMPLATES = sorted(path for look in THEMES for path in (FOLDERS / look).rglob("*.mjml.j2"))
SHEETS = ("inline.css", "head.css")

PAGE, PAPER = ("#F4F0F3", "#120D1E"), ("#FFFFFF", "#1A1429")

ATTRIBUTES = {
    "mjml": {"lang", "dir"},
    "mj-head": set(),
    "mj-title": set(),
    "mj-preview": set(),
    "mj-attributes": set(),
    "mj-style": set(),
    "mj-raw": set(),
    "mj-body": {"width", "background-color", "css-class"},
    "mj-wrapper": {"background-color", "css-class", "padding", "direction"},
    "mj-section": {"background-color", "css-class", "padding", "direction"},
    "mj-column": {"padding", "width", "direction"},
    "mj-text": {
        *("align", "color", "css-class", "font-family", "font-size", "line-height", "padding"),
    },
}
"""What MJML 5 knows of these components: the renderer passes anything else in silence."""


def colours(name: str, prop: str = "color") -> tuple[str, str]:
    """A class's colour, light and dark; the light one where dark mode does not change it."""
    light, dark = (
        re.search(rf"(?m)^\s*\.{name}(?:,[^{{]*)? {{[^}}]*\b{prop}: (#[0-9A-F]{{6}})", css)
        for css in (INLINE, DARK)
    )
    assert light, name
    return light[1], dark[1] if dark else light[1]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


VEIL = colours("veil", "background-color")
FIELD = (colours("field", "background-color")[0], "#8F1138")


@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        (colours("ink"), PAPER, (14.3, 13.8)),
        (colours("ink"), PAGE, (14.2, 13.8)),
        (colours("muted"), PAPER, (6.2, 8.1)),
        (colours("muted"), PAGE, (5.5, 8.6)),
        (colours("muted"), VEIL, (5.7, 7.3)),
        (colours("accent"), PAPER, (6.8, 8.2)),
        (colours("accent"), VEIL, (6.8, 8.1)),
        (colours("on-field"), FIELD, (7.6, 9.0)),
        (colours("tagline"), FIELD, (6.2, 7.4)),
        (("#FFFFFF", "#2A0A1C"), colours("button", "background-color"), (7.6, 9.1)),
        (colours("on-field-button a"), ("#FFFFFF", "#FFFFFF"), (9.0, 9.0)),
    ],
)
def test_text_stands_out_from_its_ground_in_light_and_dark(
    text: tuple[str, str], ground: tuple[str, str], least: tuple[float, float]
) -> None:
    measured = [contrast(*pair) for pair in zip(text, ground, strict=True)]
    assert measured[0] >= least[0]
    assert measured[1] >= least[1]


@pytest.mark.parametrize("look", THEMES)
def test_every_colour_has_its_dark_counterpart(look: str) -> None:
    inline, head = ((FOLDERS / look / name).read_text("utf-8") for name in SHEETS)
    dark = head[head.index("@media (prefers-color-scheme: dark)") :]
    for name in re.findall(r"(?m)^\.([\w-]+) { [^}]*#[0-9A-F]{6}", inline):
        assert f".{name}" in dark, name


@pytest.mark.parametrize("look", THEMES)
def test_no_style_needs_what_mail_programs_do_not_have(look: str) -> None:
    for css in ((FOLDERS / look / name).read_text("utf-8") for name in SHEETS):
        for word in ("url(", "@font-face", "@import", "gradient", "shadow", "opacity", "flex"):
            assert word not in css, word


@pytest.mark.parametrize("look", THEMES)
def test_right_to_left_has_a_mirror_for_each_one_sided_padding(look: str) -> None:
    inline = (FOLDERS / look / "inline.css").read_text("utf-8")
    for name in re.findall(r"\.([\w-]+)\.ltr {", inline):
        assert f".{name}.rtl {{" in inline


@pytest.mark.parametrize("look", THEMES)
def test_both_themes_say_the_same_colours_by_the_same_names(look: str) -> None:
    inline = (FOLDERS / look / "inline.css").read_text("utf-8")
    for name in ("ink", "muted", "accent"):
        assert f".{name} {{ color: {colours(name)[0]}; }}" in inline


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: "/".join(path.parts[-3:]))
def test_templates_use_only_components_and_attributes_that_mjml_knows(template: Path) -> None:
    source = template.read_text("utf-8")
    tags = re.findall(r"<(mj[\w-]*)((?:\s+[\w-]+=\"[^\"]*\")*)\s*/?>", source)
    assert len(tags) == len(re.findall(r"<mj", source))
    for name, attributes in tags:
        assert name in ATTRIBUTES
        assert set(re.findall(r"([\w-]+)=\"", attributes)) <= ATTRIBUTES[name], name


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_cell_with_a_colour_has_it_as_an_attribute_too(template: Path) -> None:
    source = template.read_text("utf-8")
    for tag in re.findall(r"<t(?:d|able)\b[^>]*>", source):
        classes = re.search(r'class="([^"]*)"', tag)
        if classes and {"field", "veil", "button"} & set(classes[1].split()):
            assert "bgcolor=" in tag, tag
