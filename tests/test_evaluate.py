"""Predictions for small labelled sets of our own writing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from edge_assistant.config import Config
from edge_assistant.errors import InputError
from edge_assistant.operations.evaluate import Evaluation
from edge_assistant.operations.evaluate.pairs import differences
from edge_assistant.operations.evaluate.rightness import is_right

HOUSE = {
    "areas": [{"name": "Workshop"}, {"name": "Porch"}],
    "entities": [
        {"name": "Bench Lamp", "domain": "light", "area": "Workshop", "state": "off"},
        {"name": "Porch Lantern", "domain": "light", "area": "Porch", "state": "on"},
        {"name": "Exhaust Fan", "domain": "fan", "area": "Workshop", "state": "off"},
    ],
}
DOCUMENTS = [
    {"id": "kiln", "title": "The kiln", "text": "The kiln reaches 1240 degrees. It cools down for eleven hours."},
    {"id": "loom", "title": "The loom", "text": "The loom was built by Marta Oliveira in 1931. It weaves linen."},
    {"id": "press", "title": "The press", "text": "The printing press needs a drop of oil every week."},
]


def written(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def command(id: str, text: str, **fields: Any) -> dict[str, Any]:
    return {"id": id, "text": text, "language": "en", "home": "house", "context": {}, **fields}


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    path = tmp_path / "homes.json"
    path.write_text(json.dumps({"house": HOUSE}), encoding="utf-8")
    return path


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    return written(tmp_path / "documents.jsonl", DOCUMENTS)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(home=tmp_path / "home")


async def predicted(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    return {prediction["id"]: prediction async for prediction in evaluation.predictions()}


async def test_a_command_gets_the_intent_and_the_slots_of_its_home(tmp_path: Path, config: Config, homes: Path) -> None:
    rows = [command("named", "turn on the bench lamp"), command("story", "tell me how glass is blown")]
    gold = written(tmp_path / "gold.jsonl", rows)

    found = await predicted(Evaluation.read("commands", gold, config, homes=homes))

    assert (found["named"]["intent"], found["named"]["slots"]) == ("HassTurnOn", {"name": "Bench Lamp"})
    assert (found["story"]["intent"], found["story"]["slots"]) == (None, {})
    assert all(prediction["latency_ms"] > 0 for prediction in found.values())


@pytest.mark.parametrize("area", ["Porch", "__context_area__"])
async def test_a_speaker_stands_in_the_room_of_the_context(
    tmp_path: Path, config: Config, homes: Path, area: str
) -> None:
    gold = written(tmp_path / "gold.jsonl", [command("here", "turn on the lights", context={"area": area})])

    found = await predicted(Evaluation.read("commands", gold, config, homes=homes))

    assert found["here"]["intent"] == "HassTurnOn"
    assert found["here"]["slots"].get("area") in ({"Porch", "Workshop"} if area != "Porch" else {"Porch"})


async def test_an_intent_becomes_a_service_of_the_entity_on_offer(tmp_path: Path, config: Config) -> None:
    offer = [
        {"id": "light.bench_7", "name": "Bench lamp"},
        {"id": "blinds.south", "name": "South blinds"},
        {"id": "lock.shed", "name": "Shed door"},
    ]
    texts = {"lamp": "turn off the bench lamp", "blinds": "close the south blinds", "talk": "the weaver was tired"}
    rows = [{"id": id, "text": text, "language": "en", "entities": offer} for id, text in texts.items()]
    gold = written(tmp_path / "gold.jsonl", rows)

    found = await predicted(Evaluation.read("actions", gold, config))

    assert (found["lamp"]["service"], found["lamp"]["target"]) == ("light.turn_off", "light.bench_7")
    assert (found["blinds"]["service"], found["blinds"]["target"]) == ("blinds.close_cover", "blinds.south")
    assert (found["talk"]["service"], found["talk"]["target"]) == (None, None)


async def test_documents_are_found_and_quoted_with_a_probability(
    tmp_path: Path, config: Config, documents: Path
) -> None:
    rows = [{"id": "loom", "question": "Who built the loom?"}, {"id": "moon", "question": "How far away is the moon?"}]
    gold = written(tmp_path / "gold.jsonl", rows)

    found = await predicted(Evaluation.read("kb", gold, config, documents=documents))

    assert found["loom"]["retrieved"][0] == "loom"
    assert "Marta Oliveira" in found["loom"]["retrieved_texts"][0]
    assert 0 <= found["moon"]["confidence"] < found["loom"]["confidence"] <= 1


async def test_what_is_told_from_documents_is_blank_below_the_threshold_and_drawn_as_a_curve(
    tmp_path: Path, config: Config, documents: Path
) -> None:
    rows = [
        {"id": "loom", "question": "Who built the loom?", "kind": "answerable", "answers": ["Marta Oliveira"]},
        {"id": "moon", "question": "How far away is the moon?", "kind": "topic_absent", "answers": []},
    ]
    evaluation = Evaluation.read("grounded", written(tmp_path / "gold.jsonl", rows), config, documents=documents)

    found = await predicted(evaluation)
    curve = evaluation.curve([found["loom"], found["moon"]])

    assert "Marta Oliveira" in found["loom"]["said"]
    assert found["moon"]["answer"] == ""
    assert found["moon"]["confidence"] < found["loom"]["confidence"]
    assert "topic_absent" in curve[0]
    assert "1/1" in curve[1]


async def test_other_tasks_draw_no_curve(tmp_path: Path, config: Config, documents: Path) -> None:
    gold = written(tmp_path / "gold.jsonl", [{"id": "kiln", "question": "How hot does the kiln get?"}])

    assert Evaluation.read("kb", gold, config, documents=documents).curve([]) == ()


@pytest.mark.parametrize(
    ("text", "answers", "right"),
    [
        ("In 1987.", ["1987"], True),
        ("It was made in Graz in 1987, in a hall by the river.", ["1987"], True),
        ("It was made in 1986.", ["1987"], False),
        ("1688–1692", ["1688 to 1692", "1688–1692"], True),
        ("the Lisbon Treaty", ["a Lisbon Treaty"], True),
        ("word " * 40 + "1987", ["1987"], False),
        ("水泵于1987年制造。", ["1987年"], True),
        ("水" * 80 + "火", ["火"], False),
        ("", ["1987"], False),
        ("1987", [], False),
    ],
)
def test_an_answer_is_right_that_holds_a_labelled_one_and_recites_nothing(
    text: str, answers: list[str], right: bool
) -> None:
    assert is_right(text, answers) is right


async def test_an_index_that_was_kept_is_used_again(tmp_path: Path, config: Config, documents: Path) -> None:
    gold = written(tmp_path / "gold.jsonl", [{"id": "kiln", "question": "How hot does the kiln get?"}])
    evaluation = Evaluation.read("kb", gold, config, documents=documents, index=tmp_path / "kept")

    first, second = await predicted(evaluation), await predicted(evaluation)

    assert first["kiln"]["retrieved"] == second["kiln"]["retrieved"]
    assert (tmp_path / "kept" / "assistant.db").exists()


async def test_the_same_question_scores_one_and_another_number_scores_low(tmp_path: Path, config: Config) -> None:
    pairs = {
        "same": ("Is the kiln hot?", "is the kiln  hot"),
        "near": ("Is the kiln hot?", "Is the kiln warm?"),
        "other": ("Is kiln 4 hot?", "Is kiln 5 hot?"),
    }
    rows = [{"id": id, "a": a, "b": b} for id, (a, b) in pairs.items()]
    gold = written(tmp_path / "gold.jsonl", rows)

    found = await predicted(Evaluation.read("pairs", gold, config))

    assert found["same"]["score"] == 1.0
    assert found["other"]["score"] < found["near"]["score"] < 1.0


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("does it work", "doesn't it work", 1),
        ("这个能用吗", "这个不能用吗", 1),
        ("is Marta here", "is Paul here", 1),
        ("is it 5 or 7", "is it 7 or 5", 0),
    ],
)
def test_guards_see_numbers_negations_and_names(one: str, other: str, count: int) -> None:
    assert differences(one, other) == count


async def test_a_workload_passes_through_every_tier_in_order(
    tmp_path: Path, config: Config, homes: Path, documents: Path
) -> None:
    texts = {"lamp": "turn on the bench lamp", "first": "Who built the loom?", "again": "who built the loom"}
    rows = [command(id, text, context={"area": "Porch"}) for id, text in texts.items()]
    gold = written(tmp_path / "gold.jsonl", rows)

    found = await predicted(Evaluation.read("workload", gold, config, homes=homes, documents=documents))

    assert (found["lamp"]["tier"], found["lamp"]["intent"]) == ("rule", "HassTurnOn")
    assert (found["first"]["tier"], found["first"]["cached"]) == ("kb", False)
    assert (found["again"]["tier"], found["again"]["answer"]) == ("kb", found["first"]["answer"])
    assert not any(prediction["cloud"] for prediction in found.values())


@pytest.mark.parametrize(
    ("task", "lines", "complaint"),
    [
        ("dance", '{"id": "1"}', "there is no task 'dance'; there are commands, routing, actions, kb"),
        ("pairs", '{"id": "1", "a": "x"}', "line 1: 'b' is missing, or no text"),
        (
            "pairs",
            '{"id": "1", "a": "x", "b": "y"}\n{"id": "1", "a": "x", "b": "y"}',
            "line 2: the id '1' stands here twice",
        ),
        ("actions", '{"id": "1", "text": "x", "language": "en", "entities": 3}', "'entities' is missing, or no list"),
        ("pairs", "[1]", "line 1: this is not a JSON object"),
        ("pairs", "{", "line 1: this is not JSON"),
        ("pairs", "", "there are no rows in this file"),
        ("kb", '{"id": "1", "question": "x"}', "the task kb needs documents; name their file with --documents"),
        ("commands", '{"id": "1", "text": "x", "language": "en", "home": "barn"}', "the home 'barn' of row '1'"),
    ],
)
def test_a_set_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, config: Config, task: str, lines: str, complaint: str
) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(lines, encoding="utf-8")

    with pytest.raises(InputError) as error:
        Evaluation.read(task, gold, config)

    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


async def test_a_home_that_cannot_be_built_is_named(tmp_path: Path, config: Config) -> None:
    gold = written(tmp_path / "gold.jsonl", [command("1", "x")])
    homes = tmp_path / "homes.json"
    homes.write_text('{"house": {"entities": [{"name": "Lamp"}]}}', encoding="utf-8")

    with pytest.raises(InputError, match="the home 'house' is not made of areas"):
        await predicted(Evaluation.read("commands", gold, config, homes=homes))


def test_tiers_that_do_not_exist_are_named(tmp_path: Path, config: Config, homes: Path) -> None:
    gold = written(tmp_path / "gold.jsonl", [command("1", "x")])

    with pytest.raises(InputError, match="there is no tier 'oracle'"):
        Evaluation.read("workload", gold, config, homes=homes, tiers=["rules", "oracle"])


def test_the_command_writes_one_prediction_a_row(tmp_path: Path) -> None:
    gold = written(tmp_path / "gold.jsonl", [{"id": str(n), "a": "x", "b": f"y {n}"} for n in range(3)])
    out = tmp_path / "predictions.jsonl"

    command = [sys.executable, "-m", "edge_assistant", "--home", str(tmp_path / "home"), "eval", "pairs", str(gold)]
    options = ["--out", str(out), "--limit", "2"]
    ran = subprocess.run([*command, *options], capture_output=True, text=True, check=True)

    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [sorted(row) for row in rows] == [["id", "latency_ms", "score"]] * 2
    assert (ran.stdout, ran.stderr) == ("", f"2 predictions are in {out}\n")


def test_predictions_never_take_the_place_of_the_labelled_set(tmp_path: Path) -> None:
    gold = written(tmp_path / "gold.jsonl", [{"id": "1", "a": "x", "b": "y"}])
    before = gold.read_bytes()

    command = [sys.executable, "-m", "edge_assistant", "eval", "pairs", str(gold), "--out", str(gold)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ran.returncode, gold.read_bytes()) == (2, before)
    assert ran.stderr == f"{gold}: the predictions would take the place of the labelled set\n"


def test_predictions_never_take_the_place_of_a_device(tmp_path: Path) -> None:
    gold = written(tmp_path / "gold.jsonl", [{"id": "1", "a": "x", "b": "y"}])
    os.mkfifo(tmp_path / "pipe")

    command = [sys.executable, "-m", "edge_assistant", "eval", "pairs", str(gold), "--out", str(tmp_path / "pipe")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (2, f"{tmp_path / 'pipe'}: this is not a file\n")
    assert (tmp_path / "pipe").is_fifo()


def test_a_command_that_fails_leaves_with_two_and_keeps_the_old_predictions(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text("no JSON", encoding="utf-8")
    out = written(tmp_path / "predictions.jsonl", [{"id": "old"}])

    ran = subprocess.run(
        [sys.executable, "-m", "edge_assistant", "eval", "pairs", str(gold), "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"{gold}: line 1: this is not JSON\n"
    assert json.loads(out.read_text(encoding="utf-8")) == {"id": "old"}
