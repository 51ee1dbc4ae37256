"""Every error an officer can act on.

NewsletterError                 1   something went wrong that no other class names
├── InputError                  2   problems in files, each with file, line, column, fault, cure
│   ├── IssueError                  in an issue or a translation
│   ├── ThemeError                  in a theme, or while a template ran
│   ├── ListError                   in a CSV list
│   ├── SegmentError                in a segment's expression
│   └── SettingsError               in newsletter.toml, .env or a NEWSLETTER_ variable
├── UsageError                  2   a command asked for something that is not there
│   └── NobodyToMail                of lists and a segment that leave nobody
├── RelayError                  2   the relay cannot be used as it is set up
├── SigningError                2   a signing key cannot be used as it is
├── LedgerError                 2   the ledger cannot be used as it is
├── MailboxError                2   the mailbox that bounces go to cannot be read
├── ChecksFailed                3   `check` found errors
├── ApprovalMissing             4   nobody approved this content, or it changed since
├── PlanChanged                 5   content, audience or count is not what was agreed to
├── Incomplete                  6   a run ended with failed, waiting or in-doubt recipients
└── TryLater                   75   nothing is wrong that time does not mend

Each carries its data, one cure and at most one next command, and knows its exit code.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in one file, and how to mend it.

    ``line`` and ``column`` count from 1; 0 means that the fault has no such place.
    ``where`` names the place in the file's own terms (``sections.china.title``, ``row 12``).
    ``source`` is the faulty line as it stands in the file, without its line break.
    """

    path: Path
    message: str
    cure: str = ""
    line: int = 0
    column: int = 0
    where: str = ""
    source: str = ""

    @property
    def location(self) -> str:
        """``path:line:column`` as editors and terminals understand it."""
        parts = [str(self.path)]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)

    def __str__(self) -> str:
        """One line: place, fault, cure."""
        place = f"{self.location}: {self.where}: " if self.where else f"{self.location}: "
        return f"{place}{self.message}" + (f" — {self.cure}" if self.cure else "")


class NewsletterError(Exception):
    """The root: an error with one sentence, one cure and at most one next command."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, cure: str = "", next_command: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.next_command = next_command


class InputError(NewsletterError):
    """Files say something that cannot be done; carries every problem at once."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem], *, next_command: str = "") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            "1 problem" if count == 1 else f"{count} problems", next_command=next_command
        )

    def __str__(self) -> str:
        """All problems, a line each."""
        return "\n".join(str(problem) for problem in self.problems)


class IssueError(InputError):
    """Problems in ``issue.toml``, a translation beside it, or an image it names."""


class ThemeError(InputError):
    """Problems in a theme's folder, or a template that failed on a section."""


class ListError(InputError):
    """Problems in a CSV list of subscribers."""


class SegmentError(InputError):
    """Problems in ``segments.toml`` or in an expression."""


class SettingsError(InputError):
    """Problems in ``newsletter.toml``, ``.env`` or the environment."""


class UsageError(NewsletterError):
    """The command names an issue, list, segment or reader that is not there."""

    exit_code = 2


class NobodyToMail(UsageError):
    """Lists, segment, exclusions and suppressions leave no recipient."""


class RelayError(NewsletterError):
    """The relay cannot be used as it is set up: TLS, certificate, password, refusal of us."""

    exit_code = 2


class RelayUnavailable(RelayError):
    """The relay did not answer, or asked us to come back later (4xx before any message)."""


class SigningError(NewsletterError):
    """A signing key is missing, not private, or none that DKIM knows."""

    exit_code = 2


class MailboxError(NewsletterError):
    """The mailbox that bounces go to cannot be read: where it is, login, TLS, permission."""

    exit_code = 2


class LedgerError(NewsletterError):
    """The ledger cannot be opened or written."""

    exit_code = 2


class LedgerUnavailable(LedgerError):
    """The ledger's database is busy or restarts: the same question may be answered later."""


class LedgerLocked(LedgerError):
    """Another process holds the ledger or the campaign; the message says pid, host and time."""


class LedgerCopied(LedgerError):
    """The ledger is a copy, and its original may send too; the message says where that lived."""


class LedgerBehind(LedgerCopied):
    """A server took over that may lack what was sent last; it is the one ledger there is."""


class ChecksFailed(NewsletterError):
    """At least one finding is an error (or a warning, with ``--strict``)."""

    exit_code = 3


class ApprovalMissing(NewsletterError):
    """The count was not typed, or what was approved is not what would be sent."""

    exit_code = 4


class PlanChanged(NewsletterError):
    """Content, audience or the number of recipients differ from what was agreed to."""

    exit_code = 5


class Incomplete(NewsletterError):
    """The run ended, and some recipients failed, wait, or are in doubt."""

    exit_code = 6


class TryLater(NewsletterError):
    """Nothing to mend: the same command will do later (sysexits.h EX_TEMPFAIL)."""

    exit_code = 75
