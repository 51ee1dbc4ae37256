"""``python -m newsletter`` and the ``newsletter`` command.

The first page of help and the version are answered here, before anything heavy is imported.
"""

import sys


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
    from newsletter.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
