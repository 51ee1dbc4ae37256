"""What a ledger remembers of itself, a word for each key."""

from sqlalchemy import Connection, delete, insert, select

from newsletter.ledger import schema

HOME, IDENTITY, MOVED = "home", "ledger", "moved"


def value(connection: Connection, key: str) -> str:
    """What it remembers; nothing where it does not."""
    query = select(schema.meta.c.value).where(schema.meta.c.key == key)
    return connection.execute(query).scalar() or ""


def store(connection: Connection, key: str, words: str) -> None:
    """Remember it, in place of what was there."""
    connection.execute(delete(schema.meta).where(schema.meta.c.key == key))
    connection.execute(insert(schema.meta), {"key": key, "value": words})
