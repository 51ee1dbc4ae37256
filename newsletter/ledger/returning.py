"""What came back, in the ledger: written once, and what follows from it in the same transaction.

A forged bounce must never silence a reader. So a hard one suppresses at once only where it is
signed; one that merely knows a message needs a second, about another message; the rest is shown.
"""

import datetime as dt

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, update

from newsletter.delivery import Blame
from newsletter.ledger import schema, suppressions
from newsletter.ledger.model import Suppression
from newsletter.ledger.rows import comparable, insert_new, storable, upsert
from newsletter.returned import (
    LONGEST_WORDS,
    Afterwards,
    Effect,
    Gravity,
    Kind,
    Proof,
    Returned,
    Thresholds,
)
from newsletter.values import Address, Digest

_table = schema.feedback
_ENOUGH = 2
"""Messages whose hard bounces are not signed."""
_READ_AT = "mailbox read at"
_PAGE = 200


def record(connection: Connection, event: Returned, thresholds: Thresholds) -> Effect:
    """Write an event down and do what follows from it; known already, it does nothing."""
    key = _key(event.address)
    row = {
        "mark": event.mark,
        "kind": event.kind,
        "at": event.at,
        "source": storable(event.source),
        "proof": event.proof,
        "address_key": key,
        "address": storable(event.address),
        "gravity": event.gravity,
        "reason": event.reason,
        "status": event.status,
        "code": event.code,
        "campaign": event.campaign,
        "seq": event.seq,
        "words": storable(event.words[:LONGEST_WORDS]),
        "void": False,
    }
    written = insert_new(connection, _table).returning(_table.c.id)
    if connection.execute(written, row).first() is None:
        return Effect(event, new=False)
    return Effect(event, new=True, suppressed=_follow(connection, event, key, thresholds))


def _follow(connection: Connection, event: Returned, key: str, thresholds: Thresholds) -> str:
    """The reason for which the address is suppressed because of this event, or nothing."""
    reason, note = _verdict(connection, event, key, thresholds)
    if not reason:
        return ""
    gone = Suppression(event.address, reason, event.source, note, event.at)
    return reason if suppressions.suppress(connection, gone, key) else ""


def _verdict(
    connection: Connection, event: Returned, key: str, thresholds: Thresholds
) -> tuple[str, str]:
    if event.proof is Proof.NONE:
        return "", ""
    if event.kind is Kind.COMPLAINT:
        return "complained", _note(event)
    if event.kind is Kind.UNSUBSCRIBE:
        return "unsubscribed", _note(event)
    if event.kind is not Kind.BOUNCE:
        return "", ""
    if event.gravity is Gravity.HARD:
        known = event.proof is Proof.SIGNED or _messages(connection, key, Gravity.HARD) >= _ENOUGH
        return ("bounced", _note(event)) if known else ("", "")
    return _softly(connection, event, key, thresholds)


def _softly(
    connection: Connection, event: Returned, key: str, thresholds: Thresholds
) -> tuple[str, str]:
    """Bounces that pass and the relay's own refusals, by message, within the window."""
    if not thresholds.soft_limit:
        return "", ""
    since, until = event.at - thresholds.window, event.at
    bounced = set(connection.execute(_campaigns(key, since, until)).scalars())
    bounced |= set(connection.execute(_refusals(key, since)).scalars())
    if len(bounced) < thresholds.soft_limit:
        return "", ""
    return "bounced", f"{len(bounced)} messages bounced in {thresholds.window.days} days"


def _note(event: Returned) -> str:
    said = " ".join(filter(None, (event.status, event.reason)))
    where = f"campaign {event.campaign}, message {event.seq}" if event.campaign else ""
    return "; ".join(filter(None, (said, where)))


def _counts(key: str) -> tuple[ColumnElement[bool], ...]:
    return (
        _table.c.address_key == key,
        _table.c.kind == Kind.BOUNCE,
        _table.c.proof != Proof.NONE,
        _table.c.void.is_(False),
    )


def _messages(connection: Connection, key: str, gravity: Gravity) -> int:
    """About how many messages an address bounced so gravely."""
    pairs = select(_table.c.campaign, _table.c.seq).where(
        *_counts(key), _table.c.gravity == gravity
    )
    return len(connection.execute(pairs.distinct()).all())


def _campaigns(key: str, since: dt.datetime, until: dt.datetime) -> Select[tuple[int]]:
    within = _table.c.at.between(since, until)
    return select(_table.c.campaign).where(*_counts(key), within).distinct()


def _refusals(key: str, since: dt.datetime) -> Select[tuple[int]]:
    """Campaigns in which the relay refused this reader while the message was handed over."""
    who, tried = schema.recipient, schema.attempt
    same = (tried.c.campaign == who.c.campaign) & (tried.c.seq == who.c.seq)
    recent = select(schema.campaign.c.id).where(schema.campaign.c.recorded_at >= since)
    return (
        select(who.c.campaign)
        .join(tried, same)
        .where(
            who.c.campaign.in_(recent),  # the index begins with the campaign
            who.c.address_key == key,
            tried.c.outcome == "refused",
            tried.c.blame == Blame.READER,
            tried.c.at >= since,
        )
        .distinct()
    )


def reset(connection: Connection, address: Address) -> int:
    """Let the bounces of an address count no more; how many they were."""
    mine = (_table.c.address_key == address.key, _table.c.kind == Kind.BOUNCE)
    statement = update(_table).where(*mine, _table.c.void.is_(False)).values(void=True)
    return connection.execute(statement).rowcount


def events(
    connection: Connection,
    *,
    kinds: tuple[Kind, ...] = (),
    address: Address | None = None,
    campaign: int | None = None,
    limit: int = _PAGE,
) -> tuple[Returned, ...]:
    """What came back, the latest first."""
    query = select(_table).order_by(_table.c.at.desc(), _table.c.id.desc()).limit(limit)
    if kinds:
        query = query.where(_table.c.kind.in_(kinds))
    if address is not None:
        query = query.where(_table.c.address_key == address.key)
    if campaign is not None:
        query = query.where(_table.c.campaign == campaign)
    return tuple(_from(row) for row in connection.execute(query))


def event(connection: Connection, number: int) -> Returned | None:
    """The event of this number, or None."""
    query = select(_table).where(_table.c.id == comparable(number))
    row = connection.execute(query).first()
    return _from(row) if row else None


def afterwards(connection: Connection, campaign: int) -> Afterwards:
    """What came back about a campaign; a message counts once, by the gravest that is proven."""
    query = select(_table.c.seq, _table.c.kind, _table.c.gravity, _table.c.reason).where(
        _table.c.campaign == campaign, _table.c.proof != Proof.NONE
    )
    seqs: dict[str, dict[int, str]] = {}
    for seq, kind, gravity, reason in connection.execute(query):
        seqs.setdefault(f"{kind} {gravity or ''}".strip(), {})[seq] = reason
    hard, soft = seqs.get("bounce hard", {}), seqs.get("bounce soft", {})
    soft = {seq: reason for seq, reason in soft.items() if seq not in hard}
    given_up = hard.keys() | soft.keys()
    left = seqs.get("unsubscribe", {}).keys() | _left_by_link(connection, campaign)
    return Afterwards(
        hard=len(hard),
        soft=len(soft),
        delayed=len(seqs.get("delayed soft", {}).keys() - given_up),
        complaints=len(seqs.get("complaint", {})),
        unsubscribed=len(left),
        reasons=_counted([*hard.values(), *soft.values()]),
        read_at=read_at(connection),
    )


def _counted(reasons: list[str]) -> dict[str, int]:
    counted = {reason: reasons.count(reason) for reason in sorted(set(reasons))}
    return dict(sorted(counted.items(), key=lambda pair: -pair[1]))


def _left_by_link(connection: Connection, campaign: int) -> set[int]:
    """Rows whose reader left by this campaign's link, as the link's note names them."""
    begin = f"campaign {campaign}, message "
    note = schema.suppression.c.note
    query = select(note).where(
        schema.suppression.c.reason == "unsubscribed", note.startswith(begin, autoescape=True)
    )
    numbers = (words.removeprefix(begin) for words in connection.execute(query).scalars())
    return {int(number) for number in numbers if number.isdecimal()}


def note_reading(connection: Connection, now: dt.datetime) -> None:
    """Say that the mailbox was read to its end."""
    keep(connection, _READ_AT, now.astimezone(dt.UTC).isoformat())


def read_at(connection: Connection) -> dt.datetime | None:
    """When the mailbox was last read to its end."""
    found = recall(connection, _READ_AT)
    return dt.datetime.fromisoformat(found) if found else None


def keep(connection: Connection, name: str, value: str) -> None:
    """Keep a word about the reading of mailboxes under a name of at most 40 letters."""
    connection.execute(upsert(connection, schema.meta), {"key": name, "value": value})


def recall(connection: Connection, name: str) -> str:
    """What was kept under a name, or nothing."""
    query = select(schema.meta.c.value).where(schema.meta.c.key == name)
    return connection.execute(query).scalar() or ""


def totals(connection: Connection) -> dict[str, int]:
    """How many events of each kind there are."""
    query = select(_table.c.kind, func.count()).group_by(_table.c.kind)
    return {str(kind): int(count) for kind, count in connection.execute(query)}


def _key(address: str) -> str:
    try:
        return Address.parse(address).key
    except ValueError:
        return storable(address.casefold())


def _from(row: Row[*tuple[object, ...]]) -> Returned:
    return Returned(
        mark=Digest(row.mark),
        kind=Kind(row.kind),
        at=row.at,
        source=row.source,
        proof=Proof(row.proof),
        address=row.address,
        gravity=Gravity(row.gravity) if row.gravity else None,
        reason=row.reason,
        status=row.status,
        code=row.code,
        campaign=row.campaign,
        seq=row.seq,
        words=row.words,
        id=row.id,
        void=row.void,
    )
