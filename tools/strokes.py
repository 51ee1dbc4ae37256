"""Strokes along evenly spaced streamlines, and the small PNG that they end in."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from PIL import Image, ImageChops, ImageDraw

Point = tuple[float, float]
Colour = tuple[int, int, int]
Angle = Callable[[float, float], float]
Spacing = Callable[[float, float], float]

SHOWN, SUPERSAMPLE = 2, 3
FINE = SHOWN * SUPERSAMPLE
LEVELS = 15
"""Steps of coverage at an edge: as many colours of the palette for each paint."""
STEP = 1.5
STOP_AT = 0.62
"""A streamline ends where its neighbour is closer than this part of the spacing."""


@dataclass(frozen=True, slots=True)
class Paint:
    """A colour, how strongly it covers, and its share of the strokes."""

    colour: Colour
    opacity: float
    share: float


@dataclass(frozen=True, slots=True)
class Brush:
    """How long, how wide and how far apart strokes are."""

    length: tuple[float, float]
    gap: tuple[float, float]
    width: float = 2.5


@dataclass(frozen=True, slots=True)
class Stroke:
    """A piece of a streamline, tail first, and the head's width."""

    path: tuple[Point, ...]
    width: float

    @property
    def centre(self) -> Point:
        """The point half-way along."""
        return self.path[len(self.path) // 2]

    def outline(self) -> list[Point]:
        """The tapered body: a tenth of the width at the tail, growing as t^1.15."""
        left: list[Point] = []
        right: list[Point] = []
        for at, (x, y) in enumerate(self.path):
            grown = (at / (len(self.path) - 1)) ** 1.15
            half = self.width * (0.1 + 0.9 * grown) / 2
            (x0, y0), (x1, y1) = self.path[max(at - 1, 0)], self.path[min(at + 1, self.last)]
            size = math.hypot(x1 - x0, y1 - y0) or 1.0
            nx, ny = -(y1 - y0) / size * half, (x1 - x0) / size * half
            left.append((x + nx, y + ny))
            right.append((x - nx, y - ny))
        return left + right[::-1]

    @property
    def last(self) -> int:
        """The index of the head."""
        return len(self.path) - 1


@dataclass(slots=True)
class Streamlines:
    """Evenly spaced streamlines over a rectangle (after Jobard and Lefer, 1997)."""

    width: float
    height: float
    angle: Angle
    spacing: Spacing
    rng: random.Random
    _cells: dict[tuple[int, int], list[tuple[float, float, int]]] = field(default_factory=dict)

    CELL = 8.0
    MARGIN = 24.0

    def lines(self) -> Iterator[list[Point]]:
        """Each streamline from where the wind comes to where it goes."""
        queue: list[Point] = [(self.width / 2, self.height / 2)]
        queue += [self._anywhere() for _ in range(60)]
        number = 0
        while queue:
            start = queue.pop(0)
            if self._near(start, self.spacing(*start), number):
                continue
            line = self._trace(start, number)
            if len(line) * STEP < self.spacing(*start) * 2:
                continue
            for point in line:
                self._cells.setdefault(self._cell(point), []).append((*point, number))
            number += 1
            queue += self._beside(line)
            yield line

    def _anywhere(self) -> Point:
        return self.rng.uniform(0, self.width), self.rng.uniform(0, self.height)

    def _cell(self, point: Point) -> tuple[int, int]:
        return int(point[0] // self.CELL), int(point[1] // self.CELL)

    def _inside(self, x: float, y: float) -> bool:
        edge = self.MARGIN
        return -edge <= x <= self.width + edge and -edge <= y <= self.height + edge

    def _near(self, point: Point, distance: float, number: int) -> bool:
        column, row = self._cell(point)
        reach = math.ceil(distance / self.CELL)
        limit = distance * distance * 0.999
        for i in range(column - reach, column + reach + 1):
            for j in range(row - reach, row + reach + 1):
                for x, y, owner in self._cells.get((i, j), ()):
                    close = (x - point[0]) ** 2 + (y - point[1]) ** 2 < limit
                    if close and owner != number:
                        return True
        return False

    def _trace(self, start: Point, number: int) -> list[Point]:
        back = list(self._walk(start, -STEP, number))
        return [*back[::-1], start, *self._walk(start, STEP, number)]

    def _walk(self, start: Point, step: float, number: int) -> Iterator[Point]:
        x, y = start
        while True:
            first = self.angle(x, y)
            middle = self.angle(x + math.cos(first) * step / 2, y + math.sin(first) * step / 2)
            x, y = x + math.cos(middle) * step, y + math.sin(middle) * step
            tight = self._near((x, y), self.spacing(x, y) * STOP_AT, number)
            if tight or not self._inside(x, y):
                return
            yield x, y

    def _beside(self, line: list[Point]) -> Iterator[Point]:
        for x, y in line[::6]:
            across = self.angle(x, y) + math.pi / 2
            for side in (1.0, -1.0):
                away = self.spacing(x, y) * side * 1.002
                candidate = (x + math.cos(across) * away, y + math.sin(across) * away)
                if self._inside(*candidate):
                    yield candidate


def strokes(streams: Streamlines, brush: Brush) -> Iterator[Stroke]:
    """Every streamline cut into strokes with gaps between them."""
    rng = streams.rng
    for line in streams.lines():
        at = int(rng.uniform(0, brush.length[0]) / STEP)
        shortest = round(brush.length[0] / STEP)
        while at + shortest < len(line):
            count = min(round(rng.uniform(*brush.length) / STEP), len(line) - at)
            yield Stroke(tuple(line[at : at + count]), brush.width * rng.uniform(0.8, 1.2))
            at += count + round(rng.uniform(*brush.gap) / STEP)


def pick(paints: tuple[Paint, ...], rng: random.Random) -> Paint:
    """One of the paints, by their shares."""
    return rng.choices(paints, [paint.share for paint in paints])[0]


class Canvas:
    """Coverage masks, one for each paint, that end as one small PNG with a palette."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width * SHOWN, height * SHOWN)
        self.fine = (width * FINE, height * FINE)
        self.masks: dict[Paint, Image.Image] = {}

    def draw(self, stroke: Stroke, paint: Paint) -> None:
        """Add a stroke, its head round."""
        mask = self.masks.setdefault(paint, Image.new("L", self.fine))
        pen = ImageDraw.Draw(mask)
        pen.polygon([(x * FINE, y * FINE) for x, y in stroke.outline()], fill=255)
        (x, y), radius = stroke.path[-1], stroke.width / 2
        box = [(x - radius) * FINE, (y - radius) * FINE, (x + radius) * FINE, (y + radius) * FINE]
        pen.ellipse(box, fill=255)

    def transparent(self, unseen: Colour) -> Image.Image:
        """The strokes alone; ``unseen`` is what a program that scales carelessly would mix in."""

        def cover(paint: Paint, part: float) -> tuple[int, int, int, float]:
            return *paint.colour, paint.opacity * part

        image, alphas = self._indexed(cover, unseen, 0)
        image.info["transparency"] = bytes(alphas)
        return image

    def over(self, ground: Colour) -> Image.Image:
        """The strokes on an opaque ground."""

        def blend(paint: Paint, part: float) -> tuple[int, int, int, float]:
            r, g, b = mix(ground, paint.colour, paint.opacity * part)
            return r, g, b, 1.0

        return self._indexed(blend, ground, 255)[0]

    def _indexed(
        self,
        blend: Callable[[Paint, float], tuple[int, int, int, float]],
        ground: Colour,
        ground_alpha: int,
    ) -> tuple[Image.Image, list[int]]:
        palette: list[int] = list(ground)
        alphas = [ground_alpha]
        image = Image.new("L", self.size)
        for paint, mask in self.masks.items():
            base = len(alphas) - 1
            for level in range(1, LEVELS + 1):
                r, g, b, alpha = blend(paint, level / LEVELS)
                palette += [r, g, b]
                alphas.append(round(alpha * 255))
            steps = [round(value * LEVELS / 255) for value in range(256)]
            indices = mask.reduce(SUPERSAMPLE).point([base + s if s else 0 for s in steps])
            image = ImageChops.lighter(image, indices)
        image.putpalette(palette)
        return image, alphas


def mix(under: Colour, over: Colour, part: float) -> Colour:
    """``over`` covering ``part`` of ``under``."""
    r, g, b = (round(u + (o - u) * part) for u, o in zip(under, over, strict=True))
    return r, g, b
