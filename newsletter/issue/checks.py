"""What one value of an issue may say: words, addresses, pictures, ids. Used by the model.

Each check returns the value or raises a fault with its cure; pydantic gathers the faults of a
whole file and says where each stands.
"""

import datetime as dt
import re
from os import sep
from os.path import realpath
from pathlib import Path
from typing import Final

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from newsletter.issue.markdown import ascii_address, link_allowed
from newsletter.issue.prose import ProseFault, prose_faults
from newsletter.issue.slots import SLOT_FORM, malformed_slot, slots_in, whole_url_slot
from newsletter.values import parse_language

FAULT: Final = "fault"
_FIRST_YEAR = 1900
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LINE_BREAK = re.compile(r"[\n\r]")
_HIDDEN = re.compile(r"[\t\u202a-\u202e\u2066-\u2069]")
_SECTION_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_MAGIC = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF87a": "GIF", b"GIF89a": "GIF"}
_IMAGE_CURE = "put a PNG, JPEG or GIF into the issue's folder and name it from there"


def fault(message: str, cure: str, key: str = "", offset: int | None = None) -> PydanticCustomError:
    """A fault with its cure; ``key`` names the key of a table that is to blame.

    ``offset`` is the character of the value, from 0, where the fault begins.
    """
    return PydanticCustomError(
        FAULT, "{said}", {"said": message, "cure": cure, "key": key, "offset": offset, "more": ()}
    )


def check_words(words: str) -> str:
    """Words hold no control characters, and braces only as slots."""
    control = _CONTROL.search(words)
    if control:
        raise _control_fault(control, "delete it; it may have come with a paste")
    stray = malformed_slot(words)
    if stray is not None:
        raise fault(f"{stray[0]} is not a slot", f"write {SLOT_FORM}", offset=stray[1])
    return words


def check_name(words: str) -> str:
    """A name as it is: its first letters are shown, which a slot does not have."""
    if any(slots_in(words)):
        raise fault("a slot stands in a name", "write the name itself")
    return words


def check_line(words: str) -> str:
    """A value that becomes a header: one line, no encoded words (CVE-2024-6923)."""
    if "=?" in words:
        cure = "a mail program reads it as a code; write it apart"
        raise fault("the subject holds =?", cure, offset=words.index("=?"))
    broken = _LINE_BREAK.search(words)
    if broken:
        cure = "write it on one line"
        raise fault("the text has more than one line", cure, offset=broken.start())
    hidden = _HIDDEN.search(words)
    if hidden:
        raise _control_fault(hidden, "delete it: an inbox's list would show it wrongly")
    return words


def _control_fault(found: re.Match[str], cure: str) -> PydanticCustomError:
    message = f"the text holds the control character U+{ord(found[0]):04X}"
    return fault(message, cure, offset=found.start())


def check_prose(words: str) -> str:
    """Prose holds no pictures and no HTML, and its links lead to whole addresses."""
    found = prose_faults(words)
    if found:
        raise _several(found)
    return words


def _several(found: tuple[ProseFault, ...]) -> PydanticCustomError:
    """The first fault of a value, which carries the others: pydantic knows one error for each."""
    first, *more = found
    context = {
        "said": first.message, "cure": first.cure, "key": "", "offset": first.offset,
        "more": tuple((fault.message, fault.cure, fault.offset) for fault in more),
    }  # fmt: skip
    return PydanticCustomError(FAULT, "{said}", context)


def check_url(url: str) -> str:
    """A link's address: whole, http, https or mailto; or one slot that dispatch fills.

    It comes back in ASCII, as it stands in page and text alike.
    """
    if whole_url_slot(url):
        return url
    if any(slots_in(url)):
        message = "a slot stands inside an address"
        raise fault(
            message, "let one of unsubscribe_url, preferences_url, browser_url be all of it"
        )
    if not link_allowed(url) or _HIDDEN.search(url):
        raise fault(f"{url} is not an address", "write it whole: https://…, http://… or mailto:…")
    if "&amp;" in url:
        message = "the address holds &amp;, which is how a page writes &"
        raise fault(message, "write & alone", offset=url.index("&amp;"))
    return ascii_address(url)


def check_language(tag: str) -> str:
    """A language tag in its usual case."""
    try:
        return parse_language(tag)
    except ValueError as error:
        raise fault(str(error), 'write for example language = "it"') from error


def check_day(day: dt.date) -> dt.date:
    """An issue's date, which its messages bear: RFC 5322 knows no year before 1900."""
    if day.year < _FIRST_YEAR:
        raise fault(f"the issue is dated in the year {day.year}", "write the year in full")
    return day


def check_section_id(name: str) -> str:
    """A section's id: lower-case letters, digits, single hyphens."""
    if not _SECTION_ID.fullmatch(name):
        raise fault(f"{name!r} is not a section's id", "use a-z, 0-9 and single hyphens")
    return name


def check_folder_name(name: str) -> str:
    """The name of a folder, not a path."""
    if not _FOLDER_NAME.fullmatch(name):
        raise fault(f"{name!r} is not the name of a folder", "use letters, digits and hyphens")
    return name


def check_image(path: str, info: ValidationInfo) -> str:
    """A picture that is inside the issue's folder and that mail programs show.

    The folder, resolved, comes as pydantic's context; without it only the text is looked at.
    """
    if not path.strip() or "\\" in path or "\0" in path or Path(path).is_absolute():
        raise fault(f"{path!r} is not a path inside the issue's folder", _IMAGE_CURE)
    folder = info.context
    if isinstance(folder, Path):
        _check_file(folder, path)
    return path


def _check_file(folder: Path, path: str) -> None:
    found = realpath(f"{folder}{sep}{path}")
    if not (found + sep).startswith(f"{folder}{sep}"):
        raise fault(f"{path} leads out of the issue's folder", _IMAGE_CURE)
    if not Path(found).is_file():
        raise fault(f"there is no image {path}", _IMAGE_CURE)
    try:
        with open(found, "rb") as file:  # noqa: PTH123 - a quarter of the time, for each picture
            start = file.read(8)
    except OSError as error:
        raise fault(f"{path} cannot be read: {error.strerror}", "mend its permissions") from error
    if not any(start.startswith(magic) for magic in _MAGIC):
        raise fault(f"{path} is not a PNG, JPEG or GIF", "mail programs show no other; convert it")
