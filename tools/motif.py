"""Draws the motif: the tapered strokes of old wind charts, blown along evenly spaced streamlines.

    python -m tools.motif masthead 2019-11-15 issues/2019-11-assemblea/images/masthead.png
    python -m tools.motif picture  2019-11-15 issues/2019-11-assemblea/images/streams.png
    python -m tools.motif banner   2019-11-15 newsletter/web/static/public-wind.png
    python -m tools.motif disc 39.904 116.407 issues/2019-11-assemblea/images/disc-china.png
    python -m tools.motif disc 46.81 -71.21 issues/2019-11-assemblea/images/disc-canada.png
    python -m tools.motif bearing 39.904 116.407

The same arguments give the same bytes. Lengths are pixels as shown; files hold twice as many, and
the drawing is done at three times that, so that edges are smooth.
"""

import argparse
import datetime as dt
import math
import random
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw

from tools.strokes import (
    Brush,
    Canvas,
    Colour,
    Paint,
    Point,
    Spacing,
    Streamlines,
    pick,
    strokes,
)

_DATED = (
    ("masthead", "the wind of an issue"),
    ("banner", "the same, as wide as a window, for the public pages"),
    ("picture", "three streams join"),
)
EARTH_RADIUS_KM = 6371.0
ROME = (41.9, 12.5)
WINDS = (
    *("tramontana", "grecale", "levante", "scirocco"),
    *("ostro", "libeccio", "ponente", "maestrale"),
)

THIN_TOP = 34.0
"""How far from the top the strokes grow rare, so that the words above stand free."""

FIELD: Colour = (0xA3, 0x13, 0x3F)
INK: Colour = (0x25, 0x1B, 0x3E)
WHITE: Colour = (0xFF, 0xFF, 0xFF)
ROSE: Colour = (0xF7, 0xC6, 0xD0)
DEEP: Colour = (0x3A, 0x0E, 0x33)
CARMINE: Colour = (0xE8, 0x4A, 0x72)
HAZE: Colour = (0x49, 0x3F, 0x6B)

ON_FIELD = (
    Paint(WHITE, 1.0, 0.09),
    Paint(DEEP, 1.0, 0.15),
    Paint(ROSE, 0.92, 0.28),
    Paint(ROSE, 0.59, 0.48),
)
ON_DISC = (Paint(WHITE, 1.0, 0.40), Paint(DEEP, 1.0, 0.18), Paint(ROSE, 0.85, 0.42))
IN_STREAM = (Paint(WHITE, 1.0, 0.30), Paint(CARMINE, 1.0, 0.20), Paint(ROSE, 0.85, 0.50))
BESIDE_STREAM = (Paint(HAZE, 1.0, 1.0),)

HAIR = Brush(length=(14, 32), gap=(6, 9))


def waver(rng: random.Random, low: float, high: float) -> Spacing:
    """A distance between streamlines that drifts slowly between two values."""
    a, b = rng.uniform(0, math.tau), rng.uniform(0, math.tau)

    def spacing(x: float, y: float) -> float:
        wave = math.sin(x / 90 + a) * math.sin(y / 40 + b)
        return low + (high - low) * (0.5 + 0.5 * wave)

    return spacing


def masthead(date: dt.date, width: int = 600, height: int = 168) -> Image.Image:
    """Two trades that converge on a waving line and blow west; each date has its own wind."""
    rng = random.Random(date.isoformat())
    a, b, c = (rng.uniform(0, math.tau) for _ in range(3))

    def angle(x: float, y: float) -> float:
        along, down = x / width, y / height
        axis = 0.56 + 0.06 * math.sin(math.tau * along * 0.9 + c)
        meet = 0.6 * math.tanh(3 * (down - axis)) * (0.35 + 0.65 * along)
        slow = 0.22 * math.sin(math.tau * along * 0.45 + a)
        slower = 0.10 * math.sin(math.tau * (along * 1.7 + down * 0.4) + b)
        return math.pi + meet + slow + slower

    canvas = Canvas(width, height)
    for stroke in strokes(Streamlines(width, height, angle, waver(rng, 5.6, 8.2), rng), HAIR):
        y = min(y for _, y in stroke.path)
        if y > 0 and rng.random() < (y / THIN_TOP) ** 1.3:
            canvas.draw(stroke, pick(ON_FIELD, rng))
    return canvas.transparent(FIELD)


STREAMS = ((0.15, 0.36, 0.15), (0.53, 0.52, 0.12), (0.87, 0.67, 0.12))
"""Where each stream begins and ends (parts of the height), and half its width."""


def join(start: float, end: float, along: float) -> tuple[float, float]:
    """A stream's height at a part of the width, and its slope there."""
    begin, done = 0.18, 0.72
    t = min(1.0, max(0.0, (along - begin) / (done - begin)))
    slope = (end - start) * 6 * t * (1 - t) / (done - begin)
    return start + (end - start) * t * t * (3 - 2 * t), slope


def picture(date: dt.date, width: int = 520, height: int = 240) -> Image.Image:
    """Three streams that join into one, on ink."""
    rng = random.Random(f"picture {date.isoformat()}")
    a, b = rng.uniform(0, math.tau), rng.uniform(0, math.tau)

    def nearest(x: float, y: float) -> Iterator[tuple[float, float, float]]:
        along, down = x / width, y / height
        for start, end, half in STREAMS:
            centre, slope = join(start, end, along)
            centre += 0.025 * math.sin(math.tau * along * 1.1 + a + 3 * start) * (1 - along)
            yield abs(down - centre) / half, slope, half

    def angle(x: float, y: float) -> float:
        weights = [(1 / (0.05 + d**4), slope) for d, slope, _ in nearest(x, y)]
        slope = sum(w * s for w, s in weights) / sum(w for w, _ in weights)
        ripple = 0.09 * math.sin(x / 70 + b) + 0.06 * math.sin(x / 31 + y / 45 + a)
        return math.atan(slope * height / width * 1.15) + ripple

    canvas = Canvas(width, height)
    for stroke in strokes(Streamlines(width, height, angle, waver(rng, 6.2, 8.6), rng), HAIR):
        inside = min(d for d, _, _ in nearest(*stroke.centre)) < 1
        if inside or rng.random() < 0.7:
            canvas.draw(stroke, pick(IN_STREAM if inside else BESIDE_STREAM, rng))
    return canvas.over(INK)


def disc(latitude: float, longitude: float, size: int = 72) -> Image.Image:
    """A field circle with the wind that blows from Rome towards the place."""
    heading = bearing(ROME, (latitude, longitude))
    rng = random.Random(f"disc {latitude:.1f} {longitude:.1f}")
    a = rng.uniform(0, math.tau)

    def angle(x: float, y: float) -> float:
        return math.radians(heading - 90) + 0.20 * math.sin(x / 22 + y / 30 + a)

    canvas = Canvas(size, size)
    brush = Brush(length=(12, 19), width=3.0, gap=(3, 5))
    middle = size / 2
    for stroke in strokes(Streamlines(size, size, angle, lambda _x, _y: 7.2, rng), brush):
        x, y = stroke.centre
        if math.hypot(x - middle, y - middle) < middle - 6:
            canvas.draw(stroke, pick(ON_DISC, rng))
    return cut_round(canvas.over(FIELD))


def cut_round(square: Image.Image) -> Image.Image:
    """The square's inscribed circle, with a smooth transparent edge."""
    mask = Image.new("L", (square.width * 4, square.height * 4))
    ImageDraw.Draw(mask).ellipse([2, 2, mask.width - 3, mask.height - 3], fill=255)
    round_image = square.convert("RGBA")
    round_image.putalpha(mask.reduce(4))
    return round_image


def bearing(start: Point, end: Point) -> float:
    """The initial great-circle bearing in degrees clockwise from north."""
    (lat1, lon1), (lat2, lon2) = radians(start), radians(end)
    x = math.sin(lon2 - lon1) * math.cos(lat2)
    y = math.cos(lat1) * math.sin(lat2)
    y -= math.sin(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
    return math.degrees(math.atan2(x, y)) % 360


def distance_km(start: Point, end: Point) -> float:
    """The great-circle distance on a sphere of 6,371 km."""
    (lat1, lon1), (lat2, lon2) = radians(start), radians(end)
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))


def radians(place: Point) -> Point:
    """Latitude and longitude in radians."""
    return math.radians(place[0]), math.radians(place[1])


def wind(heading: float) -> str:
    """The Italian name of the wind of that quarter."""
    return WINDS[round(heading / 45) % 8]


def save(image: Image.Image, path: Path) -> None:
    """Write the smallest PNG, transparency kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, optimize=True)
    print(f"{path}: {image.width} × {image.height}, {path.stat().st_size / 1024:.1f} KB")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(description="Draw the motif.")
    kinds = top.add_subparsers(dest="what", required=True)
    for name, about in _DATED:
        kind = kinds.add_parser(name, help=about)
        kind.add_argument("date", type=dt.date.fromisoformat)
        kind.add_argument("file", type=Path)
    for name, about in (("disc", "a country's disc"), ("bearing", "where a place lies from Rome")):
        kind = kinds.add_parser(name, help=about)
        kind.add_argument("latitude", type=float)
        kind.add_argument("longitude", type=float)
    kinds.choices["disc"].add_argument("file", type=Path)
    return top


def main() -> None:
    """Draw what the command line asks for."""
    asked = parser().parse_args()
    match asked.what:
        case "masthead":
            save(masthead(asked.date), asked.file)
        case "banner":
            save(masthead(asked.date, 1600, 120), asked.file)
        case "picture":
            save(picture(asked.date), asked.file)
        case "disc":
            save(disc(asked.latitude, asked.longitude), asked.file)
        case _:
            place = (asked.latitude, asked.longitude)
            heading, far = bearing(ROME, place), distance_km(ROME, place)
            print(f"{heading:.0f}°, {wind(heading)}, {far:,.0f} km from Rome")


if __name__ == "__main__":
    main()
