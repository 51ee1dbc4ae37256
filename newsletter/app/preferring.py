"""Preferences by a link: which lists, which language, whether to be counted by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from newsletter.app.door import Door, Holder
from newsletter.app.imprint import Imprint
from newsletter.app.offered import Offer, Offers
from newsletter.app.open import Clock
from newsletter.consent import Membership, Preferences, Told
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.register import Register
from newsletter.unsubscribe import Purpose
from newsletter.values import Language

SOURCE: Final = "preferences"
_OWN_FIELDS: Final = ("first_name", "last_name", "name")


class Saving(StrEnum):
    """What became of a wish."""

    SAVED = "saved"
    CONFIRM = "confirm"
    """The reader had left for good: she may come back by a mail that asks her to confirm."""
    BARRED = "barred"
    """Her address bounced or complained: only a person may change that."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One list and whether its reader gets it."""

    offer: Offer
    on: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """How things stand for one reader, and what she can choose from."""

    holder: Holder
    lists: tuple[Choice, ...]
    language: Language
    tracking: bool | None
    """Whether her clicks are counted by name; None where nobody's are, and nothing is asked."""
    suppressed: str
    """Why she is never mailed, if that is so; else empty."""
    leave: str
    """The token of her unsubscribe page."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form says. Only lists that were ``shown`` are changed."""

    shown: frozenset[str]
    wanted: frozenset[str]
    language: str
    tracking: bool | None
    """None where the form did not ask."""
    wordings: Mapping[str, str]
    """What the reader said yes to: ``tracking``, and ``list`` for each that she joins."""
    ip: str = ""


class Preferring:
    """One method a thing that a reader does with her preferences link."""

    def __init__(
        self,
        ledger: Ledger,
        register: Register,
        door: Door,
        offers: Offers,
        imprint: Imprint,
        profile: str,
        clock: Clock,
        *,
        by_name: bool = False,
    ) -> None:
        self._by_name = by_name
        self._ledger = ledger
        self._register = register
        self._door = door
        self._offers = offers
        self._imprint = imprint
        self._profile = profile
        self._clock = clock

    def see(self, token: str) -> Chosen | None:
        """How things stand; changes nothing."""
        holder = self._door.open(token, Purpose.PREFERENCES)
        return None if holder is None else self._chosen(holder)

    def save(self, token: str, wish: Wish) -> tuple[Saving, Chosen] | None:
        """Do as the form says; what it does not change is not touched."""
        holder = self._door.open(token, Purpose.PREFERENCES)
        if holder is None:
            return None
        before = self._chosen(holder)
        saving = _saving(before, wish)
        self._save_taste(before, wish)
        if saving is Saving.SAVED:
            self._save_lists(before, wish)
        return saving, self._chosen(holder)

    def _save_taste(self, before: Chosen, wish: Wish) -> None:
        """Language and tracking; they count for a reader who comes back too."""
        address = before.holder.address
        language = self._imprint.choose(wish.language) if wish.language else before.language
        if wish.language and language != before.language:
            self._register.set_language(address, language, self._told(before, wish, ""))
        if None not in {wish.tracking, before.tracking} and wish.tracking != before.tracking:
            wording = wish.wordings.get("tracking", "")
            told = self._told(before, wish, wording)
            self._register.set_tracking(address, told, allowed=bool(wish.tracking))

    def _save_lists(self, before: Chosen, wish: Wish) -> None:
        shown = [each for each in before.lists if each.offer.name in wish.shown]
        left = [e.offer.name for e in shown if e.on and e.offer.name not in wish.wanted]
        new = [e.offer.name for e in shown if not e.on and e.offer.name in wish.wanted]
        address = before.holder.address
        if left:
            self._register.leave(address, left, self._told(before, wish, ""))
        if new:
            told = self._told(before, wish, wish.wordings.get("list", ""))
            fields = before.holder.row.fields
            names = {name: fields[name] for name in _OWN_FIELDS if fields.get(name)}
            self._register.join(address, new, told, names)

    def _told(self, before: Chosen, wish: Wish, wording: str) -> Told:
        return Told(self._clock(), SOURCE, wording, before.language, wish.ip)

    def _chosen(self, holder: Holder) -> Chosen:
        said = self._register.preferences_of(holder.address)
        language = self._imprint.choose(said.language or _language_of(holder))
        filed = self._filed(holder)
        on = _receives(filed, said)
        names = dict.fromkeys([*sorted(filed | {*said.lists}), *self._offers.open])
        shown = (self._offers.offer(name, language) for name in names)
        return Chosen(
            holder,
            tuple(Choice(each, each.name in on) for each in shown),
            language,
            bool(said.tracking) if self._by_name else None,
            self._register.is_barred(holder.address) or "",
            self._door.token(holder, Purpose.UNSUBSCRIBE),
        )

    def _filed(self, holder: Holder) -> set[str]:
        """The lists whose last campaign had her on them."""
        last = self._ledger.last_campaigns(self._profile)
        known = self._ledger.lists_of(holder.address, last.values())
        filed = {name for name, number in last.items() if name in known.get(number, ())}
        return filed | {name for name in holder.row.lists if name not in last}


def _receives(filed: set[str], said: Preferences) -> frozenset[str]:
    """The lists by which she is mailed: the files' and her own; who is suppressed has none."""
    if said.suppressed:
        return frozenset()
    joined = {name for name, state in said.lists.items() if state is Membership.JOINED}
    left = {name for name, state in said.lists.items() if state is Membership.LEFT}
    return frozenset((filed - left) | joined)


def _saving(before: Chosen, wish: Wish) -> Saving:
    if not before.suppressed:
        return Saving.SAVED
    if not wish.wanted:
        return Saving.SAVED
    return Saving.CONFIRM if before.suppressed == "unsubscribed" else Saving.BARRED


def _language_of(holder: Holder) -> str:
    return holder.row.fields.get("language") or holder.row.language
