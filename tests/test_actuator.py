from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_assistant.actuator import Actuator, Receipt
from edge_assistant.adapters.memory_home import MemoryHome
from edge_assistant.devices.home import Entity
from edge_assistant.devices.services import SERVICES, Command
from edge_assistant.errors import ActionError, StorageError
from edge_assistant.storage.actions import Actions, Entry
from edge_assistant.storage.database import Database
from edge_assistant.types import Context, Slot
from tests.homes import BrokenHome, Clock, House, sample_home

LAMP = Command("light.turn_on", "light.kitchen")
DOOR = Command("lock.unlock", "lock.front_door")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


async def test_an_action_is_logged_before_and_after(house: House) -> None:
    receipts = await house.actuator.act([LAMP], asked=house.clock.now)

    log = house.actions.latest(10)
    assert [receipt.status for receipt in receipts] == ["done"]
    assert [(entry.phase, entry.status) for entry in log] == [("asked", "asked"), ("ended", "done")]
    assert house.state("light.kitchen") == "on"


async def test_what_is_so_already_is_not_done_again(house: House) -> None:
    await house.actuator.act([LAMP], asked=house.clock.now)

    receipts = await house.actuator.act([LAMP], asked=house.clock.now)

    assert receipts[0].status == "already"
    assert receipts[0].action.status == "already"


@pytest.mark.parametrize(
    ("service", "entity", "slots", "reason"),
    [
        ("light.explode", "light.kitchen", {}, "unsupported"),
        ("light.turn_on", "light.nowhere", {}, "unsupported"),
        ("lock.unlock", "light.kitchen", {}, "unsupported"),
        ("light.turn_on", "light.kitchen", {"topic": "a/b"}, "unsupported"),
        ("light.turn_on", "light.kitchen", {"brightness": 101}, "out_of_range"),
        ("light.turn_on", "light.kitchen", {"brightness": "50\r\n"}, "out_of_range"),
        ("light.turn_on", "light.kitchen", {"brightness": True}, "out_of_range"),
        ("light.turn_on", "light.kitchen", {"color": "red\x00"}, "out_of_range"),
        ("climate.set_temperature", "climate.thermostat", {}, "unsupported"),
        ("climate.set_temperature", "climate.thermostat", {"temperature": float("nan")}, "out_of_range"),
    ],
)
async def test_what_is_not_on_the_list_is_refused(
    tmp_path: Path, service: str, entity: str, slots: dict[str, Slot], reason: str
) -> None:
    backend = BrokenHome(sample_home())
    house = House(tmp_path, backend=backend)

    receipts = await house.actuator.act([Command(service, entity, slots)], asked=house.clock.now, confirmed=True)
    house.close()

    assert (receipts[0].status, receipts[0].reason) == ("refused", reason)
    assert backend.called == []


async def test_a_door_is_not_unlocked_without_a_yes(house: House) -> None:
    receipts = await house.actuator.act([DOOR], asked=house.clock.now)

    assert (receipts[0].status, receipts[0].reason) == ("refused", "confirm")
    assert house.state("lock.front_door") == "locked"
    assert house.actuator.needs_yes([DOOR, LAMP]) == [DOOR]


async def test_a_yes_counts_for_half_a_minute_and_once(house: House) -> None:
    house.actuator.hold(Context(speaker="anna"), [DOOR])

    assert house.actuator.release(Context(speaker="ben")) == ()
    assert house.actuator.release(Context(speaker="anna")) == (DOOR,)
    assert house.actuator.release(Context(speaker="anna")) == ()
    house.actuator.hold(Context(speaker="anna"), [DOOR])
    house.clock.now += 31
    assert house.actuator.release(Context(speaker="anna")) == ()


async def test_a_command_that_comes_too_late_is_not_carried_out(house: House) -> None:
    receipts = await house.actuator.act([LAMP], asked=house.clock.now - 11)

    assert (receipts[0].status, receipts[0].reason) == ("refused", "expired")
    assert house.state("light.kitchen") == "off"


async def test_the_same_request_delivered_twice_happens_once(tmp_path: Path) -> None:
    house = House(tmp_path)
    skip = Command("media_player.media_next_track", "media_player.living_room")
    first = await house.actuator.act([skip], asked=house.clock.now, key="message-1")

    second = await house.actuator.act([skip], asked=house.clock.now, key="message-1")
    other = await house.actuator.act([skip], asked=house.clock.now, key="message-2")
    house.close()

    assert [receipts[0].status for receipts in (first, second, other)] == ["done", "already", "done"]


async def test_the_same_request_while_it_is_carried_out_happens_once(tmp_path: Path) -> None:
    class Slow(BrokenHome):
        async def call(self, command: Command) -> Entity:
            if len(self.called) == 0:
                second.extend(await self.again())
            return await super().call(command)

        async def again(self) -> list[Receipt]:
            self.called.append(LAMP)
            return await house.actuator.act([LAMP], asked=house.clock.now, key="message-1")

    second: list[Receipt] = []
    backend = Slow(sample_home())
    house = House(tmp_path, backend=backend)
    await house.actuator.act([LAMP], asked=house.clock.now, key="message-1")
    house.close()

    assert [receipt.status for receipt in second] == ["failed"]
    assert len(backend.called) == 2


@pytest.mark.parametrize(
    ("phase", "status", "reason", "happens"),
    [
        ("asked", "asked", "1", False),
        ("ended", "doubt", "reported", False),
        ("ended", "failed", "unreachable: no answer", False),
        ("ended", "done", "", False),
        ("ended", "failed", "not_sent: no broker", True),
        ("ended", "refused", "too_fast", True),
    ],
)
async def test_a_request_that_may_have_been_obeyed_is_not_sent_again(
    tmp_path: Path, phase: str, status: str, reason: str, happens: bool
) -> None:
    backend = BrokenHome(sample_home())
    house = House(tmp_path, backend=backend)
    house.actions.add([Entry("message-1:0", phase, LAMP.service, LAMP.entity, {}, status, reason)])

    await house.actuator.act([LAMP], asked=house.clock.now, key="message-1")
    house.close()

    assert (backend.called == [LAMP]) == happens


async def test_a_device_is_not_switched_more_often_than_it_can_bear(house: House) -> None:
    on, off = LAMP, replace(LAMP, service="light.turn_off")
    for command in (on, off) * 5:
        await house.actuator.act([command], asked=house.clock.now)

    refused = await house.actuator.act([on], asked=house.clock.now)
    house.clock.now += 11
    later = await house.actuator.act([on], asked=house.clock.now)

    assert (refused[0].reason, later[0].status) == ("too_fast", "done")


@pytest.mark.parametrize(("silent", "reason"), [(True, "unreachable"), (False, "not_done")])
async def test_a_device_that_does_not_obey_is_never_called_done(tmp_path: Path, silent: bool, reason: str) -> None:
    house = House(tmp_path, backend=BrokenHome(sample_home(), silent))

    receipts = await house.actuator.act([LAMP], asked=house.clock.now)
    log = house.actions.latest(1)
    house.close()

    assert (receipts[0].status, receipts[0].reason) == ("failed", reason)
    assert log[0].status == "failed"


async def test_without_a_log_nothing_is_done(tmp_path: Path) -> None:
    class Full(Actions):
        def add(self, entries: object) -> None:
            raise StorageError("outbox.db: database or disk is full")

    database = Database(tmp_path / "outbox.db")
    backend = BrokenHome(sample_home())
    actuator = Actuator(backend, lambda: Full(database), Clock())

    with pytest.raises(ActionError, match="disk is full"):
        await actuator.act([LAMP], asked=1000.0)

    assert backend.called == []
    database.close()


def test_a_crash_in_the_middle_leaves_the_action_in_doubt(house: House) -> None:
    house.actions.add([Entry("k:0", "asked", "lock.unlock", "lock.front_door", {}, "asked")])
    house.actions.add([Entry("l:0", "asked", "light.turn_on", "light.kitchen", {}, "asked")])
    house.actions.add([Entry("l:0", "ended", "light.turn_on", "light.kitchen", {}, "done")])

    assert [entry.key for entry in house.actions.in_doubt()] == ["k:0"]


async def test_another_process_sees_what_this_one_did(house: House) -> None:
    await house.actuator.act([LAMP], asked=house.clock.now)

    other = Database(house.folder / "assistant.db")
    entity = MemoryHome(sample_home(), lambda: other).home().entity("light.kitchen")
    other.close()

    assert entity is not None
    assert entity.state == "on"


async def test_a_home_without_a_database_remembers_for_itself() -> None:
    home = MemoryHome(sample_home())

    await home.call(LAMP)

    entity = home.home().entity("light.kitchen")
    assert entity is not None
    assert entity.state == "on"
    with pytest.raises(ActionError, match="there is no light"):
        await home.call(replace(LAMP, entity="light.nowhere"))


def test_every_service_belongs_to_one_domain() -> None:
    assert all(name.count(".") == 1 for name in SERVICES)
    assert SERVICES["lock.unlock"].risk == "high"
