"""Recipients are found by campaign and key; an index of the keys alone served nobody."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Let the index go: it was a third of what recording a recipient cost."""
    op.drop_index("ix_recipient_address_key", table_name="recipient")
