"""Rules about what the officer wrote: leftovers, links, calls, dates, the postal address."""

import re
from collections.abc import Iterator
from itertools import pairwise

from newsletter.issue.model import Country, Events
from newsletter.lint.rule import Hit, Proof, rule

# Capitals only, for "todo" is Spanish for everything; and XXX before a word is thirty in Rome.
_LEFTOVER = re.compile(r"(?i:lorem ipsum)|\b(?:TODO|FIXME|TBD)\b|\bXXX+\b(?!\s+[^\W\d_A-Z])|\?\?\?")
_SAMPLE_HOST = re.compile(
    r"https?://(?:[\w-]+\.)*example\.(?:com|org|net)\b[^\s)>\"']*", re.IGNORECASE
)
_INSECURE = re.compile(r"http://[^\s)>\"']+", re.IGNORECASE)
_CLICK_HERE = re.compile(
    r"\bclicca(?:re)? qui\b|\bclick here\b|\bcliquez ici\b|\bhier klicken\b|\bhaga clic aquí\b"
    r"|点击(?:这里|此处)",
    re.IGNORECASE,
)


@rule(
    "W021",
    says="No text stands in for another.",
    source="what was to be replaced before the send",
    cure="write what belongs there",
)
def leftover(proof: Proof) -> Iterator[Hit]:
    """Lorem ipsum, TODO and the like, in any language."""
    yield from _matches(proof, _LEFTOVER, "{} is left over")


@rule(
    "W022",
    says="No link leads to a host that exists only in examples.",
    source="RFC 2606: example.com, .org and .net are for documentation",
    cure="write the real address",
)
def sample_link(proof: Proof) -> Iterator[Hit]:
    """Addresses at example.com and its sisters."""
    yield from _matches(proof, _SAMPLE_HOST, "{} leads to an example")


@rule(
    "W023",
    says="A link says where it leads.",
    source="WCAG 2.2, 2.4.4: readers who hear the page hear its links alone",
    cure="let the link's words name what is there",
)
def click_here(proof: Proof) -> Iterator[Hit]:
    """The habitual words of links that say nothing."""
    yield from _matches(proof, _CLICK_HERE, '"{}" does not say where the link leads')


@rule(
    "W024",
    says="Links are https.",
    source="an http link can be read and changed on its way, and some clients warn of it",
    cure="write https://, after trying that it answers",
)
def insecure_link(proof: Proof) -> Iterator[Hit]:
    """Addresses that begin with http://."""
    yield from _matches(proof, _INSECURE, "{} is not https")


@rule(
    "W025",
    says="An issue has one call to action.",
    source="of two calls readers follow neither",
    cure="keep the one that matters most; make the others articles with a button",
)
def several_calls(proof: Proof) -> Iterator[Hit]:
    """Every call after the first."""
    calls = [
        name for name, section in proof.issue.original.sections.items() if section.kind == "call"
    ]
    for name in calls[1:]:
        yield Hit(f"{name} is a call besides {calls[0]}", f"sections.{name}.kind")


@rule(
    "E026",
    says="The publisher has a postal address.",
    source="CAN-SPAM 16 CFR 316; Canada's CASL; and trust",
    cure="write postal_address in newsletter.toml",
)
def no_postal_address(proof: Proof) -> Iterator[Hit]:
    """The address that footers show."""
    if not any(line.strip() for line in proof.publisher.postal_address):
        yield Hit("there is no postal address", "sender.postal_address", path=proof.settings_file)


@rule(
    "W027",
    says="Events stand in the order of their dates.",
    source="readers read a calendar from top to bottom",
    cure="move the earlier event up",
)
def events_out_of_order(proof: Proof) -> Iterator[Hit]:
    """Each event that begins before the one above it."""
    for name, section in proof.issue.original.sections.items():
        if not isinstance(section, Events | Country):
            continue
        for at, (before, after) in enumerate(pairwise(section.events), 1):
            if after.date < before.date:
                message = f"{after.title} ({after.date}) stands below {before.date}"
                yield Hit(message, f"sections.{name}.events.{at}")


def _matches(proof: Proof, pattern: re.Pattern[str], message: str) -> Iterator[Hit]:
    """Each different match of a word once, at its first character."""
    for language, word in proof.words():
        seen = {match[0]: match for match in reversed(list(pattern.finditer(word.text)))}
        for found, match in reversed(seen.items()):
            yield Hit(message.format(found), word.where, language, offset=match.start())


RULES = (
    leftover,
    sample_link,
    click_here,
    insecure_link,
    several_calls,
    no_postal_address,
    events_out_of_order,
)
