"""Claiming: which rows a run may try next, and putting back what it did not try."""

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, exists, select, update

from newsletter.delivery import DeliveryState
from newsletter.ledger import schema
from newsletter.ledger.model import CampaignId, CampaignState, ClaimedRow, Grant, Turn, Want
from newsletter.ledger.rows import delivery_from
from newsletter.ledger.standing import next_retry

_delivery, _recipient = schema.delivery, schema.recipient


def claim(


def _due_retries(
    connection: Connection, campaign: CampaignId, count: int, now: dt.datetime
) -> list[int]:
    query = (
        select(_delivery.c.seq)
        .where(
            _delivery.c.campaign == campaign,
            _delivery.c.state == schema.DEFERRED,
            _delivery.c.next_at <= now,
        )
        .order_by(_delivery.c.next_at)
        .limit(count)
    )
    return list(connection.execute(query).scalars())


def _queued(


def release(


def leftovers(


def _rows(


def _claimed_from(


_RELEASE = 
_IS_SUPPRESSED = 
_CLAIM = 
