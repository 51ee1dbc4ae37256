"""Old campaigns let their accepted recipients go, and keep their counts."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add two tables; nothing was pruned yet."""
    op.create_table(
        "pruned",
        sa.Column("campaign", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_tried", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["campaign"], ["campaign.id"], name="fk_pruned_campaign"),
        sa.PrimaryKeyConstraint("campaign", name="pk_pruned"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pruned_domain",
        sa.Column("campaign", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaign.id"], name="fk_pruned_domain_campaign"),
        sa.PrimaryKeyConstraint("campaign", "name", name="pk_pruned_domain"),
        sqlite_with_rowid=False,
    )
