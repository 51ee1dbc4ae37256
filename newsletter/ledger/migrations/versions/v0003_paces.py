"""Paces and quotas outlive a run; a campaign says when it goes on, and when its canary was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add two tables, and two instants to a campaign."""
    op.create_table(
        "pace",
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("next_turn", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.Float(), nullable=True),
        sa.Column("refused_at", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("relay", "domain", name="pk_pace"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quota",
        sa.Column("relay", sa.Text(), nullable=False),
        sa.Column("minute", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("relay", "minute", name="pk_quota"),
        sqlite_with_rowid=False,
    )
    op.add_column("campaign", sa.Column("resume_at", sa.BigInteger(), nullable=True))
    op.add_column("campaign", sa.Column("canary_at", sa.BigInteger(), nullable=True))
