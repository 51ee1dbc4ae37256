"""Signatures: the RFCs' own vectors, and two verifiers that no one here wrote."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from hypothesis import given
from hypothesis import strategies as st

from newsletter.signing import (
    OVERSIGNED,
    Algorithm,
    Signer,
    SigningKey,
    UnfitKey,
    is_relaxed,
    new_key,
    parted,
    record_chunks,
    record_text,
    relaxed_body,
    relaxed_headers,
)
from tests.message.make import VALUES, make_compiled
from tests.verifiers import dkimpy_takes, perl_says

DOMAIN = "alisei.example"
RSA = SigningKey.read(new_key(Algorithm.RSA), DOMAIN, "r1")
ED = SigningKey.read(new_key(Algorithm.ED25519), DOMAIN, "e1")
RECORDS = {key.record_name: record_text(key.algorithm, key.public) for key in (RSA, ED)}
NOW = 1_764_320_000
MESSAGE = make_compiled().fill(VALUES)

# The RFCs' own vectors

_JOE = (
    b"From: Joe SixPack <joe@football.example.com>\r\n"
    b"To: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    b"\r\nHi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
)
_JOES_BODY = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
_BY_ED = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
)
_BY_RSA = (
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    b" date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
)
_ED_SEED = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
_ED_SIGNATURE = (
    "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
)
_RSA_PUBLIC = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"
    "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZy"
    "VYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)
_RSA_SIGNATURE = (
    "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3"
    "DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
    "dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="
)


def _hash_of_joe(unsigned: bytes) -> bytes:
    head, _ = parted(_JOE)
    signed = b"".join(line + b"\r\n" for _, line in relaxed_headers(head))
    return hashlib.sha256(signed + relaxed_headers(unsigned)[0][1]).digest()


def test_the_example_of_rfc_8463_is_signed_to_the_same_letters_with_ed25519() -> None:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(base64.b64decode(_ED_SEED))
    key = SigningKey("football.example.com", "brisbane", private)
    assert key.public == "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert base64.b64encode(key.sign_hash(_hash_of_joe(_BY_ED))).decode() == _ED_SIGNATURE


def test_the_rsa_signature_of_rfc_8463_is_over_the_octets_that_we_sign() -> None:
    public = serialization.load_der_public_key(base64.b64decode(_RSA_PUBLIC))
    assert isinstance(public, rsa.RSAPublicKey)
    signature = base64.b64decode(_RSA_SIGNATURE)
    public.verify(signature, _hash_of_joe(_BY_RSA), padding.PKCS1v15(), Prehashed(hashes.SHA256()))


def test_the_body_hash_of_rfc_6376_and_8463() -> None:
    digest = hashlib.sha256(relaxed_body(parted(_JOE)[1])).digest()
    assert base64.b64encode(digest).decode() == _JOES_BODY


def test_the_relaxed_forms_of_rfc_6376() -> None:
    """Section 3.4.5."""
    head, body = parted(b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n")
    assert relaxed_headers(head) == [(b"a", b"a:X"), (b"b", b"b:Y Z")]
    assert relaxed_body(body) == b" C\r\nD E\r\n"


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [(b"", b""), (b"\r\n\r\n", b""), (b" \r\n\t\r\n", b""), (b"x", b"x\r\n"), (b"x \t", b"x\r\n")],
)
def test_the_ends_of_bodies(body: bytes, relaxed: bytes) -> None:
    assert relaxed_body(body) == relaxed
    assert is_relaxed(relaxed)


@pytest.mark.slow
@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"x", b"=20", b"."]), max_size=40))
def test_the_relaxed_body_is_that_of_dkimpy(pieces: list[bytes]) -> None:
    from dkim.canonicalization import Relaxed

    body = b"".join(pieces) + b"\r\n"  # as every message ends over SMTP
    assert relaxed_body(body) == Relaxed.canonicalize_body(body)
    assert is_relaxed(relaxed_body(body))


# Verified by others


@pytest.mark.parametrize("keys", [(RSA,), (ED,), (RSA, ED)], ids=["rsa", "ed25519", "both"])
@pytest.mark.parametrize("relaxed", [True, False])
def test_dkimpy_takes_every_signature(keys: tuple[SigningKey, ...], *, relaxed: bool) -> None:
    signed = Signer(keys).sign(MESSAGE, NOW, relaxed=relaxed)
    assert signed.count(b"DKIM-Signature:") == len(keys)
    assert dkimpy_takes(signed, RECORDS)
    assert signed.endswith(MESSAGE)


@pytest.mark.slow
@given(
    subject=st.text(max_size=200),
    name=st.text(max_size=80),
    organisation=st.text("ab .\t\n=è国", max_size=120),
    first=st.text(" ab", max_size=40),
)
def test_whatever_readers_are_called_the_signature_holds_and_the_body_is_its_own_relaxed_form(
    subject: str, name: str, organisation: str, first: str
) -> None:
    words = {"to_name": name, "organisation": organisation, "first_name": first or subject}
    message = make_compiled().fill(VALUES | words)
    assert is_relaxed(parted(message)[1])
    assert dkimpy_takes(Signer((RSA,)).sign(message, NOW, relaxed=True), RECORDS)


def _altered(signed: bytes) -> dict[str, bytes]:
    """For each signed header the message with it changed, taken away, and added to."""
    head, _, body = signed.partition(b"\r\n\r\n")
    found: dict[str, bytes] = {}
    for name in OVERSIGNED:
        line = re.search(rb"(?mi)^" + name.encode() + rb": [^\r]*(?:\r\n[ \t][^\r]*)*", head)
        added = name.encode() + b": other\r\n" + head
        found[f"{name} added"] = added + b"\r\n\r\n" + body
        if line:
            changed = head[: line.end()] + b"x" + head[line.end() :]
            found[f"{name} changed"] = changed + b"\r\n\r\n" + body
            removed = head[: line.start()] + head[line.end() + 2 :]
            found[f"{name} removed"] = removed.removesuffix(b"\r\n") + b"\r\n\r\n" + body
    found["the body's last word"] = signed.replace(b"Istituto", b"Istituti")
    found["the body's end"] = signed + b"PS\r\n"
    return found


@pytest.mark.debian
def test_two_verifiers_take_it_and_refuse_every_header_and_body_that_was_changed(
    tmp_path: Path,
) -> None:
    signed = Signer((RSA,)).sign(MESSAGE, NOW)
    altered = _altered(signed)
    assert sum(name.endswith("changed") for name in altered) >= 11
    taken = perl_says([signed, *altered.values()], RECORDS, tmp_path)
    assert taken[0] == {"rsa-sha256": "pass"}
    assert dkimpy_takes(signed, RECORDS)
    for name, message, said in zip(altered, altered.values(), taken[1:], strict=True):
        assert said.get("rsa-sha256") != "pass", f"Mail::DKIM takes it with {name}"
        assert not dkimpy_takes(message, RECORDS), f"dkimpy takes it with {name}"


def test_a_relay_may_fold_and_space_headers_otherwise_and_add_its_own() -> None:
    signed = Signer((RSA, ED)).sign(MESSAGE, NOW)
    folded = signed.replace(b"Subject: ", b"SUBJECT:\r\n\t ", 1)
    assert dkimpy_takes(b"Received: from x by y\r\nX-Spam: no\r\n" + folded, RECORDS)


@pytest.mark.parametrize("name", ["Message-ID", "Date"])
def test_what_a_relay_rewrites_can_be_spared(name: str) -> None:
    signer = Signer((RSA,), frozenset({name}))
    signed = signer.sign(MESSAGE, NOW)
    changed = re.sub(rb"(?m)^(" + name.encode() + rb": )", rb"\1x", signed)
    assert changed != signed
    assert dkimpy_takes(changed, RECORDS)


@pytest.mark.parametrize("name", ["From", "list-unsubscribe", "List-Unsubscribe-Post", "Subject"])
def test_what_the_rules_want_signed_cannot_be_spared(name: str) -> None:
    with pytest.raises(ValueError, match="signs what the rules want"):
        Signer((RSA,), frozenset({name}))


def test_both_unsubscribe_headers_are_signed_and_once_more() -> None:
    signed = Signer((RSA,)).sign(MESSAGE, NOW)
    (named,) = re.findall(rb" h=([^;]+);", signed)
    names = [each.strip().lower().decode() for each in named.split(b":")]
    for name in ("list-unsubscribe", "list-unsubscribe-post", "from", "subject", "message-id"):
        assert names.count(name) == 2, name
    assert names.count("list-help") == 1  # it is not in this message
    assert max(map(len, signed.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78
    assert b"=?" not in signed.partition(b"\r\nFrom:")[0]


# Keys


def _pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, locked: bool = False) -> bytes:
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if locked:
        lock = serialization.BestAvailableEncryption(b"x")
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, lock)


def _public_pem() -> bytes:
    assert isinstance(RSA.private, rsa.RSAPrivateKey)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return RSA.private.public_key().public_bytes(serialization.Encoding.PEM, form)


UNFIT = {
    "empty": (b"", "no private key"),
    "words": (b"not a key", "no private key"),
    "cut": (new_key(Algorithm.RSA)[:400], "no private key"),
    "public": (_public_pem(), "public key"),
    "curve": (_pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
    "locked": (_pem(rsa.generate_private_key(65537, 2048), locked=True), "pass phrase"),
}


@pytest.mark.parametrize(("pem", "words"), UNFIT.values(), ids=UNFIT.keys())
def test_a_file_that_is_no_fit_key_is_told_and_never_shown(pem: bytes, words: str) -> None:
    with pytest.raises(UnfitKey, match=words) as caught:
        SigningKey.read(pem, DOMAIN, "s1")
    assert caught.value.__cause__ is None
    lines = [line for line in pem.decode().splitlines() if len(line) > 40]
    assert not any(line in str(caught.value) for line in lines)


@pytest.mark.slow
def test_a_key_is_read_in_its_older_form_too_and_with_white_space_around() -> None:
    private = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    pem = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    key = SigningKey.read(b"\n" + pem.strip() + b"\n\n", DOMAIN, "s1")
    assert key.algorithm is Algorithm.RSA


@pytest.mark.parametrize("selector", ["", "A", "a.b", "-a", "a b", "a" * 64, "è", "a;b"])
def test_a_selector_that_no_name_can_hold_is_refused(selector: str) -> None:
    with pytest.raises(UnfitKey, match="selector"):
        SigningKey.read(new_key(Algorithm.ED25519), DOMAIN, selector)


def test_a_record_is_split_at_255_octets_and_says_its_kind() -> None:
    chunks = record_chunks(RECORDS[RSA.record_name])
    assert [len(chunk) <= 255 for chunk in chunks] == [True, True]
    assert "".join(chunks).startswith("v=DKIM1; k=rsa; p=MII")
    assert RECORDS[ED.record_name].startswith("v=DKIM1; k=ed25519; p=")
    assert len(base64.b64decode(ED.public)) == 32


def test_the_private_key_shows_in_no_repr() -> None:
    assert "private" not in repr(RSA)
    assert "RSAPrivateKey" not in repr(Signer((RSA, replace(ED))))
