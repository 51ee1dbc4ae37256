"""Delivery status notifications (RFC 3464), also as servers deviate from them.

Fields are read one after another, whatever the blank lines between them say: a new recipient
begins where one is named. The group about the message may be missing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from newsletter.feedback import addresses
from newsletter.feedback.model import LONGEST_WORDS, Failure, Reason
from newsletter.feedback.reasons import reason_of
from newsletter.feedback.status import Codes, codes_in, settled

_MOST_RECIPIENTS = 100
_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]{2,40})[ \t]*:[ \t]*(.*)")
_NAMES = frozenset({"original-recipient", "final-recipient"})
_OF_RECIPIENT = _NAMES | {
    "action",
    "status",
    "remote-mta",
    "diagnostic-code",
    "x-actual-recipient",
    "x-supplementary-info",
    "x-display-name",
}
_SHOWS_A_REPORT = re.compile(r"^(?:final|original)-recipient[ \t]*:", re.IGNORECASE | re.MULTILINE)
_FAILED = ("fail", "error", "expired", "undeliver", "perm", "reject", "bounce")


@dataclass(slots=True)
class Group:
    """What a report says of one recipient."""

    fields: dict[str, str] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Whom we wrote to first, then where it went."""
        order = ("original-recipient", "final-recipient", "x-actual-recipient")
        return addresses.distinct(
            addresses.of_field(self.fields[name]) for name in order if name in self.fields
        )

    @property
    def action(self) -> str:
        """``failed``, ``delayed``, ``delivered`` …; guessed from the status where it is missing."""
        said = self.fields.get("action", "").strip().lower()
        if any(word in said for word in _FAILED):
            return "failed"
        if said.startswith(("delay", "deliver", "relay", "expand")):
            return said.split()[0].rstrip(";,.")
        return "delivered" if self.fields.get("status", "").strip().startswith("2") else "failed"


def shows_a_report(text: str) -> bool:
    """Whether words hold the fields of a report, whatever the part calls itself."""
    return bool(_SHOWS_A_REPORT.search(text))


def groups_in(text: str) -> list[Group]:
    """What a report says of each recipient."""
    found: list[Group] = []
    open_, fresh, name = Group(), True, ""
    for line in text.split("\n"):
        match = _LINE.match(line)
        if match:
            name, value = match[1].lower(), match[2].strip()
            if name not in _OF_RECIPIENT:
                name = ""
                continue
            if _begins(open_, name, fresh=fresh):
                open_ = Group()
                found.append(open_)
            open_.fields.setdefault(name, value)
            fresh = False
        elif line[:1] in {" ", "\t"} and line.strip() and name:
            open_.fields[name] = f"{open_.fields[name]} {line.strip()}"[: 4 * LONGEST_WORDS]
        elif not line.strip():
            fresh, name = True, ""
        if len(found) >= _MOST_RECIPIENTS:
            break
    return found


def _begins(open_: Group, name: str, *, fresh: bool) -> bool:
    if not open_.fields:
        return True
    named = bool(_NAMES & open_.fields.keys())
    if name in _NAMES:
        return name in open_.fields or (fresh and named) or "status" in open_.fields
    return name in open_.fields and fresh


def failure_of(group: Group, prose: Mapping[str, str]) -> Failure:
    """A recipient's failure; ``prose`` is what the mail says for people, by address."""
    said = group.fields.get("diagnostic-code", "")
    answer = said.partition(";")[2].strip() if ";" in said[:40] else said.strip()
    beside = next(
        (prose[a.lower()] for a in group.addresses if a.lower() in prose), prose.get("", "")
    )
    codes = settled(group.fields.get("status", ""), codes_in(answer))
    if codes.vague and not codes.code:
        heard = codes_in(beside)
        codes = Codes(codes.status if heard.vague else heard.status, heard.code)
    return judged(group.addresses, codes, answer, beside)


def judged(names: tuple[str, ...], codes: Codes, answer: str, beside: str) -> Failure:
    """A failure by its codes and words; what is written for people decides where they do not."""
    reason = reason_of(codes, answer)
    if (reason in _UNSURE or (not answer and codes.vague)) and beside:
        other = reason_of(codes, f"{answer} {beside}")
        reason = reason if other is Reason.UNKNOWN else other
    words = " ".join((answer or beside).split())[:LONGEST_WORDS]
    return Failure(names, reason.gravity, reason, codes.status, codes.code, words)


_UNSURE = frozenset({Reason.UNKNOWN, Reason.SYSTEM, Reason.NETWORK, Reason.EXPIRED})


def failures_in(text: str, prose: Mapping[str, str]) -> Iterator[tuple[str, Failure]]:
    """Each recipient's action and failure."""
    for group in groups_in(text):
        if group.fields.keys() & (_NAMES | {"status", "diagnostic-code"}):
            yield group.action, failure_of(group, prose)
