"""Signing keys and their records as lines for a person to read."""

from collections.abc import Iterator, Sequence

from newsletter.app.key_ring import KeptKey, KeyState
from newsletter.app.keys import KeyRecord, Rotation
from newsletter.cli.layout import paint, table


def made(record: KeyRecord) -> Iterator[str]:
    """A key that was made."""
    key = record.key
    yield f"{key.selector} signs from now: {key.algorithm}, for {key.domain}"
    yield "Publish this record; until it is seen, receivers take the mail for unsigned."
    yield from _record(record)


def rotated(rotation: Rotation) -> Iterator[str]:
    """What a rotation did, and what is to be done."""
    if rotation.waiting:
        yield "Publish this; the key that signs now goes on until `keys rotate` is typed again."
        for record in rotation.waiting:
            yield from _record(record)
        return
    for record in rotation.signing:
        yield f"{record.key.selector} signs from now ({record.key.algorithm})"
    for record in rotation.retired:
        yield f"{record.key.selector} is retired and signs no more"
        yield f"  leave {record.name} published until {rotation.remove_after}: mail on its way"
        yield f"  is verified by it; then: newsletter keys remove {record.key.selector}"


def records(found: Sequence[KeyRecord]) -> Iterator[str]:
    """Records to publish, and what the DNS has of them."""
    for record in found:
        yield from _record(record)
        if record.publication:
            color = "green" if record.publication.right else "red"
            yield "  " + paint(record.publication.words, color)


def keys(kept: Sequence[KeptKey]) -> Iterator[str]:
    """Every key in a line."""
    if not kept:
        yield "no signing key: mail leaves unsigned, unless the relay signs it"
    yield from table(
        (
            key.selector,
            str(key.algorithm),
            key.domain,
            _state(key),
            f"made {key.made}",
        )
        for key in kept
    )


def removed(key: KeptKey) -> list[str]:
    """A key that is gone."""
    name = f"{key.selector}._domainkey.{key.domain}"
    return [f"{key.selector} is forgotten; take {name} from the DNS"]


def _record(record: KeyRecord) -> Iterator[str]:
    yield ""
    quoted = " ".join(f'"{chunk}"' for chunk in record.chunks)
    yield f"{record.name}. IN TXT {quoted}"


def _state(key: KeptKey) -> str:
    if key.state is KeyState.RETIRED:
        return f"retired {key.retired}"
    return "waits for its record" if key.state is KeyState.NEXT else "signs"
