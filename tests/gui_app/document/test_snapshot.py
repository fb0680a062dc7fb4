"""All of the document that can be undone is one value: whatever field it has, undo brings it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from core.problems.accepted import Accepted
from core.session.marker import Marker
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.document_snapshot import DocumentSnapshot
from gui_app.document.history import History
from gui_app.document.opened import Opened


@pytest.fixture
def document(shown: Opened) -> Document:
    """A document with a fit, of a motion that says no frame rate."""
    result = shown.posed.result
    assert result is not None
    document = Document()
    document.set_opened(
        replace(
            shown,
            motion=replace(shown.motion, frame_rate=None),
            result=replace(result, frame_rate=None),
        )
    )
    return document


def another_fit(document: Document) -> None:
    assert document.result is not None
    document.set_result(replace(document.result, transl=document.result.transl + np.float32(0.1)), None)


def another_mask(document: Document) -> None:
    assert document.valid is not None
    document.set_mask(document.valid & (np.arange(len(document.valid)) % 7 != 0))


def other_weights(document: Document) -> None:
    assert document.valid is not None
    document.set_weights(np.where(np.arange(len(document.valid)) < 9, 2, 1).astype(np.float32))


CHANGES: dict[str, Callable[[Document], None]] = {
    "result": another_fit,
    "given_rate": lambda document: document.give_rate(47.0),
    "accepted": lambda document: document.set_accepted((Accepted("mean_mm", "", 2, 3, 9.0),)),
    "valid": another_mask,
    "weights": other_weights,
    "markers": lambda document: document.set_markers((Marker(3, "contact"),)),
}
"""By field of the snapshot, what the window does to change it."""


def test_every_field_survives_undo_and_redo(document: Document) -> None:
    history = History(document, Activity())
    history.add("a fit")
    assert set(CHANGES) == {field.name for field in fields(DocumentSnapshot)}
    for name, change in CHANGES.items():
        before = document.snapshot
        change(document)
        if history.now.snapshot is not document.snapshot:
            history.add(f"another {name}")
        after = document.snapshot
        assert not same(before, after, name), name
        for _ in range(2):
            history.undo()
            assert all(same(document.snapshot, before, field.name) for field in fields(before)), name
            history.redo()
            assert all(same(document.snapshot, after, field.name) for field in fields(after)), name
    # What follows from the fields has followed.
    correspondence = document.opened.bodies.correspondence
    assert np.array_equal(correspondence.valid, document.valid)
    assert np.array_equal(correspondence.weights, document.weights)
    assert document.opened.posed.result is document.result


@dataclass(frozen=True, eq=False)
class NotedSnapshot(DocumentSnapshot):
    """A snapshot with one field more, of which nothing else knows."""

    note: str = ""


def test_a_field_that_is_added_is_undone_with_no_other_edit(document: Document) -> None:
    document.snapshot = NotedSnapshot(**vars(document.snapshot), note="first")
    history = History(document, Activity())
    for number, change in enumerate(CHANGES.values()):
        document.snapshot = replace(document.snapshot, note=f"note {number}")
        change(document)
        if history.now.snapshot is not document.snapshot:
            history.add(f"note {number}")
    notes = []
    while history.undo_name:
        history.undo()
        notes.append(document.snapshot.note)
    last = len(CHANGES) - 1
    assert notes == [*(f"note {number}" for number in reversed(range(last))), "first"]
    history.go_to(len(CHANGES))
    assert document.snapshot.note == f"note {last}"


def same(one: DocumentSnapshot, other: DocumentSnapshot, name: str) -> bool:
    """A field of both is the same thing."""
    first, second = getattr(one, name), getattr(other, name)
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.array_equal(first, second)
    return first is second or (isinstance(first, (float, tuple)) and first == second)
