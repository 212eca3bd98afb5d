"""Tests of the line editor: keys in, a line and its cursor out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.chat.editor import LONGEST_LINE, LineEditor, Outcome, Result
from tertulia.chat.keys import Action, Key

WORDS = ["ana: ", "anabela: ", "/join ", "bob "]


def complete(before: str, beginning: str) -> Sequence[str]:
    return [word for word in WORDS if beginning and word.startswith(beginning)]


class Typist:
    """Somebody at an editor."""

    def __init__(self) -> None:
        self.editor = LineEditor(complete)
        self.results: list[Result] = []

    def type(self, text: str) -> Typist:
        return self.press(Key(Action.INSERT, text))

    def do(self, *actions: Action) -> Typist:
        return self.press(*map(Key, actions))

    def press(self, *keys: Key) -> Typist:
        for key in keys:
            result = self.editor.press(key)
            if result is not None:
                self.results.append(result)
        return self

    @property
    def line(self) -> str:
        """The line, with the cursor as a bar."""
        text, cursor = self.editor.text, self.editor.cursor
        return f"{text[:cursor]}|{text[cursor:]}"


@pytest.fixture
def typist() -> Typist:
    return Typist()


def test_what_is_typed_stands_at_the_cursor(typist: Typist) -> None:
    typist.type("helo").do(Action.LEFT).type("l")
    assert typist.line == "hell|o"


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (Action.LEFT, "one two, thre|e"),
        (Action.WORD_LEFT, "one two, |three"),
        (Action.START, "|one two, three"),
        (Action.DELETE_BEFORE, "one two, thre|"),
        (Action.DELETE_WORD_BEFORE, "one two, |"),
        (Action.DELETE_TO_START, "|"),
        (Action.RIGHT, "one two, three|"),
        (Action.DELETE_AFTER, "one two, three|"),
        (Action.SWAP, "one two, three|"),
    ],
)
def test_a_key_at_the_end_of_a_line(typist: Typist, action: Action, line: str) -> None:
    typist.type("one two, three").do(action)
    assert typist.line == line


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (Action.RIGHT, "o|ne two"),
        (Action.WORD_RIGHT, "one| two"),
        (Action.END, "one two|"),
        (Action.DELETE_AFTER, "|ne two"),
        (Action.DELETE_WORD_AFTER, "| two"),
        (Action.DELETE_TO_END, "|"),
        (Action.LEFT, "|one two"),
        (Action.DELETE_BEFORE, "|one two"),
        (Action.SWAP, "|one two"),
    ],
)
def test_a_key_at_the_start_of_a_line(typist: Typist, action: Action, line: str) -> None:
    typist.type("one two").do(Action.START, action)
    assert typist.line == line


def test_a_sign_of_several_characters_is_one(typist: Typist) -> None:
    typist.type("a👍\U0001f3fde\u0301").do(Action.LEFT, Action.LEFT)
    assert typist.line == "a|👍\U0001f3fde\u0301"
    typist.do(Action.DELETE_AFTER, Action.END, Action.DELETE_BEFORE)
    assert typist.line == "a|"


def test_what_was_deleted_can_be_put_back(typist: Typist) -> None:
    typist.type("one two").do(Action.DELETE_WORD_BEFORE, Action.START, Action.PUT_BACK)
    assert typist.line == "two|one "


def test_two_signs_change_places(typist: Typist) -> None:
    typist.type("teh").do(Action.LEFT, Action.SWAP)
    assert typist.line == "the|"


def test_enter_submits_the_whole_line(typist: Typist) -> None:
    typist.type("hello").do(Action.LEFT, Action.ENTER)
    assert typist.results == [Result(Outcome.SUBMITTED, "hello")]
    assert typist.line == "|"


def test_older_lines_are_fetched_back_and_the_new_one_is_kept(typist: Typist) -> None:
    for line in ("first", "second", "second", "  "):
        typist.type(line).do(Action.ENTER)
    typist.type("draft").do(Action.OLDER)
    assert typist.line == "second|"
    typist.do(Action.OLDER)
    assert typist.line == "first|"
    typist.do(Action.OLDER)
    assert typist.line == "first|"
    typist.do(Action.NEWER, Action.NEWER)
    assert typist.line == "draft|"
    typist.do(Action.NEWER)
    assert typist.line == "draft|"


def test_an_older_line_that_is_changed_is_a_new_line(typist: Typist) -> None:
    typist.type("first").do(Action.ENTER, Action.OLDER).type("!").do(Action.ENTER, Action.OLDER)
    assert typist.line == "first!|"
    typist.do(Action.OLDER)
    assert typist.line == "first|"


def test_the_answer_to_a_question_is_not_fetched_back(typist: Typist) -> None:
    typist.type("first").do(Action.ENTER)
    typist.editor.remembers = False
    typist.type("secret").do(Action.ENTER, Action.ENTER, Action.OLDER)
    assert typist.line == "first|"


def test_interrupting_empties_the_line_and_then_ends(typist: Typist) -> None:
    typist.type("never mind").do(Action.INTERRUPT)
    assert (typist.line, typist.results) == ("|", [])
    typist.do(Action.INTERRUPT)
    assert typist.results == [Result(Outcome.INTERRUPTED)]


def test_the_end_of_input_deletes_or_ends(typist: Typist) -> None:
    typist.type("ab").do(Action.START, Action.END_OF_INPUT)
    assert (typist.line, typist.results) == ("|b", [])
    typist.do(Action.END_OF_INPUT, Action.END_OF_INPUT)
    assert typist.results == [Result(Outcome.ENDED)]


def test_other_keys_are_passed_on(typist: Typist) -> None:
    typist.do(Action.CLEAR, Action.SUSPEND)
    assert typist.results == [Result(Outcome.CLEARED), Result(Outcome.SUSPENDED)]


def test_a_word_is_completed(typist: Typist) -> None:
    typist.type("/jo").do(Action.COMPLETE)
    assert typist.line == "/join |"
    typist.type("x bo").do(Action.LEFT, Action.LEFT).do(Action.END, Action.COMPLETE)
    assert typist.line == "/join x bob |"


def test_a_word_is_completed_as_far_as_it_is_clear(typist: Typist) -> None:
    typist.type("an").do(Action.COMPLETE)
    assert (typist.line, typist.results) == ("ana|", [])
    typist.do(Action.COMPLETE)
    assert typist.results == [Result(Outcome.CHOICES, choices=("ana: ", "anabela: "))]
    typist.type("b").do(Action.COMPLETE)
    assert typist.line == "anabela: |"


def test_what_nothing_begins_with_stays(typist: Typist) -> None:
    typist.type("xyz").do(Action.COMPLETE)
    assert (typist.line, typist.results) == ("xyz|", [])


def test_a_line_has_a_bound(typist: Typist) -> None:
    typist.type("x" * (LONGEST_LINE + 10)).type("y")
    assert typist.editor.text == "x" * LONGEST_LINE


KEYS = st.one_of(
    st.builds(Key, st.sampled_from(list(Action)[1:])),
    st.builds(Key, st.just(Action.INSERT), st.text("ab 日\u0301👍/\n", min_size=1, max_size=4)),
)


@given(st.lists(KEYS, max_size=60))
def test_whatever_is_typed_the_cursor_is_in_the_line(keys: list[Key]) -> None:
    typist = Typist()
    for key in keys:
        typist.press(key)
        assert 0 <= typist.editor.cursor <= len(typist.editor.text)
