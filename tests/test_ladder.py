"""Which model runs: what fits, what the machine bears, what its owner wants; scripted machines, real headers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from edge_assistant.engine import Engine
from edge_assistant.errors import ModelDied, TierError
from edge_assistant.models.bars import Floors
from edge_assistant.models.board import Conditions
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.ladder import Ladder, Wishes
from edge_assistant.models.loading import Loading
from edge_assistant.models.rung import Rung
from edge_assistant.models.spoken import Spoken
from edge_assistant.tiers.device import DeviceTier
from edge_assistant.types import Limits, Message, Query
from tests.gguf_files import TINY, write

GB = 1_000_000_000
SIZES = {"small": 0.1, "middle": 0.5, "large": 1.0}
"""GB of weights, and 10⁹ parameters."""
ASKED = (Message("user", "Hello?"),)


class Machine:
    """Says what the test says; what our own models hold is counted as it would be."""

    def __init__(self) -> None:
        self.conditions = Conditions(free=8 * GB)
        self.holding: dict[int, int] = {}

    def now(self) -> Conditions:
        return self.conditions

    def held(self, pid: int) -> int:
        return self.holding.get(pid, 0)


class Running:
    """A worker that starts when it is asked, and says what it is."""

    def __init__(self, house: House, file: Path, loading: Loading) -> None:
        self.house, self.file, self.loading = house, file, loading
        self.pid: int | None = None
        self.facts: dict[str, object] = {}

    async def stream(
        self, messages: Sequence[Message], limits: Limits, told: Callable[[Spoken], object] = bool
    ) -> AsyncGenerator[str]:
        self._start()
        if self.file.stem in self.house.deadly:
            await self.close()
            raise ModelDied("stopped unexpectedly (killed from outside)", "killed")
        yield self.file.stem
        yield "."
        told(Spoken(1, 0, 20, "stop", 0.1, 1.0))

    async def count(self, messages: Sequence[Message]) -> int:
        self._start()
        return 10

    async def leaning(self, messages: Sequence[Message], choices: tuple[str, str]) -> float:
        self._start()
        return 1.0

    async def close(self) -> None:
        self.pid = None

    def _start(self) -> None:
        if self.pid is None:
            self.house.started.append(self.file.stem)
            self.pid = len(self.house.started)
        assert [one for one in self.house.workers if one.pid is not None] == [self], "one at a time"


class House:
    """A ladder of three models, a machine, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.machine = Machine()
        self.now = 1000.0
        self.started: list[str] = []
        self.deadly: set[str] = set()
        self.workers: list[Running] = []
        self.wishes = Wishes(Floors(slowest=2.0, hottest=85.0, battery=20.0), idle=600.0, reserve=0)
        self.models = [self.model(name, billions) for name, billions in SIZES.items()]

    def model(self, name: str, billions: float, languages: tuple[str, ...] = ("en", "zh")) -> tuple[ModelFile, Path]:
        rows = int(billions * GB / 64)
        path = write(self.folder / f"{name}.gguf", TINY, [("blk.0.ffn_up.weight", (64, rows), 24, 64 * rows)])
        size = path.stat().st_size
        described = ModelFile(
            name=name, file=path.name, size=size, sha256="0" * 64, billions=billions, languages=languages
        )
        return described, path

    def ladder(self) -> Ladder:
        return Ladder(
            self.models,
            self.machine,
            self._start,
            loading=lambda described: Loading(),
            wishes=self.wishes,
            clock=lambda: self.now,
        )

    def says(self, **said: object) -> None:
        self.machine.conditions = replace(self.machine.conditions, **said)  # type: ignore[arg-type]

    def _start(self, file: Path, loading: Loading) -> Running:
        self.workers.append(Running(self, file, loading))
        return self.workers[-1]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def said(rung: Rung) -> str:
    return "".join([word async for word in rung.model.stream(ASKED, Limits())])


async def chosen(ladder: Ladder, language: str = "en") -> tuple[str, str]:
    rung = await ladder.current(language)
    return rung.described.name, rung.why


@pytest.mark.parametrize(
    ("free", "name", "why"),
    [
        (8.0, "large", ""),
        (1.0, "middle", "large needs 1.1 GB, 1.0 GB are free"),
        (0.4, "small", "middle needs 554 MB, 400 MB are free"),
    ],
)
async def test_the_largest_that_fits_is_asked_and_it_is_said_why_no_larger_one(
    house: House, free: float, name: str, why: str
) -> None:
    house.says(free=int(free * GB))

    assert await chosen(house.ladder()) == (name, why)


async def test_nothing_is_loaded_before_words_are_wanted(house: House) -> None:
    ladder = house.ladder()

    rung = await ladder.current("en")
    before = list(house.started)
    words = await said(rung)
    await ladder.close()

    assert (before, words, house.started) == ([], "large.", ["large"])


async def test_where_none_fits_each_is_named_with_what_it_needs(house: House) -> None:
    house.says(free=GB // 10)

    with pytest.raises(TierError) as error:
        await house.ladder().current("en")

    assert str(error.value).startswith("no model can run: large needs 1.1 GB, 100 MB are free; middle needs")


async def test_what_is_kept_for_others_is_not_free(house: House) -> None:
    house.wishes = replace(house.wishes, reserve=GB)
    house.says(free=2 * GB)

    assert await chosen(house.ladder()) == ("middle", "large needs 1.1 GB, 1.0 GB are free")


async def test_a_model_that_does_not_speak_the_language_is_passed_over(house: House) -> None:
    house.models[2] = house.model("large", 1.0, languages=("en",))
    ladder = house.ladder()

    assert (await chosen(ladder, "en"))[0] == "large"
    assert (await chosen(ladder, "zh"))[0] == "middle"


async def test_where_none_speaks_the_language_the_tier_is_left_to_say_so(house: House) -> None:
    house.models = [house.model("small", 0.1, languages=("en",))]

    assert (await chosen(house.ladder(), "zh"))[0] == "small"


async def test_a_damaged_file_is_a_rung_that_is_not_there(house: House) -> None:
    house.models[2][1].write_bytes(b"<!DOCTYPE html>" + b" " * 100)
    house.models[1][1].unlink()

    name, why = await chosen(house.ladder())

    assert (name, why) == ("small", "middle is not there; fetch it with: edge-assistant models pull middle")


async def test_a_file_whose_header_lies_is_passed_over(house: House) -> None:
    with house.models[2][1].open("r+b") as file:
        file.seek(8)
        file.write(b"\xff" * 8)

    name, why = await chosen(house.ladder())

    assert name == "middle"
    assert "large cannot be loaded: large.gguf has a damaged header" in why


async def test_memory_that_our_own_model_holds_counts_as_free(house: House) -> None:
    ladder = house.ladder()
    await said(await ladder.current("en"))
    house.says(free=GB // 10)
    house.machine.holding = {1: 2 * GB}

    assert (await chosen(ladder))[0] == "large"
    await ladder.close()


async def test_one_model_runs_at_a_time(house: House) -> None:
    ladder = house.ladder()
    large = await ladder.current("en")
    await said(large)
    house.says(free=GB)

    await said(await ladder.current("en"))
    await said(large)  # a draft that speaks later than it was made
    await ladder.close()

    assert house.started == ["large", "middle", "large"]
    assert [worker.pid for worker in house.workers] == [None] * len(house.workers)


async def test_who_is_being_answered_is_waited_for(house: House) -> None:
    ladder = house.ladder()
    rung = await ladder.current("en")
    async with aclosing(rung.model.stream(ASKED, Limits())) as words:
        await anext(words)
        house.says(free=GB)
        following = await ladder.current("en")
        waiting = asyncio.create_task(said(following))
        await asyncio.sleep(0)
        assert house.started == ["large"]

    assert await waiting == "middle."
    await ladder.close()


async def test_a_model_that_dies_twice_is_left_alone_for_a_while(house: House) -> None:
    ladder = house.ladder()
    rung = await ladder.current("en")

    ladder.told(rung, ModelDied("stopped unexpectedly (signal 11)", "crashed"))
    once = await chosen(ladder)
    ladder.told(rung, ModelDied("stopped unexpectedly (signal 11)", "crashed"))
    twice = await chosen(ladder)
    house.now += 700
    later = await chosen(ladder)

    assert once == ("large", "")
    assert twice == ("middle", "large died 2 times")
    assert later == ("large", "")


async def test_a_model_that_was_killed_is_not_tried_twice(house: House) -> None:
    ladder = house.ladder()

    ladder.told(await ladder.current("en"), ModelDied("stopped unexpectedly (killed from outside)", "killed"))
    ladder.told(await ladder.current("en"), ModelDied("stopped unexpectedly (killed from outside)", "killed"))

    assert await chosen(ladder) == ("small", "middle was killed, probably for want of memory")


async def test_other_errors_change_nothing(house: House) -> None:
    ladder = house.ladder()
    rung = await ladder.current("en")

    for _ in range(5):
        ladder.told(rung, TierError("the local model is busy; 16 are waiting"))

    assert await chosen(ladder) == ("large", "")


async def test_the_last_rung_is_never_left_alone(house: House) -> None:
    house.models = house.models[:1]
    ladder = house.ladder()

    for _ in range(3):
        ladder.told(await ladder.current("en"), ModelDied("died", "killed"))

    assert await chosen(ladder) == ("small", "")


async def test_a_model_that_speaks_too_slowly_makes_place(house: House) -> None:
    ladder = house.ladder()
    slow = Spoken(100, 0, 21, "stop", 1.0, 20.0)

    rung = await ladder.current("en")
    ladder.told(rung, slow)
    ladder.told(rung, replace(slow, tokens=3))
    once = await chosen(ladder)
    ladder.told(rung, slow)
    house.now += 61

    assert once == ("large", "")
    assert await chosen(ladder) == ("middle", "large says 1.0 tokens a second, and 2 are wanted")


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ({"stalled": 0.23}, "large waits for memory 23% of the time"),
        ({"celsius": 91.0}, "large makes it too hot, 91 °C"),
        ({"throttled": "its voltage is too low"}, "large is too much for the machine: its voltage is too low"),
    ],
)
async def test_a_machine_in_trouble_gets_a_smaller_model(house: House, trouble: dict[str, object], why: str) -> None:
    ladder = house.ladder()
    await said(await ladder.current("en"))
    house.now += 61
    house.says(**trouble)

    stepped = await chosen(ladder)
    await ladder.close()

    assert stepped == ("middle", why)


async def test_trouble_that_our_model_has_no_part_in_bars_nothing(house: House) -> None:
    house.says(celsius=91.0, stalled=0.5)

    assert await chosen(house.ladder()) == ("large", "")


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ({"battery": 12.0}, "middle is too much for a battery at 12 %"),
        ({"saving": "low-power"}, "middle is too much for the power mode low-power"),
    ],
)
async def test_where_power_is_short_the_smallest_runs(house: House, condition: dict[str, object], why: str) -> None:
    house.says(**condition)

    assert await chosen(house.ladder()) == ("small", why)


async def test_it_changes_once_a_minute_and_goes_up_only_with_room_to_spare(house: House) -> None:
    ladder, names = house.ladder(), []

    for free in (0.4, 8, 8, 0.4, 8, 1.1, 1.3):
        house.says(free=int(free * GB))
        names.append((await chosen(ladder))[0])
        house.now += 40

    # up only after a minute; down at once where it no longer fits; 1.1 GB would just do for the large one
    assert names == ["small", "small", "large", "small", "small", "middle", "middle"]


async def test_a_held_back_step_says_so(house: House) -> None:
    house.says(free=GB)
    ladder = house.ladder()
    await ladder.current("en")
    house.says(free=8 * GB)
    house.now += 20

    assert await chosen(ladder) == ("middle", "large has to wait, the last change was 20 s ago")


async def test_after_heat_a_larger_model_comes_back_once_it_is_cooler_by_some_degrees(house: House) -> None:
    ladder, names = house.ladder(), []
    await said(await ladder.current("en"))

    for degrees in (90.0, 80.0, 76.0, 74.0, 74.0):
        house.now += 310
        house.says(celsius=degrees)
        rung = await ladder.current("en")
        await said(rung)
        names.append(rung.described.name)

    await ladder.close()
    assert names == ["middle", "middle", "middle", "large", "large"]


async def test_what_nobody_asks_is_unloaded_and_comes_back(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ladder = house.ladder()
    await said(await ladder.current("en"))

    house.now += 599
    await ladder.look()
    kept = [worker.pid for worker in house.workers]
    house.now += 2
    await ladder.look()
    gone = [worker.pid for worker in house.workers]
    again = await said(await ladder.current("en"))
    await ladder.close()

    assert (kept, gone, again) == ([1], [None], "large.")
    assert "large is unloaded: it was not asked for 600 s" in caplog.messages


async def test_a_loaded_model_leaves_while_memory_is_short_even_if_nobody_asks(house: House) -> None:
    ladder = house.ladder()
    await said(await ladder.current("en"))
    house.says(stalled=0.4)

    await ladder.look()

    assert [worker.pid for worker in house.workers] == [None]
    await ladder.close()


async def test_every_change_is_logged_with_its_reason(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ladder = house.ladder()

    await ladder.current("en")
    house.says(free=GB)
    await ladder.current("en")

    assert caplog.messages == [
        "large follows nothing",
        "middle follows large: large needs 1.1 GB, 1.0 GB are free",
    ]


async def test_all_models_are_reported_with_what_speaks_against_them(house: House) -> None:
    house.says(free=GB)

    told = [(step.described.name, why) for step, why in house.ladder().against()]

    assert told == [("large", "needs 1.1 GB, 1.0 GB are free"), ("middle", ""), ("small", "")]


async def test_a_question_whose_model_is_killed_is_answered_by_the_next_smaller_one(house: House) -> None:
    house.deadly = {"large", "middle"}
    ladder = house.ladder()

    answer = await Engine([DeviceTier(ladder)]).ask(Query("write a poem"))
    await ladder.close()

    assert (answer.text, answer.complete) == ("small.", True)
    assert house.started == ["large", "middle", "small"]
    assert [line.outcome for line in answer.trace] == ["declined", "declined", "answered"]
    assert "the local model stopped unexpectedly (killed from outside)" in answer.trace[0].reason
    assert "middle was killed, probably for want of memory" in answer.trace[-1].reason


async def test_a_judge_asks_the_model_that_runs(house: House) -> None:
    ladder = house.ladder()

    rung = await ladder.current("en")
    leaning = await rung.model.leaning(ASKED, ("Yes", "No"))  # type: ignore[attr-defined]
    await ladder.close()

    assert (leaning, house.started) == (1.0, ["large"])
