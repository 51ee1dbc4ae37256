"""premailer without requests, which it imports for pages that it would fetch.

Nothing is fetched here, and requests with what it brings is 7 MB and a tenth of a second of every
start: while premailer is imported, an empty module stands in its place.
"""

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final

_UNWANTED = "requests"


def _premailer() -> Any:
    known = sys.modules.get(_UNWANTED)
    sys.modules[_UNWANTED] = ModuleType(_UNWANTED)
    try:
        # One cache of 128 entries serves all of premailer by default; a page alone needs about
        # 300. The size is read from the environment, and only at the import.
        os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", "4096")
        return import_module("premailer")
    finally:
        del sys.modules[_UNWANTED]
        if known:
            sys.modules[_UNWANTED] = known


Premailer: Final[Any] = _premailer().Premailer
"""The class that writes a style sheet into ``style`` attributes."""
