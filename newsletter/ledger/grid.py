"""A place's turns on a grid of instants, each given to one worker alone. Pure: times are given.

The cells of the grid are evenly spaced (GCRA, ITU-T I.371, in slots rather than in tokens), so that
no span of time has more turns than its due however they are divided. A worker takes its turns here
and there along the way, at the speed at which it uses them, and leaves the others' between them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

_SECOND = 1_000_000
_MOST_CELLS = 2_000
"""A second has no more cells: beyond, one cell stands for several turns."""
_FASTER = 1.005
"""How much closer cells are than the rate says: a turn that came to nothing is made up for."""
_LEAD = 0.02 * _SECOND
"""The first turn is so far ahead that the answer is there before it."""
_HORIZON = 2 * _SECOND
"""Nothing further ahead is given away: whoever has a turn may be gone by then."""
_AHEAD = 1.2 * _SECOND
"""So much more than the rate allows by now may have been given for the time to come."""
_NONSENSE = 10 * _SECOND
"""A grid that begins so far in the future was made before the clock was set back."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells ``interval`` microseconds apart from ``base`` on.

    The bits of ``taken`` are those given away. ``due`` is until when, at the rate itself, all that
    was given lasts.
    """

    base: int
    interval: float
    taken: int
    due: float


def turns_a_cell(per_second: float) -> int:
    """How many turns one cell stands for."""
    return max(1, math.ceil(per_second / _MOST_CELLS))


def fresh(now: int) -> Grid:
    """Nothing was ever given."""
    return Grid(now, 1.0, 0, now)


def take(
    grid: Grid,
    now: int,
    per_second: float,
    count: int,
    apart: float,
    lost: int = 0,
    beside: Sequence[int] = (),
) -> tuple[Grid, list[int]]:
    """Take up to ``count`` turns about ``apart`` seconds from each other; the cells' instants.

    A cell is worth ``turns_a_cell``. ``lost`` turns were given earlier and came to nothing. The
    first ones are right after the instants of ``beside``: turns that a narrower place gave.
    """
    each = turns_a_cell(per_second)
    interval = each * _SECOND / per_second
    grid = _moved(grid, now, interval / _FASTER)
    due = max(grid.due - lost * interval / each, now)
    count = min(math.ceil(count / each), math.floor((now + _AHEAD + interval - due) / interval))
    taken, cells = _beside(grid, now, beside[::each], count)
    more = _free(replace(grid, taken=taken), now, count - len(cells), apart * each * _SECOND)
    for cell in more:
        taken |= 1 << cell
    cells = sorted(cells + more)
    after = Grid(grid.base, grid.interval, taken, due + len(cells) * interval)
    return after, [round(grid.base + cell * grid.interval) for cell in cells]


def give_back(grid: Grid, instants: list[int], turns: int) -> Grid:
    """Some cells are not needed: others may have those that are still to come.

    So many ``turns`` of them were not used.
    """
    taken = grid.taken
    for at in instants:
        cell = round((at - grid.base) / grid.interval)
        if cell >= 0:
            taken &= ~(1 << cell)
    return Grid(grid.base, grid.interval, taken, grid.due - turns * grid.interval * _FASTER)


def _moved(grid: Grid, now: int, interval: float) -> Grid:
    """Begin with the last cell that is past; cells that were given keep their distance."""
    if grid.base > now + _HORIZON + _NONSENSE + grid.interval:
        return Grid(now, interval, 0, now)
    passed = max(0, math.floor((now - grid.base) / grid.interval))
    base, taken = round(grid.base + passed * grid.interval), grid.taken >> passed
    if not taken:
        start = max(now + round(_LEAD), round(base + grid.interval) if grid.base > now else 0)
        return Grid(round(start - interval), interval, 0, grid.due)
    if not math.isclose(interval, grid.interval, rel_tol=1e-6):
        return _respaced(Grid(base, grid.interval, taken, grid.due), interval)
    return Grid(base, grid.interval, taken, grid.due)


def _respaced(grid: Grid, interval: float) -> Grid:
    """Another rate holds from here on: the slower one, until what was given is used up."""
    if interval < grid.interval:
        return grid
    last = grid.taken.bit_length() - 1
    return Grid(round(grid.base + last * grid.interval), interval, 1, grid.due)


def _beside(grid: Grid, now: int, instants: Sequence[int], count: int) -> tuple[int, list[int]]:
    """The first free cells after each instant; what is taken with them."""
    first, last = _span(grid, now)
    taken, found = grid.taken, list[int]()
    for at in instants[: max(0, count)]:
        cell = _next(taken, max(first, math.ceil((at - grid.base) / grid.interval - 1e-9)))
        if cell <= last:
            taken |= 1 << cell
            found.append(cell)
    return taken, found


def _span(grid: Grid, now: int) -> tuple[int, int]:
    """The first and the last cell that may be given."""
    first = max(0, math.ceil((now + _LEAD - grid.base) / grid.interval - 1e-9))
    return first, math.floor(
        (now + max(_HORIZON, _LEAD + grid.interval) - grid.base) / grid.interval
    )


def _free(grid: Grid, now: int, count: int, apart: float) -> list[int]:
    first, last = _span(grid, now)
    step = max(1.0, apart / grid.interval)
    found: list[int] = []
    cell = _next(grid.taken, first)
    wanted = float(cell)
    while len(found) < count and cell <= last:
        found.append(cell)
        wanted = max(wanted + step, cell + 1.0)
        cell = _next(grid.taken, math.floor(wanted))
    return found


def _next(taken: int, cell: int) -> int:
    """The first free cell from one on."""
    rest = taken >> cell
    return cell + (~rest & (rest + 1)).bit_length() - 1
