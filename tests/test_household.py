"""Lists, dates, places and chance, asked as one asks them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from edge_assistant.skills import Asked
from edge_assistant.skills.chance import Chance
from edge_assistant.skills.cities import _places
from edge_assistant.skills.list_words import dice, is_choice, is_list_item, is_list_name
from edge_assistant.skills.zones import Zones
from edge_assistant.types import Query
from tests.homes import House, books, sample_home


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


async def test_a_list_is_filled_read_done_and_cleared_only_after_a_yes(house: House) -> None:
    assert await house.hear("add milk, eggs and bread to my shopping list") == (
        "Added milk, eggs and bread to the shopping list."
    )
    assert await house.hear("add milk to the grocery list") == "Already on the shopping list: milk."
    assert await house.hear("check off milk on my shopping list") == "Done on the shopping list: milk."
    assert await house.hear("what's on my shopping list?") == "There are 2 things on the shopping list: eggs and bread."
    assert await house.hear("remove eggs from the shopping list") == "Removed eggs from the shopping list."
    assert await house.hear("remove caviar from the shopping list") == "Not on the shopping list: caviar."
    assert (await house.hear("clear the shopping list")).endswith(
        "To delete them, say: “yes, clear the shopping list”."
    )
    assert await house.hear("what's on my shopping list") == "There is one thing on the shopping list: bread."
    assert await house.hear("yes, clear the shopping list") == "Cleared the shopping list."
    assert await house.hear("what's on my shopping list") == "There is nothing on the shopping list."


async def test_both_languages_share_the_shopping_list(house: House) -> None:
    await house.hear("把牛奶、鸡蛋和面包加到购物清单", "zh")
    await house.hear("add mac and cheese to the shopping list")

    assert await house.hear("购物清单上有什么", "zh") == "购物清单上有4样：牛奶、鸡蛋、面包和mac and cheese。"
    assert (await house.hear("清空购物清单", "zh")).endswith("要清空请说：“是的，清空购物清单”。")
    assert await house.hear("是的，清空购物清单", "zh") == "已清空购物清单。"


async def test_lists_of_any_name_survive_a_restart(house: House) -> None:
    await house.hear("add call the bank to my to-do list")
    await house.hear("add two nails to my hardware list")

    again = House(house.folder)
    lists, hardware = await again.hear("what lists do I have"), await again.hear("what's on my hardware list")
    again.close()

    assert lists == "You have these lists: hardware list and to-do list."
    assert hardware == "There is one thing on the hardware list: two nails."


@pytest.mark.parametrize(
    "said", ["turn on the kitchen light", "what you said", "that", "this song", "打开厨房的灯", "这个"]
)
def test_commands_and_questions_are_no_items(said: str) -> None:
    assert not is_list_item(said, "en" if said.isascii() else "zh")


def test_lists_have_short_names() -> None:
    assert is_list_name("hardware", "en")
    assert is_list_name("装修", "zh")
    assert not is_list_name("the mailing", "en")
    assert not is_list_name("我的播放", "zh")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what day is it tomorrow", "Tomorrow is Friday, March 6."),
        ("what weekday is 1 May 2027", "That is Saturday, May 1, 2027."),
        ("what date is in three weeks", "That is Thursday, March 26, 2026."),
        ("what day was yesterday", "That was Wednesday, March 4, 2026."),
        ("how many days until christmas", "295 days until Friday, December 25, 2026."),
        ("how many days until tomorrow", "One day until Friday, March 6, 2026."),
        ("how many weeks until christmas", "295 days until Friday, December 25, 2026: a little more than 42 weeks."),
        ("how many days since 1 January 2026", "That was 63 days ago, on Thursday, January 1, 2026."),
        ("how many days are between 1 May and 3 May", "2 days, from Friday, May 1, 2026 to Sunday, May 3, 2026."),
        ("when is easter", "That is Sunday, April 5, 2026."),
        ("what week is it", "It is week 10."),
        ("is 2028 a leap year", "Yes, 2028 is a leap year."),
        ("is next year a leap year", "No, 2027 is not a leap year."),
        ("when is the next leap year", "The next leap year is 2028."),
        ("后天星期几", "是2026年3月7日，星期六。"),
        ("离圣诞节还有多少天", "离2026年12月25日，星期五还有295天。"),
        ("离春节还有几天", "这个节日按农历或节气算，我这里没有农历，所以不知道它的日期。"),
        ("今年是闰年吗", "不是，2026年不是闰年。"),
    ],
)
async def test_dates_are_worked_out(house: House, text: str, said: str) -> None:
    assert await house.hear(text, "en" if text.isascii() else "zh") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what time is it in Tokyo", "In Tokyo it is 9:05 PM."),
        ("what time is it in new york?", "In New York it is 7:05 AM."),
        ("what time is it in Honolulu", "In Honolulu it is 2:05 AM."),
        ("what time is it in Auckland", "In Auckland it is 1:05 AM, tomorrow already."),
        ("北京现在几点", "北京现在是20点05分。"),
        ("what is the time difference between Delhi and London", "Delhi is 5.5 hours ahead of London."),
        ("东京和伦敦的时差是多少", "东京比伦敦早9小时。"),
        ("what is the time difference to Berlin", "Berlin is 1 hour ahead of here."),
    ],
)
async def test_other_places_have_other_times(house: House, text: str, said: str) -> None:
    assert await house.hear(text, "en" if text.isascii() else "zh") == said


def test_every_place_has_a_zone_in_both_languages() -> None:
    places = _places()

    assert all(ZoneInfo(zone) for _, zone in places.values())
    assert len({zone for _, zone in places.values()}) > 120
    assert {zone for name, (_, zone) in places.items() if name.isascii()} == {zone for _, zone in places.values()}
    assert {zone for name, (_, zone) in places.items() if not name.isascii()} == {zone for _, zone in places.values()}


def test_a_clock_elsewhere_knows_summer_time() -> None:
    zones = Zones(lambda: datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("UTC")))
    match = books()("en").match("what time is it in london", sample_home())

    assert match is not None
    work = zones.skills["TimeIn"](Asked(match, Query("what time is it in london"), books()("en")))
    assert callable(work)


async def test_chance_comes_from_the_source_that_is_handed_in(house: House) -> None:
    first = [
        await house.hear(text) for text in ("flip a coin", "roll 2d6", "pick one of red, green or blue", "yes or no")
    ]
    again = House(house.folder)
    second = [
        await again.hear(text) for text in ("flip a coin", "roll 2d6", "pick one of red, green or blue", "yes or no")
    ]
    again.close()

    assert first == second
    assert first[2] in ("Red.", "Green.", "Blue.")


async def test_a_shuffle_keeps_everything(house: House) -> None:
    said = await house.hear("shuffle the names Anna, Bob and Carl")

    assert sorted(said.rstrip(".").replace(" and ", ", ").split(", ")) == ["Anna", "Bob", "Carl"]


async def test_a_number_stays_in_its_range(house: House) -> None:
    said = {await house.hear("给我一个1到3之间的随机数", "zh") for _ in range(50)}

    assert said == {"1。", "2。", "3。"}


def test_dice_have_sides_and_choices_have_parts() -> None:
    assert dice("2d6") == (2, 6)
    assert dice("d20") == (1, 20)
    assert dice("0d6") is None
    assert dice("2d1") is None
    assert is_choice("tea or coffee", "en")
    assert not is_choice("tea", "en")
    assert Chance(Random(1)).skills.keys() == {"FlipCoin", "RollDice", "RandomNumber", "PickOne", "Shuffle", "YesOrNo"}
