"""Writing a site: what did not change is not touched, and only what we wrote is ever removed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsletter.errors import NewsletterError

MANIFEST: Final = ".newsletter-archive.json"


@dataclass(frozen=True, slots=True)
class Written:
    """How many files were written anew, were right already, and were removed."""

    written: int
    unchanged: int
    removed: int


def write_site(folder: Path, files: Mapping[str, bytes]) -> Written:
    """Bring a folder to hold these files, besides what others put there.

    Each is whole or not there at all. ``NewsletterError`` when the folder cannot be written.
    """
    try:
        before = _ours(folder)
        written = sum(_write(folder / name, octets) for name, octets in sorted(files.items()))
        gone = [name for name in before if name not in files]
        for name in gone:
            _remove(folder, name)
        _write(folder / MANIFEST, _manifest(files))
    except OSError as error:
        message = f"the archive {folder} cannot be written: {error.strerror or error}"
        raise NewsletterError(
            message, cure="choose another folder with -o, or make room"
        ) from error
    return Written(written, len(files) - written, len(gone))


def _ours(folder: Path) -> list[str]:
    """What we wrote the last time; nothing where that cannot be read."""
    try:
        names = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in names if isinstance(name, str) and _inside(folder, name)]


def _inside(folder: Path, name: str) -> bool:
    return (folder / name).resolve().is_relative_to(folder.resolve())


def _write(path: Path, octets: bytes) -> bool:
    if path.is_file() and path.read_bytes() == octets:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(octets)
    part.replace(path)
    return True


def _remove(folder: Path, name: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder or any(parent.iterdir()):
            return
        parent.rmdir()


def _manifest(files: Mapping[str, bytes]) -> bytes:
    return (json.dumps({"files": sorted(files)}, indent=1) + "\n").encode()
