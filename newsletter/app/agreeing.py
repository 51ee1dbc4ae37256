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
    _ask_number(
        recipients,
        ask,
        f"Type the number of recipients to send ({recipients}): ",
        f"nobody agreed to {recipients} recipients",
        command,
        nothing="nothing was recorded or sent",
    )


def agree_to_number(
    count: int, agreed: Agreement, ask: Ask | None, *, prompt: str, changed: str, command: str
) -> None:
    """Let the officer agree to a number; ``changed`` says what it is the number of.

    Raises ``PlanChanged`` for another number in the options, ``ApprovalMissing`` for none.
    """
    if agreed.recipients is not None and agreed.recipients != count:
        raise PlanChanged(
            f"agreed to {agreed.recipients}, but {changed}",
            cure="nothing was changed",
            next_command=command,
        )
    if not agreed.yes and agreed.recipients is None:
        _ask_number(
            count, ask, prompt, f"nobody agreed: {changed}", command, nothing="nothing was changed"
        )


def _ask_number(
    count: int, ask: Ask | None, prompt: str, missing: str, command: str, *, nothing: str
) -> None:
    if ask is None:
        raise ApprovalMissing(
            missing,
            cure=f"type the number in a terminal, or name it; {nothing}",
            next_command=command,
        )
    typed = ask(prompt)
    if typed.strip().replace("\u202f", "").replace(" ", "") != str(count):
        raise ApprovalMissing(
            f"{typed.strip() or 'nothing'} was typed, not {count}",
            cure=nothing,
            next_command=command,
        )
