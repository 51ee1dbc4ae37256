"""A trimmed, dated copy of the caniemail data: what each mail program does not show.

``npm pack caniemail`` and unpack it, then ``python -m tools.caniemail FOLDER`` writes
``newsletter/lint/data/caniemail.json`` and beside it the licence. Kept are the features of CSS
and HTML that a page can be asked for, and for each the mail programs whose newest tested version
lacks it, or has it in part.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "newsletter" / "lint" / "data"
_PROPERTY = re.compile(r"[a-z]+(?:-[a-z]+)*")
# Titles that name several things, or none in the form that the others have.
_PROPERTIES = {
    "css-block-inline-size": ["block-size", "inline-size"],
    "css-border-inline-block": ["border-inline", "border-block"],
    "css-column-layout-properties": ["column-fill", "column-rule", "column-span", "columns"],
    "css-gap": ["gap", "row-gap"],
    "css-grid-template": ["grid-template", "grid-template-areas", "grid-template-columns"],
    "css-left-right-top-bottom": ["left", "right", "top", "bottom"],
    "css-margin-inline-block": ["margin-block", "margin-inline"],
    "css-padding-inline-block": ["padding-block", "padding-inline"],
    "css-margin-inline-start-end": ["margin-inline-start", "margin-inline-end"],
    "css-margin-block-start-end": ["margin-block-start", "margin-block-end"],
    "css-padding-inline-start-end": ["padding-inline-start", "padding-inline-end"],
    "css-padding-block-start-end": ["padding-block-start", "padding-block-end"],
}
_SEMANTIC = ["article", "aside", "details", "figure", "footer", "header", "main", "nav", "section"]
_ELEMENTS = {"html-semantics": _SEMANTIC, "html-image-maps": ["map"], "html-select": ["select"]}
_ATTRIBUTES = {"html-srcset": ["srcset", "sizes"], "html-background": ["background"]}
_INPUTS = re.compile(r"html-(?:input|button)-")


def main(folder: Path) -> None:
    """Write the copy and its licence."""
    source = json.loads((folder / "data/caniemail.json").read_text(encoding="utf-8"))
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    features = {entry["slug"]: entry for entry in map(_feature, source["data"]) if entry}
    copy = {
        "source": f"caniemail.com, by npm caniemail {package['version']}, MIT; caniemail.LICENSE",
        "updated": source["last_update_date"][:10],
        "clients": sorted({name for each in source["data"] for name, _ in _newest(each["stats"])}),
        "features": {
            slug: {key: value for key, value in entry.items() if key != "slug"}
            for slug, entry in sorted(features.items())
        },
    }
    lines = json.dumps(copy, indent=1, ensure_ascii=False)
    (DATA / "caniemail.json").write_text(_one_line_lists(lines) + "\n", encoding="utf-8")
    licence = (folder / "LICENSE").read_text(encoding="utf-8")
    (DATA / "caniemail.LICENSE").write_text(licence.rstrip() + "\n", encoding="utf-8")
    print(f"{len(features)} of {len(source['data'])} features, of {copy['updated']}")


def _feature(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """A feature with what shows its use; None for what a page cannot be asked for."""
    sign = _css(entry) if entry["category"] == "css" else _html(entry)
    if not sign:
        return None
    newest = dict(_newest(entry["stats"]))
    lacking = sorted(name for name, state in newest.items() if state.startswith("n"))
    partly = sorted(name for name, state in newest.items() if state.startswith("a"))
    kept = {"slug": entry["slug"], "title": entry["title"], "tested": entry["last_test_date"]}
    return {**kept, **sign, "no": lacking, "part": partly} if lacking or partly else None


def _css(entry: Mapping[str, Any]) -> dict[str, Any]:
    slug = entry["slug"]
    title = re.sub(r" (?:shorthand|property|CSS property)$", "", entry["title"])
    if slug in _PROPERTIES:
        return {"properties": _PROPERTIES[slug]}
    pair = re.fullmatch(r"([a-z-]+):\s*([a-z-]+)", title)
    if pair:
        return {"pair": [pair[1], pair[2]]}
    function = re.search(r"([a-z-]+)\(\)", title)
    if function and not title.startswith(":"):
        return {"function": function[1]}
    if slug == "css-variables":
        return {"function": "var"}
    if title.endswith(" unit") and title.split()[0].isalpha():
        return {"unit": title.split()[0]}
    return {"properties": [title]} if _PROPERTY.fullmatch(title) else {}


def _html(entry: Mapping[str, Any]) -> dict[str, Any]:
    slug, title = entry["slug"], entry["title"]
    if entry["category"] != "html" or _INPUTS.match(slug):
        return {}
    if slug in _ELEMENTS:
        return {"elements": _ELEMENTS[slug]}
    if slug in _ATTRIBUTES:
        return {"attributes": _ATTRIBUTES[slug]}
    if title.endswith(" attribute"):
        return {"attributes": [title.removesuffix(" attribute")]}
    elements = re.findall(r"<(\w+)>", title)
    return {"elements": elements} if elements else {}


def _newest(stats: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Iterator[tuple[str, str]]:
    """Each mail program (``outlook.windows``) and what its newest tested version does."""
    for family, platforms in stats.items():
        for platform, versions in platforms.items():
            if versions:
                yield f"{family}.{platform}", list(versions.values())[-1]


def _one_line_lists(text: str) -> str:
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
