"""What Gmail, Yahoo and Microsoft want of bulk senders, each line judged by what was examined."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from newsletter.doctor.examination import Result, State

GMAIL = "Gmail, from 5,000 a day (2024; refused since November 2025)"
YAHOO = "Yahoo (2024)"
MICROSOFT = "Microsoft, from 5,000 a day (5 May 2025; else 550 5.7.515)"
_ORDER = (State.BAD, State.WARNING, State.UNKNOWN, State.GOOD)


@dataclass(frozen=True, slots=True)
class Line:
    """One rule of one provider, and whether it is kept."""

    provider: str
    rule: str
    state: State
    cure: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    words: str
    providers: tuple[str, ...]
    asks: tuple[str, ...]
    """The results that it depends on: an id, or what begins with it and a dot."""


_RULES = (
    _Rule("SPF passes", (GMAIL, YAHOO, MICROSOFT), ("spf",)),
    _Rule("DKIM signs, and its record is published", (GMAIL, YAHOO, MICROSOFT), ("dkim",)),
    _Rule("DMARC is published, p=none at least", (GMAIL, YAHOO, MICROSOFT), ("dmarc",)),
    _Rule("From is aligned with SPF or DKIM", (GMAIL, YAHOO, MICROSOFT), ("dmarc.alignment",)),
    _Rule("the sending address has a name and back", (GMAIL, YAHOO), ("ptr",)),
    _Rule("TLS on the way to the relay", (GMAIL,), ("relay.tls",)),
    _Rule("one-click unsubscribe answers POST", (GMAIL, YAHOO), ("one_click",)),
    _Rule("answers reach a mailbox", (MICROSOFT,), ("mx.author",)),
)


def rules_kept(results: Sequence[Result]) -> tuple[Line, ...]:
    """The table, a line for each provider and rule."""
    return tuple(
        _line(provider, rule, results)
        for provider in (GMAIL, YAHOO, MICROSOFT)
        for rule in _RULES
        if provider in rule.providers
    )


def _line(provider: str, rule: _Rule, results: Sequence[Result]) -> Line:
    found = list(_asked(rule, results))
    if not found:
        return Line(provider, rule.words, State.UNKNOWN, "nothing was examined for it")
    worst = min(found, key=lambda each: _ORDER.index(each.state))
    return Line(provider, rule.words, worst.state, worst.cure)


def _asked(rule: _Rule, results: Sequence[Result]) -> Iterable[Result]:
    exact = rule.asks == ("dmarc",)  # alignment has a line of its own
    for each in results:
        for name in rule.asks:
            below = each.id.startswith(f"{name}.") and not exact
            if each.id == name or below:
                yield each
