"""Templates of strangers: what they work out is right or unknown, and none of them takes long."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.adapters.templates import check, fill, said
from edge_assistant.devices.links import UNKNOWN, Reading
from edge_assistant.errors import NotSent
from edge_assistant.types import Slot


@pytest.mark.parametrize(
    ("template", "text", "worked_out"),
    [
        ("{{ value_json.t | float / 10 }}", '{"t": "215"}', "21.5"),
        ("{{ (value_json.b / 255 * 100) | round }}", '{"b": 128}', "50"),
        ("{% if value_json.on %}ON{% else %}OFF{% endif %}", '{"on": false}', "OFF"),
        ("{{ 'open' if value | int > 0 else 'closed' }}", "30", "open"),
        ("{% set m = {1: 'heat', 2: 'cool'} %}{{ m[value_json.mode] }}", '{"mode": 2}', "cool"),
        ("{{ value.split(',')[1] | trim }}", "a, b", "b"),
        ("{{ value_json['update'].state }}", '{"update": {"state": "idle"}}', "idle"),
        ("{{ value_json.update }}", '{"update": "idle"}', "idle"),
        ("{{ value_json.values }}", '{"values": 3}', "3"),
        ("{{ iif(value_json.a is defined, 'yes', 'no') }}", "{}", "no"),
        ("{{ value_json.a | default('none of it') }}", "{}", "none of it"),
        ("{{ value | replace('_', ' ') | title }}", "at_home", "At Home"),
        ("{{ value_json.a }}", "{}", None),
        ("{{ value_json.a }}", "no json", None),
        ("{{ value_json.a | is_defined }}", '{"b": 1}', None),
        ("{{ value_json.a.b.c }}", '{"a": 3}', None),
        ("{% if value == 'x' %}on{% endif %}", "y", None),
        ("{{ value | float }}", "warm", UNKNOWN),
        ("{{ value | int }}", "", UNKNOWN),
        ("{{ value | float(0) }}", "warm", "0"),
        ("{{ value_json.a / value_json.b }}", '{"a": 1, "b": 0}', UNKNOWN),
        ("{{ None }}", "x", UNKNOWN),
        ("{{ value_json.items }}", "{}", UNKNOWN),
        ("{{ value }}", "\x1b[2J" + "x" * 1000, "[2J" + "x" * 252),
    ],
)
def test_a_template_is_worked_out_or_not_known(template: str, text: str, worked_out: Slot | None) -> None:
    check(template, "value", "value_json")

    assert said(Reading("t", template=template), text) == worked_out


HOSTILE = (
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for a in value %}{% for b in value %}{% for c in value %}x{% endfor %}{% endfor %}{% endfor %}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 'x' * 10 ** 9 }}",
    "{{ 'x' * 999999999 }}",
    "{{ [1] * 999999999 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ 'x'.center(999999999) }}",
    "{{ 'x' | center(999999999) }}",
    "{{ range(99999999) | list }}",
    "{{ 'aaaa' | replace('a', value) | replace('a', value) }}",
    "{% set a = value ~ value %}{% set b = a ~ a %}{{ b }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% include '/etc/passwd' %}",
    "{% import 'x' as x %}",
    "{% extends 'x' %}",
    "{% set x %}{{ value }}{% endset %}{{ x }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ value.__init__.__globals__ }}",
    "{{ self }}",
    "{{ cycler('a') }}",
    "{{ namespace(a=1) }}",
    "{{ lipsum(n=10**6) }}",
    "{{ states('lock.door') }}",
    "{{ value | map('upper') | list }}",
    "{{ value | regex_replace('(a+)+$', '') }}",
    "{{ value.encode('idna') }}",
    "{{ value.replace('a', value) }}",
    "{{ " + "(" * 1000 + "1" + ")" * 1000 + " }}",
    "{% if 1 %}" * 300 + "{% endif %}" * 300,
    "{{ " + "-" * 3000 + "1 }}",
    "{{ " + "not " * 900 + "1 }}",
    "{{ value " + "~ value" * 600 + " }}",
    "{{ value",
    "{{ }}",
    "{{ 1 }}" + " " * 5000,
    "{# " * 1000,
    "{{ value_json.a * value_json.a }}",
    "{{ value[::-1][0:99999] }}",
    "{{ value_json.a | tojson }}",
)


@pytest.mark.parametrize("template", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("text", ["a" * 65_000, '{"a": ' + "9" * 4_000 + "}", "[" * 60_000, "{}"], ids=range(4))
def test_a_hostile_template_ends_soon_and_says_little(template: str, text: str) -> None:
    worked_out = said(Reading("t", template=template), text)

    assert worked_out is None or len(str(worked_out)) <= 255


def refused(template: str) -> bool:
    """Return whether a template is refused in one line when it is announced, or else when it is worked out."""
    try:
        check(template, "value", "value_json")
    except ValueError as error:
        return "\n" not in str(error)
    return said(Reading("t", template=template), "a" * 1000) == UNKNOWN


@pytest.mark.parametrize("template", [*HOSTILE[:28], "{{ trigger.id }}", "{{ value | nothing_known }}"])
def test_what_would_take_long_or_ask_for_more_is_refused(template: str) -> None:
    assert refused(template)


def test_a_message_is_worked_out_of_its_values() -> None:
    assert fill("{{ 100 - value }}", {"value": 30}) == "70"
    assert fill('{"bri": {{ brightness }}{% if red is defined %}, "r": {{ red }}{% endif %}}', {"brightness": 9}) == (
        '{"bri": 9}'
    )
    with pytest.raises(NotSent, match="cannot be worked out"):
        fill("{{ value }}", {})


def test_no_template_reaches_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="computes too much"):
        check(f"{{% include '{tmp_path}' %}}")
