"""The process of a server that we start ourselves: its command, its log, its environment, its end."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import anyio

from edge_assistant.errors import TierError

KEEPER: Final = Path(__file__).with_name("server_keeper.py")
LARGEST_LOG: Final = 4_000_000
"""Bytes of what the server says that are kept, in two files."""
_BURIAL: Final = 5.0
"""Seconds that a server and its keeper have to end, before the keeper is killed."""
_SECRET: Final = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|(?:^|_)PIN(?:_|$)", re.IGNORECASE)


class ServerProcess:
    """One server at a time, under a keeper that ends it when we are gone."""

    def __init__(self, command: Sequence[str], log: Path, own: str | None = None) -> None:
        """Take a command, where its output goes, and the one secret variable that it may see."""
        self._command = tuple(command)
        self._log = log
        self._own = own
        self._keeper: Process | None = None
        self.started = False
        """Whether it was started, and nobody has stopped it or noted its end since."""

    @property
    def alive(self) -> bool:
        return self._keeper is not None and self._keeper.returncode is None

    @property
    def ending(self) -> str:
        """How it ended, and where its last words are."""
        code = None if self._keeper is None else self._keeper.returncode
        return f"ended with exit code {code}; its last words are in {self._log}"

    async def start(self) -> None:
        """Start it. Raises `TierError` when the command is not there, or its log cannot be written."""
        if shutil.which(self._command[0]) is None:
            raise TierError(
                f"device.endpoint.command: there is no program {self._command[0]}; "
                "install it, or start the server yourself and leave the command out"
            )
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._log.touch(mode=0o600)
            self._keeper = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", str(KEEPER), str(self._log), str(LARGEST_LOG), *self._command),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_allowed(os.environ, self._own),
                start_new_session=True,
            )
            self.started = True
        except OSError as error:
            raise TierError(f"device.endpoint.command cannot be started: {(error.strerror or '').lower()}") from error

    async def stop(self) -> None:
        """End it and everything that it started."""
        if self._keeper is None or not self.started:
            return
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        with anyio.move_on_after(_BURIAL):
            await self._keeper.wait()
        if self.alive:
            self._keeper.kill()
            await self._keeper.wait()
        self.started = False


def _allowed(environment: Mapping[str, str], own: str | None) -> dict[str, str]:
    """Return the environment without what looks like a secret that is not the server's own."""
    return {name: value for name, value in environment.items() if name == own or not _SECRET.search(name)}
