"""What .env says, line by line: its variables, and what in it cannot be read."""

from pathlib import Path

from newsletter.errors import Problem

_PROFILE = "NEWSLETTER_PROFILE"


def dotenv_lines(path: Path) -> dict[str, int]:
    """The variables that .env sets, each with the line that counts: its last one."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    return {
        line.partition("=")[0].strip().removeprefix("export ").strip().upper(): number
        for number, line in enumerate(lines, 1)
        if "=" in line and not line.lstrip().startswith("#")
    }


def dotenv_faults(path: Path) -> list[Problem]:
    """What would be skipped in silence; the lines themselves are not shown, they hold secrets."""
    if not path.is_file():
        return []
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return [Problem(path, "the file is not UTF-8", "save it as UTF-8", line)]
    except OSError as error:
        return [Problem(path, f"cannot be read: {error.strerror}", "mend its permissions")]
    problems = [
        Problem(path, "this line cannot be read", "close the quote it opens", line, 1)
        for line in _unreadable_lines(text)
    ]
    if _PROFILE in (lines := dotenv_lines(path)):
        message = "the profile is not read from .env"
        cure = "say --profile, or set it in the environment"
        problems.append(Problem(path, message, cure, lines[_PROFILE], 1, _PROFILE))
    return problems


def _unreadable_lines(text: str) -> list[int]:
    """The lines of our variables that python-dotenv leaves out with no more than a log."""
    import io

    from dotenv.parser import parse_stream

    return [
        binding.original.line
        for binding in parse_stream(io.StringIO(text))
        if binding.error and "NEWSLETTER_" in binding.original.string.upper()
    ]
