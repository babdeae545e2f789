"""The language model in its own process: what is said, and what becomes of it when it dies, hangs or is stopped."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge_assistant.adapters.child import SETTINGS, Child
from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.adapters.supervised import Patience
from edge_assistant.errors import PromptTooLong, TierError
from edge_assistant.models.spoken import Spoken
from edge_assistant.types import Limits, Message

QUESTION = (Message("user", "Hello?"),)
CALM = Patience(loading=60.0, answering=60.0, cancelling=60.0)
DONE = {"prompt": 5, "reused": 0, "tokens": 2, "ended": "stop", "reading": 0.5, "speaking": 0.1}
WORKER = """
import json, os, signal, socket, struct, sys, time
line = socket.socket(fileno=int(sys.argv[1]))
incoming = line.makefile("rb")
def say(**message):
    body = json.dumps(message).encode()
    line.sendall(struct.pack(">I", len(body)) + body)
def hear():
    head = incoming.read(4)
    if len(head) < 4:
        sys.exit()
    return json.loads(incoming.read(struct.unpack(">I", head)[0]))
DONE = {done}
load = hear()["load"]
"""


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def playing(
    folder: Path, play: str, patience: Patience | None = None, clock: Clock | None = None, queue: int = 16
) -> AsyncIterator[LlamaModel]:
    """A model whose worker follows a script."""
    file, worker = folder / "tiny.gguf", folder / "worker.py"
    file.write_bytes(b"GGUF and nothing else")
    worker.write_text(WORKER.replace("{done}", repr(DONE)) + play, encoding="utf-8")
    model = LlamaModel(file, worker=worker, patience=patience or CALM, clock=clock or Clock(), queue=queue)
    yield model
    await model.close()


async def said(
    model: LlamaModel,
    limits: Limits | None = None,
    messages: tuple[Message, ...] = QUESTION,
    told: Callable[[Spoken], object] = bool,
) -> str:
    async with aclosing(model.stream(messages, limits or Limits(), told)) as words:
        return "".join([word async for word in words])


ECHO = """
say(ready={"context": 512})
while True:
    asked = hear()
    if "ask" in asked:
        say(id=asked["ask"], text="You said ")
        say(id=asked["ask"], text=asked["messages"][-1]["content"])
        say(id=asked["ask"], done=DONE)
"""


async def test_words_pass_through_and_the_measurements_stay(tmp_path: Path) -> None:
    async with playing(tmp_path, ECHO) as model:
        text = await said(model, messages=(Message("user", "你好 😀"),))

        assert text == "You said 你好 😀"
        assert (model.last, model.context, model.loaded) == (Spoken(5, 0, 2, "stop", 0.5, 0.1), 512, True)
        assert model.last is not None
        assert model.last.tokens_per_second == pytest.approx(10)


async def test_nothing_is_started_before_the_first_question(tmp_path: Path) -> None:
    async with playing(tmp_path, ECHO) as model:
        assert (model.loaded, model.pid) == (False, None)


async def test_a_missing_file_is_named_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    model = LlamaModel(tmp_path / "absent.gguf")

    with pytest.raises(TierError, match=r"^absent\.gguf is not there; fetch it with: edge-assistant models pull$"):
        await said(model)


async def test_a_web_page_in_place_of_a_model_starts_no_worker(tmp_path: Path) -> None:
    (tmp_path / "page.gguf").write_text("<html>Sign in</html>", encoding="utf-8")
    model = LlamaModel(tmp_path / "page.gguf")

    with pytest.raises(TierError, match=r"page\.gguf is a web page, not a model"):
        await said(model)

    assert model.pid is None


async def test_a_file_that_cannot_be_loaded_is_one_sentence(tmp_path: Path) -> None:
    async with playing(tmp_path, 'say(id=None, error="ValueError: no tensors")') as model:
        with pytest.raises(TierError, match=r"could not load tiny\.gguf: ValueError: no tensors"):
            await said(model)


async def test_a_worker_that_cannot_be_started_is_one_sentence(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.close(lowest := os.dup(0))
    async with playing(tmp_path, ECHO) as model:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 1, hard))
        try:
            with pytest.raises(TierError, match=r"^a process cannot be started: too many open files$"):
                await said(model)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

        assert await said(model) == "You said Hello?"


async def test_a_worker_that_dies_midway_is_told_at_once_and_replaced(tmp_path: Path) -> None:
    play = """
say(ready={})
asked = hear()
say(id=asked["ask"], text="Once upon")
if asked["messages"][0]["content"] == "die":
    os.kill(os.getpid(), signal.SIGSEGV)
say(id=asked["ask"], done=DONE)
hear()
"""
    async with playing(tmp_path, play) as model:
        words = model.stream((Message("user", "die"),), Limits())

        assert await anext(words) == "Once upon"
        with pytest.raises(TierError, match=r"^the local model stopped unexpectedly \(signal 11, Segmentation fault\)"):
            await anext(words)
        assert await said(model) == "Once upon"


async def test_a_worker_that_died_while_idle_costs_nobody_an_answer(tmp_path: Path) -> None:
    async with playing(tmp_path, ECHO) as model:
        await said(model)
        first = model.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        while model.loaded:
            await asyncio.sleep(0)

        assert await said(model) == "You said Hello?"
        assert model.pid != first


async def test_a_silent_worker_is_killed(tmp_path: Path) -> None:
    async with playing(
        tmp_path, "say(ready={})\nhear()\nos.kill(os.getpid(), signal.SIGSTOP)", replace(CALM, answering=0.2)
    ) as model:
        with pytest.raises(TierError, match=r"^the local model gave no sign of life for 0\.2 s and was stopped$"):
            await said(model)

        assert not model.loaded


async def test_a_worker_that_beats_is_waited_for(tmp_path: Path) -> None:
    play = """
say(ready={})
asked = hear()
for beat in range(6):
    say(beat=True)
    time.sleep(0.2)
say(id=asked["ask"], text="late")
say(id=asked["ask"], done=DONE)
"""
    async with playing(tmp_path, play, replace(CALM, answering=1.0)) as model:
        assert await said(model) == "late"


async def test_a_worker_that_keeps_dying_rests_longer_each_time(tmp_path: Path) -> None:
    clock = Clock()
    async with playing(tmp_path, "say(ready={})\nsay(id=hear()['ask'], text='Once')", clock=clock) as model:
        for question in ("one", "two"):
            with pytest.raises(TierError, match="stopped unexpectedly"):
                await said(model, messages=(Message("user", question),))
        with pytest.raises(TierError, match=r"rests for 1 s, since it stopped unexpectedly \(exit code 0\)"):
            await said(model)
        clock.now = 1.0
        with pytest.raises(TierError, match="stopped unexpectedly"):
            await said(model)
        with pytest.raises(TierError, match="rests for 2 s"):
            await said(model)


async def test_a_question_whose_worker_crashes_before_a_word_is_tried_once_more(tmp_path: Path) -> None:
    play = f"""
import pathlib
if not pathlib.Path({str(tmp_path / "tried")!r}).exists():
    say(ready={{}})
    hear()
    pathlib.Path({str(tmp_path / "tried")!r}).touch()
    os.kill(os.getpid(), signal.SIGSEGV)
{ECHO}"""
    async with playing(tmp_path, play) as model:
        assert await said(model) == "You said Hello?"


async def test_a_worker_that_is_killed_from_outside_is_not_started_for_the_same_question(tmp_path: Path) -> None:
    async with playing(tmp_path, "say(ready={})\nhear()\nos.kill(os.getpid(), signal.SIGKILL)") as model:
        with pytest.raises(TierError, match="killed from outside: memory may have run short"):
            await said(model)

        assert not model.loaded


async def test_a_worker_that_is_killed_twice_in_ten_minutes_rests_them_out(tmp_path: Path) -> None:
    play = """
say(ready={})
asked = hear()
if asked["messages"][0]["content"] == "large":
    os.kill(os.getpid(), signal.SIGKILL)
say(id=asked["ask"], text="fine")
say(id=asked["ask"], done=DONE)
hear()
"""
    clock, large = Clock(), (Message("user", "large"),)
    async with playing(tmp_path, play, clock=clock) as model:
        with pytest.raises(TierError, match="killed from outside"):
            await said(model, messages=large)
        assert await said(model) == "fine"
        await model.close()
        clock.now = 100.0
        with pytest.raises(TierError, match="killed from outside"):
            await said(model, messages=large)
        with pytest.raises(TierError, match=r"rests for 500 s, since it stopped unexpectedly \(killed from outside"):
            await said(model)
        clock.now = 600.0

        assert await said(model) == "fine"


POISONED = """
import pathlib
with pathlib.Path({starts!r}).open("a") as starts:
    starts.write("x")
say(ready={})
while True:
    asked = hear()
    if "poison" in asked["messages"][0]["content"]:
        os.kill(os.getpid(), signal.SIGABRT)
    say(id=asked["ask"], text="fine")
    say(id=asked["ask"], done=DONE)
"""


async def test_a_prompt_that_was_deadly_twice_is_never_tried_again(tmp_path: Path) -> None:
    clock, starts = Clock(), tmp_path / "starts"
    async with playing(tmp_path, POISONED.replace("{starts!r}", repr(str(starts))), clock=clock) as model:
        poison = (Message("user", "poison"),)
        with pytest.raises(TierError, match="signal 6"):
            await said(model, messages=poison)
        for now in (100.0, 200.0):
            clock.now = now
            with pytest.raises(TierError, match=r"^the local model died 2 times of this question, which is not tried"):
                await said(model, messages=poison)

        assert await said(model) == "fine"
        assert starts.read_text() == "xxx"


async def test_more_than_may_wait_are_refused_at_once(tmp_path: Path) -> None:
    async with playing(tmp_path, ECHO, queue=2) as model:
        asked = [asyncio.create_task(said(model)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(TierError, match=r"^the local model is busy; 2 are waiting$"):
            await said(model)

        assert await asyncio.gather(*asked) == ["You said Hello?"] * 3


async def test_whoever_asks_much_lets_the_others_have_their_turn(tmp_path: Path) -> None:
    finished: list[str] = []

    async def ask(model: LlamaModel, asker: str) -> None:
        async with aclosing(model.stream(QUESTION, Limits(asker=asker))) as words:
            assert [word async for word in words]
        finished.append(asker)

    async with playing(tmp_path, ECHO) as model:
        await asyncio.gather(*(ask(model, asker) for asker in ("a", "a", "a", "a", "b", "c", "b")))

    assert finished == ["a", "a", "b", "c", "a", "b", "a"]


async def test_closing_the_words_stops_the_answer_and_frees_the_place(tmp_path: Path) -> None:
    play = """
say(ready={})
asked = hear()
say(id=asked["ask"], text="one ")
assert hear() == {"cancel": asked["ask"]}
say(id=asked["ask"], text="two ")
say(id=asked["ask"], done=DONE)
asked = hear()
say(id=asked["ask"], text="next")
say(id=asked["ask"], done=DONE)
hear()
"""
    async with playing(tmp_path, play) as model:
        words = model.stream(QUESTION, Limits())
        await anext(words)
        before = model.pid
        await words.aclose()

        assert await said(model) == "next"
        assert model.pid == before


async def test_a_worker_that_will_not_stop_is_replaced(tmp_path: Path) -> None:
    play = """
say(ready={})
asked = hear()
say(id=asked["ask"], text="one ")
if asked["max_tokens"] == 1:
    say(id=asked["ask"], done=DONE)
while True:
    say(beat=True)
    time.sleep(0.02)
"""
    async with playing(tmp_path, play, replace(CALM, cancelling=0.2)) as model:
        words = model.stream(QUESTION, Limits())
        await anext(words)
        before = model.pid
        await words.aclose()

        assert await said(model, Limits(max_tokens=1)) == "one "
        assert model.pid != before


async def test_a_caller_who_leaves_while_it_loads_does_not_stop_the_load(tmp_path: Path) -> None:
    async with playing(tmp_path, f"time.sleep(0.1)\n{ECHO}") as model:
        impatient = asyncio.create_task(said(model))
        while model.pid is None:
            await asyncio.sleep(0)
        before = model.pid
        impatient.cancel()
        await asyncio.wait([impatient])

        assert await said(model) == "You said Hello?"
        assert model.pid == before


async def test_questions_are_answered_in_the_order_they_came(tmp_path: Path) -> None:
    finished: list[str] = []

    async def ask(model: LlamaModel, text: str) -> None:
        assert await said(model, messages=(Message("user", text),)) == f"You said {text}"
        finished.append(text)

    async with playing(tmp_path, ECHO) as model:
        await asyncio.gather(*(ask(model, str(number)) for number in range(8)))

    assert finished == [str(number) for number in range(8)]


async def test_a_prompt_without_room_says_how_long_it_is(tmp_path: Path) -> None:
    async with playing(tmp_path, 'say(ready={"context": 512})\nsay(id=hear()["ask"], too_long=9000)\nhear()') as model:
        with pytest.raises(PromptTooLong, match=r"needs 9,000 tokens, and the model sees 512 at once"):
            await said(model)

        assert model.loaded


async def test_the_worker_is_given_no_secrets(tmp_path: Path) -> None:
    script = tmp_path / "tell.py"
    script.write_text(f"{WORKER.replace('{done}', repr(DONE))}\nsay(environment=sorted(os.environ))", encoding="utf-8")
    surroundings = {"OPENAI_API_KEY": "secret", "HTTPS_PROXY": "p", "CUDA_VISIBLE_DEVICES": "0", "HOME": "/h"}

    child = await Child.start(script, surroundings)
    child.say(load={})
    frame = await child.frames.get()
    child.kill()

    assert frame is not None
    assert set(frame["environment"]) - {"LC_CTYPE"} == {"CUDA_VISIBLE_DEVICES", *SETTINGS}  # type: ignore[call-overload]


def test_the_worker_imports_nothing_of_ours() -> None:
    worker = Path(__file__).parent.parent / "edge_assistant/adapters/llama_worker.py"
    code = f"import runpy, sys; runpy.run_path({str(worker)!r}); print('edge_assistant' in sys.modules)"

    told = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "False"


async def test_a_file_that_only_begins_like_a_model_is_refused_by_the_worker(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\xff" * 1000)
    model = LlamaModel(tmp_path / "broken.gguf", patience=CALM)

    with pytest.raises(TierError, match=r"could not load broken\.gguf"):
        await said(model)

    await model.close()


LEAN = """
say(ready={})
while True:
    asked = hear()
    if asked.get("choices") == ["Yes", "No"]:
        say(id=asked["ask"], leaning=1.5)
    elif "ask" in asked:
        say(id=asked["ask"], text="words")
        say(id=asked["ask"], done=DONE)
"""


async def test_the_leaning_between_two_words_is_a_number_and_the_place_is_free_again(tmp_path: Path) -> None:
    async with playing(tmp_path, LEAN) as model:
        assert await model.leaning(QUESTION, ("Yes", "No")) == 1.5
        assert not model.busy
        assert await said(model) == "words"


async def test_a_leaning_that_is_given_up_stops_the_model(tmp_path: Path) -> None:
    play = """
say(ready={})
for text in ("first", "next"):
    asked = hear()
    if "choices" in asked:
        assert hear() == {"cancel": asked["ask"]}
        say(id=asked["ask"], cancelled=True)
        asked = hear()
    say(id=asked["ask"], text=text)
    say(id=asked["ask"], done=DONE)
hear()
"""
    async with playing(tmp_path, play) as model:
        await said(model)
        before = model.pid
        task = asyncio.create_task(model.leaning(QUESTION, ("Yes", "No")))
        while not model.busy:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

        assert await said(model) == "next"
        assert model.pid == before


async def test_a_leaning_whose_prompt_is_too_long_says_so(tmp_path: Path) -> None:
    async with playing(tmp_path, 'say(ready={"context": 512})\nsay(id=hear()["ask"], too_long=900)\nhear()') as model:
        with pytest.raises(PromptTooLong):
            await model.leaning(QUESTION, ("Yes", "No"))


async def test_each_caller_is_told_how_its_own_answer_went(tmp_path: Path) -> None:
    play = """
say(ready={})
while True:
    asked = hear()
    if "ask" in asked:
        tokens = int(asked["messages"][0]["content"])
        say(id=asked["ask"], text="words")
        say(id=asked["ask"], done={**DONE, "tokens": tokens, "likelihoods": [-0.5] * tokens})
"""
    heard: dict[int, list[Spoken]] = {number: [] for number in range(4)}

    async with playing(tmp_path, play) as model:
        asked = [
            said(model, messages=(Message("user", str(number)),), told=told.append) for number, told in heard.items()
        ]
        await asyncio.gather(*asked)

    assert [[spoken.likelihoods for spoken in told] for told in heard.values()] == [
        [(-0.5,) * number] for number in heard
    ]


COUNTING = """
say(ready={})
while True:
    asked = hear()
    if "count" in asked:
        say(id=asked["count"], count=sum(len(message["content"]) for message in asked["messages"]))
    elif "ask" in asked:
        say(id=asked["ask"], text="a long ")
"""


async def test_tokens_are_counted_while_an_answer_is_under_way(tmp_path: Path) -> None:
    async with (
        playing(tmp_path, COUNTING, replace(CALM, cancelling=0.1)) as model,
        aclosing(model.stream(QUESTION, Limits())) as words,
    ):
        assert await anext(words) == "a long "
        assert [await model.count(QUESTION), await model.count(QUESTION * 2)] == [6, 12]


async def test_a_count_of_a_worker_that_dies_says_so(tmp_path: Path) -> None:
    async with playing(tmp_path, "say(ready={})\nhear()\nos.kill(os.getpid(), signal.SIGABRT)") as model:
        with pytest.raises(TierError, match=r"stopped unexpectedly \(signal 6, Aborted"):
            await model.count(QUESTION)


async def test_a_count_that_the_worker_cannot_make_is_one_sentence(tmp_path: Path) -> None:
    play = 'say(ready={})\nsay(id=hear()["count"], error="ValueError: no")\nhear()'
    async with playing(tmp_path, play) as model:
        with pytest.raises(TierError, match=r"^the local model failed: ValueError: no$"):
            await model.count(QUESTION)


async def test_a_count_without_a_sign_of_life_ends_the_worker(tmp_path: Path) -> None:
    async with playing(tmp_path, "say(ready={})\nhear()\nhear()", replace(CALM, answering=0.1)) as model:
        with pytest.raises(TierError, match="gave no sign of life"):
            await model.count(QUESTION)

        assert not model.loaded


@pytest.mark.parametrize(
    ("ended", "sentence"), [("time", "said nothing before its time was over"), ("loop", "went round in circles")]
)
async def test_an_answer_without_a_word_is_no_answer(ended: str, sentence: str, tmp_path: Path) -> None:
    play = f"""
say(ready={{}})
for text in ("", "words"):
    asked = hear()
    if text:
        say(id=asked["ask"], text=text)
    say(id=asked["ask"], done={{**DONE, "ended": {ended!r}}})
hear()
"""
    async with playing(tmp_path, play) as model:
        with pytest.raises(TierError, match=sentence):
            await said(model)

        assert await said(model) == "words"
