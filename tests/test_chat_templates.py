"""How a conversation is written for a model."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from ctypes import create_string_buffer
from hashlib import sha256
from pathlib import Path

import pytest

from edge_assistant.adapters.chat_families import FAMILIES
from edge_assistant.adapters.chat_templates import KNOWN, Embedded, choose
from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.adapters.supervised import Patience
from edge_assistant.models.gguf import read_header
from edge_assistant.models.loading import Loading
from edge_assistant.types import Message
from tests.babbling_gguf import babbling_gguf

TALK = (
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "月亮是什么？"},
    {"role": "assistant", "content": "A moon."},
    {"role": "user", "content": "{{ 7 * 7 }}"},
)
TALKED = tuple(Message("user", turn["content"]) for turn in TALK[1:2])
BUILT_IN = {"chatml": "chatml", "llama3": "llama3", "gemma": "gemma", "phi4": "phi4"}
"""Ours, and what llama.cpp calls the same."""


def nothing(token: str) -> bool:
    return False


@pytest.mark.parametrize("name", BUILT_IN)
def test_ours_are_what_llama_cpp_writes(name: str) -> None:
    library = pytest.importorskip("llama_cpp")
    family = next(family for family in FAMILIES if family.name == name)
    turns = [library.llama_chat_message(turn["role"].encode(), turn["content"].encode()) for turn in TALK]
    buffer = create_string_buffer(4096)

    length = library.llama_chat_apply_template(
        BUILT_IN[name].encode(), (library.llama_chat_message * len(turns))(*turns), len(turns), True, buffer, 4096
    )

    assert family.written(TALK) == family.opening + buffer.raw[:length].decode()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_family_says_all_turns_in_order_and_is_recognized_by_its_vocabulary(family: object) -> None:
    chosen = next(one for one in FAMILIES if one is family)

    text = chosen.written(TALK)
    found = choose(None, set(chosen.marks).__contains__)

    places = [text.index(turn["content"]) for turn in TALK]
    assert places == sorted(places)
    assert found.template is chosen
    assert found.reason == f"our chat template for {chosen.name}: the file has none"


def test_a_model_that_can_think_is_asked_not_to_where_that_can_be_said() -> None:
    qwen = choose(None, {"<|im_start|>", "<think>"}.__contains__)

    assert qwen.template.written(TALK).endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


def test_an_unknown_template_is_never_run() -> None:
    bomb = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"

    chosen = choose(bomb, {"<|im_start|>"}.__contains__)

    assert chosen.template.written(TALK[:1]) == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>assistant\n"
    assert chosen.reason.startswith("our chat template for chatml: the file's chat template (sha256 ")


def test_a_file_without_a_template_or_a_family_is_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"^no chat template fits: the file has none, and its vocabulary is of no fam"):
        choose(None, nothing)


def test_a_known_template_is_run_with_what_it_needs() -> None:
    text = "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content | tojson }}\n{% endfor %}{{ eos_token }}"

    chosen = choose(text, nothing, "<s>", "</s>", {sha256(text.encode()).hexdigest(): "a test"})

    assert chosen.template.written(TALK[1:2]) == '<s>user: "月亮是什么？"\n</s>'
    assert chosen.reason == "the file's own chat template, known from a test"


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('touch PROOF').read() }}",
        "{{ messages.clear() }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 'a' | center(1000000000) }}",
        "{{ 9 ** (9 ** 9) }}",
        "{% for a in range(99999) %}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{{ messages | tojson }}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ raise_exception('no') }}",
        "{{ unknown.of.nothing }}",
        "{% broken",
    ],
)
def test_a_hostile_template_fails_in_words(hostile: str) -> None:
    with pytest.raises(ValueError, match=r"^the chat template of the file"):
        Embedded(hostile, "", "").written(TALK)


RUN = """
import resource, sys
sys.path[:] = {path!r}
from edge_assistant.adapters.chat_templates import Embedded
try:
    Embedded({template!r}, "", "").written([])
except ValueError as error:
    print(error)
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime < 3, used.ru_maxrss < 400_000)
"""


def outcome(template: str, folder: Path) -> subprocess.CompletedProcess[str]:
    code = RUN.format(path=sys.path, template=template)
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_a_template_that_never_ends_is_stopped(tmp_path: Path) -> None:
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"

    ran = outcome(endless, tmp_path)

    assert ran.stdout == "the chat template of the file takes too much time: more than 1 s\nTrue True\n"


def test_a_template_inside_one_long_operation_ends_with_its_process(tmp_path: Path) -> None:
    squaring = "{% set n = namespace(x=9) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}"

    ran = outcome(squaring, tmp_path)

    assert (ran.returncode, ran.stdout) == (-signal.SIGPROF, "")


def test_a_template_that_grows_is_stopped(tmp_path: Path) -> None:
    doubling = "{% set n = namespace(x='a') %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}{{ n.x }}"

    ran = outcome(doubling, tmp_path)

    assert ran.stdout == "the chat template of the file takes too much memory\nTrue True\n"


@pytest.mark.model
@pytest.mark.parametrize("name", ["smollm2-135m", "qwen2.5-coder-0.5b"])
def test_the_catalogs_own_templates_are_known_and_ours_writes_the_same(
    name: str, weights: Callable[[str], Path]
) -> None:
    header = read_header(weights(name))
    has = {"<|im_start|>"}.__contains__

    known, ours = choose(header.template, has), choose(None, has)

    assert header.template_sha256 in KNOWN
    assert known.template.written(TALK) == ours.template.written(TALK)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ 'a' * 1000000000 }}{{ cycler.__init__.__globals__.os.popen('touch PROOF').read() }}", "(sha256 "),
        (None, "the file has none"),
    ],
)
async def test_a_file_with_a_hostile_template_or_none_is_spoken_to_by_ours(
    template: str | None, reason: str, tmp_path: Path
) -> None:
    pytest.importorskip("llama_cpp")
    (tmp_path / "babbler.gguf").write_bytes(babbling_gguf(template))
    model = LlamaModel(tmp_path / "babbler.gguf", loading=Loading(512, threads=1), patience=Patience(60.0, 60.0, 60.0))

    count = await model.count(TALKED)
    facts = model.facts
    await model.close()

    assert str(facts["template"]).startswith("our chat template for chatml: ")
    assert reason in str(facts["template"])
    assert 30 < count < 60
