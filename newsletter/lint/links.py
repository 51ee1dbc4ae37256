"""Rules about links as they are written: where they lead, and what they say."""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import unquote

from newsletter.issue.markdown import markdown
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.lint.written import WrittenLink, written_links
from newsletter.values import Address, Language

_OWN_NETWORK = (
    ".localhost",
    ".local",
    ".localdomain",
    ".internal",
    ".intranet",
    ".lan",
    ".home.arpa",
)
_SHORTENERS = frozenset(
    {
        *("bit.ly", "bitly.com", "buff.ly", "cutt.ly", "dlvr.it", "dwz.cn", "goo.gl", "is.gd"),
        *("lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "shorturl.at", "short.io", "suo.im", "t.cn"),
        *("t.co", "t.ly", "tiny.cc", "tinyurl.com", "trib.al", "url.cn", "v.gd", "w.url.cn"),
    }
)
_AS_LINK = re.compile(
    r"\[[^\[\]\n]+\] ?\(<?(?:(?:https?|ftp)://|(?:mailto|tel|sms):|www\.)[^\s()]*",
    re.IGNORECASE,
)
_FIELDS = frozenset({"subject", "body", "cc", "bcc", "in-reply-to"})
# A bare name counts only in small letters and under a domain that everybody knows: not Node.js.
_SHOWN_ADDRESS = re.compile(
    r"(?i:https?://(?:www\.)?|www\.)(?P<host>(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,24})(?:[:/?#]\S*)?"
    r"|(?P<bare>(?:[a-z0-9-]+\.)+(?:it|com|org|net|eu|fr|ca|cn|info|gov|edu|ch|de|es|uk|int|example))"
    r"(?:/\S*)?"
)
_SHOWN_MAIL = re.compile(
    r"(?:mailto:)?[^\s@]+@(?P<host>(?:[a-z0-9-]+\.)+[a-z]{2,24})", re.IGNORECASE
)
_INSECURE = re.compile(r"http://[^\s)>\"']+", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[.,;:、。，；：！？…»”’]+$")


@rule(
    "W024",
    says="Links are https.",
    source="an http link can be read and changed on its way, and some clients warn of it",
    cure="write https://, after trying that it answers",
)
def insecure_link(proof: Proof) -> Iterator[Hit]:
    """Addresses that begin with http://, but not of this machine or network."""
    for language, word in proof.words():
        for match in _INSECURE.finditer(word.text):
            link = WrittenLink(language, word.where, match[0], "", match.start())
            if not is_here(link.host):
                yield link.hit(f"{match[0]} is not https")


@rule(
    "N049",
    says="Links with the same words lead to the same place.",
    source="WCAG 2.2, 2.4.4: readers who hear the page hear its links alone",
    cure="let each link's words name what is there",
)
def same_words(proof: Proof) -> Iterator[Hit]:
    """Links and buttons of one language that say the same and have different addresses."""
    known: dict[tuple[Language, str], str] = {}
    for link in written_links(proof):
        label = link.label.strip().casefold()
        if label and known.setdefault((link.language, label), link.url) != link.url:
            yield link.hit(f'another link says "{link.label}" too')


@rule(
    "E051",
    says="No link leads to this machine or into a network of yours.",
    source="readers have other machines",
    cure="write the public address",
)
def link_to_here(proof: Proof) -> Iterator[Hit]:
    """localhost, private addresses, names without a dot, .local and the like."""
    for link in written_links(proof):
        if link.host and is_here(link.host):
            yield link.hit(f"{link.url} leads to {link.host}, which readers cannot reach")


@rule(
    "W052",
    says="No link is shortened.",
    source="filters distrust shorteners, since readers cannot see where they lead",
    cure="write the address that it leads to",
)
def shortened_link(proof: Proof) -> Iterator[Hit]:
    """Links to well-known shorteners."""
    for link in written_links(proof):
        if link.host.removeprefix("www.") in _SHORTENERS:
            yield link.hit(f"{link.url} is shortened")


@rule(
    "E053",
    says="A mailto link has addresses that can be mailed to.",
    source="RFC 6068",
    cure="write mailto:name@organisation.example, several with a comma between",
)
def bad_mailto(proof: Proof) -> Iterator[Hit]:
    """The part of mailto links before the question mark."""
    for link in _mailto_links(proof):
        addresses = link.url[len("mailto:") :].partition("?")[0]
        for address in filter(None, addresses.split(",")):
            fault = _fault_of(unquote(address))
            if fault:
                yield link.hit(f"{unquote(address)} is no address: {fault}")


@rule(
    "W054",
    says="A mailto link fills in only what mail programs know.",
    source="RFC 6068: subject, body, cc, bcc; a stray & ends the one before it",
    cure="write ?subject=… and &body=…, blanks as %20 and & as %26",
)
def unknown_mailto_field(proof: Proof) -> Iterator[Hit]:
    """The part of mailto links after the question mark."""
    for link in _mailto_links(proof):
        _, mark, query = link.url.partition("?")
        for part in query.split("&") if mark else ():
            name, equals, _ = part.partition("=")
            if not equals or unquote(name).lower() not in _FIELDS:
                yield link.hit(f"{name or 'an empty field'} means nothing to a mail program")


@rule(
    "W059",
    says="A link that shows an address leads there.",
    source="filters take any other for a fraud",
    cure="show what the page is about, or the address that the link has",
)
def disguised_link(proof: Proof) -> Iterator[Hit]:
    """Links whose words are an address, on another host than the link's own."""
    for link in written_links(proof):
        shown = _shown_host(link.label.strip())
        leads = link.host or _mail_domain(link.url)
        if shown and leads and not _related(shown, leads):
            yield link.hit(f"the link shows {shown} and leads to {leads}")


@rule(
    "W060",
    says="A link names its host.",
    source="filters distrust links to bare numbers",
    cure="write the host's name",
)
def numbered_host(proof: Proof) -> Iterator[Hit]:
    """Public IP addresses in links."""
    for link in written_links(proof):
        if _number(link.host) and not is_here(link.host):
            yield link.hit(f"{link.host} is a number, not a name")


@rule(
    "W061",
    says="A link ends where its address ends.",
    source="a full stop or a comma pasted with it leads to a page that is not there",
    cure="take the sign out of the address",
)
def trailing_sign(proof: Proof) -> Iterator[Hit]:
    """Punctuation at the end of addresses; Wikipedia's may end in a full stop."""
    for link in written_links(proof):
        found = _PUNCTUATION.search(link.url)
        if found and not link.host.endswith(".wikipedia.org"):
            yield link.hit(f"{found[0]} stands at the end of {link.url}", at=found.start())


@rule(
    "W057",
    says="What is written as a link is one.",
    source="readers would see its brackets: Markdown ends an address at a blank",
    cure="leave no blank after ], write those of the address as %20; a title takes no link",
)
def unread_link(proof: Proof) -> Iterator[Hit]:
    """Brackets and an address that show as they are written, in prose and in titles."""
    for language, word in proof.words():
        found = [] if word.sort.url else list(_AS_LINK.finditer(word.text))
        shown = _shown(word.text) if found and word.sort.markdown else word.text
        for match in found:
            if match[0] in shown:
                yield Hit(f"{match[0]} is no link", word.where, language, offset=match.start())


def _shown(prose: str) -> str:
    """What the parser leaves as plain words."""
    blocks = (token.children or [] for token in markdown().parse(prose))
    return "\n".join(
        "".join(each.content for each in inline if each.type == "text") for inline in blocks
    )


def _mailto_links(proof: Proof) -> Iterator[WrittenLink]:
    return (link for link in written_links(proof) if link.url.lower().startswith("mailto:"))


def _fault_of(address: str) -> str:
    try:
        Address.parse(address.strip())
    except ValueError as error:
        return str(error)
    return ""


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_here(host: str) -> bool:
    """Whether a host is this machine, or one of a network that readers are not in."""
    number = _number(host)
    if number:
        return not number.is_global
    return "." not in host or host.endswith(_OWN_NETWORK)


def _shown_host(label: str) -> str:
    """The host of words that are an address and nothing else."""
    mail = _SHOWN_MAIL.fullmatch(label)
    if mail:
        return mail["host"].lower()
    web = _SHOWN_ADDRESS.fullmatch(label)
    return (web["host"] or web["bare"]).lower() if web else ""


def _mail_domain(url: str) -> str:
    return unquote(url.partition("?")[0]).rpartition("@")[2].lower()


def _related(one: str, other: str) -> bool:
    """The same host, or one under the other; ``www`` does not count."""
    one, other = one.removeprefix("www."), other.removeprefix("www.")
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


RULES = (
    insecure_link,
    same_words,
    link_to_here,
    shortened_link,
    bad_mailto,
    unknown_mailto_field,
    disguised_link,
    numbered_host,
    trailing_sign,
    unread_link,
)
