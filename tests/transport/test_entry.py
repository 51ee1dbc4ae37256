"""Going in: each way it can fail, whether time may mend it, and that no secret ever shows."""

import asyncio
import base64
import datetime as dt
import socket
import ssl
from pathlib import Path

import pytest

from newsletter.delivery import Accepted, InDoubt, Phase
from newsletter.errors import RelayError, RelayUnavailable
from newsletter.transport.certificate import certificate_error
from newsletter.transport.fault import Fault
from newsletter.transport.fault import entry_error as fault_error
from newsletter.transport.options import Secret, Security, SmtpOptions
from newsletter.transport.smtp import SmtpTransport, probe
from tests.transport.relays import PIPELINING, Act, Step, message_to, options_for, relay
from tests.transport.secure import (
    PASSWORD,
    USERNAME,
    Authority,
    secure_options,
    secure_relay,
)

TLS_WAYS = pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests of this module."""
    return Authority.make(tmp_path_factory.mktemp("authority"))


def entry_error(script: dict[str, Step], **changes: object) -> RelayError:
    """What going in to a scripted relay raises."""

    async def ride() -> None:
        async with relay(script) as scripted:
            await SmtpTransport(options_for(scripted, **changes)).connect()

    with pytest.raises(RelayError) as caught:
        asyncio.run(ride())
    assert caught.value.cure
    return caught.value


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"GREETING": (b"421 4.3.2 too busy\r\n",)}, "421 4.3.2 too busy"),
        ({"GREETING": (b"450 4.7.1 wait\r\n", Act.DROP)}, "450 4.7.1 wait"),
        ({"GREETING": (Act.DROP,)}, "closed the connection during greeting"),
        ({"GREETING": (Act.RESET,)}, "closed the connection during greeting"),
        ({"GREETING": (Act.HANG,)}, "did not answer within 0.3 s"),
        ({"EHLO": (b"421 4.3.2 bye\r\n", Act.DROP)}, "421 4.3.2 bye"),
        ({"EHLO": (Act.DROP,)}, "closed the connection during ehlo"),
        ({"EHLO": (Act.HANG,)}, "did not answer within 0.3 s (ehlo)"),
    ],
)
def test_what_time_may_mend_is_unavailable(script: dict[str, Step], said: str) -> None:
    error = entry_error(script)

    assert type(error) is RelayUnavailable
    assert said in error.message


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"GREETING": (b"554 5.7.1 you are listed\r\n",)}, "554 5.7.1 you are listed"),
        ({"GREETING": (b"HTTP/1.1 400 Bad Request\r\n\r\n",)}, "does not speak SMTP"),
        ({"EHLO": (b"550 no\r\n",), "HELO": (b"550 5.7.1 no\r\n",)}, "550 5.7.1 no"),
    ],
)
def test_what_time_does_not_mend_stops_the_run(script: dict[str, Step], said: str) -> None:
    error = entry_error(script)

    assert type(error) is RelayError
    assert said in error.message


@pytest.mark.parametrize(
    "said",
    [
        b"554-5.7.1 " + b"word " * 1_000 + b"\r\n554 5.7.1 end\r\n",
        b"".join(b"554-5.7.1 line %d\r\n" % n for n in range(500)) + b"554 5.7.1 end\r\n",
        b"554 \x1b[2J\x1b]0;owned\x07 \x00\x9b\xe8\r\n",
        b"no SMTP " * 900 + b"\x1b[2J\r\n",
    ],
    ids=["long", "many lines", "control characters", "no SMTP"],
)
def test_whatever_a_relay_says_an_officer_reads_a_line_of_it(said: bytes) -> None:
    error = entry_error({"GREETING": (said,)}, timeout=60)

    assert error.message.isprintable()
    assert len(error.message) < 400


def test_whatever_a_relay_offers_an_officer_reads_a_line_of_it() -> None:
    offers = b"250-relay.test\r\n250 AUTH \x1b[2J " + b"X" * 5_000 + b"\r\n"
    error = entry_error({"EHLO": (offers,)}, username=USERNAME, password=Secret(PASSWORD))

    assert "offers no login that we know" in error.message
    assert error.message.isprintable()
    assert len(error.message) < 400


@pytest.mark.parametrize("size", [b"0", b"lots", b"-1", b"9" * 5_000])
def test_a_size_that_is_no_limit_limits_nothing(size: bytes) -> None:
    async def ride() -> int | None:
        async with relay({"EHLO": (b"250-relay.test\r\n250 SIZE %b\r\n" % size,)}) as scripted:
            return (await probe(options_for(scripted))).size_limit

    assert asyncio.run(ride()) is None


def test_a_port_where_nobody_listens_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(RelayUnavailable, match=f"127.0.0.1:{port}: connection refused"):
            asyncio.run(SmtpTransport(options_for(port)).connect())


def test_clear_text_off_loopback_is_refused_without_a_connection() -> None:
    options = SmtpOptions(host="relay.example", security=Security.NONE)

    with pytest.raises(RelayError, match="in clear text"):
        asyncio.run(SmtpTransport(options).connect())


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True),
     ("localhost.evil.example", False), ("10.0.0.1", False), ("127.0.0.1.example", False)],
)  # fmt: skip
def test_only_this_machine_is_loopback(host: str, *, loopback: bool) -> None:
    assert SmtpOptions(host=host).on_loopback is loopback


def test_without_starttls_nothing_is_sent_in_clear_text() -> None:
    async def ride() -> list[str]:
        async with relay({"EHLO": (b"250-relay.test\r\n250 AUTH PLAIN LOGIN\r\n",)}) as scripted:
            options = options_for(
                scripted.port,
                security=Security.STARTTLS,
                username=USERNAME,
                password=Secret(PASSWORD),
            )
            with pytest.raises(RelayError, match="does not offer STARTTLS") as caught:
                await SmtpTransport(options).connect()
            assert type(caught.value) is RelayError
            return scripted.heard

    assert [line.split()[0] for line in asyncio.run(ride())] == ["EHLO"]


@pytest.mark.parametrize("said", [b"454 4.7.0 TLS not available\r\n", b"502 5.5.1 no\r\n"])
def test_a_refused_starttls_stops_and_never_downgrades(said: bytes) -> None:
    offers = b"250-relay.test\r\n250 STARTTLS\r\n"
    error = entry_error({"EHLO": (offers,), "STARTTLS": (said,)}, security=Security.STARTTLS)

    assert type(error) is RelayError
    assert "to STARTTLS" in error.message


def test_tls_to_a_port_that_does_not_speak_it_names_the_usual_ports() -> None:
    error = entry_error({}, security=Security.TLS)

    assert type(error) is RelayError
    assert "TLS with 127.0.0.1" in error.message
    assert "465" in error.cure


@pytest.mark.slow
@TLS_WAYS
def test_through_verified_tls_and_a_login_a_message_arrives(
    authority: Authority, security: Security
) -> None:
    async def ride() -> None:
        async with secure_relay(authority.server_context(), security) as taken:
            options = secure_options(taken.port, security, authority.file)
            facts = await probe(options)
            assert facts.tls.startswith("TLSv1.")
            assert facts.logged_in
            connection = await SmtpTransport(options).connect()
            content = b"Subject: x\r\n\r\n" + b"y" * 70 + b"\r\n"
            for _ in range(3):
                message = message_to("anna@soci.example", content * 900)
                assert isinstance(await connection.send(message, lambda: None), Accepted)
            await connection.close()
            assert taken.bodies == [content * 900] * 3
            assert taken.logins == 2

    asyncio.run(ride())


@pytest.mark.slow
@pytest.mark.parametrize("offer", [b"250 relay.test\r\n", PIPELINING], ids=["plain", "pipelined"])
@pytest.mark.parametrize("lines", [1, 9_000])
@pytest.mark.parametrize("silence", [Act.HANG, Act.DROP])
def test_silence_after_the_dot_is_doubt_through_tls_too(
    authority: Authority, offer: bytes, lines: int, silence: Act
) -> None:
    async def ride() -> None:
        script: dict[str, Step] = {"EHLO": (offer,), "DOT": (silence,)}
        async with relay(script, tls=authority.server_context()) as scripted:
            tls = options_for(scripted, security=Security.TLS, ca_file=authority.file)
            connection = await SmtpTransport(tls).connect()
            message = message_to("anna@soci.example", (b"y" * 70 + b"\r\n") * lines)
            assert isinstance(await connection.send(message, lambda: None), InDoubt)
            await connection.close()

    asyncio.run(ride())


def refused_certificate(
    authority: Authority,
    security: Security,
    *,
    name: str = "127.0.0.1",
    expires: dt.datetime | None = None,
    ca_file: Path | None = None,
) -> RelayError:
    """What a certificate that does not hold comes to; no login may have been tried."""

    async def ride() -> RelayError:
        context = authority.server_context(name, expires)
        async with secure_relay(context, security) as taken:
            options = secure_options(taken.port, security, ca_file)
            with pytest.raises(RelayError) as caught:
                await SmtpTransport(options).connect()
            assert taken.logins == 0
            return caught.value

    return asyncio.run(ride())


@pytest.mark.slow
@TLS_WAYS
def test_an_expired_certificate_is_named_with_its_dates(
    authority: Authority, security: Security
) -> None:
    expires = dt.datetime(2020, 5, 17, tzinfo=dt.UTC)
    error = refused_certificate(authority, security, expires=expires, ca_file=authority.file)

    assert type(error) is RelayError
    assert "valid 2020-02-17 to 2020-05-17 only" in error.message


@pytest.mark.slow
@TLS_WAYS
def test_a_certificate_for_another_name_is_named_with_its_names(
    authority: Authority, security: Security
) -> None:
    error = refused_certificate(authority, security, name="mail.other.test", ca_file=authority.file)

    assert type(error) is RelayError
    assert "is for mail.other.test" in error.message
    assert "127.0.0.1" in error.cure


@pytest.mark.slow
@TLS_WAYS
def test_a_certificate_of_an_unknown_authority_is_not_trusted(
    authority: Authority, security: Security
) -> None:
    error = refused_certificate(authority, security)

    assert type(error) is RelayError
    assert "is not trusted" in error.message
    assert "127.0.0.1, valid" in error.message
    assert "name the authority that signed it in relay.ca_file" in error.cure


def test_the_names_of_a_certificate_are_a_line_to_read() -> None:
    wrong = ssl.SSLCertVerificationError()
    wrong.verify_code = 62
    names = tuple(("DNS", f"mx{n}\x1b[2J.test") for n in range(1_000))
    error = certificate_error(SmtpOptions(), wrong, {"subjectAltName": names})

    assert "is for mx0" in error.message
    assert error.message.isprintable()
    assert len(error.message) < 400


def test_a_missing_ca_file_is_said_before_connecting(tmp_path: Path) -> None:
    options = secure_options(1, Security.TLS, tmp_path / "none.pem")

    with pytest.raises(RelayError, match="cannot read certificates"):
        asyncio.run(SmtpTransport(options).connect())


@TLS_WAYS
def test_a_wrong_password_is_tried_once_and_never_shown(
    authority: Authority, security: Security
) -> None:
    wrong = "sbagliata-123"

    async def ride() -> RelayError:
        async with secure_relay(authority.server_context(), security) as taken:
            options = secure_options(taken.port, security, authority.file, wrong)
            assert wrong not in repr(options)
            with pytest.raises(RelayError) as caught:
                await SmtpTransport(options).connect()
            assert taken.logins == 1
            return caught.value

    error = asyncio.run(ride())

    assert type(error) is RelayError
    assert "login as newsletter failed" in error.message
    assert "535" in error.message
    assert wrong not in f"{error!r} {error.cure} {error.__cause__!r}"


def test_a_relay_that_echoes_the_password_does_not_get_it_shown() -> None:
    echoes = [
        PASSWORD,
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.b64encode(f"\0{USERNAME}\0{PASSWORD}".encode()).decode(),
    ]
    error = entry_error(
        {
            "EHLO": (b"250-relay.test\r\n250 AUTH PLAIN\r\n",),
            "AUTH": (f"535 5.7.8 not you: {' '.join(echoes)}\r\n".encode(),),
        },
        username=USERNAME,
        password=Secret(PASSWORD),
    )

    assert "not you" in error.message
    assert not [echo for echo in echoes if echo in f"{error} {error.cure}"]


def test_a_relay_that_has_no_time_for_a_login_is_unavailable() -> None:
    error = entry_error(
        {
            "EHLO": (b"250-relay.test\r\n250 AUTH PLAIN\r\n",),
            "AUTH": (b"454 4.7.0 later\r\n",),
        },
        username=USERNAME,
        password=Secret(PASSWORD),
    )

    assert type(error) is RelayUnavailable


def test_a_login_that_wants_tls_is_not_blamed_on_the_password() -> None:
    error = entry_error(
        {
            "EHLO": (b"250-relay.test\r\n250 AUTH PLAIN\r\n",),
            "AUTH": (b"530 5.7.0 must issue a STARTTLS command first\r\n",),
        },
        username=USERNAME,
        password=Secret(PASSWORD),
    )

    assert "relay.security" in error.cure


def test_a_relay_that_knows_only_old_tls_is_not_blamed_on_the_port() -> None:
    old = ssl.SSLError(1, "tlsv1 alert protocol version")
    old.reason = "TLSV1_ALERT_PROTOCOL_VERSION"
    error = fault_error(SmtpOptions(), Fault(Phase.STARTTLS, 0, "", old))

    assert "TLS 1.2" in error.cure


@pytest.mark.parametrize("said", [b"250 ok\r\n", b"500 what?\r\n", b"502 5.5.1 what?\r\n"])
def test_a_relay_that_does_not_know_noop_is_well(said: bytes) -> None:
    async def ride() -> None:
        async with relay({"NOOP": (said,)}) as scripted:
            await probe(options_for(scripted))

    asyncio.run(ride())


def test_a_login_that_the_relay_does_not_offer_is_said() -> None:
    error = entry_error({}, username=USERNAME, password=Secret(PASSWORD))

    assert type(error) is RelayError
    assert "offers no login that we know" in error.message


def test_a_secret_hides_in_every_form() -> None:
    secret = Secret(PASSWORD)

    assert PASSWORD not in f"{secret} {secret!r} {SmtpOptions(password=secret)!r}"
    assert secret.reveal() == PASSWORD
