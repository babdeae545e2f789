"""What is said after something else: answers to our questions, "the other one"; and what is put off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timezone
from pathlib import Path

import pytest

from edge_assistant.languages import detect
from edge_assistant.types import Context, Declined, Message, Query
from tests.homes import NOON, Clock, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, Clock(NOON.replace(tzinfo=timezone.utc).timestamp()))
    house.bell.listening = True
    yield house
    house.close()


async def talk(house: House, *turns: str, area: str | None = None) -> str:
    """Say one thing after the other, each with the conversation so far, and return the last answer."""
    history: list[Message] = []
    for text in turns:
        context = Context(area=area, conversation="one")
        verdict = await house.tier.consider(Query(text, detect(text), tuple(history), context=context))
        if isinstance(verdict, Declined):
            said = f"declined: {verdict.reason}"
        else:
            said = "".join([word async for word in verdict.words if isinstance(word, str)])
        history += [Message("user", text), Message("assistant", said)]
    return history[-1].text


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        (["set an alarm", "7 am"], "Alarm set for 7:00 AM tomorrow."),
        (["set an alarm", "at half past six tomorrow, please"], "Alarm set for 6:30 AM tomorrow."),
        (["wake me up", "7"], "Alarm set for 7:00 AM tomorrow."),
        (["set a timer", "10 minutes"], "Timer set for 10 minutes."),
        (["start a timer", "for an hour"], "Timer set for 1 hour."),
        (["remind me to water the plants", "at 6 pm"], "I will remind you today at 6:00 PM: water the plants."),
        (["set a reminder", "to call mom at 5 pm"], "I will remind you today at 5:00 PM: call mom."),
        (["turn on the lights", "the bedroom"], "Turned on the bedroom light and the bedside lamp."),
        (["turn on the lights", "the desk lamp"], "Turned on the desk lamp."),
        (["turn on the lights", "in the kitchen please"], "Turned on the kitchen light and the counter light."),
        (["close the blinds", "living room"], "Closed the living room curtains."),
        (["open the door", "the garage door"], "Open the garage door? Say yes to confirm."),
        (["open the door", "the second one"], "Unlock the front door? Say yes to confirm."),
        (
            ["set a timer for 5 minutes", "set a pasta timer for 9 minutes", "cancel the timer", "the pasta one"],
            "Cancelled the pasta timer.",
        ),
        (
            ["wake me at 7", "wake me at 8", "cancel my alarm", "the 8 o'clock one"],
            "Cancelled the alarm at 8:00 AM tomorrow.",
        ),
        (
            ["wake me at 7", "wake me at 8", "cancel my alarm", "the first one"],
            "Cancelled the alarm at 7:00 AM tomorrow.",
        ),
        (["设个闹钟", "早上七点"], "好的，闹钟定在明天7点整。"),
        (["设个闹钟", "明天早上六点半吧"], "好的，闹钟定在明天6点30分。"),
        (["定个计时器", "十分钟"], "好的，计时10分钟。"),
        (["提醒我浇花", "下午六点"], "好的，今天18点整提醒您：浇花。"),
        (["开灯", "卧室"], "已打开卧室灯和床头灯。"),
        (["开灯", "书房的"], "已打开台灯。"),
        (["打开门", "车库门"], "要打开车库门吗？请说“是”来确认。"),
        (["早上七点叫我", "早上八点叫我", "取消闹钟", "八点的"], "已取消明天8点整的闹钟。"),
        (["早上七点叫我", "早上八点叫我", "取消闹钟", "第一个"], "已取消明天7点整的闹钟。"),
    ],
)
async def test_an_answer_completes_what_was_asked(house: House, turns: list[str], said: str) -> None:
    assert await talk(house, *turns) == said


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        (["turn on the lights", "bedroom", "and the office too"], "Turned on the desk lamp."),
        (["turn on the kitchen light", "no, the other one"], "Turned on the counter light."),
        (["turn on the kitchen light", "no, the bedroom light"], "Turned on the bedroom light."),
        (["turn on the kitchen light", "I meant the office"], "Turned on the desk lamp."),
        (["turn on the kitchen light", "make it brighter"], "Set the kitchen light to 100%."),
        (["make the living room light darker", "a bit more"], "Set the living room light to 40%."),
        (["turn off the tv", "and the living room light"], "Turned off the living room light."),
        (["wake me at quarter to seven", "make that seven"], "The alarm is now set for 7:00 AM tomorrow."),
        (["remind me at 6 pm to call mom", "no, make it 7 pm"], "I will remind you today at 7:00 PM: call mom."),
        (["早上六点三刻叫我", "改成七点"], "好的，闹钟改到明天7点整。"),
        (["turn on the lights", "the bedroom", "turn them off"], "Turned off the bedroom light and the bedside lamp."),
        (["open the garage door", "yes", "close it"], "Close the garage door? Say yes to confirm."),
        (["set the thermostat to 20", "make it 22"], "Set the thermostat to 22 degrees."),
        (["set a timer for 5 minutes", "cancel it"], "Cancelled the timer for 5 minutes."),
        (["set a timer for 5 minutes", "add two minutes", "cancel that"], "Cancelled the timer for 5 minutes."),
        (["set an alarm", "7 am", "no, cancel that please"], "Cancelled the alarm at 7:00 AM tomorrow."),
        (["设个闹钟", "早上七点", "取消"], "已取消明天7点整的闹钟。"),
        (["which lights are on", "turn them off"], "Turned off all the lights."),
        (["哪些灯开着", "把它们关掉"], "已关闭所有的灯。"),
        (["电视开着吗", "关了吧"], "已关闭电视。"),
        (["打开厨房灯", "卧室呢", "关掉"], "已关闭卧室灯。"),
        (["what's the temperature", "set it to 22"], "Set the thermostat to 22 degrees."),
        (["把温控器调到20度", "改成22度"], "已把空调设为22度。"),
        (["开灯", "卧室", "把它关掉"], "已关闭卧室灯和床头灯。"),
        (["定个十分钟的计时器", "取消它"], "已取消10分钟计时器。"),
        (["turn on the kitchen light", "even darker"], "Set the kitchen light to 80%."),
        (["打开厨房灯", "调暗"], "已把厨房灯调到80%。"),
        (["客厅的灯亮一点", "再亮一点"], "已把落地灯调到40%。"),
        (["开灯", "卧室", "书房也是"], "已打开台灯。"),
        (["打开厨房灯", "不是，另一个"], "已打开台面灯。"),
        (["打开厨房灯", "卧室也打开"], "已打开卧室灯。"),
        (["打开厨房灯", "不对，是卧室"], "已打开卧室灯。"),
        (["客厅的灯暗一点", "再暗一点"], "已把客厅灯调到40%。"),
    ],
)
async def test_a_turn_takes_what_it_leaves_unsaid_from_the_one_before(
    house: House, turns: list[str], said: str
) -> None:
    assert await talk(house, *turns) == said


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        (["定个五分钟的计时器", "定个十分钟的计时器", "再加一分钟", "打开厨房灯"], "已打开厨房灯。"),
        (["set an alarm", "turn on the kitchen light"], "Turned on the kitchen light."),
        (["set the kitchen light to 60", "and the tv"], "The TV is playing."),
        (["turn on the lights", "turn on the desk lamp"], "Turned on the desk lamp."),
        (
            [
                "set a timer for 5 minutes",
                "set a pasta timer for 9 minutes",
                "cancel the timer",
                "turn on the desk lamp",
            ],
            "Turned on the desk lamp.",
        ),
        (
            ["wake me at 7", "wake me at 8", "cancel my alarm", "the 8 o'clock alarm"],
            "Cancelled the alarm at 8:00 AM tomorrow.",
        ),
        (["早上七点叫我", "早上八点叫我", "取消闹钟", "八点的闹钟"], "已取消明天8点整的闹钟。"),
    ],
)
async def test_who_says_something_else_has_not_answered(house: House, turns: list[str], said: str) -> None:
    assert await talk(house, *turns) == said


@pytest.mark.parametrize(
    "turns", [["turn on the kitchen light", "cancel that"], ["wake me at 7", "set an alarm", "cancel"]]
)
async def test_what_is_not_undone_is_said_to_stay(house: House, turns: list[str]) -> None:
    assert (await talk(house, *turns)).startswith("What is done stays as it is.")


async def test_the_bedroom_too_after_the_room_of_the_speaker(house: House) -> None:
    said = await talk(house, "turn on the lights", "and the bedroom too", area="kitchen")

    assert said == "Turned on the bedroom light and the bedside lamp."


@pytest.mark.parametrize(
    "turns",
    [
        ["set an alarm", "the bedroom"],
        ["turn on the lights", "7 am"],
        ["what time is it", "the bedroom"],
        ["what time is it", "7 am"],
        ["turn on the lights", "the bedroom?"],
        ["turn on the bedroom light", "no, the other one", "no, the other one of the neighbours"],
        ["打开厨房灯", "卧室也关掉"],
        ["what time is it", "set it to 22"],
        ["现在几点", "卧室"],
        ["现在几点", "关了吧"],
        ["which lights are on upstairs", "turn them off"],
    ],
)
async def test_what_answers_nothing_does_nothing(house: House, turns: list[str]) -> None:
    assert (await talk(house, *turns)).startswith("declined")


@pytest.mark.parametrize(
    "text",
    [
        "turn off the lights in ten minutes",
        "十分钟后关灯",
        "turn off the kitchen light in 10 minutes",
        "in half an hour turn on the heater",
        "turn on the kitchen light at 7 pm",
        "at 7 turn on the kitchen light",
        "please lock the front door tonight at 10",
        "unlock the front door in 10 minutes",
        "十分钟后关厨房灯",
        "半小时后打开暖风机",
        "晚上七点打开厨房灯",
        "明天早上七点把卧室百叶窗打开",
    ],
)
async def test_what_shall_be_done_later_is_not_done_but_a_reminder_is_offered(house: House, text: str) -> None:
    before = house.actuator.home()

    said = await house.hear(text, detect(text))

    offers = (
        "I cannot do things at a later time, so I did nothing. Shall I remind you of it?",
        "我不能定时去做，所以什么都没做。要不要我到时候提醒您？",
    )
    assert said in offers
    assert house.actuator.home() == before


@pytest.mark.parametrize(
    ("turns", "said"),
    [
        (
            ["turn off the kitchen light in 10 minutes", "yes please"],
            "I will remind you today at 12:15 PM: turn off the kitchen light.",
        ),
        (["十分钟后关厨房灯", "好"], "好的，今天12点15分提醒您：关厨房灯。"),
        (["turn off the kitchen light in 10 minutes", "no"], "All right; nothing was waiting for an answer."),
    ],
)
async def test_the_offered_reminder_is_set_after_a_yes(house: House, turns: list[str], said: str) -> None:
    answer = await talk(house, *turns)

    assert answer == said or answer.startswith("declined: intent No")


@pytest.mark.parametrize("text", ["turn on the kitchen light for 5 minutes", "打开厨房灯五分钟"])
async def test_what_shall_last_a_while_is_not_begun(house: House, text: str) -> None:
    said = await house.hear(text, detect(text))

    assert "did nothing" in said or "什么都没做" in said
    assert house.state("light.kitchen") == "off"


@pytest.mark.parametrize(
    "text",
    [
        "don't turn on the kitchen light in 10 minutes",
        "did you turn off the kitchen light in 10 minutes?",
        "the sun turns off in 5 billion years",
        "十分钟后别关厨房灯",
        "dim the kitchen light by 10",
    ],
)
async def test_what_is_no_order_for_later_gets_no_offer(house: House, text: str) -> None:
    said = await house.hear(text, detect(text))

    assert "remind" not in said
    assert "提醒" not in said


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("turn on the bedroom light and fan", {"light.bedroom": "on", "fan.bedroom": "on"}),
        ("turn the bedroom light and the desk lamp on", {"light.bedroom": "on", "light.office": "on"}),
        ("turn on the kitchen light, the desk lamp and the bedroom fan", {"light.kitchen": "on", "fan.bedroom": "on"}),
        ("打开客厅的灯和卧室的风扇", {"light.floor_lamp": "on", "fan.bedroom": "on"}),
        ("打开卧室的灯和风扇", {"light.bedroom": "on", "fan.bedroom": "on"}),
        ("把客厅的灯和电视关掉", {"light.living_room": "off", "media_player.living_room": "off"}),
    ],
)
async def test_one_verb_reaches_several_things(house: House, text: str, done: dict[str, str]) -> None:
    await house.hear(text, detect(text))

    assert {entity: house.state(entity) for entity in done} == done


@pytest.mark.parametrize(
    "text",
    [
        "turn on kitchen light turn off living room light",
        "turn the kitchen light on switch the living room light off please",
        "打开厨房灯关闭客厅灯",
        "先开厨房灯再关客厅灯",
        "先把厨房灯打开再把客厅灯关掉",
        "打开厨房灯把客厅灯关了",
    ],
)
async def test_commands_without_a_word_between_are_told_apart(house: House, text: str) -> None:
    await house.hear(text, detect(text))

    assert (house.state("light.kitchen"), house.state("light.living_room")) == ("on", "off")


async def test_of_several_things_one_that_is_unknown_stops_all(house: House) -> None:
    said = await house.hear("turn on the kitchen light and the sauna")

    assert said.startswith("declined")
    assert house.state("light.kitchen") == "off"
