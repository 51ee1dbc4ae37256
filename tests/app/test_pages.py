"""The real first issue: what is compiled and filled reads as a slow rendering does."""

import html
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.app.build import fill_text
from newsletter.app.compose import compose, sample_values
from newsletter.app.open import App, open_app
from newsletter.app.people import read_people
from newsletter.app.plan import Chooser, PlanRequest, make_plan
from newsletter.app.plan_view import reader_values
from newsletter.campaign import Page
from newsletter.issue.model import Issue
from tests.cli.relay import parsed

REPOSITORY = Path(__file__).parents[2]
ISSUE = "2019-11-assemblea"
OF_DISPATCH = {"date", "message_id", "unsubscribe_url", "preferences_url", "browser_url"}
WORDS = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\u034f")
    | st.sampled_from(" <>&\"'={}%"),
    min_size=1,
    max_size=60,
).filter(lambda text: text == " ".join(text.split()) and "=?" not in text)


@cache
def newsletter() -> App:
    """The working example, which is the real first issue."""
    return open_app(REPOSITORY, profile="production", environ={})


@cache
def pages() -> tuple[Issue, tuple[Page, ...]]:
    """Every page that a reader sees."""
    app = newsletter()
    issue = app.load_issue(ISSUE)
    readers = read_people(app, (), None, ())
    seen = set(map(Chooser(app, issue, readers), readers.audience))
    made = compose(app, ISSUE, sorted(seen, key=lambda variant: variant.key))
    return issue, tuple(made.pages.values())


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(("first_name", "name", "country")), WORDS), st.data())
def test_the_decoded_page_is_the_slow_rendering_for_that_reader(
    fields: dict[str, str], data: st.DataObject
) -> None:
    issue, every = pages()
    page = data.draw(st.sampled_from(every))
    values = sample_values(newsletter(), issue, page) | fields
    message = parsed(page.compiled.fill(values))
    body = message.get_body(("html",))
    assert body
    escaped = {name: html.escape(value) for name, value in values.items()}
    slow = fill_text(page.edition.html, page, escaped)
    assert html.unescape(str(body.get_content())).split() == html.unescape(slow).split()
    text = message.get_body(("plain",))
    assert text
    plain = fill_text(page.edition.text, page, values)
    assert str(text.get_content()).split() == plain.split()


@pytest.mark.slow
def test_the_plan_of_the_real_issue_adds_up_and_hides_china_from_outsiders() -> None:
    app = newsletter()
    planned = make_plan(app, PlanRequest(ISSUE), None)
    plan, view = planned.plan, planned.view
    sums = plan.arithmetic
    assert view.recipients == sums.recipients == len(plan.recipients) >= 300
    addresses = [recipient.person.address.key for recipient in plan.recipients]
    assert len(set(addresses)) == len(addresses)
    assert sums.on_lists - sums.overlap - sums.duplicates == sums.recipients
    assert sum(line.recipients for line in view.variants) == view.recipients
    assert sum(line.recipients for line in view.subjects) == view.recipients
    segment = read_people(app, (), "china", ()).audience
    assert view.sections["china"] == len(segment)
    inside = {person.address.key for person in segment}
    for recipient in plan.recipients:
        planned_variant = plan.variants[recipient.variant]
        assert ("china" in planned_variant.variant.sections) == (
            recipient.person.address.key in inside
        )
        missing = planned_variant.compiled.missing(reader_values(recipient.person))
        assert set(missing) <= OF_DISPATCH


@pytest.mark.slow
def test_the_same_files_give_the_same_plan_with_the_same_digests() -> None:
    one = make_plan(newsletter(), PlanRequest(ISSUE), None)
    two = make_plan(
        open_app(REPOSITORY, profile="production", environ={}), PlanRequest(ISSUE), None
    )
    assert one.plan.content_digest == two.plan.content_digest
    assert one.plan.audience_digest == two.plan.audience_digest
    assert one.view.variants == two.view.variants
