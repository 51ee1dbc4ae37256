"""Two verifiers of DKIM that no one here wrote: dkimpy, and Perl's Mail::DKIM."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import dkim

from tests.zones import ZoneServer, txt

_SCRIPT = Path(__file__).parent / "verify_dkim.pl"


def dkimpy_takes(message: bytes, records: Mapping[str, str]) -> bool:
    """Whether every signature verifies; ``records`` hold the TXT records by name."""

    def ask(name: bytes, timeout: int = 5) -> bytes | None:
        del timeout
        found = records.get(name.decode().rstrip("."))
        return found.encode() if found is not None else None

    signatures = message.lower().split(b"\r\n\r\n")[0].count(b"dkim-signature:")
    verifier = dkim.DKIM(message, minkey=1024)
    try:
        return signatures > 0 and all(
            verifier.verify(idx=at, dnsfunc=ask) for at in range(signatures)
        )
    except dkim.DKIMException:
        return False


def perl_says(
    messages: Sequence[bytes], records: Mapping[str, str], folder: Path
) -> list[dict[str, str]]:
    """For each message what Mail::DKIM says of each signature, by its algorithm."""
    paths = []
    for number, message in enumerate(messages):
        paths.append(folder / f"{number:05d}.eml")
        paths[-1].write_bytes(message)
    zone = {(name, "TXT"): txt(text) for name, text in records.items()}
    with ZoneServer(zone) as server:
        said = subprocess.run(  # noqa: S603 our own script
            ["/usr/bin/perl", str(_SCRIPT), str(server.port), *map(str, paths)],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout
    return [_results(line.partition(" | ")[2]) for line in said.splitlines()]


def _results(text: str) -> dict[str, str]:
    pairs = [each.partition("=") for each in text.split(", ") if each]
    return {algorithm: words.partition(" ")[0] for algorithm, _, words in pairs}
