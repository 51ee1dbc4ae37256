"""A picture made fit for mail: size, weight, colours, the right way up, and nothing besides."""

import io
import random
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageDraw

from newsletter.errors import UsageError
from newsletter.pictures import HEAVIEST, Picture, fit_picture, plain_name

GPS = 0x8825


def photograph(width: int = 3000, height: int = 2000, mode: str = "RGB") -> Any:
    """Slopes of colour, red at the left and blue at the right."""
    slope = Image.linear_gradient("L").rotate(90).resize((width, height))
    image = Image.merge(
        "RGB", (slope, Image.new("L", slope.size, 60), slope.point(lambda v: 255 - v))
    )
    return image.convert(mode)


def noise(width: int, height: int) -> Any:
    octets = random.Random(1).randbytes(width * height * 3)  # noqa: S311 - only to be heavy
    return Image.frombytes("RGB", (width, height), octets)


def file(tmp_path: Path, image: Any, name: str = "a.jpg", **options: Any) -> Path:
    path = tmp_path / name
    image.save(path, **options)
    return path


def opened(picture: Picture) -> Any:
    return Image.open(io.BytesIO(picture.content))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "pixels"), [(520, (1040, 693)), (248, (496, 331)), (16, (32, 21))]
)
def test_a_picture_has_two_pixels_for_each_one_shown(
    tmp_path: Path, width: int, pixels: tuple[int, int]
) -> None:
    picture = fit_picture(file(tmp_path, photograph()), width)
    assert (picture.pixels, picture.width, picture.suffix) == (pixels, width, ".jpg")
    assert opened(picture).size == pixels
    assert not picture.notes
    assert len(picture.content) < HEAVIEST


@pytest.mark.parametrize(("across", "shown"), [(800, 520), (520, 520), (300, 300), (1, 1)])
def test_a_picture_is_never_enlarged(tmp_path: Path, across: int, shown: int) -> None:
    picture = fit_picture(file(tmp_path, photograph(across, across)), 520)
    assert picture.pixels == (across, across)
    assert picture.width == shown
    assert "1040 are sharp" in picture.notes[0]
    assert ("so it is shown" in picture.notes[0]) == (shown < 520)


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_stands_the_right_way_up(tmp_path: Path, turn: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = turn
    path = file(tmp_path, photograph(600, 300), exif=exif)
    meant = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    got = opened(fit_picture(path, 300)).convert("RGB")
    assert got.size == meant.size
    assert 0x0112 not in got.getexif()
    for place in [(5, 5), (got.width - 6, got.height - 6)]:
        beside = ImageChops.difference(got, meant).getpixel(place)
        assert isinstance(beside, tuple)
        assert max(beside) < 20


@pytest.mark.parametrize(
    ("name", "kind"), [("a.jpg", "JPEG"), ("a.png", "PNG"), ("a.webp", "WEBP")]
)
def test_nothing_that_the_camera_wrote_beside_it_goes_along(
    tmp_path: Path, name: str, kind: str
) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x013B] = "SecretCamera", "Secret Owner"
    exif.get_ifd(GPS)[2] = (41.0, 54.0, 10.0)
    extra = {"comment": b"Secret words"} if kind == "JPEG" else {}
    path = file(tmp_path, photograph(600, 300), name, exif=exif, xmp=b"<x>Secret</x>", **extra)
    assert b"Secret" in path.read_bytes()
    picture = fit_picture(path, 300)
    assert b"Secret" not in picture.content
    assert not opened(picture).getexif()
    assert set(opened(picture).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density",
                                         "progressive", "progression"}  # fmt: skip


def test_text_in_a_png_does_not_go_along(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "Secret")
    path = file(tmp_path, photograph(600, 300), "a.png", pnginfo=info)
    assert b"Secret" not in fit_picture(path, 300).content


def test_another_colour_space_becomes_srgb(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    srgb = ImageCms.createProfile("sRGB")
    path = file(tmp_path, Image.new("RGB", (40, 40), (250, 10, 10)), "a.png",
                icc_profile=ImageCms.ImageCmsProfile(srgb).tobytes())  # fmt: skip
    assert opened(fit_picture(path, 20)).getpixel((5, 5)) == (250, 10, 10)
    assert "icc_profile" not in opened(fit_picture(path, 20)).info
    broken = file(tmp_path, Image.new("RGB", (40, 40)), "b.png", icc_profile=b"not a profile")
    assert "colour profile" in fit_picture(broken, 20).notes[0]
    other = file(tmp_path, Image.new("RGB", (40, 40)), "c.png", icc_profile=lab.tobytes())
    assert "colour profile" in fit_picture(other, 20).notes[0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "YCbCr"])
def test_every_kind_of_pixel_is_shown(tmp_path: Path, mode: str) -> None:
    name = "a.jpg" if mode in {"CMYK", "YCbCr"} else "a.png"
    picture = fit_picture(file(tmp_path, photograph(200, 100, "L" if mode == "I;16" else mode)
                               .convert(mode), name), 100)  # fmt: skip
    assert opened(picture).mode in {"RGB", "RGBA"}


def test_sixteen_bits_keep_their_tones(tmp_path: Path) -> None:
    deep = Image.new("I;16", (50, 50), 0x8000)
    level = opened(fit_picture(file(tmp_path, deep, "a.png"), 25)).convert("L").getpixel((5, 5))
    assert 120 <= level <= 136


def test_what_is_transparent_stays_so_and_what_only_could_be_is_not(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (100, 100), (255, 0, 0, 90))
    assert opened(fit_picture(file(tmp_path, clear, "a.png"), 50)).getpixel((9, 9))[3] == 90
    solid = Image.new("RGBA", (100, 100), (255, 0, 0, 255))
    assert opened(fit_picture(file(tmp_path, solid, "b.png"), 50)).mode == "RGB"


@pytest.mark.slow
def test_a_drawing_stays_a_drawing_and_a_heavy_one_becomes_a_photograph(tmp_path: Path) -> None:
    drawing = Image.new("RGB", (1040, 600), "white")
    ImageDraw.Draw(drawing).ellipse((100, 100, 500, 500), fill="red")
    assert fit_picture(file(tmp_path, drawing, "a.png"), 520).suffix == ".png"
    assert fit_picture(file(tmp_path, noise(600, 400), "b.png"), 300).suffix == ".jpg"


def test_a_heavy_picture_says_what_to_do(tmp_path: Path) -> None:
    picture = fit_picture(file(tmp_path, noise(1040, 800), "a.jpg", quality=95), 520)
    assert len(picture.content) > HEAVIEST
    assert "KB, more than 200: crop it" in picture.notes[0]
    assert "--width 390" in picture.notes[0]


def test_the_first_picture_of_a_phones_file_counts(tmp_path: Path) -> None:
    path = file(tmp_path, photograph(600, 300), "a.jpg", format="MPO", save_all=True,
                append_images=[Image.new("RGB", (60, 60))])  # fmt: skip
    assert fit_picture(path, 300).pixels == (600, 300)


def test_a_picture_that_moves_is_refused(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    path = file(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(UsageError, match="holds 3 pictures") as caught:
        fit_picture(path, 20)
    assert "by hand" in caught.value.cure


def bomb(width: int, height: int) -> bytes:
    """A few octets of PNG that say they are as large as this."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        whole = kind + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bomb(60_000, 60_000), "more than 90 million pixels"),
        (bomb(10_000, 9_001), "more than 90 million pixels"),
        (bomb(100, 100), "is broken"),
        (b"", "is not a picture that can be read"),
        (b"plain text", "is not a picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a picture that can be read"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "a.bin"),
        (b"GIF89a", "a.bin"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a picture"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        fit_picture(path, 520)
    assert caught.value.cure
    assert "\n" not in caught.value.message


@pytest.mark.slow
def test_a_picture_cut_short_anywhere_is_refused_or_whole(tmp_path: Path) -> None:
    """A broken download never ends in a traceback, whatever its form."""
    path = tmp_path / "cut"
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"):
        buffer = io.BytesIO()
        photograph(60, 40).save(buffer, kind)
        whole = buffer.getvalue()
        for end in range(0, len(whole), max(1, len(whole) // 40)):
            path.write_bytes(whole[:end])
            with suppress(UsageError):
                assert fit_picture(path, 30).width == 30


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "no.jpg", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            fit_picture(path, 520)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Foto Gruppo 2019", "foto-gruppo-2019"),
        ("Città à Québec", "citta-a-quebec"),
        ("照片", "image"),
        ("../..", "image"),
        ("x" * 99, "x" * 60),
    ],
)
def test_a_files_name_is_one_that_every_system_writes(name: str, plain: str) -> None:
    assert plain_name(name) == plain
