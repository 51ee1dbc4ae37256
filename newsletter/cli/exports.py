"""What `subscribers export` does: one reader or everybody, to a file or the screen."""

import json
from pathlib import Path

from newsletter.app.disclosing import disclose
from newsletter.app.exporting import Everybody, Whom, export_everybody, write_private
from newsletter.cli import show_known, show_readers
from newsletter.cli.desk import Desk, as_json
from newsletter.errors import UsageError


def check(reader: str | None, *, everybody: bool, filtered: bool) -> None:
    """Refuse what could be meant in two ways."""
    if reader and (everybody or filtered):
        message = "one reader, or --all with its filters: not both"
        raise UsageError(message, cure="leave out the address, or everything else")
    if not reader and not everybody:
        message = "whom? name a reader's address, or say --all"
        raise UsageError(message, next_command="newsletter subscribers export --all -o readers.csv")


def one(desk: Desk, reader: str, output: Path | None) -> None:
    """Everything known of one reader, as text or JSON."""
    known = disclose(desk.app, reader)
    if output is None:
        desk.show(known, show_known.known(known))
        return
    in_json = output.suffix.lower() == ".json"
    lines = [json.dumps(as_json(known), ensure_ascii=False, indent=2)]
    text = lines if in_json else show_known.known(known)
    write_private(output, (f"{line}\n" for line in text))
    desk.show({"path": output}, [f"written: {output}"])


def all_of_them(desk: Desk, whom: Whom, output: Path | None) -> None:
    """The table, to the screen or a file."""
    if output is None:
        table = Everybody(desk.app, whom)
        for piece in table.csv() if desk.as_text else table.json():
            show_readers.raw(piece)
        return
    done = export_everybody(desk.app, whom, output)
    desk.show(done, show_known.exported(done))
