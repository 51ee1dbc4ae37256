"""Recording a plan: the audience, the pages and the terms are frozen in one transaction."""

import datetime as dt
import itertools
import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, insert, literal_column, select

from newsletter.campaign import Due, Plan
from newsletter.delivery import DeliveryState
from newsletter.errors import PlanChanged, UsageError
from newsletter.ledger import clicking, kept, own_tables, schema
from newsletter.ledger.local_times import spread
from newsletter.ledger.model import CampaignId, CampaignState, StoredVariant
from newsletter.ledger.rows import terms_to_json, to_json
from newsletter.message import CompiledMessage
from newsletter.recipients import UNIT, FrozenRow, Recipient, Recipients, frozen

_CHUNK = 128
_NUMBERS = 10_000


def record(connection: Connection, plan: Plan, due: Due | None, now: dt.datetime) -> CampaignId:
    """Write the campaign and everything it needs; no file is asked for afterwards."""
    if connection.dialect.name != "sqlite":  # one at a time: each waits for the campaigns' table
        connection.execute(select(schema.meta).with_for_update()).all()
    _refuse_doubles(plan)
    kept.refuse_again(connection, plan.slug, plan.terms.profile)
    campaign = _record_campaign(connection, plan, due, now)
    _record_variants(connection, campaign, plan)
    clicking.record(connection, campaign, plan)
    if own_tables.has_own(connection, len(plan.recipients)):
        _record_apart(connection, campaign, plan)
    else:
        _record_recipients(connection, campaign, frozen(plan.recipients))
        _queue(connection, campaign)
        spread(connection, campaign, plan.instants)
    return campaign


def refuse_newer(connection: Connection, slug: str, newest: int) -> None:
    """Raise ``PlanChanged`` where the issue has a campaign that the plan does not know of.

    Who records waits here for whoever records: on PostgreSQL two could not see each other's.
    """
    connection.execute(select(schema.meta).with_for_update()).all()
    table = schema.campaign
    query = select(table.c.id).where(table.c.slug == slug, table.c.id > newest)
    found = connection.execute(query.order_by(table.c.id.desc())).scalars().first()
    if found:
        message = f"campaign {found} of {slug} was recorded while you looked at this plan"
        cure = "look at the plan again; nothing was recorded or sent"
        raise PlanChanged(message, cure=cure, next_command=f"newsletter plan {slug}")


def variants_of(connection: Connection, campaign: CampaignId) -> tuple[StoredVariant, ...]:
    """The pages of a campaign, by index."""
    table = schema.variant
    query = select(table).where(table.c.campaign == campaign).order_by(table.c.n)
    return tuple(
        StoredVariant(
            index=row["n"],
            key="--".join([row["language"], *json.loads(row["sections"])]),
            language=row["language"],
            sections=tuple(json.loads(row["sections"])),
            subject=row["subject"],
            preheader=row["preheader"],
            readers=row["readers"],
            compiled=CompiledMessage.from_bytes(row["compiled"]),
        )
        for row in connection.execute(query).mappings()
    )


def note_event(
    connection: Connection, campaign: CampaignId | None, now: dt.datetime, kind: str, detail: str
) -> None:
    """Add a line to the history, which nothing alters."""
    row = {"campaign": campaign, "at": now, "kind": kind, "detail": detail}
    connection.execute(insert(schema.event), row)


def _refuse_doubles(plan: Plan) -> None:
    """One message a person: the unique key says so too, but without the address."""
    if isinstance(plan.recipients, Recipients):
        return  # an audience has each address once
    seen: set[str] = set()
    for recipient in plan.recipients:
        key = recipient.person.address.key
        if key in seen:
            message = f"{recipient.person.address} is in the audience twice"
            raise UsageError(message, cure="merge the rows of the same address")
        seen.add(key)


def _record_campaign(
    connection: Connection, plan: Plan, due: Due | None, now: dt.datetime
) -> CampaignId:
    row = {
        "slug": plan.slug,
        "state": CampaignState.SCHEDULED if due else CampaignState.READY,
        "reason": "",
        "content_digest": plan.content_digest,
        "audience_digest": plan.audience_digest,
        "recipients": len(plan.recipients),
        "recorded_at": now,
        "due_at": due.instant if due else None,
        "due_wall": due.wall_time if due else None,
        "due_zone": due.zone if due else None,
        "terms": terms_to_json(plan.terms),
        "arithmetic": _arithmetic(plan),
        "per_list": to_json(dict(plan.per_list)),
        "section_readers": to_json(dict(plan.section_readers)),
        "nonce": secrets.token_hex(16),
        "epoch": 0,
    }
    key = connection.execute(insert(schema.campaign), row).inserted_primary_key
    campaign = CampaignId(key[0]) if key else CampaignId(0)
    words = f"{len(plan.recipients)} recipients" + (
        f", due {due.wall_time} {due.zone}" if due else ""
    )
    note_event(connection, campaign, now, "recorded", words)
    return campaign


def _arithmetic(plan: Plan) -> str:
    total = plan.arithmetic
    return to_json(
        {
            "on_lists": total.on_lists,
            "overlap": total.overlap,
            "not_in_segment": total.not_in_segment,
            "excluded": total.excluded,
            "suppressed": dict(total.suppressed),
            "gone": dict(total.gone),
        }
    )


def _record_variants(connection: Connection, campaign: CampaignId, plan: Plan) -> None:
    rows = [
        {
            "campaign": campaign,
            "n": n,
            "language": planned.variant.language,
            "sections": to_json(list(planned.variant.sections)),
            "subject": planned.subject,
            "preheader": planned.preheader,
            "readers": planned.readers,
            "compiled": planned.compiled.to_bytes(),
        }
        for n, planned in enumerate(plan.variants)
    ]
    if rows:
        connection.execute(insert(schema.variant), rows)


def _record_recipients(
    connection: Connection, campaign: CampaignId, rows: Iterator[FrozenRow]
) -> None:
    """Number the recipients and write them, as quickly as the database takes them."""
    if connection.dialect.name == "sqlite":
        seq = 1
        while chunk := list(itertools.islice(rows, _CHUNK)):
            values = (campaign, seq, *itertools.chain.from_iterable(chunk))
            connection.exec_driver_sql(_insert(len(chunk)), values)
            seq += len(chunk)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(f"COPY recipient (campaign, {_COLUMNS}) FROM STDIN") as copy:
        for seq, row in enumerate(rows, start=1):
            copy.write_row((campaign, seq, *row))


def _record_apart(connection: Connection, campaign: CampaignId, plan: Plan) -> None:
    """The same in tables of the campaign's own, which nobody sees before they are full."""
    own_tables.make(connection, campaign)
    _fill(connection, campaign, plan.recipients)
    own_tables.index(connection, campaign)
    spread(connection, campaign, plan.instants, apart=True)
    own_tables.attach(connection, campaign)


def _fill(connection: Connection, campaign: CampaignId, recipients: Collection[Recipient]) -> None:
    driver: Any = connection.connection.driver_connection
    table, count = own_tables.name_of("recipient", campaign), itertools.count(1)
    with driver.cursor().copy(f"COPY {table} ({_COLUMNS}) FROM STDIN (FREEZE)") as copy:
        for block in _texts(recipients):
            copy.write(_numbered(block, count))
    table = own_tables.name_of("delivery", campaign)
    with driver.cursor().copy(f"COPY {table} (seq) FROM STDIN (FREEZE)") as copy:
        for start in range(1, len(recipients) + 1, _NUMBERS):
            numbers = range(start, min(start + _NUMBERS, len(recipients) + 1))
            copy.write("\n".join(map(str, numbers)) + "\n")


def _texts(recipients: Collection[Recipient]) -> Iterator[Sequence[str]]:
    """Blocks of rows as COPY reads them, but for their numbers."""
    if isinstance(recipients, Recipients):
        return map(_tabled, recipients.lines())
    rows = frozen(recipients)
    return ([_escaped(row)] for row in rows)


def _tabled(lines: Sequence[str]) -> Sequence[str]:
    """A block at once, unless a cell holds what ends a cell or a line there."""
    text = "\n".join(lines)
    if "\t" in text or "\r" in text:
        return [_escaped(line.split(UNIT)) for line in lines]
    return text.replace("\\", "\\\\").replace(UNIT, "\t").split("\n")


def _escaped(cells: Iterable[object]) -> str:
    return "\t".join([str(cell).translate(_ESCAPED) for cell in cells])


def _numbered(lines: Sequence[str], numbers: Iterator[int]) -> str:
    # the lines first: a number that was taken when they are at their end would be lost
    return "".join([f"{at}\t{line}\n" for line, at in zip(lines, numbers, strict=False)])


@cache
def _insert(rows: int) -> str:
    """A statement for so many at once: a step for each row would take half as long again."""
    table = ",".join(f"(?1, ?2 + {at}, ?, ?, ?, ?, ?)" for at in range(rows))
    return f"INSERT INTO recipient (campaign, {_COLUMNS}) VALUES {table}"  # noqa: S608 our words and numbers


def _queue(connection: Connection, campaign: CampaignId) -> None:
    """A delivery for each recipient."""
    table, state = schema.recipient, schema.word(DeliveryState.QUEUED)
    columns = ["campaign", "seq", "state", "attempts", "deferrals", "losses", "doubted"]
    none: ColumnElement[int] = literal_column("0")
    first = select(table.c.campaign, table.c.seq, state, none, none, none, false())
    of_campaign = first.where(table.c.campaign == campaign).order_by(table.c.seq)
    connection.execute(insert(schema.delivery).from_select(columns, of_campaign))


_COLUMNS = "seq, address_key, address, variant, fields, lists"
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
