"""The pages of README and docs/ say what the code says, and lead where they say."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jinja2 import Environment
from pydantic import BaseModel

from newsletter.audience.kinds import FUNCTIONS
from newsletter.audience.lists import load_list
from newsletter.audience.model import MULTIPLE_FIELDS
from newsletter.audience.segments import Segment, parse_expression
from newsletter.audience.select import select_audience
from newsletter.cli.front import TEXT
from newsletter.delivery import DeliveryState
from newsletter.edition import context
from newsletter.edition.environment import make_environment
from newsletter.issue.model import SECTION_KINDS, IssueText
from newsletter.lint.check import EVERY_RULE
from newsletter.settings import Settings
from newsletter.settings.lists import ListOptions
from newsletter.settings.options import NamedRelayOptions
from tests.docs_pages import DOCS, PAGES, ROOT, blocks_of, named, parsed, prose_of, words_of
from tools import reference

WORDS = (
    *("accepted", "audience", "campaign", "compiled message", "deferral", "delivery", "edition"),
    *("in doubt", "issue", "ledger", "list", "outcome", "plan", "preheader", "recipient", "relay"),
    *("section", "segment", "slot", "staging inbox", "subscriber", "suppression", "theme"),
    "variant",
)
HOSTS_OUTSIDE = {"keepachangelog.com"}


@pytest.fixture(scope="module")
def commands() -> dict[str, Any]:
    return reference.commands()


# The reference


def test_the_generated_pages_are_up_to_date() -> None:
    assert reference.outdated() == [], "run python -m tools.reference"


@pytest.mark.slow
def test_a_page_that_differs_from_the_code_is_noticed(tmp_path: Path) -> None:
    for name, text in reference.pages().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert reference.outdated(tmp_path) == []
    (tmp_path / "rules.md").write_text("old", encoding="utf-8")
    (tmp_path / "cli.md").unlink()
    assert reference.outdated(tmp_path) == ["cli.md", "rules.md"]


def test_every_command_and_option_is_documented(commands: dict[str, Any]) -> None:
    page = words_of(DOCS / "reference/cli.md")
    parts = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE))
    assert set(parts) == set(commands)
    shared = page.partition("\n## ")[0]
    for name, command in commands.items():
        for param in command.params:
            if param.param_type_name == "option":
                for option in param.opts:
                    assert f"`{option}`" in parts[name] + shared, f"{name} {option}"
        assert f"newsletter {name}" in parts[name]
        assert "Exit codes: 0" in parts[name]


@pytest.mark.slow
def test_every_command_has_an_example_that_parses(commands: dict[str, Any]) -> None:
    for name, command in commands.items():
        example = command.epilog.split("\n\n")[0].removeprefix("Example: ")
        assert parsed(example, commands) == name


def test_the_first_page_of_help_names_every_command(commands: dict[str, Any]) -> None:
    for name in commands:
        for word in name.split():
            assert re.search(rf"(?<![\w-]){word}(?![\w-])", TEXT), name


def test_every_setting_is_documented_with_its_variable() -> None:
    page = words_of(DOCS / "reference/settings.md")
    keys = list(setting_keys(Settings))
    assert len(keys) > 25
    for key in keys:
        if key == "profiles":  # tables of newsletter.toml alone
            continue
        assert f"`NEWSLETTER_{key.replace('.', '__').upper()}`" in page


def setting_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if name in {"relays", "lists"}:  # tables of the officer's own names
            named = NamedRelayOptions if name == "relays" else ListOptions
            yield from setting_keys(named, f"{name}.NAME.")
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from setting_keys(inner, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_every_section_kind_and_field_is_documented() -> None:
    page = words_of(DOCS / "reference/sections.md")
    for kind, model in SECTION_KINDS.items():
        part = page.partition(f'## kind = "{kind}"')[2].partition("\n## ")[0]
        for field in set(model.model_fields) - {"kind"}:
            assert f"| `{field}` |" in part, f"{kind}.{field}"
    for field in IssueText.model_fields:
        assert f"| `{field}` |" in page


def test_every_rule_is_documented_with_its_reason_and_cure() -> None:
    page = words_of(DOCS / "reference/rules.md")
    for rule in EVERY_RULE:
        row = next(line for line in page.splitlines() if f"**{rule.id}**" in line)
        assert len([cell for cell in row.strip("|").split(" | ") if cell.strip()]) == 4


def test_the_page_on_segments_knows_every_function_and_its_examples_hold() -> None:
    page = words_of(DOCS / "reference/segments.md")
    for name in (*FUNCTIONS, *MULTIPLE_FIELDS, "lists", "domain", "email"):
        assert re.search(rf"\b{name}\b", page), name
    fields = {"country", "timezone", "language", "age", "joined", "organisation"}
    saved: dict[str, Segment] = {}
    for block in blocks_of(DOCS / "reference/segments.md", "toml"):
        for name, value in tomllib.loads(block).items():
            text = value if isinstance(value, str) else value["expression"]
            saved[name] = parse_expression(text, fields, saved)
    table = page.partition("| | for example |")[2].partition("\n\n")[0]
    column = "\n".join(row.strip(" |").rpartition(" | ")[2] for row in table.splitlines())
    examples = re.findall(r"`([^`]+)`", column)
    assert len(examples) > 12
    for each in examples:
        assert parse_expression(each, fields, saved).text == each


def test_the_page_on_themes_knows_every_name_and_filter() -> None:
    page = words_of(DOCS / "reference/theme.md")
    names = re.findall(r"``([a-z_]+(?:\.[a-z]+)?)", str(context.__doc__))
    assert len(names) > 15
    filters = set(make_environment(DOCS).filters) - set(Environment(autoescape=True).filters)
    for name in {*names, *filters}:
        assert name in page, name


# Where pages lead


def test_the_readme_counts_the_sample_readers_right() -> None:
    lists = [load_list(path) for path in sorted((ROOT / "subscribers").glob("*.csv"))]
    sums = select_audience(lists).arithmetic
    shown = f"{sums.on_lists} rows on lists · overlap −{sums.overlap} = {sums.recipients}"
    assert shown in words_of(ROOT / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(page)):
        url = urlsplit(target)
        if url.scheme:
            continue
        found = (page.parent / unquote(url.path)).resolve() if url.path else page
        assert found.exists(), target
        if url.fragment:
            assert url.fragment in {anchor(line) for line in words_of(found).splitlines()}, target


def anchor(line: str) -> str:
    return re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    for path in re.findall(r"`((?:newsletter|tests|tools|requirements)/[\w./-]+)`", words_of(page)):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_names_no_real_host_no_real_reader_and_no_machine(page: Path) -> None:
    text = words_of(page)
    for host in re.findall(r"https?://([\w.-]*\w)", text):
        mine = host.startswith("127.0.0.1") or host.endswith((".example", ".test"))
        assert mine or host in HOSTS_OUTSIDE, host
    for domain in re.findall(r"[\w.+-]+@([\w.-]*\w)", text):
        assert domain.endswith((".example", ".test")), domain
    assert not re.search(r"(?<![\w.…])/(?:work|root|home|tmp|Users)/", text)


def test_every_test_that_a_promise_names_is_there() -> None:
    pages = words_of(DOCS / "promises.md") + words_of(DOCS / "security.md")
    promised = set(re.findall(r"`(test_\w+)`", pages))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    there = {name for source in sources for name in re.findall(r"def (test_\w+)\(", source)}
    assert len(promised) > 40
    assert promised <= there


def test_every_sentence_of_the_promises_names_what_holds_it() -> None:
    page = words_of(DOCS / "promises.md")
    sentences = [line for line in page.splitlines() if line.startswith("- ")]
    assert len(sentences) > 40
    assert all(re.search(r" — `test_\w+`", line) for line in sentences)


def test_every_advisory_names_what_holds_against_it() -> None:
    rows = re.findall(
        r"^\| (?!what befell|---)(.+) \|$", words_of(DOCS / "security.md"), re.MULTILINE
    )
    assert len(rows) > 15
    assert all(re.search(r"\| `test_\w+`", row) for row in rows)


def test_every_state_of_a_delivery_is_promised_something() -> None:
    page = words_of(DOCS / "promises.md")
    for state in DeliveryState:
        assert state.value in page


def test_the_glossary_has_every_word() -> None:
    page = words_of(DOCS / "glossary.md")
    rows = dict(re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", page, re.MULTILINE))
    assert set(WORDS) <= set(rows)
    assert list(rows) == sorted(rows)


def test_the_house_shows_the_law_of_imports_as_it_is() -> None:
    law = words_of(ROOT / ".importlinter")
    layers = re.search(r"^layers =\n((?:    .+\n)+)", law, re.MULTILINE)
    assert layers
    written = "\n".join(line.strip() for line in layers[1].splitlines())
    assert f"```text\n{written}\n```" in words_of(DOCS / "house.md")
    contracts = len(re.findall(r"^\[importlinter:contract:", law, re.MULTILINE))
    assert f"Contracts: {contracts} kept, 0 broken." in words_of(ROOT / "README.md")


def test_every_room_stands_in_the_house() -> None:
    page = words_of(DOCS / "house.md")
    rooms = [p for p in (ROOT / "newsletter").iterdir() if not p.name.startswith(("_", "."))]
    for room in rooms:
        shown = f"`newsletter/{room.name}{'/' if room.is_dir() else ''}`"
        assert shown in page, shown


def test_every_decision_is_listed_and_says_what_would_change_our_mind() -> None:
    folder = DOCS / "decisions"
    index = words_of(folder / "README.md")
    for page in sorted(folder.glob("0*.md")):
        assert f"]({page.name})" in index
        for part in ("**Chosen.**", "**Refused.**", "**Would change our mind.**"):
            assert part in words_of(page), page.name


def test_a_guide_has_fewer_than_ten_lines() -> None:
    for page in (DOCS / "guides").glob("*.md"):
        assert len(words_of(page).splitlines()) < 10, page.name
