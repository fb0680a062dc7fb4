"""What was done can be undone and done again, in order, within bounds, and small edits become one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gui_app.document.undo_stack import MERGE_SECONDS, UndoStack


@dataclass(frozen=True)
class Number:
    name: str
    value: int


def stack_of(*values: int, **how: object) -> UndoStack[Number]:
    stack = UndoStack(Number("", 0), **{"most": 100, **how})  # type: ignore[arg-type]
    for value in values:
        stack.add(Number(f"to {value}", value))
    return stack


def test_steps_are_undone_and_redone_by_name_until_another_is_made() -> None:
    stack = stack_of(1, 2, 3)
    assert (stack.undo_name, stack.redo_name, stack.now.value, len(stack)) == ("to 3", "", 3, 3)
    assert [stack.undo().name for _ in range(3)] == ["to 3", "to 2", "to 1"]
    assert stack.undo() is None
    assert (stack.undo_name, stack.redo_name, stack.now.value) == ("", "to 1", 0)
    assert [stack.redo().value, stack.redo().value] == [1, 2]
    assert (stack.undo_name, stack.redo_name) == ("to 2", "to 3")
    stack.add(Number("to 9", 9))
    assert stack.redo() is None
    assert [step.value for step in stack.steps] == [0, 1, 2, 9]


def test_any_step_can_be_gone_to_and_the_others_stay() -> None:
    stack = stack_of(1, 2, 3)
    assert stack.go_to(1)
    assert (stack.at, stack.now.value, stack.redo_name) == (1, 1, "to 2")
    assert not any(stack.go_to(index) for index in (1, 4, -1))
    stack.put(Number("to 1", 10))
    assert [step.value for step in stack.steps] == [0, 10, 2, 3]
    stack.begin([Number("", 5), Number("to 6", 6)], 1)
    assert (stack.undo_name, stack.redo_name, len(stack)) == ("to 6", "", 1)


def test_the_oldest_steps_are_forgotten_beyond_a_count_or_a_size() -> None:
    assert [step.value for step in stack_of(*range(1, 9), most=3).steps] == [6, 7, 8]

    def size(steps: Sequence[Number]) -> int:
        return sum({step.value for step in steps})

    assert [step.value for step in stack_of(5, 4, 3, 2, most_bytes=9, size=size).steps] == [4, 3, 2]
    # However large: what there is, and what there was before it.
    assert [step.value for step in stack_of(50, 60, most_bytes=9, size=size).steps] == [50, 60]


def test_edits_of_one_thing_that_follow_closely_are_one_step() -> None:
    now = [0.0]
    stack = stack_of(clock=lambda: now[0])

    def edit(value: int, merge: object, after: float) -> None:
        now[0] += after
        stack.add(Number("edit", value), merge)

    edit(1, "knee", 0.0)
    edit(2, "knee", MERGE_SECONDS - 0.1)
    edit(3, "knee", MERGE_SECONDS - 0.1)
    assert [step.value for step in stack.steps] == [0, 3]
    edit(4, "knee", MERGE_SECONDS + 0.1)
    edit(5, "elbow", 0.0)
    edit(6, None, 0.0)
    edit(7, None, 0.0)
    edit(8, "elbow", 0.0)
    assert [step.value for step in stack.steps] == [0, 3, 4, 5, 6, 7, 8]
    # What was undone in between is another thing than the last edit.
    stack.undo()
    edit(9, "elbow", 0.0)
    assert [step.value for step in stack.steps] == [0, 3, 4, 5, 6, 7, 9]
    stack.undo()
    stack.redo()
    edit(10, "elbow", 0.0)
    assert [step.value for step in stack.steps] == [0, 3, 4, 5, 6, 7, 10]
