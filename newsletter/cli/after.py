"""After: report, ledger verify|backup|migrate|prune|copy|take-over."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.arguments import Which, Yes
from newsletter.cli.command import Records, command, group
from newsletter.cli.desk import Desk
from newsletter.errors import LedgerError


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    ledger = group("The memory of all campaigns.")
    command(top, "report", example="newsletter report 2019-11 --save")(report)
    top.add_typer(ledger, name="ledger")
    command(
        ledger, "verify", example="newsletter ledger verify", exits="0 it adds up · 2 it does not"
    )(verify)
    command(ledger, "backup", example="newsletter ledger backup ledger-2026-12.db")(backup)
    command(ledger, "migrate", example="newsletter ledger migrate")(migrate)
    command(
        ledger,
        "prune",
        example="newsletter ledger prune --older-than 2y --dry-run",
        exits="0 done · 2 bad input · 4 not agreed to",
        records=Records(unless="dry_run"),
    )(prune)
    command(
        ledger,
        "copy",
        example="newsletter ledger copy .newsletter/ledger.db",
    )(copy)
    command(
        ledger,
        "take-over",
        example="newsletter ledger take-over",
        exits="0 done · 2 bad input · 4 not agreed to",
    )(take_over)


def report(
    desk: Desk,
    issue: Which = None,
    save: Annotated[
        bool, typer.Option("--save", help="Also write reports/N.md, N.csv and N-links.csv.")
    ] = False,
) -> None:
    """What the relay answered, by reason and by domain; what is not known is said."""
    from newsletter.app.reporting import make_report, save_report
    from newsletter.cli import show_sending

    made = make_report(desk.app, issue)
    saved = save_report(desk.app, made) if save else ()
    lines = show_sending.report(made, saved)
    desk.show_ledger(made, lines, made.next_command)


def verify(desk: Desk) -> int | None:
    """Prove that the states of every campaign add up to its audience."""
    from newsletter.app.reporting import verify_ledger
    from newsletter.cli import show_sending

    done = verify_ledger(desk.app)
    desk.show(done, show_sending.verified(done))
    return LedgerError.exit_code if done.discrepancies else None


def backup(
    desk: Desk,
    path: Annotated[
        Path | None, typer.Argument(help="The copy; by default beside the ledger, dated.")
    ] = None,
) -> None:
    """Copy the whole ledger while others may write to it."""
    from newsletter.app.reporting import backup_ledger

    written = backup_ledger(desk.app, path.absolute() if path else None)
    desk.show({"backup": str(written)}, [f"the ledger was copied to {written}"])


def migrate(desk: Desk) -> None:
    """Bring the ledger to this program's form now, rather than when a command first needs it."""
    from newsletter.app.moving import migrate_ledger
    from newsletter.cli import show_moved

    done = migrate_ledger(desk.app)
    desk.show(done, show_moved.migrated(done))


def prune(
    desk: Desk,
    older_than: Annotated[
        str, typer.Option("--older-than", help="How long ago a campaign ended: 90d, 18m, 2y.")
    ],
    campaign: Annotated[
        str | None,
        typer.Option("--campaign", help="Only this campaign.", metavar="N", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    yes: Yes = False,
) -> None:
    """Let accepted recipients of old campaigns go; counts, failures and doubts are kept."""
    from newsletter.app.agreement import Agreement
    from newsletter.app.pruning import PruneRequest, prune_ledger
    from newsletter.cli import show_pruned
    from newsletter.cli.live import ask

    request = PruneRequest(older_than, campaign, dry_run=dry_run)
    done = prune_ledger(desk.app, request, Agreement(None, yes=yes), ask(desk))
    desk.show(done, show_pruned.pruning(done), done.next_command)


def copy(
    desk: Desk,
    file: Annotated[Path, typer.Argument(help="The ledger's file.")],
) -> None:
    """Copy a ledger's file into the database of NEWSLETTER_LEDGER; the file sends no more."""
    from newsletter.app.moving import move_ledger
    from newsletter.cli import show_moved

    done = move_ledger(desk.app, file.absolute())
    desk.show(done, show_moved.moved(done), "newsletter status")


def take_over(
    desk: Desk,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Send from this copy of a ledger from now on; whoever its original was sending is in doubt."""
    from newsletter.app.taking_over import take_over as take
    from newsletter.cli import show_settled
    from newsletter.cli.live import ask

    done = take(desk.app, ask(desk), agreed=yes)
    desk.show(done, show_settled.taken_over(done), done.next_command)
