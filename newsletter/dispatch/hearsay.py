"""What the workers at a campaign's parts tell one another: what their last tries came to.

So a threshold is judged over all of them, the same refusal of the text by three workers is seen as
three, and a place that complains to one is spared by all. It goes through the ledger with each
group.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from newsletter.dispatch.grievances import Grievance

_LATELY = 1000
"""Tries, as many as one worker alone looks back on."""
_FRESH = 5_000_000
"""Microseconds for which it counts whether the text is taken."""


@dataclass(frozen=True, slots=True)
class Word:
    """What one worker says."""

    at: int
    """Microseconds since 1970."""
    tries: int
    refused: int
    deferred: int
    kind: str = ""
    """How the text was refused last, and how often in a row."""
    alike: int = 0
    took: bool = False
    """Whether any message was taken since its last word."""
    grievances: tuple[Grievance, ...] = ()
    """For which complaints it slowed down of late."""

    def packed(self) -> str:
        """As it goes through the ledger."""
        words = (self.at, self.tries, self.refused, self.deferred, self.kind, self.alike, self.took)
        return json.dumps((*words, self.grievances))


def unpacked(said: Iterable[str]) -> Iterator[Word]:
    """What the others said; what cannot be read is passed over."""
    for each in said:
        try:
            word = Word(*json.loads(each))
            told = tuple(Grievance(*one) for one in word.grievances)
            yield replace(word, grievances=told)
        except (ValueError, TypeError):
            continue


def lately(words: Iterable[Word], own: int) -> tuple[int, int, int]:
    """Tries, refusals and deferrals of the others, the latest first, as many as count."""
    tries = refused = deferred = 0
    for word in words:
        if own + tries >= _LATELY:
            break
        tries, refused = tries + word.tries, refused + word.refused
        deferred += word.deferred
    return tries, refused, deferred


def alike(words: Iterable[Word], kind: str, now: int) -> int:
    """How often the others were refused the text like this; 0 where somebody's text is taken."""
    fresh = [word for word in words if now - word.at < _FRESH]
    if any(word.took for word in fresh):
        return 0
    return sum(word.alike for word in fresh if word.kind == kind)
