"""Agreeing: the officer's word on a plan, before anything is recorded."""

from newsletter.app.agreement import Agreement, ask_number
from newsletter.app.plan import Planned
from newsletter.app.steering import Ask
from newsletter.errors import ApprovalMissing, ChecksFailed, PlanChanged


def agree(planned: Planned, agreed: Agreement, ask: Ask | None, command: str) -> None:
    """Let the officer agree to the plan, or raise what stands in the way.

    ``ask`` is None where nobody can type; ``command`` is what a script would run to agree.
    """
    view = planned.view
    refuse_unfit(planned)
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


def refuse_unfit(planned: Planned) -> None:
    """Raise ``ChecksFailed`` where the plan has findings that stop a send."""
    view = planned.view
    if view.unfit:
        more = f" (and {len(view.unfit) - 1} more)" if len(view.unfit) > 1 else ""
        raise ChecksFailed(
            f"not fit to send: {view.unfit[0].message}{more}",
            cure=f"{view.unfit[0].cure}; nothing was recorded or sent",
            next_command=f"newsletter plan {view.issue}",
        )


def _ask_count(recipients: int, ask: Ask | None, command: str) -> None:
    ask_number(
        recipients,
        ask,
        f"Type the number of recipients to send ({recipients}): ",
        f"nobody agreed to {recipients} recipients",
        command,
        nothing="nothing was recorded or sent",
    )
