"""What a free phrasing can ask for: the intent it becomes, on which devices, and what it must name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge_assistant.types import Slot

_SWITCHED: Final = (
    "light",
    "switch",
    "fan",
    "media_player",
    "climate",
    "input_boolean",
    "humidifier",
    "scene",
    "script",
    "siren",
    "water_heater",
    "remote",
)


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of request."""

    intent: str
    domains: tuple[str, ...] = ()
    """What it can be asked of; empty where it is about no device."""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    """What is always part of its meaning."""
    value: str = ""
    """The kind of value that it must name: a colour, a percentage."""
    open: str = ""
    """What is always asked back, because the request does not say it: `which_color`."""
    whole: bool = False
    """It means something without a device: the vacuum of the house, what plays."""


ACTS: Final[Mapping[str, Act]] = {
    "turn_on": Act("HassTurnOn", _SWITCHED),
    "turn_off": Act("HassTurnOff", _SWITCHED),
    "toggle": Act("HassToggle", ("light", "switch", "fan", "input_boolean", "cover", "media_player")),
    "open": Act("HassTurnOn", ("cover", "valve")),
    "close": Act("HassTurnOff", ("cover", "valve")),
    "lock": Act("HassTurnOn", ("lock",)),
    "unlock": Act("HassTurnOff", ("lock",)),
    "brighter": Act("StepBrightness", ("light",), {"step": "up"}),
    "dimmer": Act("StepBrightness", ("light",), {"step": "down"}),
    "brightness": Act("HassLightSet", ("light",), value="brightness"),
    "colour": Act("HassLightSet", ("light",), value="color"),
    "colour_open": Act("HassLightSet", ("light",), open="which_color"),
    "volume_open": Act("HassSetVolume", ("media_player",), open="which_volume", whole=True),
    "warmer": Act("StepTemperature", ("climate",), {"step": "up"}, whole=True),
    "cooler": Act("StepTemperature", ("climate",), {"step": "down"}, whole=True),
    "temperature": Act("HassClimateSetTemperature", ("climate",), value="temperature", whole=True),
    "louder": Act("HassSetVolumeRelative", ("media_player",), {"volume_step": "up"}, whole=True),
    "quieter": Act("HassSetVolumeRelative", ("media_player",), {"volume_step": "down"}, whole=True),
    "volume": Act("HassSetVolume", ("media_player",), value="volume_level", whole=True),
    "mute": Act("HassMediaPlayerMute", ("media_player",), whole=True),
    "unmute": Act("HassMediaPlayerUnmute", ("media_player",), whole=True),
    "pause": Act("HassMediaPause", ("media_player",), whole=True),
    "stop": Act("StopMedia", ("media_player",), whole=True),
    "resume": Act("HassMediaUnpause", ("media_player",), whole=True),
    "next": Act("HassMediaNext", ("media_player",), whole=True),
    "previous": Act("HassMediaPrevious", ("media_player",), whole=True),
    "clean": Act("HassVacuumStart", ("vacuum",), whole=True),
    "dock": Act("HassVacuumReturnToBase", ("vacuum",), whole=True),
    "fan_speed": Act("HassFanSetSpeed", ("fan",), value="percentage"),
    "position": Act("HassSetPosition", ("cover",), value="position"),
}
"""Every kind of request by its name in the examples and tables; what they call otherwise, nothing here does."""
