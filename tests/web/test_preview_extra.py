"""The live preview where its extra is not installed: what is missing, and what works without."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.web.previews import EXAMPLE, copy_example


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["watchfiles", "sse_starlette"])
def test_without_its_extra_the_preview_says_what_to_install_and_what_works(
    tmp_path: Path, missing: str
) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if not each.name.startswith(missing) and each.suffix != ".pth":
            (packages / each.name).symlink_to(each)
    root = tmp_path / "mine"
    root.mkdir()
    copy_example(root)
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(EXAMPLE), str(packages)]),
    }

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 our own program
            [sys.executable, "-S", "-m", "newsletter", *words],
            cwd=root, env=environ, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    refused = typed("preview", "2019-11", "--no-browser")
    assert refused.returncode == 2
    assert "watchfiles and sse-starlette" in refused.stderr
    assert 'pip install "newsletter[preview]"' in refused.stderr
    assert "preview 2019-11 --once" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert typed("preview", "2019-11", "--once", "--no-browser").returncode == 0
    assert typed("preview", "2019-11", "--text").returncode == 0
