"""A certificate authority of a test's own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-batch")


class Authority:
    """Signs certificates; what trusts it reads `file`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        if shutil.which("openssl") is None:
            pytest.skip("not run: openssl is not installed")
        self._folder = folder
        self.file, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        _run("-keyout", self._key, "-out", self.file, "-subj", f"/CN={name}")

    def sign(self, name: str, *places: str) -> tuple[Path, Path]:
        """Return certificate and key of somebody; a server's is for places like ``IP:127.0.0.1``."""
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        purpose = ["-addext", f"subjectAltName={','.join(places)}"] if places else []
        who: list[str | Path] = ["-CA", self.file, "-CAkey", self._key, "-subj", f"/CN={name}", *purpose]
        _run("-keyout", key, "-out", certificate, *who)
        return certificate, key


def _run(*arguments: str | Path) -> None:
    subprocess.run(["openssl", "req", "-x509", *_KEY, *arguments], check=True, capture_output=True)
