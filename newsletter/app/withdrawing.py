"""A reader's word, by mail or by telephone, that her clicks are no longer to be kept."""

from dataclasses import dataclass

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.readers import parse_reader
from newsletter.consent import Told

OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A consent that was taken back, or did not stand; how many links were forgotten with it."""

    address: str
    stood: bool
    clicks: int = 0


def withdraw_tracking(app: App, reader: str, source: str) -> Withdrawn:
    """Count a reader by name no more, and forget which links she followed."""
    address = parse_reader(reader)
    if not has_ledger(app):
        return Withdrawn(address.text, stood=False)
    with open_ledger(app) as ledger:
        register = ledger.register(app.marks)
        if not register.preferences_of(address).tracking:
            return Withdrawn(address.text, stood=False)
        clicks = len(ledger.clicks.of_reader(address))
        told = Told(app.clock(), source or OFFICER)
        register.set_tracking(address, told, allowed=False)
    return Withdrawn(address.text, stood=True, clicks=clicks)
