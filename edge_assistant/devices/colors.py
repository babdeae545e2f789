"""Colours as people name them and as lamps count them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from colorsys import hsv_to_rgb, rgb_to_hsv
from typing import Final, Literal, TypeAlias

from edge_assistant.types import Slot

Form: TypeAlias = Literal["rgb", "hs", "xy"]
Triple: TypeAlias = tuple[float, float, float]

_RGB: Final[Mapping[str, Triple]] = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "red": (255, 0, 0),
    "orange": (255, 128, 0),
    "yellow": (255, 220, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "purple": (160, 0, 255),
    "brown": (139, 69, 19),
    "pink": (255, 105, 180),
    "turquoise": (64, 224, 208),
}
"""Hues as CSS names them, at full strength where a lamp would else only be dimmer."""
NAMES: Final = frozenset(_RGB)
_LIT: Final = tuple(name for name in _RGB if name not in ("black", "brown"))
"""What a light can look like: brown is a dark orange, and black is none."""
_COUNTED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("red", "green", "blue", "hue", "saturation", "x", "y"), "color"),
    "mireds": "temperature",
}
"""What is worked out of a value, and of which."""
_FROM_XYZ: Final = ((3.2406, -1.5372, -0.4986), (-0.9689, 1.8758, 0.0415), (0.0557, -0.2040, 1.0570))
_TO_XYZ: Final = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
"""sRGB and CIE XYZ for daylight (IEC 61966-2-1)."""
_BRIGHT: Final = 255.0


def sources(names: set[str]) -> set[str]:
    """Return the values that these are worked out of; others stand for themselves."""
    return {_COUNTED.get(name, name) for name in names}


def counted(slots: Mapping[str, Slot]) -> dict[str, Slot]:
    """Return values with what lamps count instead of them: red, green, blue, hue, saturation, x, y, mireds."""
    more: dict[str, Slot] = {}
    if isinstance(kelvin := slots.get("temperature"), int | float) and kelvin > 0:
        more["mireds"] = round(1_000_000 / kelvin)
    rgb = _RGB.get(str(slots.get("color")))
    if rgb is not None:
        more |= dict(zip(("red", "green", "blue"), map(int, rgb), strict=True))
    if rgb is not None and any(rgb):  # the darkness has no hue
        hue, saturation, _ = rgb_to_hsv(*(part / _BRIGHT for part in rgb))
        x, y = _xy(rgb)
        more |= {"hue": round(hue * 360), "saturation": round(saturation * 100), "x": x, "y": y}
    return {**slots, **more}


def name(form: Form, said: object) -> str | None:
    """Return what a colour is called that a lamp reports; None where it is none."""
    parts = _parts(form, said)
    if parts is None:
        return None
    if form == "rgb":
        return _nearest((parts[0], parts[1], parts[2]))
    if form == "hs":
        red, green, blue = hsv_to_rgb(parts[0] / 360 % 1, min(parts[1], 100) / 100, 1)
        return _nearest((red * _BRIGHT, green * _BRIGHT, blue * _BRIGHT))
    return _nearest(_lit(parts[0], parts[1])) if parts[1] > 0 else None


def same(wanted: Slot, has: Slot | None) -> bool:
    """Return whether a lamp that reports this colour can mean what was wanted."""
    rgb = _RGB.get(str(wanted))
    return has == wanted or (rgb is not None and has == _nearest(rgb))


def _parts(form: Form, said: object) -> list[float] | None:
    """Return the numbers of a colour, from an object, a list or a text with commas."""
    named = {"rgb": ("r", "g", "b"), "hs": ("h", "s"), "xy": ("x", "y")}[form]
    long = {"h": "hue", "s": "saturation"}
    if isinstance(said, str):
        said = said.split(",")
    if isinstance(said, Mapping):
        said = [said.get(part, said.get(long.get(part, part))) for part in named]
    if not isinstance(said, Sequence) or len(said) < len(named):
        return None
    try:
        numbers = [float(part) for part in said[: len(named)]]
    except (TypeError, ValueError, OverflowError):
        return None
    return numbers if all(0 <= number <= 360 for number in numbers) else None


def _nearest(rgb: Triple) -> str:
    brightest = max(rgb)
    if brightest <= 0:
        return "black"
    full = [part * _BRIGHT / brightest for part in rgb]
    return min(_LIT, key=lambda name: sum((a - b) ** 2 for a, b in zip(full, _RGB[name], strict=True)))


def _xy(rgb: Triple) -> tuple[float, float]:
    linear = [_linear(part / _BRIGHT) for part in rgb]
    x, y, z = (sum(a * b for a, b in zip(row, linear, strict=True)) for row in _TO_XYZ)
    return round(x / (x + y + z), 4), round(y / (x + y + z), 4)


def _lit(x: float, y: float) -> Triple:
    xyz = (x / y, 1.0, (1 - x - y) / y)
    linear = [max(0.0, sum(a * b for a, b in zip(row, xyz, strict=True))) for row in _FROM_XYZ]
    brightest = max(linear) or 1.0
    red, green, blue = (_curved(part / brightest) * _BRIGHT for part in linear)
    return red, green, blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _curved(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)
