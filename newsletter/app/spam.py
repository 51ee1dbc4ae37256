"""What SpamAssassin makes of a message, on this machine alone (``spamassassin -L -t``)."""

import re
import shutil
import subprocess
from email.parser import BytesHeaderParser

from newsletter.errors import UsageError
from newsletter.lint.rule import SpamScore

_STATUS = re.compile(r"score=(-?[\d.]+)\s+required=([\d.]+)(?:\s+tests=([\w,\s]*))?")
_PATIENCE = 60


def spam_score(message: bytes) -> SpamScore:
    """Its points, the points that make spam, and the tests that gave any.

    Raises ``UsageError`` when SpamAssassin is not installed, or does not say.
    """
    program = shutil.which("spamassassin")
    if program is None:
        raise UsageError(
            "SpamAssassin is not installed",
            cure="install it (on Debian: apt install spamassassin), or check without --spam",
        )
    try:
        done = subprocess.run(  # noqa: S603 the program that was found, no shell
            [program, "-L", "-t"],
            input=message,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError("SpamAssassin did not answer", cure="try it by itself") from error
    head = re.split(rb"\r?\n\r?\n", done.stdout, maxsplit=1)[0]
    status = str(BytesHeaderParser().parsebytes(head + b"\n\n").get("X-Spam-Status", ""))
    found = _STATUS.search(" ".join(status.split()))
    if not found:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        cure = said[-1] if said else "try it by itself: spamassassin -L -t < message.eml"
        raise UsageError("SpamAssassin did not give points", cure=cure)
    tests = tuple(filter(None, re.split(r"[,\s]+", (found[3] or "").partition(" autolearn")[0])))
    return SpamScore(float(found[1]), float(found[2]), tuple(t for t in tests if t != "none"))
