"""Every built-in ability, by the intent that calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from edge_assistant.actuator import Actuator
from edge_assistant.skills import Skill, numbers, talk
from edge_assistant.skills.clock import Clock
from edge_assistant.skills.devices import Devices
from edge_assistant.skills.states import States
from edge_assistant.skills.timers import Timers


def skills(actuator: Actuator, timers: Timers, now: Callable[[], datetime] = datetime.now) -> Mapping[str, Skill]:
    """Return the skills of one home, with its timers and its clock."""
    return {
        **talk.SKILLS,
        **numbers.SKILLS,
        **Clock(now).skills,
        **timers.skills,
        **States(actuator.home, actuator.look).skills,
        **Devices(actuator).skills,
    }
