"""Zones as organisations have them: good ones, and each with one fault planted."""

from dataclasses import dataclass, field

from newsletter.doctor.authentication import Mailing, OurKey
from newsletter.signing import Algorithm, SigningKey, new_key, record_text
from tests.zones import txt

AUTHOR = "alisei.example"
ADDRESS = "192.0.2.10"
SIX = "2001:db8::10"
RSA = SigningKey.read(new_key(Algorithm.RSA), AUTHOR, "s1")
ED = SigningKey.read(new_key(Algorithm.ED25519), AUTHOR, "e1")
_RECORDS = dict[tuple[str, str], list[str] | str]


def our(key: SigningKey, domain: str = AUTHOR, bits: int | None = None) -> OurKey:
    """A key as the doctor knows it."""
    size = key.bits if bits is None else bits
    return OurKey(domain, key.selector, key.algorithm, key.public, size)


def published(key: SigningKey) -> str:
    """Its record."""
    return record_text(key.algorithm, key.public)


def base() -> _RECORDS:
    """A zone in which nothing is wrong."""
    return {
        (AUTHOR, "TXT"): [*txt("v=spf1 a:relay.alisei.example -all"), *txt("other=1")],
        (AUTHOR, "MX"): ["10 mx.alisei.example."],
        ("mx.alisei.example", "A"): ["192.0.2.20"],
        ("relay.alisei.example", "A"): [ADDRESS],
        ("10.2.0.192.in-addr.arpa", "PTR"): ["relay.alisei.example."],
        (f"_dmarc.{AUTHOR}", "TXT"): txt("v=DMARC1; p=quarantine; rua=mailto:d@alisei.example"),
        (f"s1._domainkey.{AUTHOR}", "TXT"): txt(published(RSA)),
        (f"e1._domainkey.{AUTHOR}", "TXT"): txt(published(ED)),
    }


@dataclass(frozen=True)
class Ground:
    """A zone that differs from the good one, and what must be found: id and state, no more."""

    name: str
    changes: _RECORDS
    finds: frozenset[str] = frozenset()
    """``bad spf``, ``warning dkim`` …; empty where nothing is wrong."""
    mailing: Mailing = field(
        default_factory=lambda: Mailing(AUTHOR, f"news@{AUTHOR}", (ADDRESS,), (our(RSA),))
    )

    @property
    def zone(self) -> _RECORDS:
        """The good zone with the changes; an empty list takes a record away."""
        merged = base() | self.changes
        return {key: rows for key, rows in merged.items() if rows}


def mailing(
    author: str = AUTHOR,
    envelope: str = f"news@{AUTHOR}",
    addresses: tuple[str, ...] = (ADDRESS,),
    keys: tuple[OurKey, ...] = (our(RSA),),
) -> Mailing:
    """Somebody's mail."""
    return Mailing(author, envelope, addresses, keys)


def spf(text: str, **more: list[str] | str) -> _RECORDS:
    """The zone's SPF record, and others by ``name__TYPE``."""
    found: _RECORDS = {(AUTHOR, "TXT"): txt(text)}
    for key, rows in more.items():
        name, _, kind = key.rpartition("__")
        found[name.replace("_at_", "_").replace("_", "."), kind] = rows
    return found


def included(count: int) -> _RECORDS:
    """A record with so many includes, each of which is there."""
    names = [f"i{number}.example" for number in range(count)]
    text = "v=spf1 " + " ".join(f"include:{name}" for name in names) + f" ip4:{ADDRESS} -all"
    found: _RECORDS = {(AUTHOR, "TXT"): txt(text)}
    return found | {(name, "TXT"): txt("v=spf1 ip4:198.51.100.1 -all") for name in names}


_S1, _D = (f"s1._domainkey.{AUTHOR}", "TXT"), (f"_dmarc.{AUTHOR}", "TXT")
_T = (AUTHOR, "TXT")
_PTR = ("10.2.0.192.in-addr.arpa", "PTR")
_P = published(RSA).partition("p=")[2]
_SPF_ALONE = mailing(keys=())
_SUB = mailing(author=f"news.{AUTHOR}", envelope=f"b@{AUTHOR}")
_ELSEWHERE = mailing(envelope="b@esp.example")
_ESP: _RECORDS = {("esp.example", "TXT"): txt(f"v=spf1 ip4:{ADDRESS} -all")}


def _finds(*words: str) -> frozenset[str]:
    return frozenset(words)


GOOD = (
    Ground("plain", {}),
    Ground("ip4", spf(f"v=spf1 ip4:{ADDRESS} -all")),
    Ground("a network", spf("v=spf1 ip4:192.0.2.0/24 ~all")),
    Ground("capitals", spf(f"V=SPF1 IP4:{ADDRESS} -ALL")),
    Ground("an include", spf("v=spf1 include:esp.example -all") | _ESP),
    Ground("a redirect", spf("v=spf1 redirect=esp.example") | _ESP),
    Ground("its own mx", spf("v=spf1 mx -all") | {(AUTHOR, "MX"): ["5 relay.alisei.example."]}),
    Ground("a of itself", spf("v=spf1 a/24 -all") | {(AUTHOR, "A"): ["192.0.2.77"]}),
    Ground(
        "ip6",
        spf("v=spf1 ip6:2001:db8::/32 -all")
        | {
            ("0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR"): [
                "six.alisei.example."
            ],
            ("six.alisei.example", "AAAA"): [SIX],
        },
        mailing=mailing(addresses=(SIX,)),
    ),
    Ground(
        "exists with a macro",
        spf("v=spf1 exists:%{ir}.ok.example -all")
        | {("10.2.0.192.ok.example", "A"): ["127.0.0.2"]},
    ),
    Ground("ten look-ups", included(10)),
    Ground("unknown modifiers", spf(f"v=spf1 x-y=z exp=e.example ip4:{ADDRESS} -all")),
    Ground("two void look-ups", spf(f"v=spf1 a:gone1.example a:gone2.example ip4:{ADDRESS} -all")),
    Ground(
        "dkim in capitals and spaces", {_S1: txt(f"v=DKIM1; k=rsa; n=a b; p={_P[:80]} {_P[80:]}")}
    ),
    Ground("dkim without v and k", {_S1: txt(f"p={_P}")}),
    Ground("dkim for mail alone", {_S1: txt(f"v=DKIM1; h=sha1:sha256; s=email; p={_P};")}),
    Ground(
        "dkim behind an alias",
        {
            _S1: [],
            (_S1[0], "CNAME"): ["k.esp.example."],
            ("k.esp.example", "TXT"): txt(published(RSA)),
        },
    ),
    Ground("two keys", {}, mailing=mailing(keys=(our(RSA), our(ED)))),
    Ground(
        "dmarc none", {_D: txt("v=DMARC1;p=none;rua=mailto:a@x.example,mailto:b@x.example!10m")}
    ),
    Ground(
        "dmarc reject, strict",
        {_D: txt("v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:a@x.example; pct=100")},
    ),
    Ground(
        "dmarc of the organisation",
        {(f"news.{AUTHOR}", "MX"): ["10 mx.alisei.example."]},
        mailing=_SUB,
    ),
    Ground(
        "a return path below",
        {(f"b.{AUTHOR}", "TXT"): txt(f"v=spf1 ip4:{ADDRESS} -all")},
        mailing=mailing(envelope=f"x@b.{AUTHOR}"),
    ),
    Ground(
        "a long record over tcp", spf(f"v=spf1 ip4:{ADDRESS} " + "ip4:198.51.100.7 " * 80 + "-all")
    ),
    Ground("two mx", {(AUTHOR, "MX"): ["10 mx.alisei.example.", "20 relay.alisei.example."]}),
)

FAULTS = (
    Ground("no spf", {_T: txt("other=1")}, _finds("bad spf")),
    Ground("no txt at all", {_T: []}, _finds("bad spf")),
    Ground(
        "two spf",
        {_T: [*txt("v=spf1 -all"), *txt(f"v=spf1 ip4:{ADDRESS} -all")]},
        _finds("bad spf"),
    ),
    Ground("another address", spf("v=spf1 ip4:198.51.100.1 -all"), _finds("bad spf")),
    Ground("softfail", spf("v=spf1 ip4:198.51.100.1 ~all"), _finds("bad spf")),
    Ground("neutral", spf("v=spf1 ip4:198.51.100.1"), _finds("bad spf")),
    Ground("lets anybody", spf(f"v=spf1 ip4:{ADDRESS} +all"), _finds("bad spf.open")),
    Ground("lets everybody pass", spf(f"v=spf1 ip4:{ADDRESS} ?all"), _finds("bad spf.open")),
    Ground("a typo", spf(f"v=spf1 ipv4:{ADDRESS} -all"), _finds("bad spf")),
    Ground("a broken network", spf("v=spf1 ip4:192.0.2.300 -all"), _finds("bad spf")),
    Ground("a wide prefix", spf("v=spf1 ip4:192.0.2.0/40 -all"), _finds("bad spf")),
    Ground(
        "an include of nothing",
        spf(f"v=spf1 include:gone.example ip4:{ADDRESS} -all"),
        _finds("bad spf"),
    ),
    Ground("an empty include", spf(f"v=spf1 include: ip4:{ADDRESS} -all"), _finds("bad spf")),
    Ground("eleven look-ups", included(11), _finds("bad spf")),
    Ground("a loop", spf("v=spf1 include:alisei.example -all"), _finds("bad spf")),
    Ground("two redirects", spf("v=spf1 redirect=a.example redirect=b.example"), _finds("bad spf")),
    Ground("a redirect to nothing", spf("v=spf1 redirect=gone.example"), _finds("bad spf")),
    Ground(
        "three void look-ups",
        spf(f"v=spf1 a:g1.example a:g2.example mx:g3.example ip4:{ADDRESS} -all"),
        _finds("bad spf"),
    ),
    Ground("a broken macro", spf("v=spf1 exists:%{q}.x.example -all"), _finds("bad spf")),
    Ground(
        "eleven mail hosts",
        spf("v=spf1 mx:many.example -all")
        | {("many.example", "MX"): [f"{n} h{n}.example." for n in range(11)]},
        _finds("bad spf"),
    ),
    Ground("spf without an answer", {_T: "!servfail"}, _finds("unknown spf")),
    Ground(
        "an include without an answer",
        spf("v=spf1 include:esp.example -all") | {("esp.example", "TXT"): "!servfail"},
        _finds("unknown spf"),
    ),
    Ground("no address known", {}, _finds("unknown spf"), mailing=mailing(addresses=())),
    Ground(
        "no address known, and a typo",
        spf("v=spf1 ipv4:1.2.3.4 -all"),
        _finds("bad spf"),
        mailing=mailing(addresses=()),
    ),
    Ground("no dkim record", {_S1: []}, _finds("bad dkim")),
    Ground(
        "another key", {_S1: txt(published(RSA).replace("p=", "p=MIIB", 1))}, _finds("bad dkim")
    ),
    Ground("a cut key", {_S1: txt(published(RSA)[:255])}, _finds("bad dkim")),
    Ground("a revoked key", {_S1: txt("v=DKIM1; k=rsa; p=")}, _finds("bad dkim")),
    Ground(
        "two dkim records", {_S1: [*txt(published(RSA)), *txt("v=DKIM1; p=")]}, _finds("bad dkim")
    ),
    Ground("the other kind", {_S1: txt(published(ED))}, _finds("bad dkim")),
    Ground("sha1 alone", {_S1: txt(f"v=DKIM1; h=sha1; p={_P}")}, _finds("bad dkim")),
    Ground("not for mail", {_S1: txt(f"v=DKIM1; s=other; p={_P}")}, _finds("bad dkim")),
    Ground("another version", {_S1: txt(f"v=DKIM2; p={_P}")}, _finds("bad dkim")),
    Ground("v comes late", {_S1: txt(f"p={_P}; v=DKIM1")}, _finds("bad dkim")),
    Ground("no list of tags", {_S1: txt("see our site")}, _finds("bad dkim")),
    Ground("test mode", {_S1: txt(f"v=DKIM1; t=y; p={_P}")}, _finds("warning dkim")),
    Ground("dkim without an answer", {_S1: "!refused"}, _finds("unknown dkim")),
    Ground("a short key", {}, _finds("warning dkim"), mailing=mailing(keys=(our(RSA, bits=1024),))),
    Ground(
        "one key of two is not published, and the return path is elsewhere",
        _ESP | {(f"e1._domainkey.{AUTHOR}", "TXT"): []},
        _finds("bad dkim", "warning dmarc.spf"),
        mailing=mailing(envelope="b@esp.example", keys=(our(RSA), our(ED))),
    ),
    Ground("no keys", {}, _finds("warning dkim"), mailing=_SPF_ALONE),
    Ground("no dmarc", {_D: []}, _finds("bad dmarc")),
    Ground("dmarc of another kind", {_D: txt("v=DMARC2; p=none")}, _finds("bad dmarc")),
    Ground(
        "two dmarc",
        {_D: [*txt("v=DMARC1; p=none"), *txt("v=DMARC1; p=reject")]},
        _finds("bad dmarc"),
    ),
    Ground("dmarc without p", {_D: txt("v=DMARC1; rua=mailto:a@x.example")}, _finds("bad dmarc")),
    Ground("an unknown policy", {_D: txt("v=DMARC1; p=block")}, _finds("bad dmarc")),
    Ground("an unknown sp", {_D: txt("v=DMARC1; p=none; sp=all")}, _finds("bad dmarc")),
    Ground("a broken rua", {_D: txt("v=DMARC1; p=none; rua=a@x.example")}, _finds("bad dmarc")),
    Ground("a broken aspf", {_D: txt("v=DMARC1; p=none; aspf=relaxed")}, _finds("bad dmarc")),
    Ground("a tag twice", {_D: txt("v=DMARC1; p=none; p=reject")}, _finds("bad dmarc")),
    Ground("no reports", {_D: txt("v=DMARC1; p=none")}, _finds("warning dmarc")),
    Ground("dmarc without an answer", {_D: "!servfail"}, _finds("unknown dmarc")),
    Ground("a return path elsewhere", _ESP, _finds("warning dmarc.spf"), mailing=_ELSEWHERE),
    Ground(
        "a return path elsewhere, unsigned",
        _ESP,
        _finds("warning dkim", "bad dmarc.spf", "bad dmarc.alignment"),
        mailing=mailing(envelope="b@esp.example", keys=()),
    ),
    Ground(
        "a return path below, strict",
        {
            (f"b.{AUTHOR}", "TXT"): txt(f"v=spf1 ip4:{ADDRESS} -all"),
            _D: txt("v=DMARC1; p=none; aspf=s; rua=mailto:a@x.example"),
        },
        _finds("warning dmarc.spf"),
        mailing=mailing(envelope=f"x@b.{AUTHOR}"),
    ),
    Ground(
        "signed by another",
        {("s1._domainkey.esp.example", "TXT"): txt(published(RSA))},
        _finds("warning dmarc.dkim"),
        mailing=mailing(keys=(our(RSA, "esp.example"),)),
    ),
    Ground(
        "nothing passes",
        spf("v=spf1 -all") | {_S1: []},
        _finds("bad spf", "bad dkim", "bad dmarc.alignment"),
    ),
    Ground("no ptr", {_PTR: []}, _finds("bad ptr")),
    Ground(
        "a ptr that leads elsewhere",
        {_PTR: ["other.example."], ("other.example", "A"): ["192.0.2.99"]},
        _finds("bad ptr"),
    ),
    Ground("a ptr to nothing", {_PTR: ["gone.example."]}, _finds("bad ptr")),
    Ground(
        "a household's ptr",
        {_PTR: ["192-0-2-10.dsl.example."], ("192-0-2-10.dsl.example", "A"): [ADDRESS]},
        _finds("warning ptr"),
    ),
    Ground("ptr without an answer", {_PTR: "!servfail"}, _finds("unknown ptr")),
    Ground("no mx", {(AUTHOR, "MX"): []}, _finds("bad mx.author")),
    Ground(
        "no mx, an address",
        {(AUTHOR, "MX"): [], (AUTHOR, "A"): ["192.0.2.1"]},
        _finds("warning mx.author"),
    ),
    Ground("a null mx", {(AUTHOR, "MX"): ["0 ."]}, _finds("bad mx.author")),
    Ground("an mx to nothing", {(AUTHOR, "MX"): ["10 gone.example."]}, _finds("bad mx.author")),
    Ground(
        "one mx of two to nothing",
        {(AUTHOR, "MX"): ["10 gone.example.", "20 mx.alisei.example."]},
        _finds("warning mx.author"),
    ),
    Ground(
        "an mx that is an address", {(AUTHOR, "MX"): ["10 192.0.2.20."]}, _finds("bad mx.author")
    ),
    Ground("mx without an answer", {(AUTHOR, "MX"): "!servfail"}, _finds("unknown mx.author")),
)
