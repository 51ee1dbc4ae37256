"""``python -m newsletter`` and the ``newsletter`` command.

The first page of help and the version are answered here, before anything heavy is imported.
"""

import gc
import sys

_YOUNG = 10_000
"""New objects before Python looks for cycles among them; rows of readers have none, and with its
700 that search was a fifth of the time of recording a campaign."""


def main() -> int:
    """Run one command; returns its exit code."""
    arguments = sys.argv[1:]
    if arguments in ([], ["--help"], ["-h"], ["help"]):
        from newsletter.cli.front import TEXT

        sys.stdout.write(TEXT)
        return 0
    if arguments in (["--version"], ["-V"]):
        from newsletter import __version__

        sys.stdout.write(f"newsletter {__version__}\n")
        return 0
    gc.set_threshold(_YOUNG)
    from newsletter.cli.main import run

    gc.freeze()  # what was imported stays until the end
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
