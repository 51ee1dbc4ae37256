"""The one schema, for SQLite and PostgreSQL alike.

``recipient`` never changes once recorded; ``delivery`` beside it is narrow, because it changes
with every attempt. ``delivery.state`` has no index: on PostgreSQL it would forbid HOT updates,
and runs find queued rows by their number. Instants are microseconds since 1970, UTC.

What the relay said last stands in ``attempt``, under ``n = delivery.attempts``. Relays give each
message an id of its own: a table of texts by hash would have a page written at random for each.
"""

import datetime as dt
import re
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.types import TypeDecorator

from newsletter.delivery import DeliveryState
from newsletter.ledger.instants import from_microseconds, to_microseconds

HEAD = "0012"
"""The revision that this program reads and writes; a test holds it to the migrations."""


PARTED = ("recipient", "delivery", "attempt")
"""The large tables: on PostgreSQL they have parts."""
_PART = re.compile(rf"({'|'.join(PARTED)})_([0-9]+|before|small)")


class Instant(TypeDecorator[dt.datetime]):
    """An aware instant, stored as microseconds since 1970 so that both databases compare alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> int | None:
        """Refuse what has no zone: a wall time is no instant."""
        del dialect
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """Read it back in UTC."""
        del dialect
        return None if value is None else from_microseconds(value)


def word(state: DeliveryState) -> ColumnElement[str]:
    """A state as it is spelled in a statement, not as a value put into one."""
    return literal_column(f"'{state}'")


DEFERRED = word(DeliveryState.DEFERRED)
"""Spelled out: SQLite uses a partial index only where it can see the word."""


def is_ours(name: str | None, kind: str, parents: object = None) -> bool:
    """For Alembic: whether a table is the ledger's.

    Not those of the workers' calls beside it, and not the parts that a large table has there.
    """
    del parents
    beside = name is not None and (name.startswith("procrastinate_") or _PART.fullmatch(name))
    return kind != "table" or not beside


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

campaign = Table(
    "campaign",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("slug", Text, nullable=False, index=True),
    Column("state", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("content_digest", String(64), nullable=False),
    Column("audience_digest", String(64), nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("due_wall", String(40)),
    Column("due_zone", Text),
    Column("terms", Text, nullable=False),
    Column("arithmetic", Text, nullable=False),
    Column("per_list", Text, nullable=False),
    Column("section_readers", Text, nullable=False),
    Column("nonce", String(32), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("resume_at", Instant),
    Column("canary_at", Instant),
    sqlite_autoincrement=True,
)

variant = Table(
    "variant",
    metadata,
    Column("campaign", ForeignKey("campaign.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("language", String(20), nullable=False),
    Column("sections", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("readers", Integer, nullable=False),
    Column("compiled", LargeBinary, nullable=False),
)

recipient = Table(
    "recipient",
    metadata,
    Column("campaign", ForeignKey("campaign.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("address_key", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("variant", Integer, nullable=False),
    Column("fields", Text, nullable=False),
    Column("lists", Text, nullable=False),
    UniqueConstraint("campaign", "address_key"),
    sqlite_with_rowid=False,
)

delivery = Table(
    "delivery",
    metadata,
    Column("campaign", ForeignKey("campaign.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("deferrals", Integer, nullable=False),
    Column("losses", Integer, nullable=False),
    Column("doubted", Boolean, nullable=False),
    Column("first_tried", Instant),
    Column("last_tried", Instant),
    Column("next_at", Instant),
    Column("code", Integer),
    Column("run", Integer),
    sqlite_with_rowid=False,
)
Index(
    "ix_delivery_retry",
    delivery.c.campaign,
    delivery.c.next_at,
    sqlite_where=text("state = 'deferred'"),
    postgresql_where=text("state = 'deferred'"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("campaign", ForeignKey("campaign.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("run", Integer),
    Column("at", Instant, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("phase", String(12), nullable=False),
    Column("blame", String(12), nullable=False),
    Column("code", Integer),
    Column("reply", Text),
    Column("detail", Text, nullable=False),
    sqlite_with_rowid=False,
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("campaign", ForeignKey("campaign.id"), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("boot", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("why", Text, nullable=False),
    Column("partition", Integer),
    sqlite_autoincrement=True,
)

partition = Table(
    "partition",
    metadata,
    Column("campaign", ForeignKey("campaign.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("run", Integer),
    Column("worker", Text, nullable=False),
    Column("seen_at", Instant),
    Column("next_at", Instant),
    Column("done", Boolean, nullable=False),
    Column("claimed", Integer, nullable=False),
    Column("said", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "ix_partition_held",
    partition.c.run,
    sqlite_where=text("run IS NOT NULL"),
    postgresql_where=text("run IS NOT NULL"),
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("campaign", ForeignKey("campaign.id"), index=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)

suppression = Table(
    "suppression",
    metadata,
    Column("address_key", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

pace = Table(
    "pace",
    metadata,
    Column("relay", Text, primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("next_turn", Instant, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("refused", Float),
    Column("refused_at", Instant),
    Column("words", Text, nullable=False),
    Column("waiting", Integer, nullable=False),
    sqlite_with_rowid=False,
)

quota = Table(
    "quota",
    metadata,
    Column("relay", Text, primary_key=True),
    Column("minute", Integer, primary_key=True, autoincrement=False),
    Column("tried", Integer, nullable=False),
    sqlite_with_rowid=False,
)

rate = Table(
    "rate",
    metadata,
    Column("relay", Text, primary_key=True),
    Column("domain", Text, primary_key=True),
    Column("free_at", BigInteger, nullable=False),
    Column("base", BigInteger, nullable=False),
    Column("gap", Float, nullable=False),
    Column("taken", Text, nullable=False),
    sqlite_with_rowid=False,
)

consent = Table(
    "consent",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("address_key", Text, nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("purpose", String(12), nullable=False),
    Column("list_name", Text, nullable=False),
    Column("change", String(12), nullable=False),
    Column("basis", String(12), nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("ip", Text, nullable=False),
    Column("lapses_at", Instant),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index(
    "ix_consent_lapses_at",
    consent.c.lapses_at,
    sqlite_where=text("lapses_at IS NOT NULL"),
    postgresql_where=text("lapses_at IS NOT NULL"),
)

subscription = Table(
    "subscription",
    metadata,
    Column("address_key", Text, primary_key=True),
    Column("list_name", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("fields", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("requested_at", Instant),
    Column("confirmed_at", Instant),
    Column("left_at", Instant),
    Column("token", String(64), index=True),
    Column("expires_at", Instant),
    Column("wording", Text, nullable=False),
    Column("ip", Text, nullable=False),
    sqlite_with_rowid=False,
)

reader = Table(
    "reader",
    metadata,
    Column("address_key", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("language", Text),
    Column("tracking", Boolean),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("mark", String(64), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("proof", String(12), nullable=False),
    Column("address_key", Text, nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("gravity", String(4)),
    Column("reason", Text, nullable=False),
    Column("status", String(12), nullable=False),
    Column("code", Integer),
    Column("campaign", Integer, index=True),
    Column("seq", Integer),
    Column("words", Text, nullable=False),
    Column("void", Boolean, nullable=False),
    UniqueConstraint("mark"),
    sqlite_autoincrement=True,
)

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("state", String(12), nullable=False),
    Column("words", Text, nullable=False),
    Column("cron", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("profile", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("agreed", Integer, nullable=False),
    sqlite_autoincrement=True,
)

occurrence = Table(
    "occurrence",
    metadata,
    Column("series", ForeignKey("series.id"), primary_key=True),
    Column("date", String(10), primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("at", Instant, nullable=False),
    Column("became", String(12), nullable=False),
    Column("campaign", ForeignKey("campaign.id")),
    Column("words", Text, nullable=False),
    sqlite_with_rowid=False,
)

approval = Table(
    "approval",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("slug", Text, nullable=False, index=True),
    Column("content_digest", String(64), nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    sqlite_autoincrement=True,
)

link = Table(
    "link",
    metadata,
    Column("campaign", ForeignKey("campaign.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("url", Text, nullable=False),
    Column("clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)

click = Table(
    "click",
    metadata,
    Column("address_key", Text, primary_key=True),
    Column("campaign", Integer, primary_key=True, autoincrement=False, index=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("clicks", Integer, nullable=False),
    sqlite_with_rowid=False,
)

pruned = Table(
    "pruned",
    metadata,
    Column("campaign", ForeignKey("campaign.id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_tried", Instant),
    sqlite_with_rowid=False,
)

pruned_domain = Table(
    "pruned_domain",
    metadata,
    Column("campaign", ForeignKey("campaign.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("accepted", Integer, nullable=False),
    sqlite_with_rowid=False,
)
