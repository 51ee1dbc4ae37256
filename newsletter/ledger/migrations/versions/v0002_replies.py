"""What the relay said stands with the attempt, not in a table of texts by hash."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_COPY = """
    INSERT INTO attempt
        (campaign, seq, n, run, at, outcome, phase, blame, code, reply, detail)
    SELECT campaign, seq, n, run, at, outcome, phase, blame, code, reply_text.text, detail
    FROM attempt_0001 LEFT JOIN reply_text ON reply_text.hash = attempt_0001.reply
"""


def upgrade() -> None:
    """Bring every text to its attempts; a delivery's last one is under ``n = attempts``."""
    op.rename_table("attempt", "attempt_0001")
    if op.get_bind().dialect.name == "postgresql":  # where its name belongs to the whole schema
        op.drop_constraint("pk_attempt", "attempt_0001", type_="primary")
    _create_attempt()
    op.execute(_COPY)
    op.drop_table("attempt_0001")
    op.drop_column("delivery", "reply")
    op.drop_table("reply_text")


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("campaign", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("blame", sa.String(length=12), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaign.id"], name="fk_attempt_campaign"),
        sa.PrimaryKeyConstraint("campaign", "seq", "n", name="pk_attempt"),
        sqlite_with_rowid=False,
    )
