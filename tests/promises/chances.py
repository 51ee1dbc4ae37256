"""What may happen to a campaign, and how likely it is."""

import datetime as dt
from dataclasses import replace

from hypothesis import strategies as st

from newsletter.delivery import Phase
from tests.promises.mortal import SENDING
from tests.promises.script import GOOD, Deed, Harm, Meddling, Script

MOST_READERS = 6

DEEDS = (
    GOOD,
    replace(GOOD, leaves=True),
    Deed(Phase.MAIL, "451 4.3.0 later"),
    Deed(Phase.MAIL, "421 4.3.2 bye"),
    Deed(Phase.RCPT, "450 4.2.0 greylisted"),
    Deed(Phase.RCPT, "421 4.7.28 too many"),
    Deed(Phase.DATA, "451 4.7.1 slow down"),
    Deed(Phase.DOT, "452 4.3.1 full"),
    Deed(Phase.DOT, "421 4.7.0 slow down"),
    Deed(Phase.MAIL),
    Deed(Phase.RCPT),
    Deed(Phase.DATA),
    Deed(Phase.BODY),
    Deed(Phase.DATA, "250 go ahead"),
    Deed(Phase.RCPT, "550 5.1.1 no such user"),
    Deed(Phase.RCPT, "550 5.2.1 disabled"),
    Deed(Phase.DOT, "550 5.1.1 no such user after all"),
    Deed(Phase.DOT, "554 5.7.1 content rejected"),
    Deed(Phase.DOT, "552 5.3.4 too big"),
    Deed(Phase.MAIL, "550 5.7.1 sender denied"),
    Deed(Phase.RCPT, "550 5.7.515 access denied"),
    Deed(Phase.DOT, "550 5.7.26 unauthenticated"),
    *[Deed(Phase.DOT, takes=True)] * 3,
    Deed(Phase.DOT, takes=False),
    Deed(Phase.DOT, "999 what", takes=True),
    Deed(Phase.DOT, "354 go ahead", takes=False),
)
LEAPS = tuple(
    dt.timedelta(seconds=seconds)
    for seconds in (-3_600, -60, 60, 300, 3_600, 5 * 3_600, 3 * 86_400)
)
harms = (
    st.none()
    | st.tuples(st.integers(SENDING, SENDING + 60), st.just(Harm.KILL))
    | st.tuples(st.integers(1, 150) | st.integers(SENDING, SENDING + 120), st.sampled_from(Harm))
)
"""Where the first messages leave, and anywhere."""
deeds = st.lists(st.sampled_from(DEEDS), max_size=7) | st.builds(
    lambda deed: [deed] * 9, st.sampled_from(DEEDS)
)
"""This and that, or the same to everybody, again and again."""
scripts = st.builds(
    Script,
    deeds=deeds,
    away=st.sampled_from([0, 0, 0, 1, 3]),
    closed=st.sampled_from([False, False, False, True]),
    window=st.sampled_from([1, 1, 2, 3]),
    eager=st.booleans(),
    meddling=st.none() | st.tuples(st.integers(0, MOST_READERS), st.sampled_from(Meddling)),
    harm=harms,
)
deaths = st.builds(
    Script,
    deeds=st.lists(st.sampled_from([GOOD, Deed(Phase.RCPT, "450 4.2.0 greylisted")]), max_size=2),
    window=st.sampled_from([1, 2]),
    eager=st.booleans(),
    harm=st.tuples(st.integers(SENDING, SENDING + 24), st.just(Harm.KILL)),
)
"""Killed while the first messages leave."""
any_number = st.integers(0, 1_000)
connections = st.integers(1, 3)
on_doubt = st.sampled_from(["hold", "resend"])
MISHAPS = ("lost", "cut", "spoilt", "power")
"""What may happen to a journal."""
mishaps = st.tuples(any_number, any_number, st.sampled_from(MISHAPS))
"""To which, where, what."""
ends = st.tuples(st.integers(0, 24), st.sampled_from(["cut", "spoilt", "power"]))
"""Where, from the end, and what: the last lines tell of what is in the air."""
