"""Between the tables' rows and the rooms' values."""

import dataclasses
import json
from functools import lru_cache
from typing import Literal

from sqlalchemy import Connection, RowMapping, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from newsletter.campaign import Due, Terms
from newsletter.delivery import (
    Accepted,
    Deferred,
    Delivery,
    DeliveryState,
    InDoubt,
    Outcome,
    Phase,
    Refused,
    Reply,
)
from newsletter.ledger.model import Campaign, CampaignId, CampaignState, RunRecord
from newsletter.values import Digest, IssueSlug, Rate

OutcomeName = Literal["accepted", "deferred", "refused", "in_doubt"]
_DOT = Phase.DOT.value
LARGEST = 2**31 - 1
"""PostgreSQL numbers rows no further, and cannot compare their numbers with larger ones."""


def comparable(number: int) -> int:
    """The same number, or one that no row has either where no database could look for it."""
    return max(0, min(number, LARGEST))


def to_json(value: object) -> str:
    """Compact JSON, every letter as itself."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def storable(text: str) -> str:
    """The text with what no database takes (surrogates, NUL) written as an escape."""
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return plain.replace("\x00", "\\x00")


def terms_to_json(terms: Terms) -> str:
    """How a campaign is to be sent, as it is stored."""
    fields = {field.name: getattr(terms, field.name) for field in dataclasses.fields(terms)}
    return to_json(fields | {"rate": [terms.rate.count, terms.rate.seconds]})


def terms_from_json(stored: str) -> Terms:
    """Read it back; what this program does not know is left out."""
    known = {field.name for field in dataclasses.fields(Terms)}
    fields = {name: value for name, value in json.loads(stored).items() if name in known}
    waits = tuple(fields.get("retry_schedule", ()))
    return Terms(**(fields | {"rate": Rate(*fields["rate"]), "retry_schedule": waits}))


def campaign_from(row: RowMapping) -> Campaign:
    """A row of ``campaign``."""
    terms = terms_from_json(row["terms"])
    return Campaign(
        id=CampaignId(row["id"]),
        slug=IssueSlug(row["slug"]),
        state=CampaignState(row["state"]),
        reason=row["reason"],
        content_digest=Digest(row["content_digest"]),
        audience_digest=Digest(row["audience_digest"]),
        recipients=row["recipients"],
        recorded_at=row["recorded_at"],
        due=_due_from(row, terms),
        terms=terms,
        per_list=json.loads(row["per_list"]),
        nonce=row["nonce"],
        resume_at=row["resume_at"],
        canary_at=row["canary_at"],
    )


def _due_from(row: RowMapping, terms: Terms) -> Due | None:
    if row["due_at"] is None:
        return None
    return Due(row["due_at"], row["due_wall"], row["due_zone"], local=terms.local_time)


@lru_cache(maxsize=1_000)
def lists_from(stored: str) -> tuple[str, ...]:
    """A recipient's lists; readers share few combinations."""
    return tuple(json.loads(stored))


def run_from(row: RowMapping) -> RunRecord:
    """A row of ``run``."""
    return RunRecord(**{**row, "campaign": CampaignId(row["campaign"])})


def delivery_from(row: RowMapping) -> Delivery:
    """A row of ``delivery``, with ``text`` joined from ``attempt`` if it was asked for.

    Who was only postponed is queued: the relay put nobody off.
    """
    reply = None
    if row["code"] is not None:
        reply = Reply(row["code"], row.get("text") or "")
    state = DeliveryState(row["state"])
    postponed = state is DeliveryState.DEFERRED and not row["attempts"]
    return Delivery(
        state=DeliveryState.QUEUED if postponed else state,
        attempts=row["attempts"],
        first_tried=row["first_tried"],
        next_at=row["next_at"],
        reply=reply,
        deferrals=row["deferrals"],
        losses=row["losses"],
        doubted=row["doubted"],
    )


def describe(outcome: Outcome) -> tuple[OutcomeName, str, str, str]:
    """An outcome as columns of ``attempt``: outcome, phase, blame and detail; its reply apart."""
    match outcome:
        case Accepted():
            return "accepted", _DOT, "", ""
        case Deferred(phase=phase, detail=detail):
            return "deferred", phase.value, "", storable(detail)
        case Refused(phase=phase, blame=blame):
            return "refused", phase.value, blame.value, ""
        case InDoubt(detail=detail):
            return "in_doubt", _DOT, "", storable(detail)


def insert_new(connection: Connection, table: Table) -> Insert:
    """An INSERT that leaves a row that is already there alone."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()


def upsert(connection: Connection, table: Table) -> Insert:
    """An INSERT that takes the place of the row that has its key."""
    made = sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    others = {each.name: made.excluded[each.name] for each in table.c if each.name not in keys}
    return made.on_conflict_do_update(index_elements=keys, set_=others)
