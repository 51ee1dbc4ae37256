"""Differences as lines for a person to read."""

from collections.abc import Iterator

from newsletter.app.differing import Difference
from newsletter.cli.layout import counted, paint
from newsletter.message.difference import Change, Run, Sort

_AROUND = 40
_COLOURS = {Sort.ADDED: "green", Sort.REMOVED: "red", Sort.MOVED: "yellow", Sort.CHANGED: "yellow"}


def difference(found: Difference) -> Iterator[str]:
    """Page by page; a change that an earlier page of the language has is not told again."""
    yield f"{found.before} → {found.after}"
    for language in found.only_before:
        yield f"{language}: {paint('removed', 'red')}"
    for language in found.only_after:
        yield f"{language}: {paint('added', 'green')}"
    if found.same:
        yield "no reader would see anything differ"
        return
    told: dict[str, set[Change]] = {}
    for page in found.pages:
        known = told.setdefault(page.language, set())
        fresh = [change for change in page.changes if change not in known]
        known.update(fresh)
        if fresh or not page.changes:
            readers = f", {counted(page.readers, 'reader')}" if page.readers else ""
            alike = "" if page.changes else ": nothing differs"
            yield f"{page.language}, {page.sections}{readers}{alike}"
        for change in fresh:
            yield from (f"  {line}" for line in _change(change))


def _change(change: Change) -> Iterator[str]:
    yield f"{change.name}: {paint(change.sort.value, _COLOURS[change.sort])}"
    words = "".join(_run(run, at, len(change.words)) for at, run in enumerate(change.words))
    yield from (f"  {line}" for line in words.split("\n") if line.strip())
    for sort, links, images in (
        (Sort.REMOVED, change.links_removed, change.images_removed),
        (Sort.ADDED, change.links_added, change.images_added),
    ):
        word = paint(sort.value, _COLOURS[sort])
        yield from (f"  link {word}: {label or 'a picture'} → {url}" for label, url in links)
        yield from (f"  picture {word}: {url} ({alt or 'no words'})" for url, alt in images)


def _run(run: Run, at: int, count: int) -> str:
    """``[-gone-]``, ``{+new+}``; of what is the same only what stands beside."""
    if run.sort is Sort.REMOVED:
        return paint(f"[-{run.text}-]", "red")
    if run.sort is Sort.ADDED:
        return paint(f"{{+{run.text}+}}", "green")
    text = run.text
    if len(text) <= 2 * _AROUND:
        return text
    start = "" if at == 0 else text[:_AROUND]
    end = "" if at == count - 1 else text[-_AROUND:]
    return f"{start}…{end}"
