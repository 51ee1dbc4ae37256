"""Following a counted link: where it leads, and one more on its counter.

What is counted is what the campaign promised and what the settings say today, whichever is less:
who turns counting off has turned it off for what was sent before as well, and every link still
leads where it did. Where the ledger cannot be written, a reader gets where she wanted all the same.
"""

import logging
import re
from typing import Final
from urllib.parse import quote, urlsplit

from newsletter.app.open import Clock
from newsletter.clicks import Counts, verify
from newsletter.errors import LedgerError
from newsletter.ledger.clicks import Clicks
from newsletter.unsubscribe import Claim, TokenKeys

_NOWHERE: Final = Claim(0, 0)
"""What no campaign's link has: campaigns and links count from 1."""
_SAFE: Final = "%/:?#[]@!$&'()*+,;=~"
_WEB: Final = frozenset({"http", "https"})
_PLAIN_HOST: Final = re.compile(r"[!-~]+").fullmatch
_log = logging.getLogger("newsletter.web")


class Clicking:
    """One method a thing that a counted link does."""

    def __init__(self, clicks: Clicks, keys: TokenKeys, mode: str, clock: Clock) -> None:
        self._clicks = clicks
        self._keys = keys
        self._mode = mode
        self._clock = clock

    def target(self, link: str, reader: str | None = None) -> str | None:
        """Where a link leads, in ASCII; None for one that is not ours, or another campaign's.

        What is wrong with it is never told, and costs the same. Nothing is counted.
        """
        claim = verify(self._keys, link, Counts.LINK) or _NOWHERE
        whose = claim if reader is None else verify(self._keys, reader, Counts.READER) or _NOWHERE
        url = self._clicks.target(claim.campaign, claim.seq)
        if not url or whose.campaign != claim.campaign:
            return None
        return location(url)

    def count(self, link: str, reader: str | None = None) -> None:
        """One more click on a link that ``target`` knows."""
        claim = verify(self._keys, link, Counts.LINK)
        if claim is None or self._mode == "none":
            return
        whose = verify(self._keys, reader, Counts.READER) if reader else None
        seq = whose.seq if whose and self._mode == "individual" else None
        try:
            self._clicks.count(claim.campaign, claim.seq, seq, self._clock())
        except LedgerError:
            _log.warning("a click could not be counted")

    def counts_opens(self, token: str) -> bool:
        """Whether this image is there to be counted."""
        claim = verify(self._keys, token, Counts.OPENS) or _NOWHERE
        return self._clicks.counts_opens(claim.campaign)

    def count_opened(self, token: str) -> None:
        """One more open of a campaign that counts them."""
        claim = verify(self._keys, token, Counts.OPENS)
        if claim is not None and self._mode != "none":
            try:
                self._clicks.count_opened(claim.campaign)
            except LedgerError:
                _log.warning("an open could not be counted")


def location(url: str) -> str | None:
    """A web address as a header takes it (RFC 3986); None for whatever else it may be."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        plain = host if _PLAIN_HOST(host) else host.encode("idna").decode("ascii")
        netloc = parts.netloc.lower().replace(host, plain) if plain != host else parts.netloc
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in _WEB or not host:
        return None
    return quote(parts._replace(netloc=netloc).geturl(), safe=_SAFE)
