from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_assistant.errors import InputError, StorageError
from edge_assistant.explain import receipt
from edge_assistant.storage.answers import Answers, key
from edge_assistant.storage.database import Database
from edge_assistant.storage.history import History
from edge_assistant.types import Answer, Passage


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "home" / "assistant.db")
    yield opened
    opened.close()


def test_only_the_owner_can_read_what_is_kept(database: Database) -> None:
    folder, file = database.path.parent.stat(), database.path.stat()

    assert stat.S_IMODE(folder.st_mode) == 0o700
    assert stat.S_IMODE(file.st_mode) == 0o600


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    history = History(database)

    def broken() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO turns(id, question, receipt, asked, private) VALUES ('a', '', '', 0, 0)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()

    assert history.latest(5) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match=r"File exists|Not a directory"):
        Database(tmp_path / "file" / "assistant.db")


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "assistant.db").write_bytes(b"this is not a database" * 100)

    with pytest.raises(StorageError, match="not a database; move it away, and a new one is begun"):
        Database(tmp_path / "assistant.db")


def test_a_full_disk_is_one_sentence_and_loses_nothing(database: Database) -> None:
    history = History(database)
    history.add("first", receipt(Answer("1", "rules", 1.0, id="aaaa")))
    pages = database.row("PRAGMA page_count")
    assert pages is not None
    database.connection.execute(f"PRAGMA max_page_count = {pages[0]}")

    with pytest.raises(StorageError, match="full"):
        history.add("second", receipt(Answer("2" * 100_000, "rules", 1.0, id="bbbb")))

    assert [turn.question for turn in history.latest(5)] == ["first"]


def test_tables_grow_once(tmp_path: Path) -> None:
    for _ in range(2):
        database = Database(tmp_path / "assistant.db")
        History(database)
        database.close()


def test_turns_are_found_by_the_start_of_their_id(database: Database) -> None:
    history = History(database, clock=lambda: 7.0)
    history.add("why?", receipt(Answer("Because.", "rules", 1.0, id="abcd1234")), private=True)

    turn = history.find("abcd")

    assert (turn.question, turn.receipt["text"], turn.asked, turn.private) == ("why?", "Because.", 7.0, True)


@pytest.mark.parametrize("id", ["", "zz", "ab"])
def test_an_id_that_names_no_single_answer_is_refused(database: Database, id: str) -> None:
    history = History(database)
    for known in ("abc1", "abc2"):
        history.add("?", receipt(Answer("", "rules", 1.0, id=known)))

    with pytest.raises(InputError, match="answer has the id"):
        history.find(id)


def test_an_id_that_is_taken_is_one_sentence_and_the_earlier_turn_stays(database: Database) -> None:
    history = History(database)
    history.add("first?", receipt(Answer("One.", "rules", 1.0, id="abc1")))

    with pytest.raises(StorageError, match="another answer has the id abc1"):
        history.add("second?", receipt(Answer("Two.", "rules", 1.0, id="abc1")))

    assert history.find("abc1").question == "first?"


def test_a_conversation_has_its_own_turns(database: Database) -> None:
    history = History(database)
    for number, conversation in enumerate(["one", "two", "one", None]):
        history.add(str(number), receipt(Answer("", "rules", 1.0, id=str(number))), conversation=conversation)

    assert [turn.question for turn in history.latest(9, "one")] == ["0", "2"]
    assert [turn.question for turn in history.latest(2)] == ["2", "3"]


def test_an_answer_is_found_again_with_its_sources(database: Database, passage: Passage) -> None:
    answers = Answers(database)
    answers.put("k", Answer("Hold it.", "knowledge", 0.8, (passage,)))

    found = answers.get("k")

    assert found is not None
    assert (found.text, found.tier, found.confidence, found.sources) == ("Hold it.", "knowledge", 0.8, (passage,))
    assert answers.get("other") is None


def test_an_old_answer_is_forgotten(database: Database) -> None:
    now = 0.0
    answers = Answers(database, days=1, clock=lambda: now)
    answers.put("k", Answer("Hold it.", "knowledge", 0.8))

    now = 86_401.0

    assert answers.get("k") is None


def test_the_same_question_has_the_same_key_however_it_is_typed() -> None:
    same = {key(text, "en", "") for text in ("What is  DNS?", "what is dns", " What is DNS ?!")}

    assert len(same) == 1


def test_other_words_languages_or_knowledge_have_other_keys() -> None:
    keys = {key("a", "en", "1"), key("b", "en", "1"), key("a", "zh", "1"), key("a", "en", "2")}

    assert len(keys) == 4
