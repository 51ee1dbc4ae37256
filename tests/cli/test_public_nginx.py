"""The example for nginx, tried: https outside, the real pages inside, addresses that count."""

import http.client
import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import trustme

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA, BRUNO
from tests.cli.test_public import FORM, here, one_click_of, send, served, suppressed
from tests.cli.test_tracking import PROGRAMME, counted, write
from tests.ports import quiet_port
from tests.waiting import wait_until

EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx.conf"
MAIN = """\
daemon off;
master_process off;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    include {root}/example.conf;
}}
"""

pytestmark = [pytest.mark.debian, pytest.mark.slow]


@contextmanager
def nginx(root: Path, inside: int, authority: trustme.CA) -> Iterator[int]:
    """The example on free ports, as a child with its own folders; its port for https."""
    root.mkdir()
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert program, "nginx-light is missing"
    outside = quiet_port()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(root / "key.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(root / "cert.pem", append=True)
    text = EXAMPLE.read_text()
    for written, instead in (
        ("listen 443 ssl", f"listen 127.0.0.1:{outside} ssl"),
        ("listen 80", f"listen 127.0.0.2:{outside}"),
        ("newsletter.alisei.example", "localhost"),
        ("/etc/ssl/newsletter/fullchain.pem", str(root / "cert.pem")),
        ("/etc/ssl/newsletter/privkey.pem", str(root / "key.pem")),
        ("127.0.0.1:8080", f"127.0.0.1:{inside}"),
    ):
        assert written in text, written
        text = text.replace(written, instead)
    (root / "example.conf").write_text(text)
    (root / "nginx.conf").write_text(MAIN.format(root=root))
    words = [
        program,
        "-p",
        str(root),
        "-c",
        str(root / "nginx.conf"),
        "-e",
        str(root / "error.log"),
    ]
    with subprocess.Popen(words) as process:  # noqa: S603 Debian's own program
        try:
            wait_until((root / "nginx.pid").exists)
            yield outside
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def test_the_example_for_nginx_leads_to_the_pages_and_tells_clients_apart(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    newsroom.edit(
        "newsletter.toml",
        "[staging]",
        '[serve]\ntrusted_proxies = ["127.0.0.1"]\nrate = "3/h"\n\n[staging]',
    )
    write(newsroom, 'mode = "aggregate"')
    send(newsroom, ISSUE, 5)
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)

    with served(newsroom) as inside, nginx(tmp_path / "nginx", inside.port, authority) as port:

        def ask(
            path: str, method: str = "GET", body: str | None = None, **more: str
        ) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPSConnection("localhost", port, timeout=60, context=trust)
            headers = (FORM if body else {}) | {k.replace("_", "-"): v for k, v in more.items()}
            with closing(connection):
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                names = {k.lower(): v for k, v in answer.getheaders()}
                return answer.status, names, answer.read()

        link = one_click_of(newsroom, ANNA)
        status, headers, _ = ask(link)
        assert status == 200
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["referrer-policy"] == "no-referrer"
        assert suppressed(newsroom) == []
        status, headers, _ = ask(link, "POST", "List-Unsubscribe=One-Click")
        assert (status, "set-cookie" in headers, "location" in headers) == (200, False, False)
        assert [row["address"] for row in suppressed(newsroom)] == [ANNA]

        status, headers, body = ask(here(counted(newsroom, BRUNO)[0]))
        assert (status, headers["location"], body) == (302, PROGRAMME, b"")
        assert (headers["referrer-policy"], "set-cookie" in headers) == ("no-referrer", False)

        # The client's own word on where it comes from is worth nothing; nginx's is.
        told = [ask("/subscribe", X_Forwarded_For=f"192.0.2.{n}")[0] for n in range(4)]
        assert told == [200, 200, 429, 429]
        believed = inside.ask("/subscribe", headers={"X-Forwarded-For": "198.51.100.7"})
        assert believed.status == 200
        assert not list((tmp_path / "nginx").glob("access*"))


def test_without_a_trusted_server_in_front_nobodys_word_on_addresses_is_believed(
    newsroom: Newsroom,
) -> None:
    newsroom.edit("newsletter.toml", "[staging]", '[serve]\nrate = "1/h"\n\n[staging]')
    with served(newsroom) as client:
        told = [
            client.ask("/subscribe", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status
            for n in range(3)
        ]
    assert told == [200, 429, 429]
