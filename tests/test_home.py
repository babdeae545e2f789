from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.config import shipped
from edge_assistant.devices.home import Home
from edge_assistant.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    path = folder / "home.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_sample_home_has_names_in_both_languages() -> None:
    home = Home.read(shipped("rules") / "home.yaml")

    lights = home.find(area="厨房", domains=("light",))

    assert [light.called("en") for light in lights] == ["Kitchen light", "Counter light"]
    assert lights[0].called("zh") == "厨房灯"
    assert all(entity.called("zh") != entity.called("en") for entity in home.entities)


def test_entities_are_found_by_any_name_and_by_the_floor_of_their_area() -> None:
    home = Home.read(shipped("rules") / "home.yaml")

    upstairs = home.find(floor="楼上", domains=("fan",))

    assert [entity.id for entity in upstairs] == ["fan.bedroom"]
    assert home.find(name="coffee MAKER")[0].id == "switch.coffee_machine"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("areas: [kitchen", "home.yaml:1"),
        ("areas:\n  - {nam: Kitchen}", "home.yaml:2: areas.0.nam"),
        ("areas:\n  - {id: k, name: Kitchen}\n  - {id: k, id: l, name: B}", "home.yaml:3: 'id' stands here twice"),
        ("entities:\n  - {id: light.a, name: A, area: attic}", "home.yaml:2: light.a is in attic"),
        ("entities:\n  - {id: light.a, name: A}\n  - {id: light.a, name: B}", "home.yaml:3: light.a stands here twice"),
        ("entities:\n  - {id: lamp, name: A}", "home.yaml:2: entities.0.id: an id is a domain and a name"),
        ("a: &x 1\nb: *x", "home.yaml:1: anchors and aliases are not allowed"),
        ("- " * 30 + "a", "home.yaml:1: nested more than 20 deep"),
        ("entities:\n  - {id: light.a, name: A}\nrooms: []", "home.yaml:3: rooms: there is no such key"),
    ],
)
def test_a_broken_home_file_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = written(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        Home.read(path)

    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_home_file_that_is_missing_too_large_or_not_text_is_one_sentence(tmp_path: Path) -> None:
    large, binary = tmp_path / "large.yaml", tmp_path / "binary.yaml"
    large.write_bytes(b"#" * 1_000_001)
    binary.write_bytes(b"\xff\xfe\x00")

    for path, complaint in ((large, "larger than"), (binary, "not UTF-8"), (tmp_path / "none.yaml", "no such file")):
        with pytest.raises(ConfigError, match=complaint):
            Home.read(path)


def test_an_empty_home_file_is_a_home_without_devices(tmp_path: Path) -> None:
    home = Home.read(written(tmp_path, ""))

    assert home.entities == ()


def test_on_and_off_are_states_and_no_truth_values(tmp_path: Path) -> None:
    home = Home.read(written(tmp_path, "entities:\n  - {id: light.a, name: A, state: off}"))

    assert home.entities[0].state == "off"


def test_a_mapping_without_ids_becomes_a_home() -> None:
    home = Home.from_mapping(
        {
            "floors": ["Upstairs"],
            "areas": [{"name": "Den", "floor": "Upstairs"}],
            "entities": [
                {"name": "Reading Lamp", "domain": "light", "area": "Den", "state": {"in": "开", "out": "on"}},
                {"name": "Den Window", "domain": "cover", "attributes": {"device_class": "window", "position": 3}},
            ],
        }
    )

    lamp, window = home.find(floor="upstairs")[0], home.find(device_classes=("window",))[0]

    assert (lamp.id, lamp.state) == ("light.reading_lamp", "on")
    assert window.attributes == {"position": 3}
