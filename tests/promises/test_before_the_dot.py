"""The rows of the relay table in which nothing was handed over, through a whole run."""

import pytest

from newsletter.ledger.ledger import Ledger
from tests.promises.cases import Case, cases, play
from tests.promises.rows import before_the_dot

pytestmark = pytest.mark.slow  # every row, three places, two ways


@pytest.mark.parametrize("case", cases(before_the_dot()))
def test_before_the_dot_each_behaviour_ends_as_the_table_says(case: Case, ledger: Ledger) -> None:
    play(case, ledger)
