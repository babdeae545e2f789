"""The chat on a full screen, driven by its keys."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from textual import events
from textual.pilot import Pilot

from edge_assistant.errors import EdgeAssistantError, InputError, StorageError, Unanswered
from edge_assistant.interfaces.tui import plain
from edge_assistant.interfaces.tui.answering import Ring
from edge_assistant.interfaces.tui.app import ChatApp
from edge_assistant.interfaces.tui.backroom import Backroom
from edge_assistant.interfaces.tui.exchange import Exchange
from edge_assistant.interfaces.tui.prose import Section, divided
from edge_assistant.interfaces.tui.question_input import QuestionInput
from edge_assistant.interfaces.tui.receipt_screen import ReceiptScreen
from edge_assistant.interfaces.tui.wording import CHINESE, ENGLISH, Wording
from edge_assistant.safe_text import safe_text
from edge_assistant.types import Answer, Attempt, Event, Manner, Passage, Restart, Token

if TYPE_CHECKING:
    from typing_extensions import Unpack

ATTEMPT = Attempt("rules", "declined", "no sentence template matches")
ROUTER = Passage("Hold the red button for five seconds.", "router.md#reset", 0.7)


@dataclass(frozen=True)
class Rung:
    sentence: str


class FakeAssistant:
    """Plays a script of events; an asyncio event in it is waited for, an error is raised."""

    def __init__(self, *script: Event | asyncio.Event | Exception) -> None:
        self.script = script
        self.asked: list[tuple[str, Manner]] = []
        self.closed = asyncio.Event()

    async def stream(
        self,
        text: str,
        *,
        restartable: bool = False,
        **manner: Unpack[Manner],
    ) -> AsyncGenerator[Event]:
        assert restartable
        self.asked.append((text, manner))
        try:
            for step in self.script:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield step
        finally:
            self.closed.set()


class RingingAssistant(FakeAssistant):
    async def rings(self) -> AsyncGenerator[Ring]:
        yield Rung("The egg timer is over.\x1b[2J")


def answer(text: str = "It is on.", *, complete: bool = True, sources: tuple[Passage, ...] = ()) -> Answer:
    return Answer(text, "knowledge", 0.74, sources, (), (ATTEMPT,), complete, "en", 0.31, "ab12")


def chat(assistant: FakeAssistant, words: Wording = ENGLISH, manner: Manner | None = None) -> ChatApp:
    return ChatApp(assistant, words, manner or Manner())


def screen(app: ChatApp) -> str:
    """Return the characters on the screen, line by line."""
    return "\n".join("".join(segment.text for segment in line) for line in app.screen._compositor.render_strips())


async def write(pilot: Pilot[None], text: str) -> None:
    pilot.app.query_one(QuestionInput).insert(text)
    await pilot.press("enter")


async def until(pilot: Pilot[None], happened: Callable[[], bool]) -> None:
    """Let the application run until something is so; the test's own time limit is the only clock."""
    for _ in range(300):
        if happened():
            return
        await pilot.pause()
        await asyncio.sleep(0.005)
    pytest.fail(f"it never happened; on the screen:\n{screen(pilot.app)}")  # type: ignore[arg-type]


def settled(app: ChatApp) -> Callable[[], bool]:
    return lambda: bool(app.query(".told"))


async def test_an_answer_shows_its_tier_confidence_seconds_and_sources() -> None:
    assistant = FakeAssistant(ATTEMPT, Token("It "), Token("is on."), answer(sources=(ROUTER,)))
    manner = Manner(language="en", area="kitchen", private=True, local_only=True, conversation="c1")
    app = chat(assistant, manner=manner)

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "turn on the light")
        await until(pilot, settled(app))
        shown = screen(app)

    assert "turn on the light" in shown
    assert "It is on." in shown
    assert " knowledge  74% sure · 0.31 s · router.md#reset" in shown
    assert "private · local only · kitchen · Enter send" in shown
    assert assistant.asked == [("turn on the light", manner)]


async def test_the_first_screen_gives_three_examples_and_has_the_cursor_in_the_input() -> None:
    app = chat(FakeAssistant())

    async with app.run_test(size=(80, 24)):
        shown = screen(app)
        focused = app.focused

    assert all(example in shown for example in ENGLISH.examples)
    assert isinstance(focused, QuestionInput)


async def test_the_interface_speaks_chinese_and_measures_wide_characters() -> None:
    question = "厨房的灯为什么在闪烁" * 6
    app = chat(FakeAssistant(answer("因为" * 60)), CHINESE)

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, question)
        await until(pilot, settled(app))
        shown = screen(app)

    assert "知识库  把握 74% · 0.31 秒" in shown
    assert CHINESE.examples[0] in shown
    assert {cell_len(line) for line in shown.splitlines()} == {80}
    assert "".join(shown.split()).count("因为") == 60


async def test_while_waiting_the_tier_that_is_asked_and_the_last_no_are_shown() -> None:
    release = asyncio.Event()
    app = chat(FakeAssistant(ATTEMPT, release, answer()))

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "hello")
        await until(pilot, lambda: "asking answers" in screen(app))
        shown = screen(app)
        release.set()
        await until(pilot, settled(app))
        later = screen(app)

    assert "rules: no sentence template matches" in shown
    assert "asking" not in later


async def test_while_a_tier_speaks_the_line_names_it() -> None:
    spoken = Attempt("device", "answered", "on-device model", 0.6)
    app = chat(FakeAssistant(ATTEMPT, spoken, asyncio.Event()))

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "hello")
        await until(pilot, lambda: "device is answering" in screen(app))


async def test_words_appear_as_they_come() -> None:
    release = asyncio.Event()
    app = chat(
        FakeAssistant(Token("First **words**"), release, Token(" and more."), answer("First **words** and more."))
    )

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "hello")
        await until(pilot, lambda: "First words" in screen(app))
        early = screen(app)
        release.set()
        await until(pilot, settled(app))
        late = screen(app)

    assert "and more." not in early
    assert "First words and more." in late


async def test_escape_stops_the_answer_closes_the_stream_and_says_so() -> None:
    assistant = FakeAssistant(Token("Once upon"), asyncio.Event())
    app = chat(assistant)

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "tell a story")
        await until(pilot, lambda: "Once upon" in screen(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Stopped." in screen(app))
        await asyncio.wait_for(assistant.closed.wait(), 5)
        shown = screen(app)

    assert "Once upon" in shown
    assert "asking" not in shown


async def test_a_new_question_stops_the_answer_before_it() -> None:
    assistant = FakeAssistant(Token("Once upon"), asyncio.Event())
    app = chat(assistant)

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "tell a story")
        await until(pilot, lambda: "Once upon" in screen(app))
        await write(pilot, "no, another")
        await until(pilot, lambda: len(assistant.asked) == 2)
        await until(pilot, lambda: screen(app).count("Once upon") == 2)
        shown = screen(app)

    assert shown.count("Stopped.") == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Unanswered([ATTEMPT]), "Nobody could answer that. rules: no sentence template"),
        (InputError("the question is a riddle"), "the question is a riddle"),
        (StorageError("the disk is full\x1b[2J"), "the disk is full[2J"),
    ],
)
async def test_a_failed_question_returns_to_the_input(error: EdgeAssistantError, sentence: str) -> None:
    app = chat(FakeAssistant(error))

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "what is love")
        await until(pilot, lambda: sentence in screen(app))
        written = app.query_one(QuestionInput).text

    assert written == "what is love"


async def test_the_chat_outlives_a_fault_of_its_own() -> None:
    app = chat(FakeAssistant(Token("Half"), ZeroDivisionError("one over nothing")))

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "divide")
        await until(pilot, lambda: "ZeroDivisionError: one over nothing" in screen(app))
        written = app.query_one(QuestionInput).text

    assert written == "divide"


async def test_enter_does_not_overtake_the_letters_typed_before_it() -> None:
    assistant = FakeAssistant(answer())
    app = chat(assistant)

    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("h", "i", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else "\r"))
        await until(pilot, settled(app))

    assert [text for text, _ in assistant.asked] == ["hi"]


async def test_words_that_broke_off_are_withdrawn_with_a_notice() -> None:
    app = chat(FakeAssistant(Token("The wrong"), Restart(), Token("The right one."), answer("The right one.")))

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "hello")
        await until(pilot, settled(app))
        shown = screen(app)

    assert "The wrong" not in shown
    assert "The right one." in shown
    assert "That broke off" in shown


async def test_an_incomplete_answer_says_that_it_broke_off() -> None:
    app = chat(FakeAssistant(Token("Half"), answer("Half", complete=False)))

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "hello")
        await until(pilot, settled(app))
        shown = screen(app)

    assert "broke off before its end" in shown


async def test_a_key_opens_the_receipt_and_others_leaf_through_the_answers() -> None:
    app = chat(FakeAssistant(answer(sources=(ROUTER,))))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f2")
        nothing = screen(app)
        for question in ("first question", "second question"):
            await write(pilot, question)
            await until(pilot, lambda question=question: question in screen(app))  # type: ignore[misc]
            await until(pilot, lambda: len(app.query(".told")) == len(app.query(Exchange)))
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ReceiptScreen))
        await until(pilot, lambda: "second question" in screen(app))
        newest = screen(app)
        await pilot.press("left")
        await until(pilot, lambda: "first question" in screen(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ReceiptScreen))

    assert ENGLISH.no_receipt in nothing
    assert "no sentence template matches" in newest
    assert "Hold the red button" in newest
    assert "nothing left the device" in newest


async def test_nothing_shown_can_command_the_terminal() -> None:
    hostile = "\x1b[2J \x1b]52;c;eA==\x07 \x9b31m \u202eevil &#x202e; &#13; [bold]markup[/bold] <b>tag</b> \U000e0041"
    spoken = [Token(character) for character in hostile]
    attempt = Attempt("rules", "declined", hostile)
    final = Answer(
        f"{hostile}\n\n```\n{hostile}\n```\n\n| a |\n|---|\n| {hostile} |",
        "device",
        0.5,
        (Passage(hostile, hostile, 1),),
        trace=(attempt,),
    )
    app = chat(FakeAssistant(attempt, *spoken, final))

    async with app.run_test(size=(80, 40)) as pilot:
        app.post_message(events.Paste(hostile))
        app.query_one(QuestionInput).post_message(events.Paste(hostile))
        await until(pilot, lambda: "evil" in screen(app))
        await pilot.press("enter")
        await until(pilot, settled(app))
        shown = screen(app)
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ReceiptScreen))
        receipt = screen(app)

    assert safe_text(shown + receipt) == shown + receipt
    assert "[bold]markup[/bold]" in shown
    assert "<b>tag</b>" in shown


async def test_a_link_shows_its_address_and_cannot_be_followed() -> None:
    app = chat(FakeAssistant(answer("See [the manual](http://router.example/manual) first.")))

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "hello")
        await until(pilot, settled(app))
        shown = screen(app)

    assert "See the manual (http://router.example/manual) first." in shown


async def test_empty_input_is_ignored() -> None:
    assistant = FakeAssistant(answer())
    app = chat(assistant)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", "space", "enter")
        await pilot.pause()

    assert assistant.asked == []


async def test_a_paste_keeps_its_lines_and_is_sent_as_one_question() -> None:
    assistant = FakeAssistant(answer())
    app = chat(assistant)

    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(QuestionInput).post_message(events.Paste("first line\r\nsecond\x1b line"))
        await until(pilot, lambda: "second" in screen(app))
        await pilot.press("enter")
        await until(pilot, settled(app))

    assert [text for text, _ in assistant.asked] == ["first line\nsecond line"]


async def test_a_huge_paste_is_refused_in_a_sentence_and_stays_to_be_shortened() -> None:
    assistant = FakeAssistant(answer())
    app = chat(assistant)

    async with app.run_test(size=(80, 24)) as pilot:
        box = app.query_one(QuestionInput)
        box.post_message(events.Paste("x" * 100_000))
        await until(pilot, lambda: "100,000 characters" in screen(app))
        await pilot.press("enter")
        await pilot.pause()
        kept = len(box.text)

    assert kept == 100_000
    assert assistant.asked == []


async def test_up_and_down_walk_through_earlier_questions_and_keep_the_unsent_one() -> None:
    app = chat(FakeAssistant(answer()))

    async with app.run_test(size=(80, 24)) as pilot:
        box = app.query_one(QuestionInput)
        for question in ("one", "two"):
            await write(pilot, question)
        box.insert("draft")
        seen = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            seen.append(box.text)

    assert seen == ["two", "one", "one", "two", "draft"]


async def test_up_stays_inside_a_question_of_several_lines_until_its_first() -> None:
    app = chat(FakeAssistant(answer()))

    async with app.run_test(size=(80, 24)) as pilot:
        box = app.query_one(QuestionInput)
        await write(pilot, "earlier")
        box.insert("first")
        await pilot.press("ctrl+j", "x", "up")
        inside = box.text
        await pilot.press("up")
        outside = box.text

    assert inside == "first\nx"
    assert outside == "earlier"


async def test_a_ringing_timer_is_told_in_the_conversation() -> None:
    app = chat(RingingAssistant())

    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "The egg timer is over." in screen(app))
        shown = screen(app)

    assert "\x1b" not in shown


async def test_a_warning_of_the_library_is_told_in_the_conversation() -> None:
    app = chat(FakeAssistant())
    library = logging.getLogger("edge_assistant.assistant")

    async with app.run_test(size=(80, 24)) as pilot:
        await asyncio.to_thread(library.warning, "the answer was not kept: %s", "the disk is full\x1b[2J")
        await until(pilot, lambda: "the answer was not kept: the disk is full[2J" in screen(app))

    assert logging.getLogger("edge_assistant").handlers == []


async def test_ctrl_q_quits_even_over_a_receipt_and_during_an_answer() -> None:
    assistant = FakeAssistant(answer(), asyncio.Event())
    app = chat(assistant)

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "hello")
        await until(pilot, settled(app))
        await pilot.press("f2")
        await pilot.press("ctrl+q")
        await pilot.pause()

    assert not app.is_running
    assert assistant.closed.is_set()


async def test_it_works_on_forty_columns() -> None:
    app = chat(FakeAssistant(answer("word " * 40, sources=(ROUTER,))))

    async with app.run_test(size=(40, 12)) as pilot:
        await write(pilot, "hello there, how are you doing on this small screen")
        await until(pilot, settled(app))
        shown = screen(app)

    assert "router.md#reset" in shown
    assert {cell_len(line) for line in shown.splitlines()} == {40}


async def test_a_long_answer_ends_as_one_whole_document() -> None:
    text = "# Title\n\n" + "\n\n".join(f"{number}. item\n\n```python\nprint({number})\n```" for number in range(30))
    pieces = [Token(text[at : at + 7]) for at in range(0, len(text), 7)]
    app = chat(FakeAssistant(*pieces, answer(text)))

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "count")
        await until(pilot, settled(app))
        await pilot.pause()
        shown = screen(app)
        await pilot.press("pageup")
        await until(pilot, lambda: "knowledge  74% sure" not in screen(app))

    assert "print(29)" in shown
    assert "knowledge  74% sure" in shown


async def test_the_backroom_relays_events_errors_and_rings_from_another_thread() -> None:
    @asynccontextmanager
    async def opening() -> AsyncGenerator[RingingAssistant]:
        yield RingingAssistant(Token("Hi"), InputError("enough"))

    with Backroom(opening) as backroom:
        rings = [ring.sentence async for ring in backroom.rings()]
        stream = backroom.stream("hello", restartable=True)
        spoken = [await anext(stream)]
        with pytest.raises(InputError, match="enough"):
            await anext(stream)

    assert spoken == [Token("Hi")]
    assert rings == ["The egg timer is over.\x1b[2J"]


async def test_leaving_the_backroom_stops_what_is_still_spoken_there() -> None:
    made: list[FakeAssistant] = []

    @asynccontextmanager
    async def opening() -> AsyncGenerator[FakeAssistant]:
        made.append(FakeAssistant(Token("Hi"), asyncio.Event()))
        yield made[0]

    with Backroom(opening) as backroom:
        events = backroom.stream("hello", restartable=True)
        first = await anext(events)
    await events.aclose()

    assert first == Token("Hi")
    assert made[0].closed.is_set()


def talk(assistant: FakeAssistant, *lines: str) -> None:
    """Have a conversation line by line."""

    @asynccontextmanager
    async def opening() -> AsyncGenerator[FakeAssistant]:
        yield assistant

    waiting = list(lines)

    def read(prompt: str) -> str:
        if not waiting:
            raise EOFError
        return waiting.pop(0)

    with Backroom(opening) as backroom:
        plain.talk(backroom, ENGLISH, Manner(), read)


def test_the_plain_chat_tells_words_facts_and_the_receipt(capsys: pytest.CaptureFixture[str]) -> None:
    assistant = FakeAssistant(ATTEMPT, Token("Half"), Restart(), Token("It is \x1b[2Jon."), answer(sources=(ROUTER,)))

    talk(assistant, "/why", "  ", "turn on the \udcfflight", "/why")

    printed = capsys.readouterr().out
    assert safe_text(printed) == printed
    assert ENGLISH.no_receipt in printed
    assert ENGLISH.restarted in printed
    assert "It is [2Jon.\n[knowledge · 74% sure · 0.31 s · router.md#reset]" in printed
    assert "nothing left the device" in printed
    assert [text for text, _ in assistant.asked] == ["turn on the ?light"]


def test_the_plain_chat_goes_on_after_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    talk(FakeAssistant(Unanswered([ATTEMPT])), "one", "two")

    assert capsys.readouterr().out.count("Nobody could answer that. rules: no sentence template matches") == 2


def test_ctrl_c_stops_an_answer_of_the_plain_chat_and_not_the_chat(capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted(FakeAssistant):
        async def stream(self, text: str, **how: object) -> AsyncGenerator[Event]:
            yield Token("Once upon")
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            try:
                await asyncio.Event().wait()
            finally:
                self.closed.set()

    assistant = Interrupted()
    talk(assistant, "tell a story", "/why")

    printed = capsys.readouterr().out
    assert ENGLISH.stopped in printed
    assert ENGLISH.no_receipt in printed
    assert assistant.closed.is_set()


@pytest.mark.parametrize(
    "cut", ["para\n\n- a\n- b\n\n```\nx\n\ny\n```\n\nlast", "one", "", "# h\n\ntext \u2028 more\n\nend\n"]
)
def test_a_text_is_divided_before_its_last_block_and_nothing_is_lost(cut: str) -> None:
    head, tail = divided(cut)

    assert head + tail == cut
    assert tail.strip() in ("last", "one", "", "end")


async def test_a_long_answer_is_laid_out_in_sections_and_shows_every_block_once() -> None:
    text = "\n\n".join(f"Paragraph {number} " + "word" * 30 for number in range(40))
    release = asyncio.Event()
    app = chat(FakeAssistant(*(Token(f"{part}\n\n") for part in text.split("\n\n")), release, answer(text)))

    async with app.run_test(size=(80, 24)) as pilot:
        await write(pilot, "tell a story")
        await until(pilot, lambda: len(app.query(Section)) > 1)
        release.set()
        await until(pilot, settled(app))
        shown = "".join(section.source for section in app.query(Section))

    assert shown == text


def test_an_assistant_that_cannot_be_opened_says_why() -> None:
    @asynccontextmanager
    async def opening() -> AsyncGenerator[FakeAssistant]:
        raise StorageError("the disk is full")
        yield FakeAssistant()

    with pytest.raises(StorageError, match="the disk is full"), Backroom(opening):
        pass
