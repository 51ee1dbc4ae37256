"""What workers share by the second and the minute: turns are leased, quotas are kept to.

By the server's clock alone. Whoever leases turns or looks at a quota holds the places' rows until
its transaction ends; they are locked in the order of their names.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from newsletter.ledger import grid
from newsletter.ledger.grid import Grid
from newsletter.ledger.model import ClaimedRow
from newsletter.ledger.notes import ALL, Cap, Leased, Place, Wish
from newsletter.ledger.prepared import packed


def lease(
    connection: Connection, wishes: Sequence[Wish], granted: Sequence[ClaimedRow]
) -> tuple[Leased, ...]:
    """Turns that nobody else gets; rows that were just ``granted`` want theirs as well."""
    if not wishes:
        return ()
    rows = Counter(row.address.rpartition("@")[2] for row in granted)
    known, now = _held(connection, [wish.place for wish in wishes])
    changed, found = [], list[Leased]()
    for wish in sorted(wishes, key=_breadth):
        before = known.get(wish.place) or grid.fresh(now)
        if wish.unused:
            before = grid.give_back(before, list(wish.unused), wish.unused_turns)
        fresh = rows[wish.place.domain] if wish.place.domain else len(granted)
        count = wish.count + (fresh if wish.for_rows else 0)
        beside = _narrower(wish.place, found)
        if wish.place == ALL:  # a turn of its own without a relay's is of no use to anybody
            count = len(beside)
        apart = wish.within / max(1, count)
        after, instants = grid.take(before, now, wish.per_second, count, apart, wish.lost, beside)
        changed.append(
            (*wish.place, round(after.due), after.base, after.interval, hex(after.taken))
        )
        each = grid.turns_a_cell(wish.per_second)
        found.append(Leased(wish.place, tuple(instants), each, now))
    connection.exec_driver_sql(_CHANGE, {"rows": packed(changed)})
    return tuple(found)


def _breadth(wish: Wish) -> int:
    """Domains first, then their relays, then all relays together."""
    return 0 if wish.place.domain else 1 if wish.place.relay else 2


def _narrower(place: Place, found: Sequence[Leased]) -> list[int]:
    """When the turns within a place are: each wants one of the place's own at that time."""
    if place.domain:
        return []
    within = [
        each
        for each in found
        if (each.place.domain and each.place.relay == place.relay)
        or (not place.relay and not each.place.domain)
    ]
    return sorted(at for each in within for at in each.at for _ in range(each.each))


def room(connection: Connection, caps: Sequence[Cap], others: int) -> dict[Place, int]:
    """What the quotas leave to whoever asks, while all the others' ``others`` rows may count."""
    if not caps:
        return {}
    rows = packed([(*cap.place, cap.since, cap.limit) for cap in caps])
    left: dict[Place, int] = {}
    for relay, domain, count in connection.exec_driver_sql(_ROOM, {"rows": rows}):
        place = Place(relay, domain)
        left[place] = min(left.get(place, count - others), count - others)
    return {place: max(0, int(count)) for place, count in left.items()}


def hold(connection: Connection, places: Sequence[Place]) -> None:
    """Nobody else looks at these places before this transaction ends."""
    _held(connection, places)


def _held(connection: Connection, places: Sequence[Place]) -> tuple[dict[Place, Grid], int]:
    names = packed(sorted(places))
    rows = connection.exec_driver_sql(_HOLD, {"rows": names}).all()
    if len(rows) < len(places):
        connection.exec_driver_sql(_BEGIN, {"rows": names})
        rows = connection.exec_driver_sql(_HOLD, {"rows": names}).all()
    return {Place(row[0], row[1]): _grid(row) for row in rows if row[4]}, max(
        row[6] for row in rows
    )


def _grid(row: Any) -> Grid:
    return Grid(row[3], row[4], int(row[5], 16), row[2])


_BEGIN = """
    INSERT INTO rate (relay, domain, free_at, base, gap, taken)
    SELECT value->>0, value->>1, 0, 0, 0, '0' FROM json_array_elements(%(rows)s::json) AS t (value)
    ORDER BY 1, 2 ON CONFLICT DO NOTHING"""
_HOLD = """
    SELECT relay, domain, free_at, base, gap, taken,
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    FROM rate JOIN json_array_elements(%(rows)s::json) AS told (value)
        ON relay = value->>0 AND domain = value->>1
    ORDER BY relay, domain FOR UPDATE OF rate"""
_CHANGE = """
    UPDATE rate SET free_at = (value->>2)::bigint, base = (value->>3)::bigint,
        gap = (value->>4)::float, taken = value->>5
    FROM json_array_elements(%(rows)s::json) AS told (value)
    WHERE relay = value->>0 AND domain = value->>1"""
_ROOM = """
    SELECT value->>0, value->>1, (value->>3)::bigint - coalesce((
        SELECT sum(tried) FROM quota
        WHERE quota.relay = value->>0 AND minute >= (value->>2)::int
    ), 0)
    FROM json_array_elements(%(rows)s::json) AS told (value)"""
