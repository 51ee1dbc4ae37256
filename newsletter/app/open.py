"""The opened newsletter: the only place where parts are plugged together."""

import datetime as dt
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from newsletter.edition.model import Publisher
from newsletter.edition.theme import Theme, load_theme
from newsletter.errors import IssueError, LedgerError, UsageError
from newsletter.forgotten import Marks
from newsletter.issue.model import Issue
from newsletter.settings import FILE_NAME, Settings, find_root, load_settings
from newsletter.toml_file import UnreadableToml, shared_toml
from newsletter.values import Language, nearest, parse_language

Clock = Callable[[], dt.datetime]
PRODUCTION, STAGING = "production", "staging"


def utc_now() -> dt.datetime:
    """The wall clock, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class App:
    """One newsletter's folder with its settings; each errand takes it first."""

    root: Path
    settings: Settings
    profile: str
    clock: Clock = utc_now

    @property
    def state_folder(self) -> Path:
        """What this machine knows and git does not: ledger, staging inbox, secret."""
        return self.root / ".newsletter"

    @property
    def inbox_folder(self) -> Path:
        """The staging inbox's Maildir."""
        return self.state_folder / "inbox"

    @property
    def default_language(self) -> Language:
        """The language of readers whose row names none."""
        return Language(self.settings.language)

    @property
    def publisher(self) -> Publisher:
        """What themes know of the sender."""
        sender = self.settings.sender
        return Publisher(
            name=self.settings.name,
            organisation=sender.organisation,
            postal_address=sender.postal_address,
            site_url=self.settings.site.url,
            taglines={parse_language(key): line for key, line in sender.tagline.items()},
        )

    def issue_names(self) -> list[str]:
        """The folders under issues/ that hold an issue, oldest name first."""
        return _folders_with("issue.toml", self.root / "issues")

    def theme_names(self) -> list[str]:
        """The folders under templates/ that hold a theme."""
        return _folders_with("theme.toml", self.root / "templates")

    def issue_folder(self, name: str) -> Path:
        """The folder of an issue named by its slug, a unique beginning of it, or its path."""
        names = self.issue_names()
        path = Path(name)
        named = path.parent if path.name == "issue.toml" else path
        wanted = named.name if "/" in name else name
        if wanted in names:
            return self.root / "issues" / wanted
        begun = [known for known in names if known.startswith(wanted)]
        if wanted and len(begun) == 1:
            return self.root / "issues" / begun[0]
        several = f"{name!r} is how {len(begun)} issues begin"
        raise UsageError(
            several if wanted and begun else f"there is no issue {name!r}",
            cure=_did_you_mean(wanted, names, begun),
            next_command="newsletter issue list",
        )

    def load_issue(self, name: str) -> Issue:
        """Read one issue; ``UsageError`` when it is not there, ``IssueError`` when it is faulty."""
        from newsletter.issue.loader import load_issue
        from newsletter.issue.references import reference_problems

        issue = load_issue(self.issue_folder(name))
        segments = self.segment_names()
        if segments is None:  # that file's own fault is told by whoever reads it
            segments = frozenset(issue.section_audiences.values())
        problems = reference_problems(issue, self.theme_names(), segments)
        if problems:
            raise IssueError(problems)
        return issue

    def segment_names(self) -> frozenset[str] | None:
        """The saved segments' names, none where the file is missing; None when it is not TOML."""
        path = self.root / "subscribers" / "segments.toml"
        try:
            return frozenset(shared_toml(path).data)
        except UnreadableToml:
            return None if path.exists() else frozenset()

    def load_theme(self, name: str) -> Theme:
        """Read one theme; ``UsageError`` names the nearest one when it is not there."""
        folder = self.root / "templates" / name
        if not folder.is_dir():
            names = self.theme_names()
            message = f"there is no theme {name!r} under templates/"
            raise UsageError(message, cure=_did_you_mean(name, names, names))
        return load_theme(folder)

    def ledger_url(self) -> str:
        """The ledger's address; a relative path counts from the newsletter's folder.

        ``sqlite:///…`` says the same as the path alone, and so has the same lock and journals.
        """
        named = self.settings.ledger
        scheme, _, place = named.partition("://")
        if scheme.partition("+")[0] == "sqlite" and place.startswith("/") and place != "/":
            named = place[1:]
        return named if "://" in named else str(self.root / named)

    def secret(self) -> bytes:
        """What signs unsubscribe links: the setting, else a file of this machine (mode 0600)."""
        return self.secrets()[0]

    def secrets(self) -> tuple[bytes, ...]:
        """The secret in use, then those before it: the settings', and the file's further lines."""
        named = [each.get_secret_value().encode() for each in self.settings.previous_secrets]
        if self.settings.secret is not None:
            return _each_once([self.settings.secret.get_secret_value().encode(), *named])
        path = self.state_folder / "secret"
        if not path.exists():
            _make_secret(path)
        lines = [line.strip() for line in path.read_bytes().splitlines() if line.strip()]
        if not lines:
            cure = "put the secret back, or remove the file: links in sent mail then stop working"
            raise LedgerError(f"the secret {path} is empty", cure=cure)
        return _each_once([*lines, *named])

    @property
    def marks(self) -> Marks:
        """What knows again who was forgotten."""
        current, *previous = self.secrets()
        return Marks(current, tuple(previous))


def _each_once(secrets: list[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(secrets))


def open_app(
    start: Path,
    *,
    profile: str | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock = utc_now,
) -> App:
    """Open the newsletter at or above ``start``.

    Without a profile it is production where a relay is named, and staging where none is.
    Raises ``UsageError`` where there is no newsletter, ``SettingsError`` for its settings.
    """
    root = find_root(start)
    if root is None:
        raise UsageError(
            f"no {FILE_NAME} here or in a folder above",
            cure="go to your newsletter's folder, or start one",
            next_command="newsletter init my-newsletter",
        )
    environ = os.environ if environ is None else environ
    named = profile or environ.get("NEWSLETTER_PROFILE")
    if not named:
        relay_named = load_settings(root, environ=environ).main_relay.host is not None
        named = PRODUCTION if relay_named else STAGING
    if named not in {PRODUCTION, STAGING}:
        near = nearest(named, [PRODUCTION, STAGING]) or PRODUCTION
        raise UsageError(f"there is no profile {named!r}", cure=f"did you mean {near!r}?")
    return App(root, load_settings(root, profile=named, environ=environ), named, clock)


def _folders_with(file: str, root: Path) -> list[str]:
    """The folders right under ``root`` that hold such a file, sorted."""
    try:
        return sorted(name for name in os.listdir(root) if os.path.exists(f"{root}/{name}/{file}"))  # noqa: PTH110, PTH208 - at every command, a third of the time
    except OSError:
        return []


def _did_you_mean(wanted: str, names: list[str], candidates: list[str]) -> str:
    near = nearest(wanted, names)
    if near:
        return f"did you mean {near!r}?"
    if candidates:
        return "there are: " + ", ".join(candidates[:5])
    return "there is none yet" if not names else "there are: " + ", ".join(names[:5])


def _make_secret(path: Path) -> None:
    """Whole or not at all; of two processes that make one at once, the first one's counts."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_private(part, secrets.token_hex(32))
        _name_once(part, path)
    except OSError as error:
        message = f"the secret {path} cannot be written: {error.strerror}"
        cure = "make room on the disk, or give yourself the right to write there"
        raise LedgerError(message, cure=cure) from error
    finally:
        if part.exists():  # to remove what is not there fails too, where nothing can be written
            part.unlink()


def _name_once(part: Path, path: Path) -> None:
    """Give a whole file its name, unless another has it by now."""
    try:
        os.link(part, path)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        part.replace(path)


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
