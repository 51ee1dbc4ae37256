"""Reports saved and shown; the ledger verified and copied."""

import csv
from dataclasses import dataclass
from pathlib import Path

from newsletter.app.memory import open_ledger
from newsletter.app.open import App
from newsletter.app.steering import find_campaign
from newsletter.audience.cells import harmless
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState, Discrepancy
from newsletter.report import Report, report_of


@dataclass(frozen=True, slots=True)
class Verified:
    """The proof: how many campaigns and recipients were gone through, and what is wrong."""

    ledger: str
    campaigns: int
    recipients: int
    discrepancies: tuple[Discrepancy, ...]
    pruned: int = 0
    """Recipients of whom only the number is known any more."""


def make_report(app: App, which: str | None) -> Report:
    """The report of a campaign; by default of the newest that was sent."""
    with open_ledger(app, create=False) as ledger:
        begun = tuple(s for s in CampaignState if s is not CampaignState.SCHEDULED)
        return report_of(ledger, find_campaign(ledger, which, begun).id)


def save_report(app: App, report: Report) -> tuple[Path, ...]:
    """Write ``reports/N.md``, ``N.csv`` and, where links are counted, ``N-links.csv``."""
    folder = app.root / "reports"
    folder.mkdir(exist_ok=True)
    words, rows = folder / f"{report.campaign.id}.md", folder / f"{report.campaign.id}.csv"
    words.write_text("\n".join(_markdown(report)) + "\n", encoding="utf-8")
    with (
        open_ledger(app, create=False) as ledger,
        rows.open("w", newline="", encoding="utf-8") as f,
    ):
        _write_rows(ledger, report, csv.writer(f))
    return (words, rows, *_save_links(folder, report))


def _save_links(folder: Path, report: Report) -> tuple[Path, ...]:
    """The counted links in a file of their own."""
    if not report.clicked.links:
        return ()
    path = folder / f"{report.campaign.id}-links.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["link", "clicks", "readers_by_name"])
        writer.writerows(
            (harmless(link.url), link.clicks, link.named) for link in report.clicked.links
        )
    return (path,)


def verify_ledger(app: App) -> Verified:
    """Go through every campaign; nothing is changed."""
    with open_ledger(app, create=False) as ledger:
        campaigns = ledger.campaigns()
        found = ledger.verify()
        gone = [ledger.retention.of(campaign.id) for campaign in campaigns]
        return Verified(
            ledger.name,
            len(campaigns),
            sum(campaign.recipients for campaign in campaigns),
            found,
            sum(each.recipients for each in gone if each),
        )


def backup_ledger(app: App, path: Path | None) -> Path:
    """Copy the ledger, atomically; refuses to overwrite a file."""
    target = path or app.state_folder / f"ledger-{app.clock():%Y%m%d-%H%M%S}.db"
    if target.exists():
        raise UsageError(f"{target} is there already", cure="name another file")
    with open_ledger(app, create=False) as ledger:
        return ledger.backup(target)


def _markdown(report: Report) -> list[str]:
    campaign = report.campaign
    lines = [
        f"# Campaign {campaign.id}: {campaign.slug}",
        "",
        f"{report.recipients} recipients. "
        + ("Complete." if report.complete else f"Incomplete: {campaign.state}. {campaign.reason}"),
        "",
        "Accepted means that the relay answered 250; delivery is not known from this.",
        "",
        "| state | recipients | share |",
        "|---|---:|---:|",
    ]
    lines += [
        f"| {state.value.replace('_', ' ')} | {count} | {report.share(state):.1%} |"
        for state, count in report.counts.items()
        if count
    ]
    if report.pruned:
        gone = report.pruned
        words = f"{gone.recipients} of the accepted were pruned on {gone.at:%Y-%m-%d}"
        lines += ["", f"{words}: they are counted, and not named in the table of recipients."]
    lines += ["", "| domain | accepted | of |", "|---|---:|---:|"]
    lines += [f"| {d.name} | {d.accepted} | {d.total} |" for d in report.domains]
    lines += _came_back(report)
    lines += _clicked(report)
    if report.refused:
        lines += ["", "| refused | code | words |", "|---:|---|---|"]
        lines += [f"| {r.count} | {r.code} | {_cell(r.words)} |" for r in report.refused]
    return lines


def _came_back(report: Report) -> list[str]:
    """What came back afterwards, and when the mailbox was read."""
    came = report.afterwards
    read = f" (mailbox read at {came.read_at:%Y-%m-%d %H:%M} UTC)" if came.read_at else ""
    counts = {
        "hard bounces": came.hard,
        "soft bounces": came.soft,
        "delays": came.delayed,
        "complaints": came.complaints,
        "unsubscribed": came.unsubscribed,
    }
    rows = [f"| {words} | {count} |" for words, count in counts.items()]
    reasons = [f"| – {_cell(reason)} | {count} |" for reason, count in came.reasons.items()]
    return ["", f"| came back{read} | messages |", "|---|---:|", *rows, *reasons]


def _clicked(report: Report) -> list[str]:
    """What was counted of readers, and what that is worth; nothing where nothing is."""
    clicked = report.clicked
    lines = []
    if clicked.links:
        worth = "Programs that try links before a reader sees them are counted too."
        lines += ["", worth, "", "| clicks | link |", "|---:|---|"]
        lines += [f"| {link.clicks} | {_cell(link.url)} |" for link in clicked.links]
    if clicked.opens is not None:
        worth = "many readers load no images, and some programs load all of them"
        lines += ["", f"Opened at least {clicked.opens} times: {worth}."]
    return lines


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _write_rows(ledger: Ledger, report: Report, writer) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 csv has no public type for it
    writer.writerow(["address", "state", "code", "reply", "attempts", "at"])
    for row in ledger.deliveries(report.campaign.id):
        reply = row.delivery.reply
        writer.writerow(
            [
                harmless(row.address),
                row.delivery.state.value,
                reply.code if reply else "",
                harmless(reply.text) if reply else "",
                row.delivery.attempts,
                row.last_attempt_at.isoformat() if row.last_attempt_at else "",
            ]
        )
