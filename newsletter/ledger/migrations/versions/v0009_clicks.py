"""Links that are counted, and clicks of readers who agreed to be counted by name."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add two tables; campaigns of before count nothing, as they promised."""
    op.create_table(
        "link",
        sa.Column("campaign", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaign.id"], name="fk_link_campaign"),
        sa.PrimaryKeyConstraint("campaign", "n", name="pk_link"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "click",
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("address_key", "campaign", "n", name="pk_click"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_click_campaign", "click", ["campaign"])
