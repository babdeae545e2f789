"""The doctor tries each room for real and says in one line how it is."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge_assistant.assistant import Assistant
from edge_assistant.config import Cloud, Config, Endpoint
from edge_assistant.operations.doctor import Finding, examine


async def examined(config: Config) -> dict[str, Finding]:
    async with Assistant.open(config=config) as assistant:
        return {finding.room: finding async for finding in examine(assistant)}


async def test_what_works_and_what_is_missing_is_told_room_by_room(home: Path) -> None:
    found = await examined(Config(home=home))

    assert {room: finding.health for room, finding in found.items()} == {
        "storage": "works",
        "rules": "works",
        "devices": "missing",
        "knowledge": "works",
        "embedder": "works",
        "device": "missing",
        "cloud": "missing",
    }
    assert found["device"].detail == (
        "qwen2.5-coder-0.5b is not there; fetch it with: edge-assistant models pull qwen2.5-coder-0.5b"
    )
    assert found["embedder"].detail == "all-MiniLM-L6-v2 on the CPU; does not read Chinese, which is found by words"
    assert "nothing leaves the device" in found["cloud"].detail


async def test_vectors_that_are_missing_are_said_with_what_makes_them(home: Path) -> None:
    await examined(Config(home=home))
    with sqlite3.connect(home / "assistant.db") as connection:
        connection.execute("DELETE FROM embeddings WHERE chunk_id <= 7")

    detail = (await examined(Config(home=home)))["knowledge"].detail

    assert "; `kb add` and `kb rebuild` make those of the others" in detail


async def test_one_broken_room_does_not_hide_the_others(home: Path, tmp_path: Path) -> None:
    house = tmp_path / "house.yaml"
    house.write_text("areas: [", encoding="utf-8")
    (home / "models").mkdir()
    (home / "models" / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf").write_bytes(b"half")

    found = await examined(Config.model_validate({"home": home, "rules": {"house": house}}))

    assert [room for room, finding in found.items() if finding.health == "broken"] == ["rules", "devices", "device"]
    assert "house.yaml" in found["rules"].detail
    assert found["knowledge"].health == "works"


async def test_an_endpoint_is_named_without_what_is_secret(home: Path) -> None:
    endpoint = Endpoint.model_validate({"base_url": "https://api.example.com/v1", "model": "words", "api_key": "k-123"})
    secret = Endpoint.model_validate({"base_url": "https://me:hush@api.example.com"})

    well = await examined(Config(home=home, cloud=Cloud(endpoints=(endpoint,))))
    ill = await examined(Config(home=home, cloud=Cloud(endpoints=(secret,))))

    assert well["cloud"].detail == "words at api.example.com; not asked now"
    assert ill["cloud"].health == "broken"
    assert "hush" not in ill["cloud"].detail


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_command_prints_a_line_a_room_and_fails_only_for_what_is_broken(
    home: Path, options: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "edge_assistant", "--home", str(home), "doctor", *options]

    well = subprocess.run(command, capture_output=True, text=True, check=False)
    for file in home.glob("assistant.db*"):
        file.unlink()
    (home / "assistant.db").mkdir()
    ill = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (well.returncode, ill.returncode) == (0, 1)
    assert len(well.stdout.splitlines()) == len(ill.stdout.splitlines()) == 7
    assert ill.stderr == ""
    if options:
        assert json.loads(well.stdout.splitlines()[0])["room"] == "storage"
