"""A newsletter command in a process that tells what it asked of the network and of the disk.

``python -m tests.cli.watched FOLDER WORD…`` runs the command in the folder and prints, as the last
line, JSON: the exit code, every event of a socket, and every file that was opened outside of the
folder, Python and this repository. The network is denied, too; nothing that the command does can
take the hook away again.
"""

import json
import os
import sys
import sysconfig
from pathlib import Path

_NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.send")
_ALSO = ("urllib.Request", "http.client.connect", "ftplib.connect", "subprocess.Popen", "os.exec")
REPOSITORY = Path(__file__).parents[2]


def watch(*homes: str) -> list[str]:
    """From now on: what is asked of the network, in vain, and of the disk outside these folders."""
    asked: list[str] = []
    inside = (*homes, "/proc/", "/dev/", "/usr/share/", "/etc/localtime")

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith((*_NETWORK, *_ALSO)):
            asked.append(f"{event} {arguments!r}"[:200])
            raise ConnectionRefusedError(event)
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100 quick, and of bytes
            if not path.startswith(inside):
                asked.append(f"open {path}")

    sys.addaudithook(hook)
    return asked


def main() -> None:
    """Watch one command."""
    from newsletter.cli.main import run

    folder, *words = sys.argv[1:]
    asked = watch(folder, str(REPOSITORY), sys.prefix, *sysconfig.get_paths().values())
    code = run(words)
    sys.stdout.write("\n" + json.dumps({"code": code, "asked": asked}))


if __name__ == "__main__":
    main()
