"""What is counted of a newsletter's readers, in words."""

from collections.abc import Iterable

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.campaign import Plan
from newsletter.ledger.ledger import Ledger
from newsletter.message import counted_in
from newsletter.recipients import Recipients

INDIVIDUAL = "individual"
_NOTHING = "none: links lead where they are written to, and nothing is counted"


def tracking_of_plan(app: App, plan: Plan, recipients: Recipients, ledger: Ledger | None) -> str:
    """What a campaign would count, and of how many by name."""
    links = {url for each in plan.variants for url in counted_in(each.compiled)}
    agreed = None
    if plan.terms.tracking == INDIVIDUAL:
        agreed = _agreed(app, (key for key, _ in recipients.by_key()), ledger)
    return in_words(plan.terms.tracking, opens=plan.terms.opens, links=len(links), agreed=agreed)


def tracking_of(app: App) -> str:
    """What the settings say is counted."""
    options = app.settings.tracking
    return in_words(options.mode, opens=options.opens, agreed=agreed_in(app))


def agreed_in(app: App) -> int | None:
    """How many readers' consent to be counted by name stands; None where nobody is."""
    if app.settings.tracking.mode != INDIVIDUAL:
        return None
    if not has_ledger(app):
        return 0
    with open_ledger(app) as ledger:
        return ledger.clicks.agreed()


def in_words(mode: str, *, opens: bool, links: int | None = None, agreed: int | None = None) -> str:
    """A mode and what it means, in one line."""
    if mode == "none":
        return _NOTHING
    what = "clicks" if links is None else f"clicks on {links} link{'' if links == 1 else 's'}"
    also = f"{what} and opens" if opens else what
    if mode != INDIVIDUAL:
        return f"{mode}: {also} are counted, of nobody in particular"
    some = f"{agreed or 'none'} who agreed"
    return f"{mode}: {also} are counted; clicks by name of the {some}, and of nobody else"


def _agreed(app: App, keys: Iterable[str], ledger: Ledger | None) -> int:
    return len(ledger.register(app.marks).may_track(keys)) if ledger else 0
