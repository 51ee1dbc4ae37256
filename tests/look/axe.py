"""axe-core in a page that Chromium shows: what breaks WCAG 2.2, level AA.

The script comes from the package ``axe-playwright-python``; nothing is fetched. It is run by the
browser's own debugger, so a page's content security policy does not stand in its way.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Frame, Page

WCAG_22_AA = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_RUN = """(tags) => axe.run(document, {
  runOnly: { type: 'tag', values: tags },
  resultTypes: ['violations'],
  iframes: false,
})"""


def violations(page: Page | Frame) -> list[str]:
    """One line for each rule and element that breaks it; frames inside are asked by themselves."""
    page.evaluate(_script())
    found: dict[str, Any] = page.evaluate(_RUN, list(WCAG_22_AA))
    assert found["passes"], "axe-core looked at nothing"
    return [line for rule in found["violations"] for line in _lines(rule)]


def _lines(rule: dict[str, Any]) -> list[str]:
    return [f"{rule['id']}: {rule['help']}: {node['html'][:200]}" for node in rule["nodes"]]


@cache
def _script() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
