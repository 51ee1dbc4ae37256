"""Rules about who the mail is from: addresses, names, what bulk senders are asked for."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.lint.place import place_in_theme
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.lint.shown import shown_words

_RESERVED = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|org|net))?|test|invalid|localhost)$")
_NO_REPLY = re.compile(
    r"(?:no|non|do-?not|dont)[-_.]?(?:reply|respond|rispond(?:ere|ete|a)|answer)|ne-?pas-?repondre"
    r"|nicht-?antworten|no-?responder",
    re.IGNORECASE,
)
_FREE_MAIL = frozenset(
    {
        *(
            "gmail.com",
            "googlemail.com",
            "yahoo.com",
            "yahoo.it",
            "yahoo.fr",
            "yahoo.ca",
            "ymail.com",
        ),
        *("outlook.com", "outlook.it", "outlook.fr", "hotmail.com", "hotmail.it", "hotmail.fr"),
        *("live.com", "live.it", "live.fr", "msn.com", "icloud.com", "me.com", "aol.com"),
        *("libero.it", "virgilio.it", "alice.it", "tiscali.it", "tim.it", "orange.fr", "free.fr"),
        *("laposte.net", "sfr.fr", "wanadoo.fr", "gmx.com", "gmx.de", "gmx.net", "web.de"),
        *("proton.me", "protonmail.com", "qq.com", "163.com", "126.com", "sina.com", "sohu.com"),
    }
)


@rule(
    "E026",
    says="The publisher has a postal address.",
    source="CAN-SPAM 16 CFR 316; Canada's CASL; and trust",
    cure="write postal_address in newsletter.toml",
)
def no_postal_address(proof: Proof) -> Iterator[Hit]:
    """The address that footers show."""
    if not any(line.strip() for line in proof.publisher.postal_address):
        yield in_settings(proof, "there is no postal address", "sender.postal_address")


@rule(
    "W063",
    says="No sample is left among the sender's details.",
    source="mail from an address that does not exist is refused, and nobody can answer it",
    cure="write your own in newsletter.toml",
)
def sample_sender(proof: Proof) -> Iterator[Hit]:
    """Hosts under .example beside hosts that are real; a newsletter all of samples is one."""
    sender = proof.sender
    if sender is None:
        return
    hosts = {
        "sender.address": _domain(sender.address),
        "sender.reply_to": _domain(sender.reply_to),
        "sender.list_id": sender.list_id,
        "site.url": urlsplit(proof.publisher.site_url).hostname or "",
    }
    named = {where: host for where, host in hosts.items() if host}
    samples = {where: host for where, host in named.items() if _RESERVED.search(host)}
    if len(samples) < len(named):
        for where, host in samples.items():
            yield in_settings(proof, f"{host} exists only in examples", where)


@rule(
    "E064",
    says="The page and the plain text show the postal address.",
    source="CAN-SPAM and CASL want it in each message, whichever part is read",
    cure="let the theme's footers show publisher.postal_address",
)
def address_not_shown(proof: Proof) -> Iterator[Hit]:
    """Every line of the postal address among the words of page and text."""
    lines = [" ".join(line.split()) for line in proof.publisher.postal_address if line.strip()]
    for edition in proof.editions:
        page, text = shown_words(edition.html), " ".join(edition.text.split())
        for form, words, file in (
            ("page", page, "edition.mjml.j2"),
            ("text", text, "edition.txt.j2"),
        ):
            missing = [line for line in lines if line not in words]
            if missing and proof.theme:
                message = f"the {form} in {edition.variant.language} lacks {missing[0]}"
                place = place_in_theme(proof.theme, r"</mj-body>|\Z", file, file)
                yield Hit(message, place=place)


@rule(
    "W065",
    says="Readers can answer.",
    source="answers are the best that can happen to a newsletter, and providers count them",
    cure="name an address in sender.reply_to that somebody reads",
)
def no_reply(proof: Proof) -> Iterator[Hit]:
    """Noreply and its translations, in the address that answers go to."""
    sender = proof.sender
    if sender and _NO_REPLY.search((sender.reply_to or sender.address).partition("@")[0]):
        where = "sender.reply_to" if sender.reply_to else "sender.address"
        yield in_settings(proof, "nobody reads what is answered", where)


@rule(
    "W066",
    says="The sender's name is a name.",
    source="inboxes show it first; filters distrust an address in its place",
    cure="write the organisation's or the newsletter's name in sender.name",
)
def address_as_name(proof: Proof) -> Iterator[Hit]:
    """An address, or nothing but small signs, as the name in From."""
    sender = proof.sender
    if sender and ("@" in sender.name or not any(letter.isalpha() for letter in sender.name)):
        yield in_settings(proof, f"{sender.name} is no name", "sender.name")


@rule(
    "E067",
    says="The sender's address is at a domain of its own.",
    source="providers of free mailboxes have others refuse mail in their name (DMARC)",
    cure="send from your organisation's domain; answers may go to the free mailbox",
)
def free_mailbox(proof: Proof) -> Iterator[Hit]:
    """From addresses at gmail.com, yahoo.com, libero.it, qq.com and the like."""
    if proof.sender and _domain(proof.sender.address) in _FREE_MAIL:
        message = f"{_domain(proof.sender.address)} does not let others send in its name"
        yield in_settings(proof, message, "sender.address")


@rule(
    "W068",
    says="The List-Id stands under the sender's own domain.",
    source="RFC 2919, 3: a name that nobody else can give a list",
    cure="end sender.list_id in your own domain",
)
def foreign_list_id(proof: Proof) -> Iterator[Hit]:
    """The last labels of the List-Id against those of From and of the site."""
    if proof.sender is None:
        return
    own = (_domain(proof.sender.address), urlsplit(proof.publisher.site_url).hostname or "")
    if not any(_organisation(proof.sender.list_id) == _organisation(host) for host in own):
        message = f"{proof.sender.list_id} is not under {own[0]}"
        yield in_settings(proof, message, "sender.list_id")


def in_settings(proof: Proof, message: str, where: str) -> Hit:
    """A hit at a key of newsletter.toml."""
    return Hit(message, where, path=proof.settings_file)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _organisation(host: str) -> tuple[str, ...]:
    """The last two labels; under ``co.uk`` and the like all of them agree, and nothing is said."""
    return tuple(host.lower().rstrip(".").split(".")[-2:])


RULES = (
    no_postal_address,
    sample_sender,
    address_not_shown,
    no_reply,
    address_as_name,
    free_mailbox,
    foreign_list_id,
)
