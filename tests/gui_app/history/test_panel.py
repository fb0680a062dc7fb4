"""The history as a list: return to any step, compare any two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow


def moved(window: MainWindow, frames: slice, by: float, step: str) -> None:
    """A step that makes some frames worse by some millimetres."""
    result = window.state.document.result
    assert result is not None
    poses, mean = result.poses.copy(), result.mean_mm.copy()
    poses[frames] += 0.01
    mean[frames] += by
    window.state.document.set_result(replace(result, poses=poses, mean_mm=mean), np.arange(24)[frames])
    window.history.add(step)


def test_return_to_any_and_compare_any_two(fitted: MainWindow, qtbot: QtBot) -> None:
    state, history, panel, before = fitted.state, fitted.history, fitted.panels.runs.panel, fitted.before
    fitted.actions_.runs.trigger()
    first = state.document.result
    moved(fitted, slice(4, 8), 2.0, "bending")
    second = state.document.result
    moved(fitted, slice(10, 13), 1.0, "twisting")
    qtbot.waitUntil(lambda: panel.table.topLevelItemCount() == 4)
    qtbot.waitUntil(lambda: panel.chosen == 3)
    cells = [[panel.table.topLevelItem(row).text(column) for column in range(3)] for row in range(4)]
    assert [row[0] for row in cells] == ["As it was opened", "Fit of all frames", "Bending", "Twisting"]
    assert [row[1] for row in cells] == ["", "24", "4", "3"]
    assert "→" in cells[2][2]
    assert not panel.back.isEnabled()
    assert not panel.compare.isEnabled()
    qtbot.waitUntil(lambda: before.earlier is second)

    # The last with the first: what both steps changed.
    panel.table.setCurrentItem(panel.table.topLevelItem(1))
    assert "accurate: vertex" in panel.words.words
    panel.compare.click()
    assert before.earlier is first
    assert before.comparison is not None
    assert before.comparison.frames.tolist() == [4, 5, 6, 7, 10, 11, 12]
    fitted.actions_.hold_before.setChecked(True)
    assert state.view.peeked is first
    fitted.actions_.hold_before.setChecked(False)

    # The second with the first.
    panel.table.setCurrentItem(panel.table.topLevelItem(2))
    panel.back.click()
    assert state.document.result is second
    assert history.at == 2
    qtbot.waitUntil(lambda: before.shown is second and before.comparison is not None)
    assert before.earlier is first
    assert before.comparison.frames.tolist() == [4, 5, 6, 7]
    assert fitted.actions_.undo.text() == "Undo bending"
    assert fitted.actions_.redo.text() == "Redo twisting"

    # Something new: it is compared with what there was before it.
    moved(fitted, slice(0, 2), 1.0, "turning")
    qtbot.waitUntil(lambda: before.earlier is second)
    qtbot.waitUntil(lambda: panel.table.topLevelItemCount() == 4 and panel.chosen == 3)
    assert panel.table.topLevelItem(3).text(0) == "Turning"
