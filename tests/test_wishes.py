"""Wishes are told from questions about poems, stories and their authors."""

from __future__ import annotations

import pytest

from edge_assistant.knowledge.wishes import is_wish


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Write a poem about who we are.", True),
        ("Tell me a story.", True),
        ("Could you translate this into German?", True),
        ("写一首谁都喜欢的诗", True),
        ("请把“你是谁”翻译成英文", True),
        ("给我讲个笑话", True),
        ("Who is the author of this poem?", False),
        ("When was the story of Robinson first printed?", False),
        ("《边城》是谁写的？", False),
        ("这个故事发生在哪里？", False),
        ("How heavy is a brick?", False),
    ],
)
def test_who_wrote_something_is_a_question_and_to_write_it_a_wish(text: str, wish: bool) -> None:
    assert is_wish(text) is wish
