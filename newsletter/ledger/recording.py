"""Recording a plan: the audience, the pages and the terms are frozen in one transaction."""

import datetime as dt
import itertools
import json
import secrets
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, insert, select

from newsletter.campaign import Due, Plan, Recipient
from newsletter.delivery import DeliveryState
from newsletter.errors import UsageError
from newsletter.ledger import schema
from newsletter.ledger.model import CampaignId, CampaignState, StoredVariant
from newsletter.ledger.rows import terms_to_json, to_json
from newsletter.message import CompiledMessage

_CHUNK = 5000


def record(connection: Connection, plan: Plan, due: Due | None, now: dt.datetime) -> CampaignId:
    """Write the campaign and everything it needs; no file is asked for afterwards."""
    _refuse_doubles(plan)
    campaign = _record_campaign(connection, plan, due, now)
    _record_variants(connection, campaign, plan)
    for rows in _chunks(_recipient_rows(campaign, plan.recipients)):
        connection.execute(insert(schema.recipient), rows)
        connection.execute(insert(schema.delivery), [_first_state(row) for row in rows])
    return campaign


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


def _recipient_rows(
    campaign: CampaignId, recipients: tuple[Recipient, ...]
) -> Iterator[dict[str, Any]]:
    for seq, recipient in enumerate(recipients, start=1):
        person = recipient.person
        yield {
            "campaign": campaign,
            "seq": seq,
            "address_key": person.address.key,
            "address": person.address.text,
            "variant": recipient.variant,
            "fields": to_json(dict(person.fields)),
            "lists": to_json(list(person.lists)),
        }


def _first_state(recipient: dict[str, Any]) -> dict[str, Any]:
    return {
        "campaign": recipient["campaign"],
        "seq": recipient["seq"],
        "state": DeliveryState.QUEUED,
        "attempts": 0,
        "deferrals": 0,
        "losses": 0,
        "doubted": False,
    }


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while chunk := list(itertools.islice(rows, _CHUNK)):
        yield chunk
