"""Where a running staging inbox is found."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class InboxPlace:
    """SMTP as ``host:port``, the page's address, and the Maildir behind both."""

    smtp: str
    page: str
    folder: Path
