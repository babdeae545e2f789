"""Every built-in ability, by the intent that calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random, SystemRandom

from edge_assistant.actuator import Actuator
from edge_assistant.skills import Asked, Skill, Work, numbers, talk
from edge_assistant.skills.alarms import Alarms
from edge_assistant.skills.chance import Chance
from edge_assistant.skills.clock import Clock
from edge_assistant.skills.dates import Dates
from edge_assistant.skills.devices import Devices
from edge_assistant.skills.lists import Lists
from edge_assistant.skills.states import States
from edge_assistant.skills.timers import Timers
from edge_assistant.skills.zones import Zones
from edge_assistant.types import Declined


def skills(
    actuator: Actuator,
    timers: Timers,
    alarms: Alarms,
    lists: Lists,
    now: Callable[[], datetime] = datetime.now,
    random: Random | None = None,
) -> Mapping[str, Skill]:
    """Return the skills of one home, with what it keeps, its clock and its dice."""
    return {
        **talk.SKILLS,
        **numbers.SKILLS,
        **Clock(now).skills,
        **Dates(now).skills,
        **Zones(now).skills,
        **Chance(random or SystemRandom()).skills,
        **timers.skills,
        **alarms.skills,
        "HassIncreaseTimer": _more_time(timers, alarms),
        **lists.skills,
        **States(actuator.home, actuator.look).skills,
        **Devices(actuator).skills,
    }


def _more_time(timers: Timers, alarms: Alarms) -> Skill:
    """Return what "five more minutes" asks for: more time for a timer, or more sleep after the alarm."""

    def skill(asked: Asked) -> Work | Declined:
        return (alarms.snooze if alarms.rang() and not timers.running() else timers.skills["HassIncreaseTimer"])(asked)

    return skill
