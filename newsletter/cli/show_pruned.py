"""What was pruned, as lines for a person to read."""

from collections.abc import Iterator

from newsletter.app.pruning import Pruning
from newsletter.cli.layout import counted, local, number, one_line, table
from newsletter.ledger.model import Pruned


def pruning(done: Pruning) -> Iterator[str]:
    """Each campaign with who goes and who stays; what that means."""
    if not done.campaigns:
        yield f"no campaign that ended before {done.before:%Y-%m-%d} has anybody to prune"
        return
    rows = [("campaign", "issue", "ended", "of", "pruned" if done.done else "to prune", "kept")]
    for each in done.campaigns:
        kept = each.recipients - each.gone
        sums = (number(each.recipients), number(each.gone), number(kept))
        rows.append((str(each.campaign), one_line(each.slug), f"{each.ended:%Y-%m-%d}", *sums))
    yield from table(rows, right=(3, 4, 5))
    if not done.done:
        yield f"would be pruned: {counted(done.gone, 'accepted recipient')} with their attempts"
        yield "counts, failures, doubts, suppressions, consents and what came back stay"
        yield "their old links (unsubscribe, in the browser) would lead nowhere, bounces to nobody"
        yield f"make a copy first: {done.backup}"
        return
    yield f"{counted(done.gone, 'accepted recipient')} pruned; counts and failures are kept"
    if not done.given_back:
        yield "somebody sends: the room is used by later campaigns, the file stays as large"


def note(gone: Pruned | None) -> Iterator[str]:
    """What is not known any more of a campaign."""
    if gone:
        words = f"of the accepted were pruned {local(gone.at)}: counted, not named"
        yield f"  {number(gone.recipients)} {words}"
