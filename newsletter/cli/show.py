"""Results as lines for a person to read. No command's logic stands here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from newsletter.app.build import Build
from newsletter.app.demo import Demo
from newsletter.app.issues import IssueLine, IssueView
from newsletter.app.plan_view import PlanView
from newsletter.app.preview import Preview
from newsletter.app.start import Started
from newsletter.app.testing import TestReport
from newsletter.app.translated import Recorded
from newsletter.audience.model import Arithmetic
from newsletter.cli import show_sending, show_times
from newsletter.cli.desk import Desk
from newsletter.cli.layout import (
    counted,
    duration,
    number,
    paint,
    short,
    shown_path,
    size,
    table,
)
from newsletter.cli.show_check import findings, tally
from newsletter.inbox.place import InboxPlace


def started(value: Started) -> Iterator[str]:
    """What `init` and `issue new` wrote."""
    frame = f", with the frame of {value.begun_from}" if value.begun_from else ""
    yield f"written to {shown_path(value.folder)}{frame}:"
    for file in value.files:
        if not file.startswith("templates/"):
            yield f"  {file}"
    if value.pictures:
        yield f"pictures not copied: {', '.join(value.pictures)}"
    themed = sum(file.startswith("templates/") for file in value.files)
    if themed:
        yield f"  templates/ ({themed} files: the themes)"


def issues(rows: Sequence[IssueLine]) -> Iterator[str]:
    """The list of issues."""
    if not rows:
        yield "no issue yet"
        return
    yield from table(
        (
            row.slug,
            row.date.isoformat() if row.date else "",
            paint(counted(row.problems, "problem"), "red") if row.problems else row.subject,
            " ".join(row.languages),
            counted(row.sections, "section") if row.sections else "",
        )
        for row in rows
    )


def issue(view: IssueView) -> Iterator[str]:
    """One issue."""
    yield f"{view.slug}   {view.date}   theme {view.theme}   {view.folder}/issue.toml"
    for language, subject in view.subjects.items():
        yield f"  {language:8} {subject}"
    yield "Sections"
    yield from (
        "  " + line
        for line in table(
            (s.id, s.kind, s.title, f"seen by {s.audience}" if s.audience else "seen by all")
            for s in view.sections
        )
    )
    if view.fallbacks:
        yield f"Not translated ({len(view.fallbacks)}): {', '.join(view.fallbacks[:6])}" + (
            " …" if len(view.fallbacks) > 6 else ""  # noqa: PLR2004 a line's worth
        )


def translated(value: Recorded) -> Iterator[str]:
    """Which translations are said to be up to date."""
    yield f"{value.slug}: {', '.join(value.languages)} up to date, recorded in {value.file}"
    if value.mended:
        yield f"until now out of date: {', '.join(value.mended)}"


def build(value: Build) -> Iterator[str]:
    """What `build` wrote."""
    yield f"{value.slug}   content {short(value.content_digest)}   {counted(value.images, 'image')}"
    yield from table(
        (
            f"  {variant.name}",
            variant.subject,
            f"html {size(variant.html_size)}",
            f"message {size(variant.message_size)}",
        )
        for variant in value.variants
    )
    where = "each .eml takes its images along" if value.embedded else "web/images is what to host"
    yield f"in {shown_path(value.folder)}: .html .txt .eml of each; {where}"


def arithmetic(sums: Arithmetic) -> str:
    """The one sum: lists − … = recipients."""
    parts = [f"{counted(sums.on_lists, 'row')} on lists"]
    parts += [f"{name} −{number(count)}" for name, count in minus(sums).items() if count]
    return " · ".join(parts) + f" = {number(sums.recipients)}"


def minus(sums: Arithmetic) -> Mapping[str, int]:
    """What is taken off, by name."""
    return {
        "duplicates": sums.duplicates,
        **sums.gone,
        "overlap": sums.overlap,
        "outside the segment": sums.not_in_segment,
        **{f"excluded {name}": count for name, count in sums.excluded_by.items()},
        **sums.suppressed,
    }


def _change(count: int | None, sign: str) -> str:
    return "" if count is None else f"{sign}{count}"


def _looked_at(view: PlanView) -> Iterator[str]:
    yield f"Tested    {view.tested.words}"
    if view.approved or view.then:
        yield f"Approved  {view.approved or 'not yet: a series sends what you approve'}"


def plan(view: PlanView) -> Iterator[str]:
    """The plan, as `officer.md` draws it."""
    first = view.subjects[0].subject if view.subjects else ""
    commit = f" (commit {view.commit})" if view.commit else ""
    yield f'Issue     {view.issue}   "{first}"   content {short(view.content_digest)}{commit}'
    yield f"From      {view.sender}   Reply-To {view.reply_to}   List-Id {view.list_id}"
    if view.signed:
        yield f"Signed    {view.signed}"
    for line in view.subjects:
        lead = f"{line.language} {number(line.recipients)}"
        yield f"Subject   {lead:11} {line.subject} — {line.preheader}"
    rows = [
        (line.name, number(line.recipients), _change(line.joined, "+"), _change(line.left, "−"))
        for line in view.lists
    ]
    for index, row in enumerate(table(rows, right=(1, 2, 3))):
        lead = "Audience" if index == 0 else ""
        tail = f"   people {short(view.audience_digest)}" if index == 0 else ""
        yield f"{lead:9} {row}{tail}"
    yield f"          {arithmetic(view.arithmetic)}"
    languages = " · ".join(f"{s.language} {number(s.recipients)}" for s in view.subjects)
    yield f"          will receive {paint(number(view.recipients), 'bold')}   {languages}"
    sections = " · ".join(f"{name} {number(count)}" for name, count in view.sections.items())
    yield f"Sections  {sections}"
    for index, (language, words) in enumerate(_pages(view)):
        yield f"{'' if index else 'Pages':9} {language:8} {words}"
    yield (
        f"Sending   {view.relay}   {view.rate}, {view.connections} connections   "
        f"{duration(view.seconds)}   profile {view.profile}"
    )
    if view.on_doubt == "resend":
        yield "Doubt     sent once more, under the same Message-ID: a reader may have it twice"
    if view.limits:
        yield f"Limits    {view.limits}"
    yield from show_times.times(view)
    if view.canary:
        wait = f"after {duration(view.canary_wait)}" if view.canary_wait else "when you resume it"
        yield f"Canary    the first {number(view.canary)}; the others {wait}"
    yield f"Tracking  {view.tracking}"
    yield from _looked_at(view)
    yield f"Checks    {tally(view.findings, view.checks_passed, view.ignored)}"
    yield from (f"          {line}" for line in findings(view.findings))
    yield from _missing(view)
    if view.reader_notes:
        noted = counted(view.reader_notes, "row")
        yield f"Lists     {noted} mended or noted: newsletter subscribers check"
    for red in view.red:
        yield paint(f"! {red}", "red")


def preview(shown: Preview, *, opened: bool) -> Iterator[str]:
    """The page that was built, and those beside it."""
    yield f"{shown.shown.subject}   ({shown.shown.label}, {size(shown.shown.message_size)})"
    yield f"{'opened' if opened else 'open'} {shown_path(shown.page)}"
    others = [v.name for v in shown.build.variants if v.local != shown.page]
    if others:
        yield f"beside it: {', '.join(others)}"


def live_preview(address: str, *, opened: bool) -> Iterator[str]:
    """Where the live preview answers."""
    yield f"{'opened' if opened else 'open'} {address}"
    yield "It follows every save of issue, theme, readers and settings. Stop it with Ctrl-C."


def inbox(place: InboxPlace) -> list[str]:
    """Where the staging inbox answers."""
    return [
        f"The staging inbox takes mail on {place.smtp} and shows it on {place.page}",
        "Nothing here reaches a reader. Ctrl-C stops.",
    ]


def test(report: TestReport) -> Iterator[str]:
    """Each test message and its answer."""
    yield f"{report.issue}   content {short(report.content_digest)}   to {report.relay}"
    yield from table(
        (
            paint("accepted", "green") if message.accepted else paint("not accepted", "red"),
            message.to,
            message.variant,
            f"as {message.reader}" if message.reader else "",
            "" if message.accepted else message.answer,
        )
        for message in report.messages
    )


def demo(outcome: Demo, desk: Desk) -> Iterator[str]:
    """The end of the demo: the proof, the report, three commands."""
    yield from show_sending.report(outcome.report)
    yield (
        f"the ledger adds up; the SMTP server counted {number(outcome.received)} messages itself"
    )
    yield "Next, for example:"
    for line in outcome.next_commands:
        yield f"  {desk.command(line)}"


def _missing(view: PlanView) -> Iterator[str]:
    """What is put in place of each field that readers lack."""
    for gap in view.gaps:
        defaults = gap.readers - gap.empty
        parts = [f"the slot's default for {number(defaults)}"] if defaults else []
        if gap.empty and view.missing == "default":
            parts.append(f"nothing for {number(gap.empty)}")
        if parts:
            who = counted(gap.readers, "reader")
            yield f"Missing   {gap.field} is not known of {who}: {', '.join(parts)}"


def _pages(view: PlanView) -> Iterator[tuple[str, str]]:
    """Per language, the pages and how many see each, the most seen first."""
    for subject in view.subjects:
        mine = [line for line in view.variants if line.language == subject.language]
        mine.sort(key=lambda line: -line.recipients)
        yield (
            subject.language,
            " · ".join(f"{line.sections} {number(line.recipients)}" for line in mine),
        )


def lines(desk: Desk, shown: Iterable[str]) -> None:
    """Say several lines while a command works."""
    for line in shown:
        desk.say(line)
