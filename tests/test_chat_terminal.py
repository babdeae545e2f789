"""The chat in a real terminal, started as a user starts it."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from edge_assistant.assistant import Assistant
from edge_assistant.config import Config
from edge_assistant.storage.answers import key
from edge_assistant.types import Answer, Passage

PATIENCE = 60.0
"""Seconds; far more than is needed, since build machines are shared."""
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
HOSTILE = "Hold \x1b]52;c;eA==\x07the \x9b31mred\u202e button &#x202e;now."


class Terminal:
    """A terminal of 80×24 in which one chat runs."""

    def __init__(self, folder: Path, home: Path, *options: str, term: str = "tmux-256color") -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", os.devnull]
        command = [sys.executable, "-m", "edge_assistant", "--home", str(home), "chat", *options]
        # readline, which pytest loads, exports the size of the screen; the chat would then trust that one
        clean = "env", "-u", "COLUMNS", "-u", "LINES", f"TERM={term}", "LANG=C.UTF-8"
        # tmux 3.3 now and then never learns how its child ended, so the shell writes that down
        self._ended = folder / "ended"
        shell = "sh", "-c", f'"$@"; echo $? > "{self._ended}.part"; mv "{self._ended}.part" "{self._ended}"', "sh"
        self._run("new-session", "-d", "-x", "80", "-y", "24", *shell, *clean, *command)
        self._run("set-option", "-g", "remain-on-exit", "on")

    def press(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def write(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def paste(self, text: str) -> None:
        self._run("set-buffer", text)
        self._run("paste-buffer", "-p")

    def resize(self, columns: int, rows: int) -> None:
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def shown(self) -> str:
        return self._run("capture-pane", "-p", "-J")

    def until(self, happened: Callable[[str], bool]) -> str:
        """Return the screen as soon as it is so."""
        end = monotonic() + PATIENCE
        while not happened(screen := self.shown()):
            assert monotonic() < end, f"it never happened; the screen:\n{screen}"
        return screen

    def exit_code(self) -> int:
        """Wait for the chat to end."""
        self.until(lambda _: self._ended.exists())
        return int(self._ended.read_text())

    def close(self) -> None:
        self._run("kill-server")

    def _run(self, *command: str) -> str:
        done = subprocess.run([*self._tmux, *command], capture_output=True, text=True, check=True, timeout=PATIENCE)
        return done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose assistant knows one answer by heart, in each language, and nothing else."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "config.toml").write_text('tiers = ["answers"]\n')
    asyncio.run(_teach(folder))
    return folder


async def _teach(home: Path) -> None:
    source = Passage("Hold the red button.", "router.md#reset", 0.7)
    async with Assistant.open(config=Config.read(home=home)) as assistant:
        for question, language, text in (
            ("how do I reset the router?", "en", HOSTILE),
            ("路由器怎么重置？", "zh", "按住**红色**按钮五秒钟。"),
        ):
            answer = Answer(text, "knowledge", 0.74, (source,), language=language)
            assistant.rooms.answers.put(key(question, language, assistant.rooms.stamp()), answer)


@pytest.fixture
def terminals(tmp_path: Path, home: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_one(*options: str, term: str = "tmux-256color") -> Terminal:
        opened.append(Terminal(tmp_path, home, *options, term=term))
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.close()


@needs_tmux
def test_a_question_is_asked_answered_explained_and_left(terminals: Callable[..., Terminal]) -> None:
    terminal = terminals()
    terminal.until(lambda screen: "Ask something" in screen)

    terminal.write("how do I reset the router?")
    terminal.press("Enter")
    answered = terminal.until(lambda screen: "74% sure" in screen)
    terminal.press("F2")
    explained = terminal.until(lambda screen: "nothing left the device" in screen)
    terminal.press("Escape")
    terminal.until(lambda screen: "Ask something" in screen)
    terminal.resize(40, 20)
    terminal.until(lambda screen: max(map(len, screen.splitlines())) <= 40 and "router.md#reset" in screen)
    terminal.press("C-q")
    code = terminal.exit_code()

    assert "Hold ]52;c;eA==the 31mred button now." in answered
    assert "answers  74% sure" in answered
    assert "router.md#reset" in answered
    assert "said before by knowledge" in explained
    assert code == 0


@needs_tmux
def test_chinese_is_asked_and_answered_in_a_chinese_interface(terminals: Callable[..., Terminal]) -> None:
    terminal = terminals("--language", "zh")
    terminal.until(lambda screen: "请输入问题" in screen)

    terminal.write("路由器怎么重置？")
    terminal.press("Enter")
    answered = terminal.until(lambda screen: "把握 74%" in screen)

    assert "按住红色按钮五秒钟。" in answered


@needs_tmux
def test_a_pasted_question_of_several_lines_waits_for_enter_and_a_failed_one_returns(
    terminals: Callable[..., Terminal],
) -> None:
    terminal = terminals()
    terminal.until(lambda screen: "Ask something" in screen)

    terminal.paste("what is love\nand what is hate?")
    terminal.until(lambda screen: "and what is hate?" in screen)
    terminal.press("Enter")
    failed = terminal.until(lambda screen: "Nobody could answer that." in screen)

    assert failed.count("and what is hate?") == 2


@needs_tmux
def test_a_simple_terminal_gets_lines_and_a_prompt(terminals: Callable[..., Terminal]) -> None:
    terminal = terminals(term="dumb")
    terminal.until(lambda screen: screen.rstrip().endswith(">"))

    for question, told in (
        ("how do I reset the router?", "[answers · 74% sure"),
        ("/why", "nothing left the device"),
        ("and who are you?", "Nobody could answer that."),
    ):
        terminal.write(question)
        terminal.press("Enter")
        shown = terminal.until(lambda screen, told=told: told in screen)  # type: ignore[misc]
    terminal.until(lambda screen: screen.rstrip().endswith(">"))
    terminal.press("C-d")
    code = terminal.exit_code()

    assert code == 0
    assert "Hold ]52;c;eA==the 31mred button &#x202e;now." in shown


def test_the_bytes_of_an_answer_reach_the_terminal_without_their_commands(home: Path) -> None:
    seen = b""

    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", COLUMNS="80", LINES="24")
        os.execv(sys.executable, [sys.executable, "-m", "edge_assistant", "--home", str(home), "chat"])
    seen += _read_until(terminal, b"something")
    os.write(terminal, b"how do I reset the router?\r")
    seen += _read_until(terminal, b"router.md#reset")
    os.write(terminal, b"\x11")
    _, status = os.waitpid(child, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 0
    assert b"eA==" in seen
    assert not any(command in seen for command in (b"\x1b]52", "\x9b".encode(), "\u202e".encode()))


def _read_until(terminal: int, mark: bytes) -> bytes:
    seen = b""
    while mark not in seen:
        assert select.select([terminal], [], [], PATIENCE)[0], f"{mark!r} never came: {seen[-2_000:]!r}"
        seen += os.read(terminal, 65_536)
    return seen


def test_without_a_terminal_one_sentence_says_what_to_do_instead(home: Path) -> None:
    command = [sys.executable, "-m", "edge_assistant", "--home", str(home), "chat"]

    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "chat needs a terminal to read from; for one question use: edge-assistant ask TEXT"
    ]


def test_textual_is_loaded_only_by_the_full_screen() -> None:
    modules = "cli.chat", "tui.answering", "tui.backroom", "tui.plain", "tui.quiet", "tui.wording"
    imports = "; ".join(f"import edge_assistant.interfaces.{module}" for module in modules)
    code = f"{imports}; import sys; print([name for name in ('textual', 'rich') if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
