"""Home Assistant's templates, as far as they only work out a value: no loops, nothing that grows, no other states."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NoReturn

from edge_assistant.adapters import needs
from edge_assistant.devices.links import MAX_STATE, UNKNOWN, MqttLink, Reading
from edge_assistant.errors import NotSent
from edge_assistant.safe_text import safe_text
from edge_assistant.types import Slot

if TYPE_CHECKING:
    from jinja2 import Template, nodes
    from jinja2.sandbox import SandboxedEnvironment

_LONGEST: Final = 4_000
"""Characters of a template."""
_LARGEST: Final = 10**18
"""No device counts further."""
_NODES: Final = {
    *("Add", "And", "Assign", "Call", "Compare", "Concat", "CondExpr", "Const", "Dict", "Div", "Filter", "FloorDiv"),
    *("Getattr", "Getitem", "If", "Keyword", "List", "Mod", "Mul", "Name", "Neg", "Not", "Operand", "Or", "Output"),
    *("Pair", "Pos", "Slice", "Sub", "Template", "TemplateData", "Test", "Tuple"),
}
"""What takes time in proportion to its length, and no more: no loop, no power, no macro, nothing from elsewhere."""
_UNSAID: Final = ("effect", "flash", "transition", "white")
"""What a message may speak of if it is said, and what we never say."""
_METHODS: Final = frozenset(
    ("split", "strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "startswith", "endswith", "get")
)
_FILTERS: Final = (
    *("abs", "capitalize", "count", "d", "default", "first", "last", "length", "list", "lower", "max", "min"),
    *("string", "title", "trim", "upper"),
)
_BROKEN: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What an expression that somebody else wrote may come to."""
_log = logging.getLogger(__name__)


class _Nothing(Exception):
    """A template asks for what a message does not say."""


def said(reading: Reading, text: str) -> Slot | None:
    """Return what a device says in a message: None for nothing, `UNKNOWN` where that cannot be worked out."""
    if not reading.template:
        return reading.said(text)
    try:
        worked_out = _filled(reading.template, _variables(text)).strip()
    except _Nothing:
        return None
    except ValueError as error:
        _log.info("%s: %s", reading.topic, error)
        return UNKNOWN
    if worked_out.casefold() in ("none", "unknown"):
        return UNKNOWN
    return reading.meant(safe_text(worked_out)[:MAX_STATE]) if worked_out else None


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Return a message with its values worked out. Raises `NotSent`."""
    try:
        return _filled(template, values)
    except (ValueError, _Nothing) as error:
        raise NotSent(f"the message cannot be worked out: {error}") from error


def check(template: str, *known: str) -> None:
    """Raise `ValueError` where a template cannot be used here, or speaks of more than is known."""
    from jinja2 import meta

    _compiled(template)
    unknown = meta.find_undeclared_variables(_environment().parse(template)) - {*known, *_environment().globals}
    if unknown:
        raise ValueError(f"the template {template[:60]!r} asks for {min(unknown)}")


def check_link(link: MqttLink) -> None:
    """Raise `ValueError` where a device cannot be heard or told without a template that cannot be used."""
    for reading in (*link.read.values(), *(presence.reading for presence in link.present)):
        if reading.template:
            check(reading.template, "value", "value_json")
    for publish in (publish for publishes in link.send.values() for publish in publishes):
        if publish.template and isinstance(publish.payload, Mapping):
            check(publish.template, *publish.payload, *_UNSAID)


def _variables(text: str) -> dict[str, Any]:
    try:
        return {"value": text, "value_json": json.loads(text)}
    except (ValueError, RecursionError):
        return {"value": text}


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """Raises `ValueError` and `_Nothing`."""
    from jinja2 import TemplateError, UndefinedError

    try:
        return _compiled(template).render(values)
    except UndefinedError as error:
        raise _Nothing(str(error)) from error
    except (TemplateError, *_BROKEN) as error:
        raise ValueError(f"the template {template[:60]!r} fails ({type(error).__name__}: {error})") from error


def _compiled(source: str) -> Template:
    """Raises `ValueError`."""
    compiled = _judged(source)
    if isinstance(compiled, str):
        raise ValueError(compiled)
    return compiled


@lru_cache(4096)
def _judged(source: str) -> Template | str:
    """Return a template, or why it cannot be used; a bad one is not read again for each message."""
    from jinja2 import TemplateError, nodes

    if len(source) > _LONGEST:
        return f"a template of {len(source):,} characters is too long"
    try:
        tree = _environment().parse(source)
        for node in tree.find_all(nodes.Node):
            if refused := _refused(node):
                return f"the template {source[:60]!r} computes too much ({refused})"
        return _environment().from_string(tree)
    except (TemplateError, *_BROKEN) as error:
        return f"the template {source[:60]!r} cannot be read ({error})"


def _refused(node: nodes.Node) -> str | None:
    """Return what could take long or become large, if this node does; None where it does not."""
    from jinja2 import nodes

    if type(node).__name__ not in _NODES:
        return type(node).__name__.lower()
    if isinstance(node, nodes.Assign) and node.find(nodes.Concat) is not None:
        return "set with ~"  # each set would double the last
    if isinstance(node, nodes.Call):
        method = isinstance(node.node, nodes.Getattr) and node.node.attr in _METHODS
        known = isinstance(node.node, nodes.Name) and node.node.name in _environment().globals
        return None if method or known else "call"
    return None


@cache
def _environment() -> SandboxedEnvironment:
    with needs("edge-assistant"):
        from jinja2 import StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%"))

        def call_binop(self, context: object, operator: str, left: Any, right: Any) -> Any:
            texts = isinstance(left, str) and isinstance(right, str) and operator == "+"
            if not texts and not all(isinstance(side, int | float) and abs(side) < _LARGEST for side in (left, right)):
                raise ValueError(f"{operator} is for numbers")
            return super().call_binop(context, operator, left, right)  # type: ignore[arg-type]

        def getattr(self, obj: Any, attribute: str) -> Any:
            return obj[attribute] if isinstance(obj, Mapping) and attribute in obj else super().getattr(obj, attribute)

    made = Environment(undefined=StrictUndefined, optimized=False, finalize=_shown)
    numbers: dict[str, Callable[..., Any]] = {"float": _float, "int": _int, "round": _round, "iif": _iif}
    made.filters = {name: made.filters[name] for name in _FILTERS} | numbers
    made.filters |= {"replace": _replace, "bool": _bool, "is_defined": _defined, "tojson": json.dumps}
    made.globals = {"float": _float, "int": _int, "bool": _bool, "iif": _iif, "min": min, "max": max}
    return made


def _shown(value: Any) -> Any:
    from jinja2 import Undefined

    if value is None or isinstance(value, str | int | float | list | tuple | dict | Undefined):
        return value
    raise ValueError("it names something that cannot be shown")


def _fail(reason: str) -> NoReturn:
    raise ValueError(reason)


# Home Assistant's filters fail where Jinja's would guess: `'?' | float` is no 0.


def _float(value: Any, default: Any = None) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return default if default is not None else _fail(f"{str(value)[:40]!r} is no number")


def _int(value: Any, default: Any = None, base: int = 10) -> Any:
    try:
        return int(value, base) if isinstance(value, str) and base != 10 else int(float(value))
    except (TypeError, ValueError, OverflowError):
        return default if default is not None else _fail(f"{str(value)[:40]!r} is no number")


def _round(value: Any, precision: int = 0, method: str = "common", default: Any = None) -> Any:
    from math import ceil, floor

    number, factor = _float(value, default), 10 ** max(-9, min(9, int(precision)))
    ways: Mapping[str, Callable[[float], float]] = {"ceil": ceil, "floor": floor, "half": lambda n: round(n * 2) / 2}
    if method == "half":
        return ways[method](number)
    rounded = ways[method](number * factor) / factor if method in ways else round(number, precision)
    return int(rounded) if precision == 0 else rounded


def _bool(value: Any, default: Any = None) -> Any:
    text = str(value).strip().casefold()
    if text in ("true", "yes", "on", "enable", "1"):
        return True
    if text in ("false", "no", "off", "disable", "0"):
        return False
    return default if default is not None else _fail(f"{str(value)[:40]!r} is neither yes nor no")


def _iif(value: Any, yes: Any = True, no: Any = False) -> Any:
    return yes if value else no


def _defined(value: Any) -> Any:
    str(value)  # what is undefined raises when it is looked at
    return value


def _replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    if not old or len(new) > len(old) + 20:
        raise ValueError("replace makes it too long")
    text = str(value)[:MAX_STATE]
    return text.replace(old, new, -1 if count is None else count)
