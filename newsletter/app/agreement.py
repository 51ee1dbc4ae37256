"""A number that the officer agrees to: of readers, of messages; no plan is needed for it."""

from dataclasses import dataclass

from newsletter.app.steering import Ask
from newsletter.errors import ApprovalMissing, PlanChanged


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the officer agreed to: a count by option, or `--yes`; otherwise it is asked for."""

    recipients: int | None = None
    yes: bool = False
    again: bool = False


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
        ask_number(
            count, ask, prompt, f"nobody agreed: {changed}", command, nothing="nothing was changed"
        )


def ask_number(
    count: int, ask: Ask | None, prompt: str, missing: str, command: str, *, nothing: str
) -> None:
    """Let the officer type this number, or raise ``ApprovalMissing``."""
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
