"""The motif: true bearings, and the same wind for the same date."""

import datetime as dt
from pathlib import Path

import pytest
from PIL import Image

from tests.look.pages import FIRST, THEME
from tools.motif import ROME, bearing, disc, distance_km, masthead, picture, wind

BEIJING, QUEBEC = (39.9042, 116.4074), (46.81, -71.21)
DATE = dt.date(2019, 11, 15)


@pytest.mark.parametrize(
    ("place", "heading", "name", "far"),
    [(BEIJING, 51, "grecale", 8125), (QUEBEC, 306, "maestrale", 6353)],
)
def test_bearings_winds_and_distances_are_true(
    place: tuple[float, float], heading: int, name: str, far: int
) -> None:
    assert round(bearing(ROME, place)) == heading
    assert wind(bearing(ROME, place)) == name
    assert round(distance_km(ROME, place)) == far


@pytest.mark.slow
def test_the_same_date_gives_the_same_wind_and_another_date_another() -> None:
    one, again, other = (masthead(date, 240, 96) for date in (DATE, DATE, dt.date(2019, 12, 15)))
    assert one.tobytes() == again.tobytes()
    assert one.tobytes() != other.tobytes()


@pytest.mark.slow
def test_pictures_and_discs_are_drawn_the_same_each_time() -> None:
    assert picture(DATE, 200, 96).tobytes() == picture(DATE, 200, 96).tobytes()
    assert disc(*BEIJING).tobytes() == disc(*BEIJING).tobytes()
    assert disc(*BEIJING).tobytes() != disc(*QUEBEC).tobytes()


@pytest.mark.slow
def test_a_masthead_is_transparent_and_a_disc_round() -> None:
    sky = masthead(DATE, 240, 96).convert("RGBA")
    assert sky.getpixel((0, 0)) == (*sky.getpixel((0, 0))[:3], 0)  # type: ignore[index]
    corner, middle = (disc(*BEIJING).getpixel(at) for at in ((0, 0), (72, 72)))
    assert corner[3] == 0  # type: ignore[index]
    assert middle[3] == 255  # type: ignore[index]


@pytest.mark.parametrize(
    ("file", "size", "most_kb"),
    [
        (FIRST / "images/masthead.png", (1200, 336), 46),
        (THEME / "images/masthead.png", (1200, 336), 46),
        (FIRST / "images/streams.png", (1040, 480), 57),
        (FIRST / "images/disc-china.png", (144, 144), 8),
        (FIRST / "images/disc-canada.png", (144, 144), 8),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_the_files_are_as_large_as_shown_twice_and_light(
    file: Path, size: tuple[int, int], most_kb: int
) -> None:
    with Image.open(file) as image:
        assert image.size == size
        assert image.format == "PNG"
    assert file.stat().st_size <= most_kb * 1024
