"""The life of one delivery: a pure state machine.

The outcome of an attempt is a function of the phase and the reply, and nothing else (RFC 5321,
4.2 and 4.5.3.2); the next state is a function of the delivery, the outcome and the policy.
"""

import datetime as dt
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, assert_never

_DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.10"})
_STORAGE = 552
_MAILBOX_LIMIT = "5.2.3"
_SIZE = frozenset({"5.3.4", _MAILBOX_LIMIT})
_OUR_CODES = frozenset({500, 502, 503, 504, 521, 523, 530, 534, 535, 538, 555})
"""Syntax, order, login: RFC 5321 (4.2.2), RFC 4954 (6), RFC 7504."""
_OUR_ENHANCED = frozenset(
    {"5.1.7", "5.1.8", "5.7.3", "5.7.8", "5.7.9", "5.7.10", "5.7.11", "5.7.14"}
    | {f"5.7.{detail}" for detail in range(20, 31)}  # RFC 7372: DKIM, SPF, reverse DNS, DMARC
    | {"5.7.57", "5.7.60", "5.7.64", "5.7.501", "5.7.502", "5.7.503", "5.7.505", "5.7.508"}
    | {"5.7.509", "5.7.511", "5.7.512", "5.7.515", "5.7.705", "5.7.708", "5.7.750"}
)
_BANNED_NETWORK = re.compile(r"5\.7\.6(?:0[6-9]|[1-4]\d)")
"""Exchange Online: 5.7.606 to 5.7.649 name a banned network address."""
_VAGUE = frozenset({"", "5.0.0", "5.5.0", "5.7.0", "5.7.1"})
_OUR_WORDS = re.compile(
    r"authenticat|must issue a starttls|relay(?:ing)? (?:access )?(?:denied|not)|unable to relay"
    r"|not permitted to relay|sender (?:address )?(?:rejected|denied|verif)|\bspf\b|dkim|dmarc"
    r"|reverse dns|\bptr\b|block ?list|black ?list|\brbl\b|spamhaus|reputation",
    re.IGNORECASE,
)
_ABOUT_A_GROUP = re.compile(r"RESOLVER\.RST", re.IGNORECASE)
"""Exchange: this one mailbox takes mail from its own organisation only."""


class DeliveryState(StrEnum):
    """Where a delivery stands. ``docs/promises.md`` says what each one promises."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    DEFERRED = "deferred"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """How far the dialogue had come when the answer (or the silence) came."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"


class Blame(StrEnum):
    """Whom a refusal is about."""

    READER = "reader"
    MESSAGE = "message"
    US = "us"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the relay said: a three-digit code and its text, storable (no surrogates)."""

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced status code at the start of the text (RFC 3463), or nothing."""
        first = self.text.split(maxsplit=1)[0] if self.text.strip() else ""
        parts = first.split(".")
        known = len(parts) == 3 and all(part.isdigit() for part in parts)  # noqa: PLR2004
        return first if known else ""

    def __str__(self) -> str:
        """``550 5.1.1 no such user``."""
        return f"{self.code} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The relay said 250 after the final dot."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not accepted, and worth another try: a 4xx reply, or a loss before the final dot."""

    phase: Phase
    reply: Reply | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not accepted, and no use trying: a 5xx reply."""

    phase: Phase
    reply: Reply
    blame: Blame


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The connection was lost after the final dot and before the answer."""

    detail: str


Outcome = Accepted | Deferred | Refused | InDoubt

_AT_MESSAGE = frozenset({Phase.MAIL, Phase.DATA, Phase.BODY, Phase.DOT})
"""Where the size is judged: at MAIL too, by the SIZE parameter (RFC 1870)."""
_AT_READER = frozenset({Phase.RCPT, Phase.DATA, Phase.BODY, Phase.DOT})
"""Before RCPT a refusal can only be about us."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one recipient and its state."""

    state: DeliveryState
    attempts: int = 0
    first_tried: dt.datetime | None = None
    next_at: dt.datetime | None = None
    reply: Reply | None = None
    deferrals: int = 0
    """How often the relay put it off with a 4xx."""
    losses: int = 0
    """How often the connection was lost before the final dot."""
    doubted: bool = False
    """Once in doubt; when it was sent again, the reader may have it twice."""


FRESH = Delivery(DeliveryState.CLAIMED)
"""Claimed, and never tried before: the same value for all, so that it is quickly known."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a delivery is tried again, and what happens to doubt."""

    delays: tuple[dt.timedelta, ...] = tuple(
        dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240)
    )
    give_up_after: dt.timedelta = dt.timedelta(hours=48)
    first_loss_delay: dt.timedelta = dt.timedelta(seconds=5)
    last_loss_delay: dt.timedelta = dt.timedelta(minutes=5)
    spread: float = 0.1
    """Retries come up to this much later than the delay, so that they do not come all at once."""
    on_doubt: Literal["hold", "resend"] = "hold"

    def delay(self, deferrals: int) -> dt.timedelta:
        """How long to wait after the relay put it off; the last delay goes on."""
        return self.delays[min(deferrals, len(self.delays) - 1)]

    def loss_delay(self, losses: int) -> dt.timedelta:
        """How long to wait after a lost connection: twice as long each time."""
        return min(self.first_loss_delay * (1 << min(losses, 16)), self.last_loss_delay)


def outcome_of(phase: Phase, reply: Reply | None, detail: str = "") -> Outcome:
    """What one attempt came to, from where the dialogue stood and what was answered.

    ``reply`` is None when nothing came. A reply that is no SMTP (-1, 999) counts as silence:
    after the final dot that is doubt, before it the message may safely be tried again.
    Only a 2yz after the final dot is an acceptance (RFC 5321, 4.2.1 and 4.3.2).
    """
    kind = reply.code // 100 if reply else 0
    if reply and kind == 5:  # noqa: PLR2004  5yz: no use trying
        return Refused(phase, reply, blame_of(phase, reply))
    if phase is not Phase.DOT or kind == 4:  # noqa: PLR2004  4yz: an answer, even after the dot
        return Deferred(phase, reply, detail)
    if reply and kind == 2:  # noqa: PLR2004  2yz: done
        return Accepted(reply)
    return InDoubt(detail or (f"the relay answered {reply}" if reply else "no answer"))


def blame_of(phase: Phase, reply: Reply) -> Blame:
    """Whom a 5xx is about: the reader's address, this message, or us (sender, login, TLS)."""
    if _is_about_size(reply) and phase in _AT_MESSAGE:
        return Blame.MESSAGE
    if phase not in _AT_READER or _is_about_us(reply):
        return Blame.US
    if phase is Phase.RCPT or _names_the_mailbox(reply):
        return Blame.READER
    return Blame.MESSAGE


def suppresses(outcome: Outcome) -> bool:
    """Whether the address is dead: unknown mailbox or domain, said at RCPT (RFC 3463, 3.2)."""
    match outcome:
        case Refused(Phase.RCPT, reply, Blame.READER):
            return reply.enhanced in _DEAD_ADDRESS
        case _:
            return False


def too_big(outcome: Outcome) -> bool:
    """Whether the relay takes no message of this size, so that every other one would fail too."""
    return (
        isinstance(outcome, Refused)
        and outcome.blame is Blame.MESSAGE
        and _is_about_size(outcome.reply)
        and outcome.reply.enhanced != _MAILBOX_LIMIT
    )


def advance(
    delivery: Delivery, outcome: Outcome, policy: RetryPolicy, now: dt.datetime, jitter: float
) -> Delivery:
    """The delivery after one attempt; ``ValueError`` unless it was claimed.

    ``jitter`` is a number in [0, 1) that spreads retries; ``now`` is an aware instant.
    """
    if delivery.state is not DeliveryState.CLAIMED:
        message = f"a delivery that is {delivery.state} was not being tried"
        raise ValueError(message)
    if isinstance(outcome, Accepted):
        return _tried(delivery, DeliveryState.ACCEPTED, outcome.reply, now)
    tried = _tried(delivery, delivery.state, getattr(outcome, "reply", None), now)
    match outcome:
        case Refused(blame=Blame.US):
            return replace(tried, state=DeliveryState.QUEUED)
        case Refused():
            return replace(tried, state=DeliveryState.REFUSED)
        case Deferred():
            return _put_off(tried, outcome, policy, now, jitter)
        case InDoubt():
            return _doubt(tried, policy)
        case _:
            assert_never(outcome)


def _tried(
    delivery: Delivery, state: DeliveryState, reply: Reply | None, now: dt.datetime
) -> Delivery:
    """The delivery after one more attempt, with nothing planned."""
    return Delivery(
        state=state,
        attempts=delivery.attempts + 1,
        first_tried=delivery.first_tried or now,
        next_at=None,
        reply=reply,
        deferrals=delivery.deferrals,
        losses=delivery.losses,
        doubted=delivery.doubted,
    )


def _put_off(
    tried: Delivery, deferred: Deferred, policy: RetryPolicy, now: dt.datetime, jitter: float
) -> Delivery:
    """Wait as long as the policy says, or give up when that would be too late."""
    lost = deferred.reply is None
    delay = policy.loss_delay(tried.losses) if lost else policy.delay(tried.deferrals)
    next_at = now + delay * (1 + policy.spread * jitter)
    first = tried.first_tried or now
    expired = next_at - first > policy.give_up_after
    return replace(
        tried,
        state=DeliveryState.EXPIRED if expired else DeliveryState.DEFERRED,
        next_at=None if expired else next_at,
        deferrals=tried.deferrals + (not lost),
        losses=tried.losses + lost,
    )


def _doubt(tried: Delivery, policy: RetryPolicy) -> Delivery:
    """Hold, or send once more; never a third time, whatever the policy."""
    again = policy.on_doubt == "resend" and not tried.doubted
    state = DeliveryState.QUEUED if again else DeliveryState.IN_DOUBT
    return replace(tried, state=state, doubted=True)


def _is_about_size(reply: Reply) -> bool:
    """Too big for the relay (552 without another reason, 5.3.4) or for the mailbox (5.2.3)."""
    return reply.enhanced in _SIZE or (reply.code == _STORAGE and not reply.enhanced)


def _names_the_mailbox(reply: Reply) -> bool:
    """Whether the enhanced code speaks of an address or a mailbox (RFC 3463, x.1.z, x.2.z)."""
    return reply.enhanced.startswith(("5.1.", "5.2."))


def _is_about_us(reply: Reply) -> bool:
    """Whether sender, login, TLS, domain or network address displeased, by code, then by words."""
    if reply.code in _OUR_CODES or reply.enhanced in _OUR_ENHANCED:
        return True
    if _BANNED_NETWORK.fullmatch(reply.enhanced):
        return True
    vague = reply.enhanced in _VAGUE and not _ABOUT_A_GROUP.search(reply.text)
    return vague and bool(_OUR_WORDS.search(reply.text))
