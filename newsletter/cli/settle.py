"""Settle what is in doubt: reconcile."""

from typing import Annotated, Literal

import typer

from newsletter.cli.arguments import Agreed, Which, Yes
from newsletter.cli.command import Records, command
from newsletter.cli.desk import Desk
from newsletter.errors import Incomplete


def register(top: typer.Typer) -> None:
    """Add the command."""
    command(
        top,
        "reconcile",
        example="newsletter reconcile 3 --log mail.log --log mail.log.1.gz",
        exits="0 nobody is in doubt · 2 bad input · 4 not agreed to · 5 another number · "
        "6 some still are",
        records=Records(),
    )(reconcile)


def reconcile(  # noqa: PLR0913, PLR0917 each is an option of the command line
    desk: Desk,
    issue: Which = None,
    log: Annotated[
        list[str] | None,
        typer.Option(
            "--log",
            help="A Postfix log of the relay (may be repeated; .gz, .bz2, .xz; - is the input).",
            metavar="FILE",
        ),
    ] = None,
    absent: Annotated[
        Literal["not-accepted"] | None,
        typer.Option(
            "--absent",
            help="Whoever is surely not in the log waits again; otherwise left in doubt.",
            show_default=False,
        ),
    ] = None,
    recipient: Annotated[
        str | None, typer.Option("--recipient", help="The one reader whom your word is about.")
    ] = None,
    accepted: Annotated[
        bool | None,
        typer.Option(
            "--accepted/--not-accepted",
            help="The relay took her message, or it did not: then it waits to be sent again.",
            show_default=False,
        ),
    ] = None,
    assumed: Annotated[
        bool | None,
        typer.Option(
            "--assume-accepted/--assume-not",
            help="The same word on everybody in doubt; asks for their number.",
            show_default=False,
        ),
    ] = None,
    recipients: Agreed = None,
    yes: Yes = False,
) -> int | None:
    """Settle who is in doubt, by the relay's log or by your word; without either, list them."""
    from newsletter.app.agreement import Agreement
    from newsletter.app.reconciling import ReconcileRequest, Word
    from newsletter.app.reconciling import reconcile as settle
    from newsletter.cli import show_settled
    from newsletter.cli.live import ask

    words: dict[bool | None, Word | None] = {None: None, True: "accepted", False: "not accepted"}
    request = ReconcileRequest(
        issue,
        recipient,
        word=words[accepted],
        assumed=words[assumed],
        logs=tuple(log or ()),
        absent="not accepted" if absent else None,
    )
    done = settle(desk.app, request, Agreement(recipients, yes=yes), ask(desk))
    desk.show(done, show_settled.reconciled(done), done.next_command)
    return Incomplete.exit_code if done.doubts else None
