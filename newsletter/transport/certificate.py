"""Why a relay's certificate is not trusted, with the dates and names that it holds.

Python gives the fields of a verified certificate only. To say what is wrong with another one it
is fetched without trust (and without a word of ours but EHLO), then read as its own authority.
"""

import datetime as dt
import ssl
from collections.abc import Mapping
from typing import Any

from newsletter.errors import RelayError
from newsletter.transport.options import SmtpOptions
from newsletter.transport.reply import shortened, storable

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME; no name for it in Python's ssl
_EXPIRED = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_WRONG_NAME = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH

_MOST_NAMES = 200
"""Characters: a relay may show a certificate with thousands of names."""

Fields = Mapping[str, Any]
"""A certificate as ``ssl.SSLSocket.getpeercert`` describes it."""


def context_without_trust() -> ssl.SSLContext:
    """For reading a certificate only: takes any."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def context_trusting(der: bytes) -> ssl.SSLContext:
    """For reading a certificate only: takes this one, whatever its names and dates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=der)
    context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME | ssl.VERIFY_X509_PARTIAL_CHAIN)
    return context


def certificate_error(
    options: SmtpOptions, error: ssl.SSLCertVerificationError, fields: Fields
) -> RelayError:
    """What is wrong with the certificate, and what to do; ``fields`` may be empty."""
    if error.verify_code in _EXPIRED:
        message = f"the certificate of {options.place} is valid {_dates(fields)} only"
        return RelayError(message, cure="have it renewed, or mend this machine's clock")
    if error.verify_code in _WRONG_NAME:
        message = f"the certificate of {options.place} is for {_names(fields)}"
        return RelayError(message, cure=f"set relay.host to a name it holds, not {options.host}")
    reason = error.verify_message or "not trusted"
    message = f"the certificate of {options.place} is not trusted: {reason} ({_names(fields)}, "
    message += f"valid {_dates(fields)})"
    cure = (
        "name the authority that signed it in relay.ca_file, or have the relay show a public one's"
    )
    return RelayError(message, cure=cure)


def valid_until(fields: Fields) -> dt.datetime | None:
    """A certificate's last instant, where it says one."""
    ends = fields.get("notAfter")
    return dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), dt.UTC) if ends else None


def _names(fields: Fields) -> str:
    names = [name for _, name in fields.get("subjectAltName", ())]
    subject = (pair for part in fields.get("subject", ()) for pair in part)
    names = names or [value for key, value in subject if key == "commonName"]
    told = storable(", ".join(names).encode("utf-8", "backslashreplace"))
    return shortened(told, _MOST_NAMES) or "a name that could not be read"


def _dates(fields: Fields) -> str:
    begins, ends = fields.get("notBefore"), fields.get("notAfter")
    return f"{_day(begins)} to {_day(ends)}" if begins and ends else "between unread dates"


def _day(text: str) -> str:
    instant = dt.datetime.fromtimestamp(ssl.cert_time_to_seconds(text), dt.UTC)
    return instant.date().isoformat()
