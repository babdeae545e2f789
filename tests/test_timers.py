from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from edge_assistant.skills.bell import Ring
from edge_assistant.storage.timers import TimerStore
from edge_assistant.types import Context
from tests.homes import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


async def next_ring(house: House) -> Ring:
    async with aclosing(house.rings()) as rings:
        return await anext(rings)


async def test_a_timer_rings_when_its_time_is_over(house: House) -> None:
    await house.hear("set a pizza timer for 12 minutes")

    ring = await next_ring(house)

    assert ring.sentence == "Ding! Your pizza timer is over."
    assert house.clock.now == pytest.approx(1720, abs=1)
    assert house.store.all() == []


async def test_a_timer_rings_in_the_language_in_which_it_was_set(house: House) -> None:
    await house.hear("设置一个十分钟的计时器", "zh")

    assert (await next_ring(house)).sentence == "叮！10分钟计时器时间到了。"


async def test_a_timer_set_where_nothing_rings_says_so(house: House) -> None:
    alone = await house.hear("set a timer for 5 minutes")
    house.bell.listening = True

    assert alone == "Timer set for 5 minutes. It rings while the chat or the service is running."
    assert await house.hear("set a timer for 5 minutes") == "Timer set for 5 minutes."


async def test_listening_ends_with_the_listener(house: House) -> None:
    await house.hear("set a timer for 1 second")

    async with aclosing(house.rings()) as rings:
        await anext(rings)
        assert house.bell.listening

    assert not house.bell.listening


async def test_a_timer_survives_a_restart_and_rings_late(house: House) -> None:
    await house.hear("set a timer for 5 minutes")
    house.clock.now += 3600

    again = House(house.folder, house.clock)
    ring = await next_ring(again)
    again.close()

    assert ring.late == 3300
    assert ring.sentence == (
        "Your timer for 5 minutes was over 55 minutes ago, while nothing was running that could ring."
    )


async def test_of_two_doors_only_one_rings_a_timer(house: House) -> None:
    timer = house.store.add(1, name=None, area=None, language="en")
    other = TimerStore(house.database, house.clock)

    assert [house.store.remove(timer), other.remove(timer)] == [True, False]


async def test_timers_are_changed_by_name_by_time_and_by_being_the_only_one(house: House) -> None:
    await house.hear("set a timer for 5 minutes")
    assert await house.hear("add 5 minutes to the timer") == "Now 10 minutes left on the timer for 5 minutes."
    assert await house.hear("pause the timer") == "Paused the timer for 5 minutes with 10 minutes left."
    house.clock.now += 600
    assert await house.hear("how much time is left") == "Timer for 5 minutes: 10 minutes left, paused."
    assert await house.hear("resume the timer") == "The timer for 5 minutes goes on: 10 minutes left."
    await house.hear("set a 12 minute pizza timer")
    assert await house.hear("take 2 minutes off the pizza timer") == "Now 10 minutes left on the pizza timer."
    assert (await house.hear("cancel the timer")).startswith("Which one? ")
    assert await house.hear("cancel the 5 minute timer") == "Cancelled the timer for 5 minutes."
    assert await house.hear("cancel the soup timer") == "There is no such timer."
    assert await house.hear("cancel all timers") == "Cancelled the timer."
    assert await house.hear("取消所有计时器", "zh") == "没有设置计时器。"


async def test_taking_away_more_than_is_left_ends_a_timer(house: House) -> None:
    await house.hear("设置五分钟的计时器", "zh")

    said = await house.hear("给计时器减十分钟", "zh")

    assert said == "减完就没有了：5分钟计时器结束了。"
    assert house.store.due() != []


async def test_a_paused_timer_does_not_ring(house: House) -> None:
    await house.hear("set a timer for 5 minutes")
    await house.hear("pause the timer")
    house.clock.now += 3600

    assert house.store.due() == []


async def test_timers_of_a_room_are_found_by_the_room(house: House) -> None:
    await house.hear("set a timer for 5 minutes", context=Context(area="Kitchen"))
    await house.hear("set a timer for 6 minutes", context=Context(area="Bedroom"))

    assert await house.hear("cancel the kitchen timer") == "Cancelled the timer for 5 minutes."


async def test_there_are_not_endlessly_many_timers_nor_endless_ones(house: House) -> None:
    for number in range(50):
        house.store.add(number + 1, name=None, area=None, language="en")

    assert await house.hear("set a timer for 5 minutes") == "There are already 50 timers; cancel one first."
    await house.hear("cancel all timers")
    for _ in range(8):
        house.store.add(30 * 86_400, name="long", area=None, language="en")
    assert await house.hear("add 5 minutes to the long timer") == "A timer runs for 30 days at most."
