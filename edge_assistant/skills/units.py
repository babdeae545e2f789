"""Units of measure, and what one of them is in another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

_TABLE: Final = """
length | 1 | m | meter meters metre metres | 米 公尺
length | 1000 | km | kilometer kilometers kilometre kilometres kms | 公里 千米
length | 0.1 | dm | decimeter decimeters decimetre decimetres | 分米
length | 0.01 | cm | centimeter centimeters centimetre centimetres | 厘米 公分
length | 0.001 | mm | millimeter millimeters millimetre millimetres | 毫米
length | 0.000001 | µm | micrometer micrometers micron microns | 微米
length | 1609.344 | mi | mile miles | 英里
length | 0.9144 | yd | yard yards | 码
length | 0.3048 | ft | foot feet | 英尺
length | 0.0254 | in | inch inches | 英寸 寸
length | 1852 | nmi | nautical_mile nautical_miles | 海里
length | 500 | 里 | li | 里 华里
weight | 1 | kg | kilogram kilograms kilo kilos kgs | 千克 公斤
weight | 0.001 | g | gram grams | 克
weight | 0.000001 | mg | milligram milligrams | 毫克
weight | 1000 | t | tonne tonnes metric_ton metric_tons | 吨 公吨
weight | 0.45359237 | lb | pound pounds lbs | 磅
weight | 0.028349523125 | oz | ounce ounces | 盎司
weight | 6.35029318 | st | stone stones | 英石
weight | 0.5 | 斤 | jin | 斤 市斤
weight | 0.05 | 两 | liang | 两
volume | 1 | l | liter liters litre litres | 升 公升
volume | 0.001 | ml | milliliter milliliters millilitre millilitres | 毫升
volume | 0.01 | cl | centiliter centiliters centilitre centilitres | 厘升
volume | 1000 | m³ | m3 cubic_meter cubic_meters cubic_metre cubic_metres | 立方米
volume | 3.785411784 | gal | gallon gallons us_gallon us_gallons | 加仑
volume | 0.473176473 | pt | pint pints | 品脱
volume | 0.946352946 | qt | quart quarts | 夸脱
volume | 0.2365882365 | cup | cups | 杯
volume | 0.01478676478125 | tbsp | tablespoon tablespoons | 汤匙 大勺
volume | 0.00492892159375 | tsp | teaspoon teaspoons | 茶匙 小勺
volume | 0.0295735295625 | fl oz | fl_oz fluid_ounce fluid_ounces | 液盎司
speed | 1 | m/s | meters_per_second metres_per_second mps | 米每秒
speed | 0.277777777777777777777777778 | km/h | kph kmh kilometers_per_hour kilometres_per_hour | 公里每小时 公里/小时
speed | 0.44704 | mph | miles_per_hour miles_an_hour | 英里每小时
speed | 0.514444444444444444444444444 | kn | knot knots | 节
area | 1 | m² | m2 square_meter square_meters square_metre square_metres sqm | 平方米 平米 平方
area | 1000000 | km² | km2 square_kilometer square_kilometers square_kilometre square_kilometres | 平方公里 平方千米
area | 10000 | ha | hectare hectares | 公顷
area | 4046.8564224 | ac | acre acres | 英亩
area | 0.09290304 | ft² | ft2 square_foot square_feet sqft sq_ft | 平方英尺
area | 0.0001 | cm² | cm2 square_centimeter square_centimeters | 平方厘米
area | 2589988.110336 | mi² | square_mile square_miles | 平方英里
area | 666.666666666666666666666667 | 亩 | mu | 亩
data | 1 | B | byte bytes | 字节
data | 0.125 | bit | bits | 比特
data | 1000 | kB | kb kilobyte kilobytes | 千字节
data | 1000000 | MB | mb megabyte megabytes | 兆 兆字节
data | 1000000000 | GB | gb gigabyte gigabytes | 吉字节
data | 1000000000000 | TB | tb terabyte terabytes | 太字节
data | 1024 | KiB | kib kibibyte kibibytes |
data | 1048576 | MiB | mib mebibyte mebibytes |
data | 1073741824 | GiB | gib gibibyte gibibytes |
time | 1 | s | second seconds sec secs | 秒 秒钟
time | 0.001 | ms | millisecond milliseconds | 毫秒
time | 60 | min | minute minutes mins | 分钟 分
time | 3600 | h | hour hours hr hrs | 小时 个小时 钟头
time | 86400 | d | day days | 天 日
time | 604800 | wk | week weeks | 周 星期 个星期
time | 31557600 | a | year years | 年
temperature | C | °C | c celsius degrees_celsius degree_celsius centigrade degrees_c | 摄氏度 度 摄氏 ℃
temperature | F | °F | f fahrenheit degrees_fahrenheit degree_fahrenheit degrees_f | 华氏度 华氏 ℉
temperature | K | K | k kelvin kelvins degrees_kelvin | 开尔文 开氏度 开
"""
_QUANTITY: Final = re.compile(r"^\s*(?P<number>-?\d[\d,]*(?:\.\d+)?|an?|half an?|半)\s*(?P<unit>\D.*?)\s*$")
_BELOW_ZERO: Final = re.compile(r"^\s*(?:minus|negative|零下|负)\s*(?=\d)", re.IGNORECASE)
_TWO: Final = re.compile(
    r"^\s*(?P<first>\d+\s*[^\d\s.,-]+)(?:\s+and)?\s*(?P<second>\d+(?:\.\d+)?)\s*(?P<unit>[^\d\s.,-]+)?\s*$",
    re.IGNORECASE,
)
_PREFIXED: Final = re.compile(r"^\s*(?P<unit>摄氏|华氏)(?P<number>-?\d+(?:\.\d+)?)度?\s*$")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: what it measures, its sign, and its size in the unit that is 1."""

    kind: str
    sign: str
    size: Decimal
    scale: str = ""
    """For temperatures: C, F or K."""
    chinese: str = ""


class BelowZero(ValueError):
    """A temperature below the absolute zero."""


def is_unit(said: str, language: str) -> bool:
    """Return whether the words name a unit."""
    return unit(said) is not None


def is_quantity(said: str, language: str) -> bool:
    """Return whether the words are a number with a unit."""
    return quantity(said) is not None


def unit(said: str) -> Unit | None:
    """Return the unit with this name or sign."""
    name = re.sub(r"[\s_]+", " ", said.casefold()).strip(" .?？。")
    return _units().get(name) or _units().get(name.removesuffix("的"))


def quantity(said: str) -> tuple[Decimal, Unit] | None:
    """Return the number and the unit that the words name."""
    said = _BELOW_ZERO.sub("-", said)
    if (added := _added(said)) is not None:
        return added
    found = _PREFIXED.match(said) or _QUANTITY.match(said)
    named = unit(found["unit"]) if found else None
    if found is None or named is None:
        return None
    number = found["number"].replace(",", "")
    worded = {"a": "1", "an": "1", "half a": "0.5", "half an": "0.5", "半": "0.5"}
    return Decimal(worded.get(number, number)), named


def _added(said: str) -> tuple[Decimal, Unit] | None:
    """Return "2 feet 3 inches" in its larger unit; a bare number after feet means inches."""
    found = _TWO.match(said)
    whole = quantity(found["first"]) if found else None
    if found is None or whole is None or (found["unit"] is None and whole[1].sign != "ft"):
        return None
    part = quantity(f"{found['second']} {found['unit'] or 'inches'}")
    if part is None or part[1].kind != whole[1].kind or whole[1].kind == "temperature" or part[1].size >= whole[1].size:
        return None
    return whole[0] + part[0] * part[1].size / whole[1].size, whole[1]


def convert(amount: Decimal, source: Unit, target: Unit) -> Decimal | None:
    """Return the amount in the other unit; None where the two do not measure the same. Raises `BelowZero`."""
    if source.kind != target.kind:
        return None
    if source.kind != "temperature":
        return amount * source.size / target.size
    kelvin = {"C": amount + Decimal("273.15"), "F": (amount + Decimal("459.67")) * 5 / 9, "K": amount}[source.scale]
    if kelvin < Decimal("-0.000001"):
        raise BelowZero
    return {"C": kelvin - Decimal("273.15"), "F": kelvin * 9 / 5 - Decimal("459.67"), "K": kelvin}[target.scale]


def shown(amount: Decimal, measured: Unit, language: str) -> str:
    """Return an amount with its unit, rounded to six significant digits."""
    rounded = Decimal(f"{amount:.6g}") if abs(amount) < 10**6 else amount.quantize(Decimal(1))
    number = f"{rounded.normalize():f}"
    if language == "zh" and measured.chinese:
        return f"{number}{measured.chinese}"
    return f"{number} {measured.sign}"


@cache
def _units() -> dict[str, Unit]:
    names: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        kind, size, sign, english, chinese = (part.strip() for part in line.split("|"))
        words = chinese.split()
        measured = Unit(
            kind,
            sign,
            Decimal(1) if kind == "temperature" else Decimal(size),
            size if kind == "temperature" else "",
            words[0] if words else "",
        )
        for name in (sign.casefold(), *(word.replace("_", " ") for word in english.split()), *words):
            names.setdefault(name, measured)
    return names
