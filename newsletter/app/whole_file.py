"""A file of the officer's, written whole or not at all."""

import os
import shutil
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """All of it or nothing; a file that is written over keeps its permissions."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
