"""The event loop that messages are sent in."""

import asyncio

import pytest

from newsletter.app.loop import new_loop_for
from newsletter.transport.options import Security


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_with_tls_the_loop_is_asyncios_own(security: Security) -> None:
    assert new_loop_for(security) is None


def test_in_clear_text_there_is_a_loop_whether_or_not_the_quicker_one_is_installed() -> None:
    with asyncio.Runner(loop_factory=new_loop_for(Security.NONE)) as runner:
        assert runner.run(asyncio.sleep(0, "done")) == "done"
