"""A ledger moves: to this program's form, or from its file into a server's database."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from newsletter.app.memory import open_ledger, refuse_without_ledger
from newsletter.app.open import App
from newsletter.errors import LedgerCopied, UsageError
from newsletter.ledger.copying import CopiedTable
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.opening import kept_before, revision_at

_A_SCHEME = re.compile(r"postgres[a-z+]*:", re.IGNORECASE)
_A_SERVER = "set NEWSLETTER_LEDGER=postgresql://user@host/database, its password in ~/.pgpass"


@dataclass(frozen=True, slots=True)
class Moved:
    """A ledger whose every row is in another one, which sends in its place."""

    source: str
    target: str
    tables: tuple[CopiedTable, ...]

    @property
    def rows(self) -> int:
        """In all tables."""
        return sum(table.rows for table in self.tables)


@dataclass(frozen=True, slots=True)
class Migrated:
    """The form in which a ledger was found, and is now."""

    ledger: str
    before: str | None
    """None where there was no ledger yet."""
    after: str
    kept: Path | None
    """The file as it was."""


def move_ledger(app: App, source: Path) -> Moved:
    """Copy a ledger's file into the server's database that the settings name.

    ``UsageError`` where they name none, or there is no such file.
    """
    url = app.ledger_url()
    if "://" not in url:
        message = f"the settings name a file as the ledger, {url}: there is no database to copy to"
        raise UsageError(message, cure=_A_SERVER, next_command="newsletter ledger backup")
    if any(map(_A_SCHEME.fullmatch, source.parts)):  # it may hold a password
        message = "a ledger moves from its file into a server's database, and not back"
        raise UsageError(message, cure="name the file; a server's database is kept with pg_dump")
    if not source.is_file():
        message = f"there is no ledger at {source}"
        raise UsageError(message, cure="name the file, .newsletter/ledger.db if you chose no other")
    with Ledger.open(source, create=False) as given, open_ledger(app) as taken:
        try:
            return Moved(given.name, taken.name, given.move_into(taken, app.clock()))
        except LedgerCopied as error:
            raise LedgerCopied(error.message, cure=_cure(error.cure, source)) from error


def _cure(cure: str, source: Path) -> str:
    """A take-over goes by the settings, and these name the server."""
    file = shlex.quote(str(source.absolute()))
    return f"{cure}. For the file that is: NEWSLETTER_LEDGER={file} newsletter ledger take-over"


def migrate_ledger(app: App) -> Migrated:
    """Bring the ledger to this program's form now; every command does when it first needs it."""
    refuse_without_ledger(app)
    before = revision_at(app.ledger_url())
    with open_ledger(app) as ledger:
        after = revision_at(app.ledger_url()) or ""
        kept = kept_before(app.ledger_url()) if before not in {None, after} else None
        return Migrated(ledger.name, before, after, kept)
