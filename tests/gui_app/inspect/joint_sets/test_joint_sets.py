"""Joint sets of one's own: put together, shown, undone, in files, over the motion; SMPL's joints of a fit."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from core.inspection.smpl_joints import smpl_joint_errors
from core.measure.map_back import SMPL_JOINTS
from core.model.posing import posed
from core.outputs.joint_sets import read_joint_set
from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import JointKey
from gui_app.inspect.joint_sets import export
from gui_app.inspect.joint_sets import page as set_page
from gui_app.inspect.joint_sets.page import SetPage
from gui_app.inspect.joint_sets.table import ROWS_MIME
from gui_app.scene.picking import projected
from gui_app.scene.subject import upright
from gui_app.widgets.save_dialog import Place

MakeWindow = Callable[..., MainWindow]
LEFT = Qt.MouseButton.LeftButton
VERTEX = 300


def open_page(window: MainWindow, qtbot: QtBot) -> SetPage:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.actions_.inspector.trigger()
    qtbot.waitUntil(window.panels.inspector.panel.isVisible)
    window.panels.inspector.panel.tabs.button(2).click()
    page = window.panels.inspector.panel.sets
    qtbot.waitUntil(page.isVisible)
    return page


def names(page: SetPage) -> list[str]:
    return [row.name for row in page.table.rows.rows]


def put_together(window: MainWindow, page: SetPage, qtbot: QtBot) -> None:
    """A knee, a vertex and the vertex joints of the feet and the face."""
    window.inspection.choose_joint(JointKey("left_knee", "kinematic"))
    qtbot.waitUntil(lambda: page.adding.add_joint.text() == "left knee")
    page.adding.add_joint.click()
    window.inspection.hold("fit", VERTEX)
    qtbot.waitUntil(lambda: page.adding.add_vertex.text() == f"vertex {VERTEX}")
    page.adding.add_vertex.click()
    page.adding.kinds.aboutToShow.emit()
    next(one for one in page.adding.kinds.actions() if one.text().startswith("Nose")).trigger()
    qtbot.waitUntil(lambda: len(names(page)) == 13)


def test_a_set_is_put_together_and_shown(fitted: MainWindow, qtbot: QtBot) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    page = open_page(window, qtbot)
    assert page._stack.currentWidget() is page.empty
    put_together(window, page, qtbot)
    assert names(page)[:3] == ["left_knee", f"vertex {VERTEX}", "nose"]
    window.state.playback.set_frame(7)
    picture, body = opened.posed.frame(7), opened.bodies.target
    assert picture.fit_vertices is not None
    assert picture.fit_joints is not None
    knee = body.joint_names.index("left_knee")
    expected = np.stack([picture.fit_joints[knee], picture.fit_vertices[VERTEX]])
    qtbot.waitUntil(lambda: np.allclose(page.in_view.places("fit")[:2], upright(expected, "z"), atol=1e-5))
    qtbot.waitUntil(lambda: page.table.rows.rows[1].mean_mm is not None)
    qtbot.waitUntil(lambda: page.table.rows.rows[0].mean_mm is not None)
    source = opened.bodies.source.joint_names.index("left_knee")
    apart = 1000 * np.linalg.norm(picture.fit_joints[knee] - picture.source_joints[source])
    assert picture.error_mm is not None
    qtbot.waitUntil(lambda: abs(page.table.rows.rows[0].here_mm - apart) < 1e-3)
    assert abs(page.table.rows.rows[1].here_mm - picture.error_mm[VERTEX]) < 1e-3

    # The sphere under the pointer says its name; a click chooses it, and nothing below it.
    plotter = window.viewport.plotter
    at = projected(plotter.renderers[1], page.in_view.places("fit")[:1])[0] / plotter.devicePixelRatioF()
    spot = QPoint(round(at[0]), round(plotter.height() - 1 - at[1]))
    assert page.in_view.words_at(spot).startswith("left_knee · left knee · ")
    qtbot.mouseClick(plotter, LEFT, pos=spot)
    assert page.table.selected == (0,)
    window.panels.inspector.panel.tabs.button(0).click()
    qtbot.waitUntil(lambda: len(page.in_view.places("fit")) == 0)


def test_it_is_renamed_moved_and_undone(window: MainWindow, qtbot: QtBot) -> None:
    page = open_page(window, qtbot)
    window.inspection.set_body("source")
    put = page.sets
    page.adding._add_kind("Finger tips")
    qtbot.waitUntil(lambda: len(names(page)) == 10)
    model = page.table.rows
    assert not model.setData(model.index(0, 0), "tip")
    qtbot.waitUntil(lambda: names(page)[0] == "tip")
    told: list[str] = []
    window.state.activity.said.connect(told.append)
    model.setData(model.index(1, 0), "tip")
    assert "already" in told[-1]
    assert names(page)[1] == "left_index"
    page.table.setFocus()
    page.table.mark((0,))
    page.table.marked.emit((0,))
    qtbot.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: names(page)[:2] == ["left_index", "tip"])
    assert page.table.selected == (1,)
    data = model.mimeData([model.index(1, 0)])
    assert data.hasFormat(ROWS_MIME)
    model.dropMimeData(data, Qt.DropAction.MoveAction, -1, 0, model.index(-1, -1))
    qtbot.waitUntil(lambda: names(page)[-1] == "tip")
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(names(page)) == 9)
    assert put.undo_name == "removing tip"
    qtbot.keyClick(page.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: names(page)[-1] == "tip")
    qtbot.keyClick(page.table, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(names(page)) == 9)
    for _ in range(4):
        page.undo.click()
    qtbot.waitUntil(lambda: names(page)[0] == "left_thumb")
    assert put.redo_name == "renaming left_thumb"
    page.redo.click()
    qtbot.waitUntil(lambda: names(page)[0] == "tip")


def test_it_is_saved_opened_and_remembered(
    window: MainWindow,
    make_window: MakeWindow,
    motion_file: Path,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = open_page(window, qtbot)
    put_together(window, page, qtbot)
    page.name.setText("markers")
    page.name.editingFinished.emit()
    target = tmp_path / "markers.json"
    monkeypatch.setattr(set_page, "ask_where", lambda *_: Place(target))
    page.save.click()
    assert read_joint_set(target) == page.sets.now
    told: list[str] = []
    window.state.activity.failed.connect(told.append)
    page.save.click()
    assert len(told) == 1, "nothing is replaced unasked"
    source = tmp_path / "source.json"
    source.write_text(json.dumps({"joint_set": "s", "family": "smplh", "joints": ["pelvis", 12]}))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(source), ""))
    page.open.click()
    qtbot.waitUntil(lambda: names(page) == ["pelvis", "vertex 12"])
    assert window.inspection.body == "source", "it is for that body"
    source.write_text(json.dumps({"joint_set": "s", "family": "smplh", "joints": ["pelvsi"]}))
    page.open.click()
    assert "pelvis" in told[-1]
    assert names(page) == ["pelvis", "vertex 12"]
    again = make_window(motion_file)
    page = open_page(again, qtbot)
    qtbot.waitUntil(lambda: len(names(page)) == 13)
    assert page.name.text() == "markers"


def test_the_motion_is_exported(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    assert window.state.document.result is not None
    page = open_page(window, qtbot)
    put_together(window, page, qtbot)
    target = tmp_path / "places.npz"
    monkeypatch.setattr(export, "ask_where", lambda *_: Place(target))
    page.exporting.menu.actions()[0].trigger()
    assert page.export.active
    assert page.exporting.cancel.isVisible()
    qtbot.waitUntil(lambda: not page.export.active)
    skin, _ = posed(window.state.document.result.as_motion(), opened.bodies.target, slice(None))
    with np.load(target) as archive:
        assert list(archive["names"]) == names(page)
        np.testing.assert_allclose(archive["joints"][:, 1], skin[:, VERTEX], atol=2e-5)
    qtbot.waitUntil(lambda: "as fast as the skin" in page.exporting.words.text(), timeout=30_000)

    told: list[str] = []
    window.state.activity.failed.connect(told.append)
    page.exporting.menu.actions()[0].trigger()
    qtbot.waitUntil(lambda: len(told) == 1)

    # Held up until it is cancelled: nothing is left of the file.
    wait = threading.Event()
    target = tmp_path / "places.csv"
    original = export.write_places
    monkeypatch.setattr(export, "write_places", lambda *parts: wait.wait() and original(*parts))
    page.exporting.menu.actions()[1].trigger()
    qtbot.waitUntil(page.exporting.cancel.isVisible)
    page.exporting.cancel.click()
    wait.set()
    qtbot.waitUntil(lambda: not page.export.active)
    assert "Stopped" in page.exporting.words.text()
    assert not target.exists()


def test_smpl_joints_of_the_fit(fitted: MainWindow, qtbot: QtBot) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    assert window.state.document.result is not None
    page = open_page(window, qtbot)
    page.shows.button(1).click()
    qtbot.waitUntil(lambda: len(page.table.rows.rows) == 24)
    window.state.playback.set_frame(9)
    expected = smpl_joint_errors(opened.motion, opened.bodies, window.state.document.result)
    qtbot.waitUntil(lambda: abs(page.table.rows.rows[4].here_mm - expected.error_mm[9, 4]) < 1e-3)
    for row, name in zip(page.table.rows.rows, SMPL_JOINTS, strict=True):
        assert row.mean_mm is not None
        assert abs(row.mean_mm - expected.by_joint()[name]) < 1e-3
    there = upright(expected.joints[9], "z")
    qtbot.waitUntil(lambda: np.allclose(page.in_view.places("fit"), there, atol=1e-4))
    assert len(page.in_view.places("source")) == 24
    assert not page.adding.add_joint.isVisible(), "they are what they are"
    page.table.mark((3,))
    page.table.marked.emit((3,))
    QApplication.processEvents()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert len(page.table.rows.rows) == 24
