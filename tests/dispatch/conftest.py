"""Both databases for every test of the runner."""

from tests.ledger.databases import empty_sqlite, file, ledger, location, postgres, servers

__all__ = ["empty_sqlite", "file", "ledger", "location", "postgres", "servers"]
