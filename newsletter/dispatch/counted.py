"""What a campaign counts, as its messages need it: addresses that lead on to where links point."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from newsletter.clicks import Counts, mint, tokens
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign
from newsletter.message import LINK, OPENS
from newsletter.unsubscribe import TokenKeys

AGGREGATE, INDIVIDUAL = "aggregate", "individual"


@dataclass(frozen=True, slots=True)
class Counted:
    """The slots of what is counted, and what stands in them."""

    shared: Mapping[str, str] = field(default_factory=dict)
    """The address that every reader has in each slot."""
    begins: Mapping[str, str] = field(default_factory=dict)
    """What the reader's own token follows, in the slots of those who are counted by name."""
    token: Callable[[int], bytes] | None = None
    """From a row to its reader's token, where there are ``begins``."""
    readers: AbstractSet[int] = frozenset()
    """The rows of readers who are counted by name."""
    named: "Counted | None" = None
    """How it is for those."""


NOTHING_COUNTED = Counted()


def counted_of(ledger: Ledger, campaign: Campaign, keys: TokenKeys | None) -> Counted:
    """What the campaign counts: as it was recorded, and only of those whose consent still stands.

    Without keys nothing is counted, and links lead where they point.
    """
    terms, number = campaign.terms, int(campaign.id)
    if terms.tracking not in {AGGREGATE, INDIVIDUAL} or keys is None:
        return NOTHING_COUNTED
    base = terms.unsubscribe_base.rstrip("/")
    links = ledger.clicks.links_of(campaign.id).items()
    of_link = tokens(keys, number, Counts.LINK)
    shared = {f"{LINK}{url}": f"{base}/c/{of_link(n).decode('ascii')}" for url, n in links}
    begins = {name: f"{url}/" for name, url in shared.items()}
    opens = {OPENS: f"{base}/o/{mint(keys, number, 0, Counts.OPENS)}"} if terms.opens else {}
    if terms.tracking == AGGREGATE or not begins:
        return Counted(shared | opens)
    readers = ledger.clicks.by_name(campaign.id, campaign.recorded_at)
    named = Counted(opens, begins, tokens(keys, number, Counts.READER))
    return Counted(shared | opens, readers=readers, named=named)
