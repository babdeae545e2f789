"""A crash in the middle of an action is told, and the action is not done again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from edge_assistant.assistant import Assistant
from edge_assistant.config import Config
from edge_assistant.devices.services import Command
from edge_assistant.errors import ActionError
from edge_assistant.operations.doctor import TRIALS
from edge_assistant.storage.actions import Actions
from edge_assistant.types import Slot

CRASH = """
import asyncio, os, signal, sys
from pathlib import Path
from edge_assistant.assistant import Assistant

async def carry(command):
    print(command.service, command.entity, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with Assistant.open(Path(sys.argv[1]), backend={"light.turn_on": carry}) as assistant:
        await assistant.ask("turn on the kitchen light")

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("turn off the bedroom light", "I was interrupted while I operated Kitchen light"),
        ("hello", "I was interrupted while I operated Kitchen light"),
        ("你好", "操作厨房灯时我被中断了"),
    ],
)
async def test_what_a_crash_left_in_doubt_is_told_once_and_not_done_again(
    tmp_path: Path, question: str, said: str
) -> None:
    told: list[Command] = []

    async def carry(command: Command) -> Mapping[str, Slot] | None:
        told.append(command)
        return None

    crashed = subprocess.run([sys.executable, "-c", CRASH, tmp_path], capture_output=True, text=True, timeout=60)
    config = Config(home=tmp_path, tiers=("rules",))
    async with Assistant.open(config=config, backend={"light.turn_off": carry, "light.turn_on": carry}) as assistant:
        first, second = await assistant.ask(question), await assistant.ask("hello")
        log = Actions(assistant.rooms.outbox).latest(10)

    assert (crashed.returncode, crashed.stdout) == (-9, "light.turn_on light.kitchen\n")
    assert first.text.startswith(said)
    assert not second.text.startswith(said)
    assert [command.entity for command in told if command.service == "light.turn_on"] == []
    assert [(entry.phase, entry.status) for entry in log][:2] == [("asked", "asked"), ("ended", "doubt")]


async def test_the_doctor_says_what_is_in_doubt(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", CRASH, tmp_path], capture_output=True, timeout=60, check=False)

    ran = subprocess.run(
        [sys.executable, "-m", "edge_assistant", "--home", tmp_path, "history", "--actions"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    async with Assistant.open(tmp_path) as assistant:
        with pytest.raises(ActionError, match=r"may or may not have been done: light\.turn_on light\.kitchen"):
            await TRIALS["devices"](assistant)

    assert "asked    light.turn_on  light.kitchen" in ran.stdout


async def test_a_blind_that_opens_is_not_called_open(tmp_path: Path) -> None:
    async def carry(command: Command) -> Mapping[str, Slot]:
        return {"state": "opening"}

    config = Config(home=tmp_path, tiers=("rules",))
    async with Assistant.open(config=config, backend={"cover.open_cover": carry}) as assistant:
        english = await assistant.ask("open the bedroom blinds")
        chinese = await assistant.ask("打开卧室百叶窗")

    assert (english.text, english.actions[0].status) == ("The bedroom blinds are opening now.", "started")
    assert chinese.text == "卧室百叶窗正在打开。"
