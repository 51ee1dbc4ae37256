"""The signing keys as errands: new, rotate, list, the records to publish, remove."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from newsletter.app.key_ring import (
    KeptKey,
    KeyState,
    key_in,
    private_file,
    read_ring,
    signing_domain,
    write_private,
    write_ring,
)
from newsletter.app.open import App
from newsletter.doctor.ask import Dns, NoDns, SystemDns
from newsletter.doctor.dkim import Publication, publication_of
from newsletter.errors import SigningError, UsageError
from newsletter.signing import (
    Algorithm,
    new_key,
    record_chunks,
    record_text,
)
from newsletter.values import is_selector

_KEEP_DAYS = 30
"""Days for which a retired key's record stays published: mail is verified again when forwarded."""
_BY_NAME = {"rsa": Algorithm.RSA, "ed25519": Algorithm.ED25519}


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key and the TXT record that publishes it."""

    key: KeptKey
    name: str
    """Where it stands: ``news-202611._domainkey.alisei.example``."""
    text: str
    chunks: tuple[str, ...]
    """The text in strings of at most 255 octets, as some zone files want it."""
    publication: Publication | None = None
    """What the DNS says of it; None where it was not asked."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: keys that wait for their record, keys that sign from now."""

    waiting: tuple[KeyRecord, ...]
    signing: tuple[KeyRecord, ...]
    retired: tuple[KeyRecord, ...]
    remove_after: dt.date | None


def new_keys(app: App, algorithm: str, selector: str | None) -> KeyRecord:
    """Make the first key of a kind; it signs from now.

    ``UsageError`` where one of its kind signs already or the selector is taken.
    """
    kind, ring = _algorithm(algorithm), read_ring(app)
    _refuse_settings_key(app)
    if any(key.algorithm is kind and key.state is KeyState.SIGNING for key in ring):
        raise UsageError(
            f"there is a {kind} key that signs already",
            cure="give it a successor",
            next_command="newsletter keys rotate",
        )
    made = _make(app, ring, kind, selector, KeyState.SIGNING)
    write_ring(app, [*ring, made])
    return record_of(made)


def rotate(app: App, *, offline: bool) -> Rotation:
    """First: a successor for each key that signs. Again: it signs, once its record is published.

    ``SigningError`` while a successor's record is not found; ``offline`` does not look.
    """
    ring = read_ring(app)
    _refuse_settings_key(app)
    waiting = [key for key in ring if key.state is KeyState.NEXT]
    if waiting:
        return _switch(app, ring, NoDns() if offline else dns_of(app))
    signing = [key for key in ring if key.state is KeyState.SIGNING]
    if not signing:
        raise UsageError(
            "there is no key to rotate", cure="make one", next_command="newsletter keys new"
        )
    made: list[KeptKey] = []
    for key in signing:
        made.append(_make(app, [*ring, *made], key.algorithm, None, KeyState.NEXT))
    write_ring(app, [*ring, *made])
    return Rotation(tuple(map(record_of, made)), (), (), None)


def _switch(app: App, ring: Sequence[KeptKey], dns: Dns) -> Rotation:
    """The successors sign from now, if all of them are published."""
    waiting = [key for key in ring if key.state is KeyState.NEXT]
    if not isinstance(dns, NoDns):
        for key in waiting:
            _refuse_unpublished(record_of(key, dns))
    today, kinds = app.clock().date(), {key.algorithm for key in waiting}
    after: list[KeptKey] = []
    for key in ring:
        if key in waiting:
            after.append(replace(key, state=KeyState.SIGNING))
        elif key.state is KeyState.SIGNING and key.algorithm in kinds:
            after.append(replace(key, state=KeyState.RETIRED, retired=today))
        else:
            after.append(key)
    write_ring(app, after)
    retired = [key for key in after if key.state is KeyState.RETIRED and key.retired == today]
    for key in retired:
        private_file(app, key.selector).unlink(missing_ok=True)
    signing = [key for key in after if key.state is KeyState.SIGNING]
    days = dt.timedelta(days=_KEEP_DAYS)
    return Rotation((), _records(signing), _records(retired), today + days if retired else None)


def _refuse_unpublished(record: KeyRecord) -> None:
    publication = record.publication
    if publication and not publication.right:
        raise SigningError(
            f"{record.name}: {publication.words}",
            cure="publish the record and wait until it is seen; the old key signs meanwhile",
            next_command=f"newsletter keys dns {record.key.selector}",
        )


def list_keys(app: App) -> tuple[KeptKey, ...]:
    """The ring, the oldest key first."""
    return read_ring(app)


def dns_records(app: App, selector: str | None, *, look: bool) -> tuple[KeyRecord, ...]:
    """The records to publish, of all keys or one; with ``look`` what the DNS has of them."""
    kept = [key for key in read_ring(app) if selector in {None, key.selector}]
    if not kept and selector is None:
        raise UsageError("there is no key", cure="make one", next_command="newsletter keys new")
    if not kept:
        message, cure = f"there is no key {selector!r}", "see which there are"
        raise UsageError(message, cure=cure, next_command="newsletter keys list")
    dns = dns_of(app) if look else None
    return tuple(record_of(key, dns) for key in kept)


def remove_key(app: App, selector: str, *, agreed: bool) -> KeptKey:
    """Forget a key that does not sign; its record may be taken from the DNS then."""
    ring = read_ring(app)
    found = next((key for key in ring if key.selector == selector), None)
    if found is None:
        raise UsageError(
            f"there is no key {selector!r}",
            cure="see which there are",
            next_command="newsletter keys list",
        )
    if found.state is KeyState.SIGNING and not agreed:
        raise UsageError(
            f"{selector} signs the mail: without it mail leaves unsigned",
            cure="rotate it first; or say --yes",
            next_command="newsletter keys rotate",
        )
    write_ring(app, [key for key in ring if key is not found])
    private_file(app, selector).unlink(missing_ok=True)
    return found


def record_of(key: KeptKey, dns: Dns | None = None) -> KeyRecord:
    """A key's record, and what the DNS has of it if it is asked."""
    text = record_text(key.algorithm, key.public)
    name = f"{key.selector}._domainkey.{key.domain}"
    seen = publication_of(dns, name, key.algorithm, key.public) if dns else None
    return KeyRecord(key, name, text, tuple(record_chunks(text)), seen)


def dns_of(app: App) -> Dns:
    """Whom this newsletter asks."""
    return SystemDns(app.settings.doctor.resolver)


def _records(keys: Sequence[KeptKey]) -> tuple[KeyRecord, ...]:
    return tuple(map(record_of, keys))


def _make(
    app: App, ring: Sequence[KeptKey], kind: Algorithm, selector: str | None, state: KeyState
) -> KeptKey:
    taken = {key.selector for key in ring}
    name = selector or next(each for each in _names(app, kind) if each not in taken)
    if not is_selector(name):
        raise UsageError(f"{name!r} is no selector", cure="use a-z, 0-9 and -, as in news-202611")
    if name in taken:
        raise UsageError(f"there is a key {name!r} already", cure="take another --selector")
    pem, domain = new_key(kind), signing_domain(app)
    write_private(app, name, pem)
    key = key_in(private_file(app, name), pem, domain, name)
    return KeptKey(name, kind, domain, key.public, state, app.clock().date())


def _names(app: App, kind: Algorithm) -> Iterator[str]:
    """Selectors that say when and what: ``news-202611``, ``news-202611-ed25519``, ``…-2``."""
    base = f"news-{app.clock():%Y%m}" + ("" if kind is Algorithm.RSA else "-ed25519")
    yield base
    for count in range(2, 1000):
        yield f"{base}-{count}"


def _algorithm(name: str) -> Algorithm:
    if name not in _BY_NAME:
        raise UsageError(f"there is no algorithm {name!r}", cure="say rsa or ed25519")
    return _BY_NAME[name]


def _refuse_settings_key(app: App) -> None:
    if app.settings.dkim.selector:
        raise UsageError(
            "the settings name a signing key: [dkim] selector",
            cure="other software keeps that one; leave [dkim] key and selector out to use the ring",
        )
