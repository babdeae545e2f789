"""What a machine says of memory, heat and power: every file as the kernel writes it, in a folder of our own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_assistant.models.board import Board, Graphics

MEMINFO = "MemTotal:        8000000 kB\nMemFree:          500000 kB\nMemAvailable:    2000000 kB\n"
PRESSURE = "some avg10=23.50 avg60=1.00 avg300=0.10 total=1\nfull avg10=9.00 avg60=0.00 avg300=0.00 total=1\n"
AVAILABLE = 2_000_000 * 1024


@pytest.fixture
def board(tmp_path: Path) -> Board:
    said(tmp_path, "proc/meminfo", MEMINFO)
    return Board(tmp_path / "proc", tmp_path / "sys")


def said(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_machine_that_says_nothing_else_says_what_memory_is_free(board: Board) -> None:
    now = board.now()

    assert (now.free, now.grouped, now.stalled, now.celsius) == (AVAILABLE, False, 0.0, None)
    assert (now.throttled, now.battery, now.saving, now.graphics) == ("", None, "", None)


def test_a_machine_that_says_nothing_at_all_is_believed_to_have_enough(tmp_path: Path) -> None:
    assert Board(tmp_path, tmp_path).now().free > 1 << 60


@pytest.mark.parametrize(
    ("path", "files", "free"),
    [
        (
            "0::/app/one",
            {"app/one/memory.max": "900", "app/one/memory.current": "700", "app/one/memory.stat": "anon 500\n"},
            200,
        ),
        (
            "0::/app/one",
            {
                "app/one/memory.max": "max",
                "app/one/memory.current": "700",
                "app/memory.max": "1000",
                "app/memory.current": "800",
                "app/memory.stat": "anon 500\ninactive_file 100\nactive_file 50\nshmem 30\n",
            },
            350,
        ),
        (
            "4:memory:/app",
            {
                "memory/app/memory.limit_in_bytes": "1000",
                "memory/app/memory.usage_in_bytes": "800",
                "memory/app/memory.stat": "inactive_file 1\ntotal_inactive_file 100\ntotal_active_file 50\n",
                "memory/memory.limit_in_bytes": "9223372036854771712",
                "memory/memory.usage_in_bytes": "9999",
            },
            350,
        ),
        ("0::/not/here", {"memory.max": "1000", "memory.current": "900"}, 100),
        ("0::/", {"memory.max": "1000", "memory.current": "1200"}, 0),
    ],
)
def test_the_narrowest_control_group_counts_and_cached_files_are_free(
    board: Board, tmp_path: Path, path: str, files: dict[str, str], free: int
) -> None:
    said(tmp_path, "proc/self/cgroup", f"12:cpuset:/else\n{path}\n")
    for name, text in files.items():
        said(tmp_path, f"sys/fs/cgroup/{name}", f"{text}\n")

    now = board.now()

    assert (now.free, now.grouped) == (free, True)


def test_a_group_without_a_limit_changes_nothing(board: Board, tmp_path: Path) -> None:
    said(tmp_path, "proc/self/cgroup", "0::/app\n")
    said(tmp_path, "sys/fs/cgroup/app/memory.max", "max\n")

    assert board.now().free == AVAILABLE


@pytest.mark.parametrize("name", ["proc/pressure/memory", "sys/fs/cgroup/app/memory.pressure"])
def test_waiting_for_memory_is_heard_of_the_machine_and_of_the_group(board: Board, tmp_path: Path, name: str) -> None:
    said(tmp_path, "proc/self/cgroup", "0::/app\n")
    said(tmp_path, "sys/fs/cgroup/app/memory.max", "max\n")
    said(tmp_path, name, PRESSURE)

    assert board.now().stalled == pytest.approx(0.235)


def test_the_hottest_sensor_counts_and_one_that_measures_nothing_does_not(board: Board, tmp_path: Path) -> None:
    for zone, degrees in enumerate(("41000", "67500", "-274000", "0", "255000", "broken")):
        said(tmp_path, f"sys/class/thermal/thermal_zone{zone}/temp", f"{degrees}\n")

    assert board.now().celsius == 67.5


@pytest.mark.parametrize(
    ("bits", "why"),
    [
        ("0", ""),
        ("50000", ""),  # it was so, since the start; it is not now
        ("50005", "its voltage is too low"),
        ("4", "it is throttled"),
    ],
)
def test_a_raspberry_pi_says_why_it_is_slow(board: Board, tmp_path: Path, bits: str, why: str) -> None:
    said(tmp_path, "sys/devices/platform/soc/soc:firmware/get_throttled", f"{bits}\n")

    assert board.now().throttled == why


@pytest.mark.parametrize(("most", "why"), [("2400000", ""), ("1200000", "its clock is capped at 50%")])
def test_a_capped_clock_is_seen(board: Board, tmp_path: Path, most: str, why: str) -> None:
    said(tmp_path, "sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq", "2400000\n")
    said(tmp_path, "sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq", f"{most}\n")

    assert board.now().throttled == why


BATTERY = {"type": "Battery", "status": "Discharging", "capacity": "17"}


@pytest.mark.parametrize(
    ("supplies", "level"),
    [
        ({"BAT0": BATTERY}, 17.0),
        ({"BAT0": {**BATTERY, "status": "Charging"}}, None),
        ({"BAT0": BATTERY, "AC": {"type": "Mains", "online": "1"}}, None),
        ({"BAT0": BATTERY, "AC": {"type": "Mains", "online": "0"}}, 17.0),
        ({"mouse": {**BATTERY, "scope": "Device"}}, None),
        ({"BAT0": {"type": "Battery", "status": "Discharging"}}, None),
        ({"BAT0": BATTERY, "BAT1": {**BATTERY, "capacity": "80"}}, 17.0),
    ],
)
def test_a_battery_counts_while_it_supplies_the_machine(
    board: Board, tmp_path: Path, supplies: dict[str, dict[str, str]], level: float | None
) -> None:
    for supply, files in supplies.items():
        for name, text in files.items():
            said(tmp_path, f"sys/class/power_supply/{supply}/{name}", f"{text}\n")

    assert board.now().battery == level


@pytest.mark.parametrize(("profile", "saving"), [("low-power", "low-power"), ("balanced", ""), ("performance", "")])
def test_a_power_mode_that_saves_is_named(board: Board, tmp_path: Path, profile: str, saving: str) -> None:
    said(tmp_path, "sys/firmware/acpi/platform_profile", f"{profile}\n")

    assert board.now().saving == saving


def test_the_heat_of_the_graphics_processor_counts_too(tmp_path: Path) -> None:
    said(tmp_path, "proc/meminfo", MEMINFO)
    said(tmp_path, "sys/class/thermal/thermal_zone0/temp", "50000")
    card = Graphics("card", 8_000_000_000, 88.0)

    now = Board(tmp_path / "proc", tmp_path / "sys", lambda: card).now()

    assert (now.graphics, now.celsius) == (card, 88.0)


def test_what_a_process_holds_is_what_would_be_free_without_it(board: Board, tmp_path: Path) -> None:
    said(tmp_path, "proc/77/status", "VmRSS:\t  900 kB\nRssAnon:\t     300 kB\nRssFile:\t     600 kB\n")

    assert (board.held(77), board.held(78)) == (300 * 1024, 0)


def test_this_machine_says_something_sensible() -> None:
    board = Board()

    assert 0 < board.now().free < 1 << 50
    assert 0 <= board.now().stalled <= 1
    assert 1 << 20 < board.held(os.getpid()) < 1 << 34
