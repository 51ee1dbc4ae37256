"""Agreeing: the officer's word on a plan, before anything is recorded."""

from dataclasses import dataclass

from newsletter.app.plan import Planned
from newsletter.app.steering import Ask
from newsletter.errors import ApprovalMissing, ChecksFailed, PlanChanged


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the officer agreed to: a count by option, or `--yes`; otherwise it is asked for."""

    recipients: int | None = None
    yes: bool = False
    again: bool = False


def agree(planned: Planned, agreed: Agreement, ask: Ask | None, command: str) -> None:
    """Let the officer agree to the plan, or raise what stands in the way.

    ``ask`` is None where nobody can type; ``command`` is what a script would run to agree.
    """
    view = planned.view
    if view.unfit:
        more = f" (and {len(view.unfit) - 1} more)" if len(view.unfit) > 1 else ""
        raise ChecksFailed(
            f"not fit to send: {view.unfit[0].message}{more}",
            cure="nothing was recorded or sent",
            next_command=f"newsletter plan {view.issue}",
        )
    if agreed.recipients is not None and agreed.recipients != view.recipients:
        raise PlanChanged(
            f"agreed to {agreed.recipients} recipients, the plan has {view.recipients}",
            cure="look at the plan again; nothing was recorded or sent",
            next_command=f"newsletter plan {view.issue}",
        )
    if view.red and not agreed.again and (ask is None or agreed.yes or agreed.recipients):
        raise ApprovalMissing(
            view.red[0],
            cure="to mail them again all the same, add --again; nothing was recorded or sent",
            next_command=f"{command} --again",
        )
    if agreed.yes or agreed.recipients is not None:
        return
    _ask_count(view.recipients, ask, command)


def _ask_count(recipients: int, ask: Ask | None, command: str) -> None:
    if ask is None:
        raise ApprovalMissing(
            f"nobody agreed to {recipients} recipients",
            cure="type the number in a terminal, or name it; nothing was recorded or sent",
            next_command=command,
        )
    typed = ask(f"Type the number of recipients to send ({recipients}): ")
    if typed.strip().replace("\u202f", "").replace(" ", "") != str(recipients):
        raise ApprovalMissing(
            f"{typed.strip() or 'nothing'} was typed, not {recipients}",
            cure="nothing was recorded or sent",
            next_command=command,
        )
