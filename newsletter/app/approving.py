"""Approving: an officer's word on an issue's content, which its last edit voids.

A series sends while nobody looks, so it sends what was approved, and of that only what has not
changed since: such an issue is *ready*.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.app.check import check_composition
from newsletter.app.compose import Composition, compose
from newsletter.app.issues import list_issues
from newsletter.app.memory import open_ledger
from newsletter.app.open import App
from newsletter.app.people import columns_of, read_lists
from newsletter.app.steering import Ask
from newsletter.app.tested import tested_state
from newsletter.errors import ApprovalMissing, ChecksFailed, NewsletterError
from newsletter.ledger.approvals import Approval
from newsletter.ledger.ledger import Ledger
from newsletter.lint.rule import Severity
from newsletter.values import Digest, IssueSlug


@dataclass(frozen=True, slots=True)
class Approved:
    """A word that was said: on which content, and whether that was tested."""

    word: Approval
    subject: str
    tested: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The newest issue that may be sent by a series, if there is one."""

    slug: IssueSlug | None
    digest: Digest | None
    approved_at: dt.datetime | None
    passed_over: tuple[str, ...]
    """Newer issues that are not ready, each with why."""

    @property
    def why_not(self) -> str:
        """What hinders the newer ones, in words; nothing where nothing does."""
        return "; ".join(self.passed_over)


def approve(app: App, name: str, ask: Ask | None, *, agreed: bool) -> Approved:
    """Record that an issue's content is approved, once that was agreed to.

    Raises ``ChecksFailed`` while its check has errors, ``ApprovalMissing`` where nobody agreed.
    """
    made = compose(app, name)
    slug = made.issue.slug
    checked = check_composition(app, made, columns_of(read_lists(app)))
    errors = [each for each in checked.findings if each.severity is Severity.ERROR]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise ChecksFailed(
            f"not fit to approve: {errors[0].message}{more}",
            cure=f"{errors[0].cure}; nothing was approved",
            next_command=f"newsletter check {slug}",
        )
    if not agreed:
        _ask_for(made, ask)
    return _say(app, made, approved=True, note="")


def reject(app: App, name: str, reason: str) -> Approved:
    """Record that an issue is not approved, or not any more."""
    return _say(app, compose(app, name), approved=False, note=reason)


def newest_ready(app: App, words: Mapping[IssueSlug, Approval]) -> Ready:
    """The newest issue (by its date) whose content is as it was approved."""
    passed_over: list[str] = []
    for line in list_issues(app):
        slug = IssueSlug(line.slug)
        word = words.get(slug)
        if word is None or not word.approved:
            passed_over.append(f"{slug} {'was rejected' if word else 'is not approved'}")
            continue
        try:
            digest = compose(app, slug).content_digest
        except NewsletterError:
            passed_over.append(f"{slug} cannot be read any more")
            continue
        if digest == word.content_digest:
            return Ready(slug, digest, word.at, tuple(passed_over))
        passed_over.append(f"{slug} was changed since it was approved")
    return Ready(None, None, None, tuple(passed_over[:1]))


def approved_in_words(ledger: Ledger | None, slug: IssueSlug, digest: Digest) -> str:
    """What was said of an issue, and whether it was of this content; nothing if nobody did."""
    word = ledger.approvals.latest().get(slug) if ledger else None
    if word is None:
        return ""
    when = f"{word.at.astimezone():%Y-%m-%d %H:%M}"
    if not word.approved:
        return f"no: rejected {when}{f', {word.note}' if word.note else ''}"
    return f"{when}, {'this content' if word.content_digest == digest else 'changed since'}"


def note_agreed(ledger: Ledger, slug: IssueSlug, digest: Digest, now: dt.datetime) -> None:
    """Approve the content that an officer just agreed to send."""
    ledger.approvals.say(Approval(slug, digest, approved=True, at=now, note="begun with it"))


def _ask_for(made: Composition, ask: Ask | None) -> None:
    slug, subject = made.issue.slug, made.issue.original.subject
    if ask is None:
        raise ApprovalMissing(
            f"nobody approved {slug}",
            cure="type approve in a terminal, or say --yes; nothing was changed",
            next_command=f"newsletter approve {slug} --yes",
        )
    typed = ask(f'Type approve for {slug}, "{subject}", content {made.content_digest[:12]}: ')
    if typed.strip() != "approve":
        raise ApprovalMissing("not approved", cure="nothing was changed")


def _say(app: App, made: Composition, *, approved: bool, note: str) -> Approved:
    slug, digest = made.issue.slug, made.content_digest
    word = Approval(slug, digest, approved, app.clock(), note)
    with open_ledger(app) as ledger:
        ledger.approvals.say(word)
    tested = tested_state(app, slug, digest).words
    return Approved(word, made.issue.original.subject, tested)
