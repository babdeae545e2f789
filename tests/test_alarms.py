from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge_assistant.skills.bell import Ring
from tests.homes import Clock, House

BERLIN = ZoneInfo("Europe/Berlin")


def at(*moment: int) -> Clock:
    return Clock(datetime(*moment, tzinfo=BERLIN).timestamp())  # type: ignore[arg-type,misc]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house in Berlin on Thursday, March 5, 2026, at five past noon."""
    house = House(tmp_path, at(2026, 3, 5, 12, 5), zone=BERLIN)
    house.bell.listening = True
    yield house
    house.close()


async def next_ring(house: House) -> Ring:
    async with aclosing(house.rings()) as rings:
        return await anext(rings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wake me at 7", "Alarm set for 7:00 AM tomorrow."),
        ("set an alarm for 3", "Alarm set for 3:00 PM today."),
        ("set an alarm for half past six tomorrow", "Alarm set for 6:30 AM tomorrow."),
        ("wake me up every weekday at 6:45", "Alarm set for 6:45 AM on weekdays."),
        ("wake me on monday and friday at 8", "declined: no rule matches"),
        ("wake me every monday and friday at 8", "Alarm set for 8:00 AM every Monday and Friday."),
        ("set an alarm for today at 6 am", "That time is over already."),
        ("set an alarm", "For what time? Say for example: “wake me at 7”."),
        ("每天早上七点叫我", "好的，闹钟定在每天7点整。"),
        ("定一个明天下午三点一刻的闹钟", "好的，闹钟定在明天15点15分。"),
        ("remind me to take out the trash at 6 pm", "I will remind you today at 6:00 PM: take out the trash."),
        ("in 20 minutes, remind me to turn off the stove", "I will remind you today at 12:25 PM: turn off the stove."),
        (
            "remind me tomorrow to call Anna, Bob and Carl",
            "I will remind you tomorrow at 9:00 AM: call Anna, Bob and Carl.",
        ),
        ("remind me to call one friend at 3", "I will remind you today at 3:00 PM: call one friend."),
        ("remind me to buy milk", "When? Say for example: “remind me at 6 pm to buy milk”."),
        ("明天下午三点提醒我开会", "好的，明天15点整提醒您：开会。"),
    ],
)
async def test_what_is_set_is_said_with_its_time(house: House, text: str, said: str) -> None:
    language = "en" if text.isascii() else "zh"

    assert await house.hear(text, language) == said


async def test_an_alarm_set_where_nothing_rings_says_so(house: House) -> None:
    house.bell.listening = False

    said = await house.hear("wake me at 7")

    assert said == "Alarm set for 7:00 AM tomorrow. It rings while the chat or the service is running."


async def test_an_alarm_rings_at_its_time_and_is_gone(house: House) -> None:
    await house.hear("set an alarm for 12:06")

    ring = await next_ring(house)

    assert ring.sentence == "Ding! It is 12:06 PM: your alarm."
    assert ring.late < 1
    assert await house.hear("what alarms do I have") == "No alarm is set."


async def test_a_reminder_rings_with_its_text_in_its_language(house: House) -> None:
    await house.hear("20分钟后提醒我关火", "zh")

    ring = await next_ring(house)

    assert ring.sentence == "叮！提醒您：关火。"
    assert house.clock.now == pytest.approx(at(2026, 3, 5, 12, 25).now, abs=1)


async def test_a_missed_alarm_is_told_after_a_restart_with_how_late_it_is(house: House) -> None:
    await house.hear("wake me at 7")
    house.clock.now = at(2026, 3, 6, 7, 55).now

    again = House(house.folder, house.clock, zone=BERLIN)
    ring = await next_ring(again)
    again.close()

    assert ring.sentence == (
        "Your alarm for 7:00 AM was due 55 minutes ago, while nothing was running that could ring."
    )


async def test_a_daily_alarm_rings_every_day_and_of_those_missed_only_the_last(house: House) -> None:
    await house.hear("wake me every day at 7")
    house.clock.now = at(2026, 3, 9, 7, 10).now

    first, second = await next_ring(house), await next_ring(house)

    assert first.late == pytest.approx(600, abs=1)
    assert second.sentence == "Ding! It is 7:00 AM: your alarm."
    assert house.clock.now == pytest.approx(at(2026, 3, 10, 7, 0).now, abs=1)


async def test_an_alarm_stays_at_its_time_of_day_when_summer_time_begins(tmp_path: Path) -> None:
    house = House(tmp_path, at(2026, 3, 28, 20, 0), zone=BERLIN)  # the clocks go forward in this night
    await house.hear("wake me at 7")
    await house.hear("remind me to drink in 8 hours")

    drink, wake = await next_ring(house), await next_ring(house)
    house.close()

    assert drink.sentence == "Ding! You wanted to be reminded: drink."
    assert wake.sentence == "Ding! It is 7:00 AM: your alarm."
    assert house.clock.now == pytest.approx(at(2026, 3, 29, 7, 0).now, abs=1)


async def test_an_alarm_in_the_hour_that_summer_time_skips_rings_right_after_it(tmp_path: Path) -> None:
    house = House(tmp_path, at(2026, 3, 29, 1, 50), zone=BERLIN)
    await house.hear("set an alarm for 2:30 am")

    ring = await next_ring(house)
    house.close()

    assert ring.late == 0
    assert house.clock.now == pytest.approx(at(2026, 3, 29, 3, 0).now, abs=1)


async def test_an_alarm_in_the_hour_that_comes_twice_rings_once(tmp_path: Path) -> None:
    house = House(tmp_path, at(2026, 10, 25, 1, 50), zone=BERLIN)
    await house.hear("wake me every day at 2:30 am")

    await next_ring(house)
    left = house.alarm_store.all("alarm")
    house.close()

    assert [alarm.at for alarm in left] == [datetime(2026, 10, 26, 2, 30)]


async def test_of_two_doors_only_one_rings_an_alarm(house: House) -> None:
    await house.hear("wake me every day at 12:06 pm")
    house.clock.now += 120
    (alarm,) = house.alarm_store.due()

    assert [house.alarm_store.rung(alarm), house.alarm_store.rung(alarm)] == [True, False]


async def test_alarms_are_cancelled_by_their_time_or_by_being_the_only_one(house: House) -> None:
    await house.hear("wake me at 7")
    await house.hear("set an alarm for 8:30 am")

    assert await house.hear("cancel my alarm") == "Which one? alarm at 7:00 AM tomorrow and alarm at 8:30 AM tomorrow."
    assert await house.hear("cancel the 9 am alarm") == "I find no such one."
    assert await house.hear("cancel the 8:30 alarm") == "Cancelled the alarm at 8:30 AM tomorrow."
    assert await house.hear("取消早上七点的闹钟", "zh") == "已取消明天7点整的闹钟。"
    assert await house.hear("cancel all my alarms") == "No alarm is set."


async def test_reminders_are_listed_and_cancelled_by_their_text(house: House) -> None:
    await house.hear("remind me to feed the cat at 5 pm")
    await house.hear("remind me every monday at 9 am to water the plants")

    assert await house.hear("list my reminders") == (
        "Reminder today at 5:00 PM: feed the cat and reminder every Monday at 9:00 AM: water the plants."
    )
    assert (
        await house.hear("cancel the reminder to feed the cat")
        == "Cancelled the reminder today at 5:00 PM: feed the cat."
    )
    assert await house.hear("cancel all my reminders") == "Cancelled the reminder."


async def test_there_are_not_endlessly_many_alarms(house: House) -> None:
    for minute in range(100):
        house.alarm_store.add(
            "alarm", datetime(2026, 3, 6, 7 + minute // 60, minute % 60), text="", days=frozenset(), language="en"
        )

    assert await house.hear("wake me at 6") == "There are already 100 of them; cancel one first."


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ("wake me at 7", "move my 7 o'clock alarm to half past seven", "The alarm is now set for 7:30 AM tomorrow."),
        ("wake me at 7", "change my alarm to 8", "The alarm is now set for 8:00 AM tomorrow."),
        ("set an alarm for 7 pm", "change my alarm to 8", "The alarm is now set for 8:00 PM today."),
        ("wake me at 7", "push my alarm back by half an hour", "The alarm is now set for 7:30 AM tomorrow."),
        ("wake me at 7", "move my alarm an hour earlier", "The alarm is now set for 6:00 AM tomorrow."),
        ("wake me at 7", "move my alarm to saturday", "The alarm is now set for 7:00 AM on Saturday, March 7."),
        ("wake me every weekday at 6", "change my alarm to 6:15", "The alarm is now set for 6:15 AM on weekdays."),
        ("wake me at 7", "move my 5 o'clock alarm to 6", "I find no such one."),
        ("what time is it", "move my alarm to 6", "No alarm is set."),
        ("set an alarm for 12:10", "move my alarm 10 minutes earlier", "That time is over already."),
        (
            "remind me at 6 pm to call mom",
            "move the reminder to call mom to 7",
            "I will remind you today at 7:00 PM: call mom.",
        ),
        ("早上七点叫我起床", "把七点的闹钟改到七点半", "好的，闹钟改到明天7点30分。"),
        ("早上七点叫我起床", "闹钟改成八点", "好的，闹钟改到明天8点整。"),
        ("早上七点叫我起床", "闹钟推迟半小时", "好的，闹钟改到明天7点30分。"),
        ("早上七点叫我起床", "把闹钟提前一小时", "好的，闹钟改到明天6点整。"),
        ("下午三点提醒我开会", "把开会的提醒改到四点", "好的，改到今天16点整提醒您：开会。"),
    ],
)
async def test_what_is_set_can_be_moved(house: House, first: str, then: str, said: str) -> None:
    await house.hear(first, "en" if first.isascii() else "zh")

    assert await house.hear(then, "en" if then.isascii() else "zh") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("snooze", "All right, the alarm rings again in 10 minutes, at 12:15 PM."),
        ("snooze for 5 minutes", "All right, the alarm rings again in 5 minutes, at 12:10 PM."),
        ("let me sleep for another 20 minutes", "All right, the alarm rings again in 20 minutes, at 12:25 PM."),
        ("再睡十分钟", "好的，10分钟后（12点15分）闹钟再响。"),
        ("贪睡", "好的，10分钟后（12点15分）闹钟再响。"),
        ("五分钟后再叫我", "好的，5分钟后（12点10分）闹钟再响。"),
    ],
)
async def test_who_wants_to_sleep_on_is_woken_again(house: House, text: str, said: str) -> None:
    assert await house.hear(text, "en" if text.isascii() else "zh") == said


async def test_five_more_minutes_after_an_alarm_are_more_sleep(house: House) -> None:
    await house.hear("set an alarm for 12:06")
    await next_ring(house)
    house.bell.listening = True

    assert await house.hear("five more minutes") == "All right, the alarm rings again in 5 minutes, at 12:11 PM."


async def test_a_reminder_that_rang_comes_again_with_its_text(house: House) -> None:
    await house.hear("remind me in 1 minute to take out the trash")
    await next_ring(house)
    house.bell.listening = True

    assert await house.hear("snooze") == "All right, I will remind you again in 10 minutes: take out the trash."


async def test_five_more_minutes_with_a_timer_are_for_the_timer(house: House) -> None:
    await house.hear("set a timer for 10 minutes")

    assert await house.hear("five more minutes") == "Now 15 minutes left on the timer for 10 minutes."
