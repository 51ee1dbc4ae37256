"""The relay table of the promises: what a relay may do, and what must come of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from tests.promises.relay import Fault
from tests.transport.relays import GOOD, Act, Step


class End(Enum):
    """What comes of the reader whose message it befalls, and of the campaign."""

    GOES_ON = "nobody is touched; the run waits and goes on"
    STOPS = "nobody is touched; the run stops until it is mended"
    STOPS_AT_A_READER = "the run stops; the reader waits and is not suppressed"
    DEFERRED = "tried again by itself, then accepted"
    REFUSED = "refused; the others get theirs"
    DEAD = "refused and suppressed"
    THREE_ALIKE = "refused; at the third the campaign pauses"
    TOO_BIG = "refused; the campaign pauses at once"
    DOUBT = "in doubt: held, or sent once more"
    ACCEPTED = "accepted at the first try"


@dataclass(frozen=True)
class Row:
    """One behaviour. ``phase`` and ``code`` are what the reader's first attempt is to say."""

    name: str
    fault: Fault
    end: End
    phase: str = ""
    code: int | None = None
    offer: tuple[str, ...] = ("8BITMIME",)
    times: int = 1
    """How many messages in a row it befalls."""
    patience: float = 5.0
    """Seconds that a reply is waited for: few where the relay says nothing."""
    octets: int = 0
    """How large the body is at least."""
    blurred: bool = False
    """Over a pipelined envelope the phase may be another, before the dot as well."""
    sister: bool = False
    """Another row of its kind is tried at the first and the last message too: that may do."""

    def __str__(self) -> str:
        """Its name."""
        return self.name


SOON = 0.4
"""Patience with a relay that says nothing: a busy machine's pauses are shorter."""
LARGE = 7_000_000
"""Octets: more than any socket's buffers take."""
TWO_AT_ONCE = "two replies at once"
SILENCES: dict[str, Step] = {
    "a reply byte by byte, too slow": (Act.DRIP, b"250-" + b"x" * 400 + b"\r\n250 ok\r\n"),
    "endless continuation lines": (b"250-more\r\n" * 9_000, Act.HANG),
    "no reply": (Act.HANG,),
}
NONSENSE: dict[str, Step] = {
    "a line of 100 kB": (b"250 " + b"x" * 100_000 + b"\r\n",),
    "words instead of a code": (b"OK, fine\r\n",),
    "code 999": (b"999 what\r\n",),
    "code 042": (b"042 what\r\n",),
    "two codes in one reply": (b"250-ok\r\n550 no\r\n",),
}
LOSSES: dict[str, Step] = {
    "a drop": (Act.DROP,),
    "a reset": (Act.RESET,),
    "half a reply, then a drop": (b"250 2.0.0 o", Act.DROP),
    TWO_AT_ONCE: (b"250 ok\r\n250 ok\r\n",),
}


def said(text: str) -> Step:
    """One reply of one line."""
    return (f"{text}\r\n".encode(),)


def _entry_rows() -> Iterator[Row]:
    for text in ("421 4.3.2 too busy", "450 4.7.1 come back later"):
        busy = Fault({"GREETING": (*said(text), Act.DROP)})
        yield Row(f"greeting {text}", busy, End.GOES_ON, sister=text.startswith("450"))
    for name in ("a drop", "a reset"):
        yield Row(f"{name} at the greeting", Fault({"GREETING": LOSSES[name]}), End.GOES_ON)
    yield Row("no greeting", Fault({"GREETING": (Act.HANG,)}), End.GOES_ON, patience=SOON)
    yield Row("greeting 554", Fault({"GREETING": said("554 5.7.1 you are listed")}), End.STOPS)
    yield Row("a greeting that is no SMTP", Fault({"GREETING": said("HTTP/1.1 400")}), End.STOPS)
    yield Row("EHLO refused, HELO taken", Fault({"EHLO": said("502 5.5.1 what?")}), End.ACCEPTED)
    refused = {"EHLO": said("550 5.7.1 no"), "HELO": said("550 5.7.1 no")}
    yield Row("EHLO and HELO refused", Fault(refused), End.STOPS)
    yield Row("EHLO 421", Fault({"EHLO": (*said("421 4.3.2 bye"), Act.DROP)}), End.GOES_ON)
    yield Row("EHLO 451", Fault({"EHLO": said("451 4.3.0 not now")}), End.GOES_ON)
    yield Row("a drop at EHLO", Fault({"EHLO": (Act.DROP,)}), End.GOES_ON)
    yield Row("no reply to EHLO", Fault({"EHLO": (Act.HANG,)}), End.GOES_ON, patience=SOON)


SECURE = ("STARTTLS", "AUTH PLAIN")
_NO_TLS = b"250-relay.test\r\n250 AUTH PLAIN\r\n"


def _secure_rows() -> Iterator[Row]:
    yield Row("STARTTLS absent", Fault({"EHLO": (_NO_TLS,)}), End.STOPS, offer=SECURE)
    for text in ("454 4.7.0 TLS not available", "502 5.5.1 what?"):
        yield Row(f"STARTTLS {text}", Fault({"STARTTLS": said(text)}), End.STOPS, offer=SECURE)
    drop = Fault({"STARTTLS": (Act.DROP,)})
    yield Row("a drop at STARTTLS", drop, End.GOES_ON, offer=SECURE)
    for text in ("535 5.7.8 authentication failed", "534 5.7.9 mechanism too weak"):
        yield Row(f"AUTH {text}", Fault({"AUTH": said(text)}), End.STOPS, offer=SECURE)
    for text in ("454 4.7.0 temporary failure", "421 4.7.0 bye"):
        yield Row(f"AUTH {text}", Fault({"AUTH": said(text)}), End.GOES_ON, offer=SECURE)
    yield Row("a drop at AUTH", Fault({"AUTH": (Act.DROP,)}), End.GOES_ON, offer=SECURE)


CERTIFICATES = ("an expired certificate", "a certificate of another name", "a self-signed one")


def _replies(verb: str, end: End, texts: tuple[str, ...], times: int = 1) -> Iterator[Row]:
    """A row for each text that is said to a command; sisters."""
    for text in texts:
        fault, phase = Fault({verb: said(text)}), verb.lower()
        sister = text is not texts[0]
        yield Row(f"{verb} {text}", fault, end, phase, int(text[:3]), times=times, sister=sister)


def _mail_rows() -> Iterator[Row]:
    ours = ("550 5.7.1 sender denied", "530 5.7.0 log in first", "550 5.1.8 bad sender")
    yield from _replies("MAIL", End.STOPS_AT_A_READER, ours)
    later = ("451 4.3.0 later", "450 4.7.1 later", "452 4.3.1 full", "421 4.3.2 bye")
    yield from _replies("MAIL", End.DEFERRED, later)
    yield from _replies("MAIL", End.TOO_BIG, ("552 5.3.4 too big",))


_OF_A_READER = (
    "550 no such user",
    "550 5.2.1 mailbox disabled",
    "552 5.2.2 mailbox full",
    "550 5.7.1 this reader does not want it",
    "553 5.1.3 not an address",
    "551 5.1.6 has moved",
    "554 5.4.14 hop count",
)
_LATER_FOR_A_READER = (
    "450 4.2.0 greylisted",
    "421 4.7.28 too many from your network",
    "451 4.7.1 later",
    "452 4.2.2 mailbox full",
    "450 5.1.1 no such user, perhaps",
)


def _rcpt_rows() -> Iterator[Row]:
    dead = ("550 5.1.1 no such user", "550 5.1.2 no such host", "550 5.1.10 null MX")
    yield from _replies("RCPT", End.DEAD, dead)
    yield from _replies("RCPT", End.REFUSED, _OF_A_READER)
    yield from _replies("RCPT", End.DEFERRED, _LATER_FOR_A_READER)
    ours = ("550 5.7.515 access denied", "554 5.7.1 <you>: Relay access denied")
    yield from _replies("RCPT", End.STOPS_AT_A_READER, ours)
    script: dict[str, Step] = {"RCPT": said("550 5.1.1 no"), "RSET": said("500 what?")}
    yield Row("RCPT 550 5.1.1, and RSET refused", Fault(script), End.DEAD, "rcpt", 550)


def _content_rows(verb: str) -> Iterator[Row]:
    """What may be said to DATA and to the dot alike."""
    spam = ("554 5.7.1 content rejected", "554 5.6.0 malformed", "550 spam")
    yield from _replies(verb, End.THREE_ALIKE, spam, times=3)
    slow = (
        "421 4.7.0 slow down",
        "454 4.7.0 slow down",
        "451 4.3.0 later",
        "450 4.2.0",
        "452 4.3.1",
    )
    yield from _replies(verb, End.DEFERRED, slow)
    ours = ("550 5.7.26 unauthenticated", "550 5.7.515 access denied")
    yield from _replies(verb, End.STOPS_AT_A_READER, ours)
    yield from _replies(verb, End.REFUSED, ("552 5.2.2 mailbox full",))


def _data_rows() -> Iterator[Row]:
    yield from _content_rows("DATA")
    yield from _replies("DATA", End.DEFERRED, ("250 go ahead", "200 yes", "355 soon"))


def _dot_rows() -> Iterator[Row]:
    yield from _content_rows("DOT")
    yield from _replies("DOT", End.TOO_BIG, ("552 5.3.4 too big", "552 too much mail data"))
    yield from _replies("DOT", End.REFUSED, ("550 5.1.1 no such user after all",))


def _silences_before_the_dot() -> Iterator[Row]:
    for verb in ("MAIL", "RCPT", "DATA"):
        phase = verb.lower()
        for name, step in {**SILENCES, **NONSENSE, **LOSSES}.items():
            patience = SOON if name in SILENCES or name == TWO_AT_ONCE else 5.0
            yield Row(
                f"{verb}: {name}",
                Fault({verb: step}),
                End.DEFERRED,
                phase,
                patience=patience,
                blurred=name in LOSSES,
                sister=verb != "DATA",
            )
    body: dict[str, Step] = {
        "a reset in the body": (Act.RESET,),
        "a drop in the body": (Act.DROP,),
        "421 in the body": (*said("421 4.3.2 going down"), Act.DROP),
    }
    for name, step in body.items():
        code = 421 if "421" in name else None
        fault = Fault({"BODY": step})
        yield Row(name, fault, End.DEFERRED, "body", code, octets=LARGE, blurred=True)
    hang = Fault({"BODY": (Act.HANG,)})
    name = "a relay that reads no more"
    yield Row(name, hang, End.DEFERRED, "body", octets=LARGE, patience=SOON)


def _silences_after_the_dot() -> Iterator[Row]:
    steps = {**SILENCES, **NONSENSE, **LOSSES, "354 once more": (GOOD["DATA"],)}
    for name, step in steps.items():
        patience = SOON if name in SILENCES else 5.0
        for takes in (True, False):
            if not takes and name == TWO_AT_ONCE:
                continue  # the second would answer the next envelope, so the first is an answer
            has = "taken" if takes else "not taken"
            yield Row(
                f"DOT: {name}, {has}",
                Fault({"DOT": step}, takes=takes),
                End.DOUBT,
                "dot",
                patience=patience,
                blurred=name == TWO_AT_ONCE,
                sister=not takes,
            )


def _accepted() -> Iterator[Row]:
    good = GOOD["DOT"]
    ways: dict[str, dict[str, Step]] = {
        "250, then a reset": {"DOT": (good, Act.RESET)},
        "250, then a drop": {"DOT": (good, Act.DROP)},
        "250, then 421": {"DOT": (good, *said("421 4.3.2 closing"), Act.DROP)},
        "250, and QUIT hangs": {"DOT": (good,), "QUIT": (Act.HANG,)},
        "250, and QUIT is cut": {"DOT": (good,), "QUIT": (Act.RESET,)},
        "250 byte by byte": {"DOT": (Act.DRIP, good)},
        "250 with a bare LF": {"DOT": (b"250 2.0.0 ok\n",)},
        "250 in Latin-1": {"DOT": (b"250 2.0.0 perch\xe9 no\r\n",)},
        "250 with control characters": {"DOT": (b"250 2.0.0 \x1b[31mred\x00\r\n",)},
        "250 without a word": {"DOT": (b"250\r\n",)},
        "250 in several lines": {"DOT": (b"250-2.0.0 queued\r\n250 2.0.0 as 4F2A\r\n",)},
        "250 that comes late": {"DOT": (*[Act.PAUSE] * 10, good)},
        "251 at RCPT": {"RCPT": said("251 2.1.5 will forward")},
    }
    for name, script in ways.items():
        yield Row(name, Fault(script), End.ACCEPTED, "dot")
    yield Row("no extension at all", Fault({}), End.ACCEPTED, "dot", offer=())


def _gather(*kinds: Callable[[], Iterator[Row]]) -> tuple[Row, ...]:
    return tuple(row for kind in kinds for row in kind())


def at_entry() -> tuple[Row, ...]:
    """Before any message: in clear text."""
    return _gather(_entry_rows)


def at_secure_entry() -> tuple[Row, ...]:
    """Before any message: TLS and login."""
    return _gather(_secure_rows)


def before_the_dot() -> tuple[Row, ...]:
    """Envelope and body."""
    return _gather(_mail_rows, _rcpt_rows, _data_rows, _silences_before_the_dot)


def after_the_dot() -> tuple[Row, ...]:
    """The dot and what is answered to it, or not."""
    return _gather(_dot_rows, _silences_after_the_dot, _accepted)
