"""The parameters panel: what it shows, and what becomes of an edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.model.frame_parameters import source_joints
from gui_app.app.main_window import MainWindow
from gui_app.files import save_actions
from gui_app.parameters import editing
from gui_app.parameters.joint_tree import chains
from gui_app.parameters.panel import NO_FIT, ParametersPanel
from gui_app.widgets.save_dialog import Place
from tests.gui_app.conftest import FIT_MS

MakeWindow = Callable[..., MainWindow]
FRAME = 7


def opened_panel(window: MainWindow, joint: str = "left_elbow") -> ParametersPanel:
    window.actions_.parameters.trigger()
    window.state.playback.set_frame(FRAME)
    panel = window.panels.parameters.panel
    panel.refresh()
    if window.state.document.result is not None:
        panel.pose.tree.choose(panel.pose.tree.model.names.index(joint))
    return panel


def type_into(qtbot: QtBot, field: QWidget, text: str) -> None:
    qtbot.mouseClick(field.lineEdit(), Qt.MouseButton.LeftButton)
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def drawn(window: MainWindow) -> np.ndarray:
    """The fit's vertices as the picture has them."""
    return window.viewport.scene._picture.fit_vertices


def test_hidden_until_asked_for_and_remembered(
    make_window: MakeWindow, motion_file: Path, qtbot: QtBot
) -> None:
    window = make_window(motion_file)
    window.resize(1280, 720)
    assert not window.panels.parameters.isVisible()
    assert not window.actions_.parameters.isChecked()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=FIT_MS)
    qtbot.keyClick(window, Qt.Key.Key_P)
    assert window.panels.parameters.isVisible()
    panel = window.panels.parameters.panel
    assert panel.empty.isVisible()
    assert panel.empty.text() == NO_FIT
    window.close()
    again = make_window(motion_file)
    assert again.panels.parameters.isVisible()
    assert again.actions_.parameters.isChecked()
    again.panels.parameters.close()
    assert not again.actions_.parameters.isChecked()


def test_a_typed_number_and_a_drag_move_the_body_and_are_steps(fitted: MainWindow, qtbot: QtBot) -> None:
    window, state = fitted, fitted.state
    panel, result = opened_panel(window), state.document.result
    field, joint = panel.pose.rows.fields[1], panel.pose.tree.joint
    assert panel.pose.title.text() == "left elbow"
    shown = np.degrees(result.poses[FRAME, joint])
    assert field.value() == pytest.approx(shown[1], abs=0.051)
    qtbot.waitUntil(lambda: window.viewport.scene._frame == FRAME, timeout=FIT_MS)
    before = drawn(window).copy()
    type_into(qtbot, field, "40")
    assert window.actions_.undo.text() == f"Undo edit of left elbow in frame {FRAME}"
    assert np.degrees(state.document.result.poses[FRAME, joint]) == pytest.approx(
        [shown[0], 40, shown[2]], abs=1e-3
    )
    assert state.document.result.mean_mm[FRAME] > result.mean_mm[FRAME] + 1
    assert window.statusBar().words.text().startswith(f"Edit of left elbow in frame {FRAME} · mean ")
    assert "unsaved" in window.windowTitle()
    qtbot.waitUntil(lambda: np.abs(drawn(window) - before).max() > 0.02, timeout=FIT_MS)
    qtbot.waitUntil(panel.pencil.isVisible, timeout=FIT_MS)
    marks = window.timeline.edits
    assert marks.isVisible()
    x = window.timeline.curves.time_scale().x_of(FRAME)
    assert marks.stretch_under(x) == (FRAME, FRAME)
    assert marks.stretch_under(x + 60) is None
    state.playback.set_frame(0)
    qtbot.mouseClick(marks, Qt.MouseButton.LeftButton, pos=QPoint(round(x), 5))
    assert state.playback.frame == FRAME
    edited = state.document.result
    window.actions_.undo.trigger()
    assert state.document.result is result
    assert not marks.isVisible()
    qtbot.waitUntil(lambda: np.array_equal(drawn(window), before), timeout=FIT_MS)
    qtbot.waitUntil(lambda: field.value() == pytest.approx(shown[1], abs=0.051), timeout=FIT_MS)
    window.actions_.redo.trigger()
    assert state.document.result is edited
    assert marks.isVisible()

    result = state.document.result
    field, steps = panel.pose.rows.fields[0], len(window.history)
    line = field.lineEdit()
    qtbot.waitUntil(lambda: window.viewport.scene._frame == FRAME, timeout=FIT_MS)
    before = drawn(window).copy()
    middle = line.rect().center()
    # A hand that rests is done as well: on a busy machine the picture takes longer than that.
    window.editing._idle.setInterval(FIT_MS)
    qtbot.mousePress(line, Qt.MouseButton.LeftButton, pos=middle)
    for by in (10, 40, 80):
        qtbot.mouseMove(line, middle + QPoint(by, 0))
    assert state.document.result is result
    qtbot.waitUntil(lambda: np.abs(drawn(window) - before).max() > 0.02, timeout=FIT_MS)
    qtbot.waitUntil(lambda: "→" in panel.figure.text(), timeout=FIT_MS)
    assert len(window.history) == steps
    qtbot.mouseRelease(line, Qt.MouseButton.LeftButton, pos=middle + QPoint(80, 0))
    assert len(window.history) == steps + 1
    assert state.document.result.edited[FRAME]
    first = state.document.result
    # Another edit of the same field close by belongs to the same step; one of another field does not.
    field.setValue(field.value() + 5)
    panel.pose.rows.finished.emit()
    assert state.document.result is not first
    assert len(window.history) == steps + 1
    panel.pose.rows.fields[2].setValue(12)
    window.actions_.undo.trigger()
    assert len(window.history) == steps + 2
    window.actions_.undo.trigger()
    assert state.document.result is result


def test_back_to_the_fit_over_to_the_source_and_a_shape_for_all_frames(
    fitted: MainWindow, qtbot: QtBot
) -> None:
    window, state = fitted, fitted.state
    panel, result = opened_panel(window, "right_knee"), state.document.result
    pose, motion = panel.pose, state.document.opened.motion
    joint = pose.tree.joint
    pose.from_source.click()
    of_source = motion.poses[FRAME, source_joints(state.document.opened.bodies)[joint]]
    np.testing.assert_array_equal(state.document.result.poses[FRAME, joint], of_source)
    assert window.history.undo_name == f"source's rotation of right knee in frame {FRAME}"
    qtbot.waitUntil(pose.reset.isEnabled, timeout=FIT_MS)
    assert not pose.from_source.isEnabled()
    pose.reset.click()
    # Everything is as it was, so nothing is marked any more.
    np.testing.assert_array_equal(state.document.result.poses, result.poses)
    np.testing.assert_array_equal(state.document.result.p95_mm, result.p95_mm)
    assert not state.document.result.edited.any()
    assert state.document.result.converged[FRAME]
    panel.tabs.button(3).click()
    row = panel.translation.rows
    row.fields[2].setValue(row.fields[2].value() + 0.05)
    row.finished.emit()
    assert state.document.result.transl[FRAME, 2] == pytest.approx(result.transl[FRAME, 2] + 0.05, abs=1e-3)
    qtbot.waitUntil(row.resets[2].isVisible, timeout=FIT_MS)
    assert not row.resets[0].isVisible()
    row.resets[2].click()
    np.testing.assert_array_equal(state.document.result.transl, result.transl)
    panel.tabs.button(0).click()
    pose.tree.choose(pose.tree.model.names.index("jaw"))
    assert not pose.from_source.isEnabled()
    assert pose.from_source.toolTip() == "The source has no joint of this name"

    result = state.document.result
    panel.tabs.button(1).click()
    rows = panel.shape_.rows
    rows.fields[1].setValue(2.0)
    rows.finished.emit()
    assert state.activity.run.stage == "measure"
    assert state.document.result is result
    # Until it is known how far off the frames are, all of them show the new shape.
    state.playback.set_frame(0)
    assert state.document.opened.posed.frame(0).mean_mm > result.mean_mm[0] + 1
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert window.history.undo_name == "edit of the shape"
    assert state.document.result.betas[1] == pytest.approx(2.0)
    assert state.document.result.edited.all()
    assert (state.document.result.mean_mm > result.mean_mm).all()
    edited = state.document.result
    rows.fields[1].setValue(-2.0)
    rows.finished.emit()
    window.actions_.cancel.trigger()
    assert not state.activity.run.active
    assert state.document.result is edited
    assert state.document.opened.posed.frame(0).mean_mm == pytest.approx(edited.mean_mm[0], rel=1e-3)
    window.actions_.undo.trigger()
    assert state.document.result is result


def test_no_editing_while_a_fit_runs_and_a_fit_takes_the_mark_away(fitted: MainWindow, qtbot: QtBot) -> None:
    window, state = fitted, fitted.state
    panel = opened_panel(window)
    field = panel.pose.rows.fields[0]
    field.setValue(field.value() + 30)
    # Not yet a step: what uses the fit takes it in first.
    window.actions_.fit_frame.trigger()
    assert state.activity.run.active
    assert window.history.undo_name.startswith("edit of left elbow")
    assert state.document.result.edited[FRAME]
    panel.refresh()
    assert not field.isEnabled()
    assert not panel.pose.from_source.isEnabled()
    assert panel.note.isVisible()
    assert panel.note.text() == editing.RUNNING
    qtbot.waitUntil(lambda: not state.activity.run.active, timeout=FIT_MS)
    assert not state.document.result.edited.any()
    assert not window.timeline.edits.isVisible()
    qtbot.waitUntil(field.isEnabled, timeout=FIT_MS)
    assert not panel.note.isVisible()


def test_marks_and_ways_back_outlive_the_file(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, state = fitted, fitted.state
    panel = opened_panel(window)
    field = panel.pose.rows.fields[0]
    target = tmp_path / "stroll_stageii.npz"
    monkeypatch.setattr(save_actions, "ask_where", lambda *_: Place(target, replace=True))
    field.setValue(30.0)
    window.actions_.save.trigger()
    assert state.document.saved
    saved = state.document.result
    window.files.open_path(target)
    qtbot.waitUntil(lambda: state.document.opened.file == target, timeout=FIT_MS)
    assert np.flatnonzero(state.document.result.edited).tolist() == [FRAME]
    assert window.timeline.edits.isVisible()
    state.playback.set_frame(FRAME)
    panel.refresh()
    assert field.value() == pytest.approx(30.0)
    assert not panel.pose.reset.isEnabled()
    field.setValue(0.0)
    panel.pose.rows.finished.emit()
    panel.refresh()
    panel.pose.reset.click()
    np.testing.assert_array_equal(state.document.result.poses, saved.poses)
    assert state.document.result.edited[FRAME]


def test_the_tree_has_a_level_for_each_fork_and_frames_without_a_fit_show_the_source_alone(
    fitted: MainWindow, qtbot: QtBot
) -> None:
    tree = opened_panel(fitted).pose.tree
    names = tree.model.names
    above = {
        names[joint]: names[parent] if parent >= 0 else ""
        for joint, parent in chains(fitted.state.document.opened.bodies.target.parents)
    }
    assert above["left_knee"] == above["left_hip"] == "pelvis"
    assert above["left_index3"] == "left_wrist"
    assert len(above) == len(names)
    tree.search.setText("right_index")
    qtbot.keyClick(tree.search, Qt.Key.Key_Return)
    assert names[tree.joint] == "right_index1"
    tree.search.setText("knee")
    shown = tree.view.model()
    pelvis = shown.index(0, 0)
    assert [shown.index(row, 0, pelvis).data() for row in range(shown.rowCount(pelvis))] == [
        "left knee",
        "right knee",
    ]

    tree.search.clear()
    panel, state = opened_panel(fitted), fitted.state
    state.document.set_result(
        replace(state.document.result, fitted=np.arange(state.document.frames) != FRAME), None
    )
    panel.refresh()
    field = panel.pose.rows.fields[1]
    assert field.text() == "–"
    assert not field.isEnabled()
    assert panel.note.text() == f"Frame {FRAME} is not fitted: fit it first (Ctrl+Shift+Return)"
    elbow = panel.pose.tree.model.place(panel.pose.tree.joint, 1)
    assert elbow.data().endswith("°")
    assert [elbow.siblingAtColumn(column).data() for column in (2, 3)] == ["–", "–"]
    state.playback.set_frame(FRAME + 1)
    qtbot.waitUntil(field.isEnabled, timeout=FIT_MS)
    assert field.text().endswith("°")
    assert not panel.note.isVisible()
