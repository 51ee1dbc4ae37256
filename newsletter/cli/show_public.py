"""How the public pages and the archive are told to the officer."""

from collections.abc import Iterator

from newsletter.app.archiving import Archived, CorrectionMade
from newsletter.cli.layout import counted, shown_path, table
from newsletter.web.public_serving import PublicPlace, ServeCheck


def place(value: PublicPlace) -> Iterator[str]:
    """Where the public pages answer."""
    yield f"The public pages answer on {value.address}"
    yield f"Readers find them under {value.site}/. Ctrl-C stops."


def checked(value: ServeCheck) -> Iterator[str]:
    """What each page answered."""
    rows = [(what, str(status)) for what, status in value.answers.items()]
    yield from table(rows)
    yield f"every page answers as it should; readers find them under {value.place.site}/"


def archived(value: Archived) -> Iterator[str]:
    """What a build wrote."""
    yield (
        f"{counted(value.issues, 'issue')} on {counted(value.pages, 'page')}"
        f" in {shown_path(value.folder)}"
    )
    yield f"{value.written} files written, {value.unchanged} unchanged, {value.removed} removed"


def corrected(value: CorrectionMade) -> Iterator[str]:
    """Which pages were put right."""
    yield f"{value.issue}: corrected in {', '.join(value.languages)}; the sent page stays beside it"
    yield f"written: {shown_path(value.file)}"
