"""The files behind hosted images."""

from pathlib import Path

from newsletter.app.open import App


def image_file(app: App, path: str) -> Path | None:
    """The file of ``/images/<issue>/images/…`` or ``/images/themes/<theme>/images/…``.

    None for whatever leads out of that folder; the file need not be there.
    """
    first, _, rest = path.partition("/")
    if first == "themes":
        theme, _, inside = rest.partition("/")
        folder, rest = app.root / "templates" / theme, inside
    else:
        folder = app.root / "issues" / first
    file = (folder / rest).resolve()
    return file if file.is_relative_to(folder.resolve()) and rest else None
