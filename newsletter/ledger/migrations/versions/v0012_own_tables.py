"""On PostgreSQL large campaigns have tables of their own; see ``own_tables``."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_KEYS = {
    "recipient": ("campaign, seq", {"uq_recipient_campaign_address_key": "campaign, address_key"}),
    "delivery": ("campaign, seq", {}),
    "attempt": ("campaign, seq, n", {}),
}


def upgrade() -> None:
    """What was recorded before stays as it is in one part; nothing is copied."""
    if op.get_bind().dialect.name == "sqlite":
        return
    known = op.get_bind().execute(sa.text("SELECT id FROM campaign ORDER BY id")).scalars().all()
    before = ", ".join(str(int(number)) for number in known)
    op.execute("ALTER INDEX ix_delivery_retry RENAME TO ix_delivery_retry_before")
    for table, (key, unique) in _KEYS.items():
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
        for name in (f"pk_{table}", *unique):
            op.execute(f"ALTER INDEX {name} RENAME TO {name}_before")
        op.execute(f"CREATE TABLE {table} (LIKE {table}_before) PARTITION BY LIST (campaign)")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})")
        for name, columns in unique.items():
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({columns})")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT fk_{table}_campaign"
            " FOREIGN KEY (campaign) REFERENCES campaign (id)"
        )
    op.execute(
        "CREATE INDEX ix_delivery_retry ON delivery (campaign, next_at) WHERE state = 'deferred'"
    )
    for table in _KEYS:
        op.execute(f"CREATE TABLE {table}_small PARTITION OF {table} DEFAULT")
        if before:
            op.execute(
                f"ALTER TABLE {table} ATTACH PARTITION {table}_before FOR VALUES IN ({before})"
            )
        else:
            op.execute(f"DROP TABLE {table}_before")
