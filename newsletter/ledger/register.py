"""The register: what readers themselves said, and every question that is asked of it.

Public pages need nothing else of the ledger's. Each method is one short transaction and raises
``LedgerError`` when the database cannot be read or written.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from newsletter.consent import (
    Answer,
    Asked,
    Confirmed,
    ConsentEvent,
    ConsentTo,
    Joined,
    Lapse,
    Preferences,
    Request,
    Told,
)
from newsletter.errors import LedgerError
from newsletter.forgotten import Marks, is_mark
from newsletter.ledger import consents, forgetting, joining, preferring, roll, suppressions
from newsletter.ledger.database import Database
from newsletter.values import Address, Language


class Register:
    """Joining, leaving, preferences and consent; ``Ledger.register`` opens it."""

    def __init__(self, database: Database, marks: Marks) -> None:
        self._database = database
        self._marks = marks

    # What a reader's page says

    def request_subscription(self, asked: Request) -> Answer:
        """Write down who asks to join which lists: pending until ``confirm``.

        A token in the answer is to be mailed to that address, and to be shown nowhere else.
        """
        with self._database.write() as connection:
            barred = self._why_not(connection, asked.address)
            return joining.request(connection, asked, barred)

    def asked(self, token: str, now: dt.datetime) -> Asked | None:
        """What a mailed token would confirm; None where ``confirm`` would say None. No change."""
        with self._database.read() as connection:
            return joining.asked(connection, token, now)

    def confirm(self, token: str, told: Told) -> Confirmed | None:
        """Join what was asked for; None for a token that is unknown, too old or overtaken."""
        with self._database.write() as connection:
            return joining.confirm(connection, token, told)

    def leave(self, address: Address, lists: Iterable[str], told: Told) -> None:
        """Leave these lists; a file never brings the reader back to them."""
        with self._database.write() as connection:
            preferring.leave(connection, address, lists, told)

    def join(
        self, address: Address, lists: Iterable[str], told: Told, fields: Mapping[str, str]
    ) -> None:
        """Join these lists at once: for a page that only a link mailed to the reader opens."""
        with self._database.write() as connection:
            preferring.join(connection, address, lists, told, fields)

    def unsubscribe(self, address: Address, told: Told) -> bool:
        """Never mail the reader again, by no list; False if that was so before."""
        with self._database.write() as connection:
            return preferring.unsubscribe(connection, address, told)

    def set_language(self, address: Address, language: Language, told: Told) -> None:
        """Choose the language of the issues; it wins over a file's."""
        with self._database.write() as connection:
            preferring.set_language(connection, address, language, told)

    def set_tracking(self, address: Address, told: Told, *, allowed: bool) -> None:
        """Give or withdraw the consent to be counted by name."""
        with self._database.write() as connection:
            preferring.set_tracking(connection, address, told, allowed=allowed)

    def preferences_of(self, address: Address) -> Preferences:
        """What the reader said so far."""
        with self._database.read() as connection:
            return preferring.preferences_of(connection, address)

    # What a plan asks

    def joined(self) -> Iterator[Joined]:
        """Everybody who joined a list by a confirmed form, by list and address."""
        with self._database.read() as connection:
            yield from roll.joined(connection)

    def left(self) -> Iterator[tuple[str, str]]:
        """Address key and list of everybody who left one."""
        with self._database.read() as connection:
            yield from roll.left(connection)

    def languages(self) -> Iterator[tuple[str, str]]:
        """Address key and language of everybody who chose one."""
        with self._database.read() as connection:
            yield from roll.languages(connection)

    def lapsing(
        self, lists: Sequence[str], before: dt.datetime, now: dt.datetime
    ) -> Iterator[Lapse]:
        """Implied consents that lapse before an instant and that nothing stronger replaced."""
        with self._database.read() as connection:
            yield from consents.implied(connection, lists, before, now)

    def forgotten(self) -> frozenset[str]:
        """The marks of everybody who was forgotten.

        ``LedgerError`` where some were made under another secret: nobody could be told by them.
        """
        with self._database.read() as connection:
            found = frozenset(roll.forgotten(connection))
        strange = sum(not mark.startswith(self._marks.begins) for mark in found)
        if strange:
            message = f"{strange} readers were forgotten under another secret than today's"
            cure = "name it in NEWSLETTER_PREVIOUS_SECRETS, or a file could bring them back unseen"
            raise LedgerError(message, cure=cure)
        return found

    def may_track(self, addresses: Iterable[str]) -> frozenset[str]:
        """Which of these addresses' keys stand for readers who allow to be counted by name."""
        with self._database.read() as connection:
            return roll.trackable(connection, addresses)

    # Proof

    def add_events(self, events: Iterable[tuple[Address, ConsentEvent]]) -> None:
        """Write down consents that were given elsewhere: on paper, to another tool."""
        with self._database.write() as connection:
            for address, event in events:
                consents.add(connection, address.key, event)

    def events(
        self,
        address: Address | None = None,
        purpose: ConsentTo | None = None,
        list_name: str | None = None,
    ) -> Iterator[ConsentEvent]:
        """Everything that was said, in order; all, or by one reader, for one purpose or list."""
        query = consents.said(address.key if address else None, purpose, list_name)
        with self._database.read() as connection:
            for _, event in consents.events(connection, query):
                yield event

    def events_of_forgotten(self, address: Address) -> Iterator[ConsentEvent]:
        """What a reader said who was forgotten: found by the mark, without address or network."""
        queries = [consents.said(mark) for mark in self._marks.known(address)]
        with self._database.read() as connection:
            for query in queries:
                for _, event in consents.events(connection, query):
                    yield event

    def is_barred(self, address: Address) -> str | None:
        """Why this address is never mailed: suppressed, or forgotten; None if it may be."""
        with self._database.read() as connection:
            return self._why_not(connection, address)

    def barred(self, addresses: Iterable[Address]) -> dict[str, str]:
        """Of many addresses' keys those that are never mailed, and why: ``is_barred`` at once."""
        with self._database.read() as connection:
            reasons = dict(suppressions.suppression_reasons(connection))
        marked = any(map(is_mark, reasons))
        found: dict[str, str] = {}
        for address in addresses:
            keys = (address.key, *(self._marks.known(address) if marked else ()))
            why = next((reasons[key] for key in keys if key in reasons), None)
            if why:
                found[address.key] = why
        return found

    def remember(self, address: Address) -> bool:
        """Let a reader who was forgotten be mailed again; False if that is nobody's mark."""
        with self._database.write() as connection:
            known = self._marks.known(address)
            return sum(forgetting.remember(connection, mark) for mark in known) > 0

    def _why_not(self, connection: Connection, address: Address) -> str | None:
        found = suppressions.reason_for(connection, address.key)
        if found:
            return found
        told = (suppressions.reason_for(connection, m) for m in self._marks.known(address))
        return next(filter(None, told), None)
