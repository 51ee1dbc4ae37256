"""Workers lease turns on a grid; who has a part is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table of rates anew: nothing in it outlives the second."""
    op.drop_table("rate")
    op.create_table(
        "rate",
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("free_at", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("gap", sa.Float(), nullable=False),
        sa.Column("taken", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("relay", "domain", name="pk_rate"),
        sqlite_with_rowid=False,
    )
    held = sa.text("run IS NOT NULL")
    op.create_index(
        "ix_partition_held", "partition", ["run"], sqlite_where=held, postgresql_where=held
    )
