"""Bringing a ledger's schema to this program's revision. Imported only when there is need."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from newsletter.errors import LedgerError

MIGRATIONS = Path(__file__).parent / "migrations"


def config_for(connection: Connection | None = None) -> Config:
    """Alembic's settings, without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Run every migration that is missing, inside the transaction of ``connection``.

    ``LedgerError`` when the schema is of no revision that this program knows.
    """
    try:
        command.upgrade(config_for(connection), "head")
    except CommandError as error:
        message = f"the ledger cannot be brought up to date: {error}"
        raise LedgerError(message, cure="restore a backup of a ledger of this program") from error
