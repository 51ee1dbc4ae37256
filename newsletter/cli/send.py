"""Send: plan, send, status, pause, resume, cancel, retry."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from newsletter.cli import recurring, settle, timing
from newsletter.cli.arguments import SENT, Agreed, Which, Yes
from newsletter.cli.command import Records, command
from newsletter.cli.desk import Desk
from newsletter.local_time import Passed

Planned = Annotated[
    str | None,
    typer.Argument(
        help="The issue's name, or a unique beginning of it; with --every it may be left out.",
        metavar="[ISSUE]",
        show_default=False,
    ),
]
Lists = Annotated[
    list[str] | None,
    typer.Option("--list", help="Only this list (may be repeated); by default all."),
]
Segment = Annotated[
    str | None, typer.Option("--segment", help="Only readers in this segment, or an expression.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", help="Not the readers of this list or segment (may be repeated)."),
]
Rate = Annotated[
    str | None, typer.Option("--rate", help="5/s, 200/min, 10000/day; by default the settings'.")
]
OnDoubt = Annotated[
    Literal["hold", "resend"] | None,
    typer.Option(
        "--on-doubt",
        help="hold: list who is in doubt; resend: send once more; by default the settings'.",
        show_default=False,
    ),
]
Canary = Annotated[
    int, typer.Option("--canary", min=0, help="Send so many first, then wait for your resume.")
]
CanaryWait = Annotated[
    str | None,
    typer.Option("--canary-wait", help="Go on by itself after 90 s, 30 min, 2 h, if all is well."),
]
Window = Annotated[
    str | None,
    typer.Option(
        "--window",
        help='When messages may be sent: "Mon-Fri 08:00-18:00 Europe/Rome", any; by default the '
        "settings'.",
        show_default=False,
    ),
]
Quiet = Annotated[
    str | None,
    typer.Option(
        "--quiet",
        help='When no message is sent: "22:00-07:00 Europe/Rome", none; by default the settings\'.',
        show_default=False,
    ),
]
At = Annotated[
    str | None, typer.Option("--at", help='Not now but then: "2026-12-03 10:00 Europe/Rome".')
]
Every = Annotated[
    str | None,
    typer.Option(
        "--every",
        help='A series, each time of the newest approved issue: "first Tuesday 10:00", '
        '"every Monday 09:00", or cron\'s "0 9 * * MON".',
    ),
]
LocalTime = Annotated[
    bool,
    typer.Option("--local-time", help="--at is on each reader's own clocks (column timezone)."),
]
OverThere = Annotated[
    Passed | None,
    typer.Option(
        "--passed",
        help="Readers whose local time is over: now, or the same time on the next-day.",
        show_default=False,
    ),
]
Missing = Annotated[
    Literal["error", "default"],
    typer.Option(
        "--missing",
        help="A field that a reader lacks: an error, or filled with the slot's default or nothing.",
    ),
]


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    command(top, "plan", example="newsletter plan 2019-11-assemblea --list members")(plan)
    command(
        top,
        "send",
        example='newsletter send 2019-11 --at "2026-12-03 10:00 Europe/Rome"',
        exits=SENT,
        records=Records(unless="dry_run", may_take_over=True),
    )(send)
    recurring.register(top)
    timing.register(top)
    command(top, "status", example="newsletter status --in-doubt")(status)
    command(top, "pause", example="newsletter pause 2019-11", records=Records())(pause)
    command(
        top,
        "resume",
        example="newsletter resume",
        exits=SENT,
        records=Records(may_take_over=True),
    )(resume)
    command(
        top,
        "cancel",
        example="newsletter cancel 2019-11 --yes",
        exits="0 done · 2 bad input · 4 not agreed to",
        records=Records(),
    )(cancel)
    settle.register(top)
    command(
        top,
        "retry",
        example="newsletter retry 2019-11 --failed",
        exits=SENT,
        records=Records(may_take_over=True),
    )(retry)


def plan(  # noqa: PLR0913, PLR0917 each is an option of the command line
    desk: Desk,
    issue: Planned = None,
    only: Lists = None,
    segment: Segment = None,
    exclude: Exclude = None,
    rate: Rate = None,
    on_doubt: OnDoubt = None,
    canary: Canary = 0,
    canary_wait: CanaryWait = None,
    missing: Missing = "error",
    window: Window = None,
    quiet: Quiet = None,
    at: At = None,
    local_time: LocalTime = False,
    passed: OverThere = None,
    every: Every = None,
) -> None:
    """Show exactly who would get what, and when: audience, pages, checks. Nothing is recorded."""
    from newsletter.app.plan import PlanRequest
    from newsletter.app.sending import plan_only
    from newsletter.cli import beginning, show, show_starting

    request = PlanRequest(
        beginning.named(desk, issue, every),
        lists=tuple(only or ()),
        segment=segment,
        exclude=tuple(exclude or ()),
        rate=rate,
        on_doubt=on_doubt,
        canary=canary,
        canary_wait=canary_wait,
        window=window,
        missing=missing,
        quiet=quiet,
        at=at,
        local_time=local_time,
        passed=passed,
        every=every,
    )
    view = plan_only(desk.app, request).view
    stuck = view.unfit or view.undecided
    named = view.issue if issue or not every else ""
    following = "" if stuck else show_starting.send_command(request, named)
    desk.show_ledger(view, show.plan(view), following)


def send(  # noqa: PLR0913, PLR0917 each is an option of the command line
    desk: Desk,
    issue: Planned = None,
    only: Lists = None,
    segment: Segment = None,
    exclude: Exclude = None,
    rate: Rate = None,
    on_doubt: OnDoubt = None,
    canary: Canary = 0,
    canary_wait: CanaryWait = None,
    missing: Missing = "error",
    window: Window = None,
    quiet: Quiet = None,
    at: At = None,
    local_time: LocalTime = False,
    passed: OverThere = None,
    every: Every = None,
    recipients: Agreed = None,
    yes: Yes = False,
    again: Annotated[
        bool, typer.Option("--again", help="Agree to mail people who had this issue already.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write every message as .eml; send and record none.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The dry run's folder.")
    ] = None,
) -> int | None:
    """Show the plan, ask for the number of recipients, record it and send it."""
    from newsletter.app import agreeing, sending
    from newsletter.app.agreement import Agreement
    from newsletter.app.plan import PlanRequest
    from newsletter.cli import beginning, show, show_sending, show_starting
    from newsletter.cli.live import Live, ask

    request = PlanRequest(
        beginning.named(desk, issue, every),
        lists=tuple(only or ()),
        segment=segment,
        exclude=tuple(exclude or ()),
        rate=rate,
        on_doubt=on_doubt,
        canary=canary,
        canary_wait=canary_wait,
        window=window,
        missing=missing,
        quiet=quiet,
        at=at,
        local_time=local_time,
        passed=passed,
        every=every,
    )
    planned = sending.plan_only(desk.app, request)
    view = planned.view
    if desk.as_text:
        for line in show.plan(view):
            desk.say(line)
    if dry_run:
        done = sending.dry_run(desk.app, planned, output)
        desk.show(done, show_starting.dry_run(done))
        return None
    agreed = Agreement(recipients, yes=yes, again=again)
    if every is not None:
        beginning.begin(desk, request, planned, agreed, approves=issue is not None)
        return None
    sending.refuse_second(desk.app, planned.plan)
    planned.start.check_decided()
    again_command = show_starting.send_command(request, view.issue, recipients=view.recipients)
    agreeing.agree(planned, agreed, ask(desk), again_command)
    number, due = sending.record(desk.app, planned), planned.start.due
    if due:
        desk.show(*show_starting.recorded(number, view, due), "newsletter worker")
        return None
    with Live(desk, total=view.recipients) as live:
        progress = sending.run(desk.app, number, live)
    return show_sending.finish(desk, progress)


def status(
    desk: Desk,
    issue: Which = None,
    watch: Annotated[bool, typer.Option("--watch", help="Keep showing until it is over.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="List who was refused.")] = False,
    in_doubt: Annotated[bool, typer.Option("--in-doubt", help="List who is in doubt.")] = False,
    recipient: Annotated[
        str | None, typer.Option("--recipient", help="What became of this address.")
    ] = None,
) -> None:
    """Who got it, who did not, who is waiting, and what to type next."""
    from newsletter.app.status import StatusRequest, see_status
    from newsletter.cli import show_sending
    from newsletter.cli.live import watch_status

    request = StatusRequest(issue, failed=failed, in_doubt=in_doubt, recipient=recipient)
    if watch and desk.as_text:
        watch_status(desk, request)
        return
    seen = see_status(desk.app, request)
    desk.show_ledger(seen, show_sending.status(seen), seen.next_command)


def pause(desk: Desk, issue: Which = None) -> None:
    """Stop a running campaign after what is in flight, from any terminal."""
    from newsletter.app.status import next_step
    from newsletter.app.steering import pause as pause_campaign
    from newsletter.cli import show_sending

    progress = pause_campaign(desk.app, issue)
    desk.show(progress, show_sending.paused(progress), next_step(progress))


def resume(desk: Desk, issue: Which = None) -> int | None:
    """Carry on: only those who wait are tried; nobody accepted or in doubt is mailed again."""
    from newsletter.app import sending, steering
    from newsletter.cli import show_sending
    from newsletter.cli.live import Live

    campaign = steering.to_resume(desk.app, issue)
    if campaign.state in steering.TIMED:
        desk.show(campaign, show_sending.moved(campaign), "newsletter schedule list")
        return None
    with Live(desk, total=campaign.recipients) as live:
        progress = sending.run(desk.app, campaign.id, live)
    return show_sending.finish(desk, progress)


def cancel(
    desk: Desk,
    issue: Which = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Spare everybody who still waits, for ever."""
    from newsletter.app.steering import cancel as cancel_campaign
    from newsletter.cli import show_sending
    from newsletter.cli.live import ask

    done = cancel_campaign(desk.app, issue, ask(desk), agreed=yes)
    following = "reconcile" if done.in_doubt else "report"
    desk.show(done, show_sending.cancelled(done), f"newsletter {following} {done.campaign.id}")


def retry(
    desk: Desk,
    issue: Which = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Those who were refused, or expired.")
    ] = False,
    deferred: Annotated[
        bool, typer.Option("--deferred", help="Those who wait for their next try: now.")
    ] = False,
) -> int | None:
    """Try again now those who were refused or deferred; nobody accepted, nobody in doubt."""
    from newsletter.app import sending, steering
    from newsletter.cli import show_sending
    from newsletter.cli.live import Live

    progress = steering.to_retry(desk.app, issue, failed=failed, deferred=deferred)
    campaign = progress.campaign
    if campaign.state not in steering.HELD:
        with Live(desk, total=campaign.recipients) as live:
            progress = sending.run(desk.app, campaign.id, live)
    return show_sending.finish(desk, progress)
