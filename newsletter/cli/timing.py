"""At a time: schedule list, move and cancel; the worker and run-due, which send what is due."""

from typing import Annotated, Literal

import typer

from newsletter.cli.arguments import SENT
from newsletter.cli.command import Records, command, group
from newsletter.cli.desk import Desk

Timed = Annotated[
    str | None,
    typer.Argument(
        help="An issue's name, a campaign's number, or a series (s1); by default the newest "
        "campaign that fits.",
        metavar="[ISSUE|CAMPAIGN|SERIES]",
        show_default=False,
    ),
]
LogForm = Literal["json", "logfmt"]


def register(top: typer.Typer) -> None:
    """Add these commands."""
    schedule = group("Campaigns that are to be sent at a time.")
    top.add_typer(schedule, name="schedule")
    command(schedule, "list", example="newsletter schedule list")(schedule_list)
    command(
        schedule,
        "move",
        example='newsletter schedule move 3 "2026-12-04 09:00"',
        records=Records(),
    )(schedule_move)
    command(schedule, "cancel", example="newsletter schedule cancel 3", records=Records())(
        schedule_cancel
    )
    command(
        top,
        "worker",
        example="newsletter worker",
        exits="0 stopped, or well · 1 not well (--health) · 2 bad input or ledger",
        records=Records(unless="health"),
    )(worker)
    warmup = group("The first days of a relay: so many messages on each.")
    top.add_typer(warmup, name="warmup")
    command(warmup, "status", example="newsletter warmup status")(warmup_status)
    command(
        warmup,
        "set",
        example="newsletter warmup set --day 1 --curve 200,500,1000,2000",
        records=Records(),
    )(warmup_set)
    command(top, "run-due", example="newsletter run-due", exits=SENT, records=Records())(run_due)


def schedule_list(desk: Desk) -> None:
    """What is to be sent, with wall time, zone and how many; series, and what became of them."""
    from newsletter.app.serial import all_series
    from newsletter.app.steering import scheduled
    from newsletter.cli import show_sending, show_times

    rows, series = scheduled(desk.app), all_series(desk.app)
    lines = [*show_times.series_lines(series)]
    if rows or not series:
        lines += show_sending.scheduled(rows)
    desk.show({"scheduled": rows, "series": series}, lines)


def schedule_move(
    desk: Desk,
    campaign: Timed,
    at: Annotated[
        str,
        typer.Argument(
            help='The new time: "2026-12-04 09:00 Europe/Rome"; of a series its new rule.'
        ),
    ],
) -> None:
    """Give a scheduled (or missed) campaign another time, or a series another rule."""
    from newsletter.app.serial import move_series, series_number
    from newsletter.app.steering import move
    from newsletter.cli import show_sending, show_times

    if series := series_number(campaign):
        line = move_series(desk.app, series, at)
        desk.show(line, show_times.series_moved(line), "newsletter schedule list")
        return
    moved = move(desk.app, campaign, at)
    desk.show(moved, show_sending.moved(moved), "newsletter schedule list")


def schedule_cancel(desk: Desk, campaign: Timed = None) -> None:
    """Take a scheduled campaign back: nobody of it is mailed; a series goes on no more."""
    from newsletter.app.serial import end_series, refuse_unnamed, series_number
    from newsletter.app.steering import cancel_scheduled
    from newsletter.cli import show_sending, show_times

    if series := series_number(campaign):
        ended = end_series(desk.app, series)
        desk.show(ended, show_times.series_ended(ended))
        return
    if campaign is None:
        refuse_unnamed(desk.app)
    done = cancel_scheduled(desk.app, campaign)
    desk.show(done, show_sending.cancelled(done))


def worker(
    desk: Desk,
    every: Annotated[
        float, typer.Option("--every", min=0.05, help="Seconds between two looks.")
    ] = 5.0,
    health: Annotated[
        bool, typer.Option("--health", help="Say whether a worker runs here and is well.")
    ] = False,
    log: Annotated[
        LogForm | None,
        typer.Option(
            "--log", help="Events for machines on stderr, without addresses.", show_default=False
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option("--metrics", help="Serve figures for Prometheus: 127.0.0.1:9464."),
    ] = None,
) -> int | None:
    """Run what is due, in the foreground, until SIGTERM or Ctrl-C (for systemd)."""
    from newsletter.app.working import work
    from newsletter.cli import show_worker
    from newsletter.cli.live import Live

    if health:
        return _health(desk)
    with Live(desk, plain=True) as live:
        work(desk.app, show_worker.witnesses(live, log, metrics), every=every)
    desk.show({"stopped": True}, ())
    return None


def _health(desk: Desk) -> int:
    from newsletter.app.heartbeat import health
    from newsletter.cli import show_worker

    found = health(desk.app)
    desk.show(found, show_worker.health(found))
    return 0 if found.healthy else 1


def run_due(desk: Desk) -> int | None:
    """Run what is due now, once, and end (for cron)."""
    from newsletter.app.working import run_due_once
    from newsletter.cli import show_starting
    from newsletter.cli.live import Live

    with Live(desk, plain=True) as live:
        done = run_due_once(desk.app, live)
    desk.show(done, show_starting.run_due(done))
    if desk.as_text:
        done.complain()
    return done.exit_code


def warmup_status(desk: Desk) -> None:
    """How far the warm-up of each relay is: today's messages, and the days to come."""
    from newsletter.app.warming import warmth
    from newsletter.cli import show_times

    found = warmth(desk.app)
    desk.show({"relays": found}, show_times.warmth(found))


def warmup_set(
    desk: Desk,
    relay: Annotated[
        str | None,
        typer.Option("--relay", help="One of [relays]; by default the main relay."),
    ] = None,
    day: Annotated[
        int | None, typer.Option("--day", help="Which day of the curve today is, from 1.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="The first day instead: 2026-12-01.")
    ] = None,
    curve: Annotated[
        str | None,
        typer.Option("--curve", help="Messages on each day in turn: 200,500,1000,2000."),
    ] = None,
) -> None:
    """Write into newsletter.toml at which day of its warm-up a relay is, or the whole curve."""
    from newsletter.app.warming_up import WarmupWish, set_warmup
    from newsletter.cli import show_times

    done = set_warmup(desk.app, WarmupWish(relay, start, day, curve))
    desk.show(done, show_times.warmup_set(done), "newsletter warmup status")
