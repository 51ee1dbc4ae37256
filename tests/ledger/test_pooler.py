"""A pooler before the server: one that shares sessions among its clients is refused."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from newsletter.errors import LedgerError, LedgerLocked
from newsletter.ledger.ledger import Ledger
from tests.doubles import START
from tests.ports import quiet_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.debian]


@contextmanager
def pooler(server: str, folder: Path, mode: str, *more: str) -> Iterator[str]:
    """PgBouncer before a server; the address that it listens at."""
    port = quiet_port()
    url = make_url(server)
    names = folder / "names"
    names.write_text('"postgres" ""\n')
    settings = folder / "pgbouncer.ini"
    lines = (
        "[databases]",
        f"news = host={url.query['host']} dbname={url.database}",
        "[pgbouncer]",
        "listen_addr = 127.0.0.1",
        f"listen_port = {port}",
        "unix_socket_dir =",
        "auth_type = trust",
        f"auth_file = {names}",
        f"pool_mode = {mode}",
        *more,
    )
    settings.write_text("\n".join(lines))
    told = folder / "told"
    owner = Path(str(url.query["host"])).stat().st_uid  # root's runs as another user
    with (
        told.open("w") as out,
        subprocess.Popen(  # noqa: S603  Debian's
            ["/usr/sbin/pgbouncer", settings],
            user=owner if os.geteuid() == 0 else None,
            stdout=out,
            stderr=out,
        ) as process,
    ):
        try:
            wait_until(lambda: process.poll() or "process up" in told.read_text())
            assert process.poll() is None, told.read_text()
            yield f"postgresql://postgres@127.0.0.1:{port}/news"
        finally:
            process.terminate()


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the pooler may read, whoever it runs as; pytest's own is shut to others."""
    with tempfile.TemporaryDirectory(prefix="newsletter-pooler-") as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


@pytest.mark.parametrize("more", ["", "server_round_robin = 1"])
def test_one_that_shares_sessions_is_refused_before_anything_is_read_or_made(
    postgres: str, folder: Path, tmp_path: Path, more: str
) -> None:
    with (
        pooler(postgres, folder, "transaction", more) as address,
        pytest.raises(LedgerError, match="transaction pooling") as refused,
    ):
        Ledger.open(address, state=tmp_path)
    assert "pool_mode = session" in refused.value.cure


def test_one_that_keeps_whole_sessions_is_as_good_as_the_server(
    postgres: str, folder: Path, tmp_path: Path
) -> None:
    with (
        pooler(postgres, folder, "session") as address,
        Ledger.open(address, state=tmp_path / "one") as one,
        Ledger.open(address, state=tmp_path / "other") as other,
    ):
        with one.sending(START), pytest.raises(LedgerLocked), other.sending(START):
            pass
        with other.sending(START):
            pass
