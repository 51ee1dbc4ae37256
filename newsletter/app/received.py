"""`test --verify`: the tests read back from the staging inbox, and judged as they arrived."""

import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.app.imap_account import account_of
from newsletter.app.key_ring import signing_keys
from newsletter.app.open import App
from newsletter.app.testing import TestReport
from newsletter.app.tokens import token_keys
from newsletter.doctor.examination import State as Ground
from newsletter.doctor.oneclick import examine_one_click
from newsletter.feedback.imap import wait_for
from newsletter.inbox.maildir import Envelope, message_files, split_envelope
from newsletter.inbox.parts import Parts, take_apart
from newsletter.inbox.verify import Check, State, verify
from newsletter.signed import Signature, signatures_of
from newsletter.signing import SigningKey
from newsletter.unsubscribe import Purpose, mint

_COVERED = ("from", "to", "subject", "date", "list-unsubscribe", "list-unsubscribe-post")
_IN_STRUCTURE = re.compile(
    rb"(?mi)^(?:List-[A-Za-z-]+|Message-ID|DKIM-Signature|Feedback-ID|MIME-Version|Content-[A-Za-z-]+)"
    rb":[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*=\?"
)
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One test as it was received: what holds and what does not."""

    to: str
    variant: str
    checks: tuple[Check, ...]

    @property
    def failed(self) -> int:
        """How many checks failed."""
        return sum(check.state is State.FAILED for check in self.checks)


def read_back(app: App, report: TestReport) -> tuple[ReadBack, ...]:
    """Find each test in the staging inbox and examine it; one that is not there has failed."""
    wanted = [each.message_id for each in report.messages]
    keys, filed = signing_keys(app), _filed(app, wanted)
    filed |= _delivered(app, [name for name in wanted if name not in filed])
    click = _clicked(app)
    return tuple(
        ReadBack(
            each.to,
            each.variant,
            (*_checks(filed[each.message_id], keys), click)
            if each.message_id in filed
            else (_missing(app, report.relay),),
        )
        for each in report.messages
    )


def _missing(app: App, relay: str) -> Check:
    staging = app.settings.staging
    if staging.imap:
        detail = f"handed to {relay}, and not in {staging.imap.folder} after {staging.wait:g} s"
        return Check(State.FAILED, "Did not arrive", detail)
    detail = f"it was handed to {relay}; only what reaches the staging inbox can be read back"
    return Check(State.FAILED, "Not in the staging inbox", detail)


def _delivered(app: App, wanted: Sequence[str]) -> dict[str, tuple[Envelope, bytes]]:
    """Those of the messages that a real server delivered to the staging address's own mailbox."""
    staging = app.settings.staging
    if not wanted or staging.imap is None:
        return {}
    found = wait_for(account_of(app, staging.imap, "staging.imap"), wanted, staging.wait)
    return {name: (_envelope_of(raw), raw) for name, raw in found.items()}


def _envelope_of(raw: bytes) -> Envelope:
    """As the last server wrote it down (RFC 5321, 4.4): the return path, and whom it was for."""
    parts = take_apart(raw)
    sender = parts.header("Return-Path").strip(" <>")
    recipient = parts.header("Delivered-To") or parts.header("To")
    return Envelope(sender, (recipient.strip(" <>"),))


def _filed(app: App, wanted: Sequence[str]) -> dict[str, tuple[Envelope, bytes]]:
    """The newest messages with these ids, as they arrived."""
    left, found = set(wanted), dict[str, tuple[Envelope, bytes]]()
    for path in message_files(app.inbox_folder):
        if not left:
            break
        envelope, content = split_envelope(path.read_bytes())
        name = take_apart(content).header("Message-ID").strip()
        if name in left:
            left.remove(name)
            found[name] = envelope, content
    return found


def _checks(filed: tuple[Envelope, bytes], keys: Sequence[SigningKey]) -> Iterator[Check]:
    envelope, content = filed
    parts = take_apart(content)
    signatures = signatures_of(content, keys)
    plain = [each for each in verify(content, envelope, parts) if "DKIM" not in each.title]
    yield from _signatures(signatures)
    yield from _alignment(parts, envelope, signatures)
    yield from _judged_there(parts)
    yield _structured(content)
    yield from plain


def _judged_there(parts: Parts) -> Iterator[Check]:
    """What the server that delivered it made of it (RFC 8601); nothing where it says nothing."""
    said = " ".join(parts.header("Authentication-Results").split())
    verdicts = dict(re.findall(r"\b(spf|dkim|dmarc)=(\w+)", said.lower()))
    if verdicts:
        passed = all(word == "pass" for word in verdicts.values())
        shown = ", ".join(f"{name} {word}" for name, word in verdicts.items())
        yield Check(State.PASSED if passed else State.FAILED, "The server's own verdict", shown)


def _signatures(signatures: Sequence[Signature]) -> Iterator[Check]:
    if not signatures:
        yield Check(State.WARNING, "Not DKIM signed", "newsletter keys new; or the relay signs")
    for each in signatures:
        name = f"{each.selector}, {each.domain}"
        if each.fault == "unknown key":
            yield Check(State.NOTE, f"Signed by {name}", "not a key of ours: it is not verified")
        elif each.fault:
            yield Check(State.FAILED, f"The signature of {name} is broken", each.fault)
        else:
            yield Check(State.PASSED, f"Signature of {name} holds", f"{len(each.named)} in h=")
        missing = [name for name in _COVERED if name not in each.named]
        if missing:
            yield Check(State.FAILED, "Headers are not signed", ", ".join(missing))


def _alignment(
    parts: Parts, envelope: Envelope, signatures: Sequence[Signature]
) -> Iterator[Check]:
    author = parts.header("From").rpartition("@")[2].strip(" >").lower()
    domains = [each.domain for each in signatures if not each.fault]
    path = envelope.sender.rpartition("@")[2].lower()
    fits = [name for name in (*domains, path) if _related(name, author)]
    if domains and not any(_related(name, author) for name in domains):
        yield Check(State.FAILED, "Signature and From differ", f"{domains[0]}, not {author}")
    elif fits:
        yield Check(State.PASSED, "Aligned with From", ", ".join(dict.fromkeys(fits)))
    else:
        yield Check(State.FAILED, "Nothing is aligned with From", f"return path of {path}")


def _related(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _structured(content: bytes) -> Check:
    if _IN_STRUCTURE.search(content.partition(b"\r\n\r\n")[0]):
        detail = "mail services ignore such a header"
        return Check(State.FAILED, "An encoded word in a header for machines", detail)
    return Check(State.PASSED, "Headers for machines are plain")


def _clicked(app: App) -> Check:
    """One click on a link that names nobody, where the public pages run on this machine."""
    options = app.settings.serve
    token = mint(token_keys(app), 0, 0, Purpose.UNSUBSCRIBE)
    try:
        socket.create_connection(("127.0.0.1", options.port), _SECONDS).close()
    except OSError:
        return Check(State.NOTE, "One click was not tried", "newsletter serve does not run here")
    base = f"http://127.0.0.1:{options.port}"
    results, _ = examine_one_click(f"{base}/u/{token}")
    worst = next((each for each in results if each.state is not Ground.GOOD), None)
    if worst is None:
        return Check(State.PASSED, "One click answers", results[-1].words)
    state = State.FAILED if worst.state is Ground.BAD else State.WARNING
    return Check(state, "One click does not work", worst.words)
