"""Rules about counting clicks; where nothing is counted they have nothing to say."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.lint.links import is_here
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.lint.shown import shown_links
from newsletter.lint.written import written_links


@rule(
    "E151",
    says="Links are counted only at an address that readers can reach.",
    source="a counted link leads to your own site first: where that is not there, it leads nowhere",
    cure="set site.url to where `newsletter serve` answers, or tracking.mode to none",
)
def unreachable_site(proof: Proof) -> Iterator[Hit]:
    """The site's address, if links are counted."""
    host = urlsplit(proof.publisher.site_url).hostname or ""
    if proof.counting and is_here(host):
        message = f"links would be counted at {host}, which readers cannot reach"
        yield Hit(message, "site.url", path=proof.settings_file)


@rule(
    "W152",
    says="What an issue names as uncounted is a link of its pages.",
    source="an address that is written otherwise than in the link leaves the link counted",
    cure="copy the address as the link has it, or take it out of uncounted",
)
def lost_uncounted(proof: Proof) -> Iterator[Hit]:
    """The issue's ``uncounted`` against the links of all its pages."""
    links = (link for edition in proof.editions for link in shown_links(edition.html))
    there = {link.href.rstrip("/") for link in links}
    for at, url in enumerate(proof.issue.original.uncounted):
        if proof.editions and url.rstrip("/") not in there:
            yield Hit(f"no link of this issue leads to {url}", f"uncounted.{at}")


@rule(
    "N153",
    says="No link is left uncounted because it shows its address.",
    source="mail programs warn of a link that leads elsewhere than it says, so it is not changed",
    cure="let the link's words name what is there; or let it be, and it is not counted",
)
def shows_its_address(proof: Proof) -> Iterator[Hit]:
    """Links whose words are an address, where links are counted."""
    counting = proof.counting
    for link in written_links(proof) if counting else ():
        shown = link.label or link.url
        if counting and counting.counts(link.url, "") and not counting.counts(link.url, shown):
            yield link.hit(f"{link.url} shows an address: it is not counted")


@rule(
    "W154",
    says="Somebody agreed to be counted by name, where that is what is to be done.",
    source="GDPR and ePrivacy: without a reader's consent only the number of clicks is counted",
    cure="readers agree on their preferences page; until one does, aggregate does the same",
)
def nobody_agreed(proof: Proof) -> Iterator[Hit]:
    """How many readers' consent stands, if clicks are counted by name."""
    if proof.agreed == 0:
        message = "no reader agreed to be counted by name: all are counted as in aggregate"
        yield Hit(message, "tracking.mode", path=proof.settings_file)


RULES = (unreachable_site, lost_uncounted, shows_its_address, nobody_agreed)
