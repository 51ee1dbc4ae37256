"""The benchmark renders by the newsletter's real path, beside peers that get the same MJML."""

import pytest

from bench.figures import OURS
from bench.render import measure

pytestmark = pytest.mark.slow


def test_a_page_is_compared_with_what_others_make_of_its_mjml() -> None:
    found = {(each.case, each.sender): each.microseconds for each in measure(1, None)}
    assert all(found.values())
    inlined = "MJML to a page with its styles inlined"
    assert found[inlined, "mjml-python and premailer"] > 5 * found[inlined, OURS]
    many, one = "15 pages of one issue", "a page of four sections and its text"
    assert found[many, OURS] > found[one, OURS]
