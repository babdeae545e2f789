from __future__ import annotations

import pytest

from edge_assistant.errors import InputError
from edge_assistant.languages import detect, supported


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("turn on the light", "en"),
        ("打开厨房的灯", "zh"),
        ("打开 kitchen light", "zh"),
        ("what does 你好 mean", "en"),
        ("12 * 7", "en"),
        ("", "en"),
        ("WiFi 密码是什么", "zh"),
    ],
)
def test_a_text_tells_its_language(text: str, language: str) -> None:
    assert detect(text) == language


def test_a_regional_tag_names_its_language() -> None:
    assert (supported("zh-CN"), supported("EN_us")) == ("zh", "en")


def test_an_unknown_language_is_one_sentence() -> None:
    with pytest.raises(InputError, match="language 'klingon' is not one of en, zh"):
        supported("klingon")
