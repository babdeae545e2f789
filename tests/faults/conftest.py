"""What several suites of faults need."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def disk(tmp_path: Path, disk_size: str) -> Iterator[Path]:
    """Mount a small disk, as large as the module says; without the right to mount, the test is seen not to run."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={disk_size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
        pytest.skip("not run: mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
