"""A Maildir: letters that were understood are marked as seen; the rest stays for a person."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from newsletter.errors import MailboxError
from newsletter.feedback.mail import LOOKED_AT
from newsletter.feedback.mailbox import Letter

_SEEN = "S"
_FLAGS = ":2,"


class Maildir:
    """The folder that holds ``new``, ``cur`` and ``tmp``."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder

    def letters(self) -> Iterator[Letter]:
        """Those without the flag ``S``; one that another program takes away meanwhile is left."""
        for path in self._unseen():
            try:
                with path.open("rb") as file:
                    raw = file.read(LOOKED_AT)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _unreadable(path, error) from error
            yield Letter(f"{path.parent.name}/{path.name}", path.name, raw)

    def done(self, read: Sequence[Letter], understood: Sequence[Letter]) -> None:
        """Move what was understood to ``cur``, marked as seen."""
        del read
        for letter in understood:
            path = self._folder / letter.key
            name, _, flags = path.name.partition(_FLAGS)
            marked = "".join(sorted({*flags, _SEEN}))
            try:
                path.rename(self._folder / "cur" / f"{name}{_FLAGS}{marked}")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _unreadable(path, error) from error

    def _unseen(self) -> list[Path]:
        try:
            found = [path for part in ("new", "cur") for path in (self._folder / part).iterdir()]
        except OSError as error:
            raise _unreadable(self._folder, error) from error
        return sorted((path for path in found if _is_unseen(path)), key=lambda path: path.name)


def _is_unseen(path: Path) -> bool:
    flags = path.name.partition(_FLAGS)[2]
    return not path.name.startswith(".") and _SEEN not in flags and path.is_file()


def _unreadable(path: Path, error: OSError) -> MailboxError:
    message = f"{path} cannot be read: {error.strerror}"
    cure = "feedback.maildir names a Maildir: a folder with new, cur and tmp that you may write to"
    return MailboxError(message, cure=cure)
