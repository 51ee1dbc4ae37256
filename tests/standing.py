"""Where a program stands that does not go on: the tasks of its loop, if it has one."""

import asyncio
import contextlib
import sys
from types import FrameType


def tell_tasks(number: int = 0, frame: FrameType | None = None) -> None:
    """Write the stack of every task of the loop that runs in this thread to the true stderr."""
    del number, frame
    with contextlib.suppress(RuntimeError):  # none runs
        for task in asyncio.all_tasks():
            task.print_stack(file=sys.__stderr__)
