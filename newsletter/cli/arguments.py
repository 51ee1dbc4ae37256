"""Arguments and options that several commands take, with their help."""

from typing import Annotated

import typer

Which = Annotated[
    str | None,
    typer.Argument(
        help="An issue's name or a campaign's number; by default the newest campaign that fits.",
        metavar="[ISSUE|CAMPAIGN]",
        show_default=False,
    ),
]
Agreed = Annotated[
    int | None,
    typer.Option("--recipients", min=1, help="Agree to this number; another one stops with 5."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Agree to the number shown.")]
TakeOver = Annotated[
    bool,
    typer.Option(
        "--take-over", help="Send from a ledger that is a copy: its original never will again."
    ),
]
SENT = (
    "0 all accepted · 2 bad input or relay · 3 checks failed · 4 not agreed to · "
    "5 the plan changed · 6 incomplete · 75 try again later"
)
