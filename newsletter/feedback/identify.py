"""Whom a mail is about: what it says, held against what we sent.

The return path first: only who was sent a message has its token. Then a Message-ID of ours
together with whom that message went to; then nobody, whatever addresses a mail names.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from newsletter import verp
from newsletter.feedback.model import Failure, Gravity, Heard, Kind
from newsletter.feedback.notices import Notice
from newsletter.returned import Proof, Reason, Returned
from newsletter.unsubscribe import Claim, Purpose, TokenKeys, verify
from newsletter.values import digest_of

_OURS = re.compile(r"<(\d{1,10})\.(\d{1,10})\.[0-9a-f]{16}@[^<>@\s]{1,250}>")
_SHOWN = frozenset({Kind.BOUNCE, Kind.DELAYED, Kind.COMPLAINT, Kind.UNSUBSCRIBE, Kind.WISH})
_SILENT = Failure((), Gravity.SOFT, Reason.UNKNOWN)


class Sent(Protocol):
    """What was sent to whom."""

    def address(self, campaign: int, seq: int) -> str | None:
        """Whom a delivery is to; None where there is none, or its reader was forgotten."""
        ...

    def message_id(self, campaign: int, seq: int) -> str | None:
        """The Message-ID of a delivery, or None where there is none."""
        ...

    def was_pruned(self, campaign: int, seq: int) -> bool:
        """Whether there was such a delivery, of which only the number is known any more."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """One delivery of ours that a mail is about."""

    campaign: int
    seq: int
    address: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a mail reached us."""

    source: str
    at: dt.datetime


def events_of(
    heard: Heard, raw: bytes, keys: TokenKeys, sent: Sent, arrival: Arrival
) -> tuple[Returned, ...]:
    """The events that a mail stands for, none for what is nothing to us."""
    if heard.kind not in _SHOWN:
        return ()
    identity = heard.own_id.encode("utf-8", "replace") or raw
    return tuple(
        replace(event, mark=digest_of(identity, event.address.encode(), str(number).encode()))
        for number, event in enumerate(_placed(heard, keys, sent, arrival))
    )


def _placed(heard: Heard, keys: TokenKeys, sent: Sent, arrival: Arrival) -> Iterator[Returned]:
    """Each event; one that proves nobody, with the pruned delivery whose token it has."""
    for event in _events(heard, keys, sent, arrival):
        lost = _pruned(heard, keys, sent) if event.proof is Proof.NONE else None
        yield replace(event, campaign=lost.campaign, seq=lost.seq) if lost else event


def _pruned(heard: Heard, keys: TokenKeys, sent: Sent) -> Claim | None:
    tokens = (token for address in heard.sent_to for token in verp.tokens_in(address))
    claims = [verp.verify(keys, token) for token in tokens]
    if heard.token:
        claims.append(verify(keys, heard.token, Purpose.UNSUBSCRIBE))
    return next(
        (each for each in claims if each and sent.was_pruned(each.campaign, each.seq)), None
    )


def events_told(
    notices: Iterable[Notice], keys: TokenKeys, sent: Sent, arrival: Arrival
) -> tuple[Returned, ...]:
    """The events that a provider's notices stand for: signed, whether of a message of ours or not.

    One that names nobody is left out.
    """
    return tuple(
        event
        for notice in notices
        if notice.kind in _SHOWN and (event := _told(notice, keys, sent, arrival)).address
    )


def _told(notice: Notice, keys: TokenKeys, sent: Sent, arrival: Arrival) -> Returned:
    heard = Heard(notice.kind, sent_to=notice.return_paths, message_ids=notice.message_ids)
    found = _by_return_path(heard, keys, sent) or _by_message_id(heard, sent)
    about = () if notice.alone else (notice.kind.value, notice.address.casefold())
    parts = (arrival.source, *about, notice.id)
    return Returned(
        mark=digest_of(*(part.encode("utf-8", "replace") for part in parts)),
        kind=notice.kind,
        at=arrival.at,
        source=arrival.source,
        proof=Proof.SIGNED,
        address=found.address if found else notice.address,
        gravity=notice.gravity,
        reason=notice.reason,
        status=notice.status,
        code=notice.code,
        campaign=found.campaign if found else None,
        seq=found.seq if found else None,
        words=notice.words,
    )


def _events(heard: Heard, keys: TokenKeys, sent: Sent, arrival: Arrival) -> Iterator[Returned]:
    match heard.kind:
        case Kind.UNSUBSCRIBE:
            claim = verify(keys, heard.token, Purpose.UNSUBSCRIBE)
            yield _event(heard, _by_claim(claim, sent, Proof.SIGNED), _SILENT, arrival)
        case Kind.WISH:
            yield _event(heard, None, replace(_SILENT, addresses=(heard.sender,)), arrival)
        case Kind.COMPLAINT:
            yield _event(heard, _complained(heard, keys, sent), _SILENT, arrival)
        case _:
            yield from _bounced(heard, keys, sent, arrival)


def _bounced(heard: Heard, keys: TokenKeys, sent: Sent, arrival: Arrival) -> Iterator[Returned]:
    found = _by_return_path(heard, keys, sent)
    if found:
        yield _event(heard, found, _about(found, heard.failures), arrival)
        return
    known = _by_message_id(heard, sent)
    for failure in heard.failures or (_SILENT,):
        one = known if known and _names(known, failure, heard) else None
        yield _event(heard, one, failure, arrival)


def _about(found: Found, failures: tuple[Failure, ...]) -> Failure:
    """What is said of this reader: by name, else what is said of everybody whom it went on to."""
    for failure in failures:
        if _is_among(found.address, failure.addresses):
            return failure
    hard = bool(failures) and all(failure.gravity is Gravity.HARD for failure in failures)
    soft = next((each for each in failures if each.gravity is Gravity.SOFT), _SILENT)
    return failures[0] if hard else soft


def _names(known: Found, failure: Failure, heard: Heard) -> bool:
    """Whether a failure names the reader, or names nobody while the message went to her."""
    if failure.addresses:
        return _is_among(known.address, failure.addresses)
    return _is_among(known.address, heard.original_recipients)


def _is_among(address: str, others: tuple[str, ...]) -> bool:
    return address.casefold() in {other.casefold() for other in others}


def _complained(heard: Heard, keys: TokenKeys, sent: Sent) -> Found | None:
    """By return path, by the link in the message, by Message-ID and recipient."""
    found = _by_return_path(heard, keys, sent)
    if found is None and heard.token:
        claim = verify(keys, heard.token, Purpose.UNSUBSCRIBE)
        found = _by_claim(claim, sent, Proof.SIGNED)
    known = None if found else _by_message_id(heard, sent)
    if known and _is_among(known.address, heard.original_recipients):
        return known
    return found


def _by_return_path(heard: Heard, keys: TokenKeys, sent: Sent) -> Found | None:
    for address in heard.sent_to:
        for token in verp.tokens_in(address):
            found = _by_claim(verp.verify(keys, token), sent, Proof.SIGNED)
            if found:
                return found
    return None


def _by_claim(claim: Claim | None, sent: Sent, proof: Proof) -> Found | None:
    address = sent.address(claim.campaign, claim.seq) if claim else None
    return Found(claim.campaign, claim.seq, address, proof) if claim and address else None


def _by_message_id(heard: Heard, sent: Sent) -> Found | None:
    for message_id in heard.message_ids:
        ours = _OURS.fullmatch(message_id)
        if ours is None:
            continue
        campaign, seq = int(ours[1]), int(ours[2])
        if sent.message_id(campaign, seq) == message_id:
            return _by_claim(Claim(campaign, seq), sent, Proof.KNOWN)
    return None


def _event(heard: Heard, found: Found | None, failure: Failure, arrival: Arrival) -> Returned:
    told = heard.kind in {Kind.BOUNCE, Kind.DELAYED}
    return Returned(
        mark=digest_of(),
        kind=heard.kind,
        at=arrival.at,
        source=arrival.source,
        proof=found.proof if found else Proof.NONE,
        address=found.address if found else next(iter(failure.addresses), ""),
        gravity=failure.gravity if told else None,
        reason=failure.reason.value if told else "",
        status=failure.status,
        code=failure.code,
        campaign=found.campaign if found else None,
        seq=found.seq if found else None,
        words=failure.words or heard.words,
    )
