"""The regressor in the window: figures, picture, another one compared, weights edited and saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import JointKey
from gui_app.inspect.joints.support_table import WEIGHT
from gui_app.inspect.regressor import page as regressor_page
from gui_app.inspect.regressor.page import RegressorPage
from gui_app.widgets.save_dialog import Place

LEFT = Qt.MouseButton.LeftButton
KNEE = JointKey("left_knee", "kinematic")


def open_page(window: MainWindow, qtbot: QtBot) -> RegressorPage:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.actions_.inspector.trigger()
    qtbot.waitUntil(window.panels.inspector.panel.isVisible)
    window.panels.inspector.panel.tabs.button(0).click()
    page = window.panels.inspector.panel.regressor
    qtbot.waitUntil(lambda: page.isVisible() and "×" in page.figures["shape"].text())
    return page


def test_figures_and_picture_of_both_bodies(window: MainWindow, qtbot: QtBot) -> None:
    page, opened = open_page(window, qtbot), window.state.document.opened
    assert opened is not None
    for body, model in (("fit", opened.bodies.target), ("source", opened.bodies.source)):
        window.inspection.set_body(body)  # type: ignore[arg-type]
        matrix = model.J_regressor
        shape = f"{matrix.shape[0]} × {matrix.shape[1]:,}"
        qtbot.waitUntil(lambda shape=shape: page.figures["shape"].text() == shape)
        assert page.figures["zeros"].text().startswith(f"{100 * (matrix == 0).mean():.2f} %")
        entries = (matrix != 0).sum(1)
        assert page.figures["vertices a joint"].text().split(" – ")[::2] == [
            str(entries.min()),
            str(entries.max()),
        ]
        joint = model.joint_names.index(KNEE.name)
        vertex = int(matrix[joint].argmax())
        spot = page.picture.place_of(joint, vertex)
        entry = page.picture.entry_at(spot)
        assert entry is not None
        assert entry.joint == joint
        assert entry.weight == pytest.approx(float(matrix[joint, entry.vertex]))
        assert page.picture.words_at(spot).startswith(f"left knee · vertex {entry.vertex} · weight 0.")
        qtbot.mouseClick(page.picture, LEFT, pos=spot)
        assert window.inspection.joint == KNEE
        assert window.inspection.emphasised == (entry.vertex,)
        drawn = window.viewport.scene.support(body)  # type: ignore[arg-type]
        qtbot.waitUntil(lambda drawn=drawn: drawn.look is not None)
    # The wheel brings fewer vertices, about the pointer; a double click all of them again.
    first, across = page.picture.across
    at = QPointF(page.picture.width() / 2, 10)
    notch, none = QPoint(0, 240), Qt.MouseButton.NoButton
    plain, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    wheel = QWheelEvent(at, page.picture.mapToGlobal(at), QPoint(), notch, none, plain, phase, False)
    QApplication.sendEvent(page.picture, wheel)
    assert page.picture.across[1] < across
    assert page.picture.across[0] > first
    qtbot.mouseDClick(page.picture, LEFT, pos=QPoint(5, 5))
    assert page.picture.across == (first, across)


def test_another_one_is_opened_and_compared(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = fitted
    page, opened = open_page(window, qtbot), window.state.document.opened
    assert opened is not None
    body = opened.bodies.target
    joint = body.joint_names.index(KNEE.name)
    other = body.J_regressor.astype(np.float32).copy()
    few = np.argsort(-other[joint])[:4]
    other[joint] = 0
    other[joint, few] = 0.25
    file = tmp_path / "other.npy"
    np.save(file, other)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    page.open.click()
    qtbot.waitUntil(lambda: page.table.topLevelItemCount() == len(other))
    assert page.title.text() == "other.npy"
    first = page.table.topLevelItem(0)
    apart = (other[joint].astype(float) - body.J_regressor[joint]) @ body.v_template
    assert first.text(0) == "left knee"
    assert float(first.text(1)) == pytest.approx(1000 * np.linalg.norm(apart), abs=0.006)
    window.state.playback.set_frame(6)
    skin = opened.posed.frame(6).fit_vertices
    assert skin is not None
    here = 1000 * np.linalg.norm((other[joint].astype(float) - body.J_regressor[joint]) @ skin)
    qtbot.waitUntil(lambda: abs(float(first.text(2)) - here) < 0.006)
    page.table.clicked.emit(page.table.indexFromItem(first))
    drawn = window.viewport.scene.support("fit")
    qtbot.waitUntil(lambda: drawn.look is not None and set(drawn.look.vertices) == set(few))
    told: list[str] = []
    window.state.activity.failed.connect(told.append)
    np.save(file, other.T)
    page.open.click()
    qtbot.waitUntil(lambda: len(told) == 1)
    assert "transposed" in told[0]
    page.own.click()
    qtbot.waitUntil(lambda: drawn.look is not None and len(drawn.look.vertices) > 4)
    assert not page.own.isEnabled()


def test_weights_are_edited_undone_and_saved(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = fitted
    page, opened = open_page(window, qtbot), window.state.document.opened
    assert opened is not None
    body = opened.bodies.target
    before = body.J_regressor.copy()
    joint = body.joint_names.index(KNEE.name)
    window.inspection.go_to_joint(KNEE)
    joints = window.panels.joints.panel.joints
    rows = joints.table.rows
    qtbot.waitUntil(lambda: len(rows.vertices) > 3)
    assert joints.undo.isHidden()
    vertex = rows.vertices[0]
    rows.setData(rows.index(0, WEIGHT), "-0,25")
    regressors = window.panels.inspector.panel.regressors
    assert regressors.matrix is not None
    assert regressors.matrix[joint, vertex] == np.float32(-0.25)
    qtbot.waitUntil(lambda: joints.figures["negative"].text() == "1")
    qtbot.waitUntil(joints.normalise.isVisible)
    joints.normalise.click()
    qtbot.waitUntil(lambda: joints.figures["sum"].text() == "1.0000")
    assert joints.undo.toolTip().startswith("<qt>Undo renormalising left knee")
    joints.undo.click()
    qtbot.waitUntil(lambda: joints.figures["sum"].text() != "1.0000")
    joints.table.setFocus()
    qtbot.keyClick(joints.table, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: joints.figures["sum"].text() == "1.0000")
    # What is being typed stays when everything is shown anew; Return takes it.
    joints.table.setCurrentIndex(rows.index(1, 0))
    qtbot.keyClick(joints.table, Qt.Key.Key_F2)
    field = joints.table.findChild(QLineEdit)
    assert field is not None
    window.panels.joints.panel.refresh()
    QApplication.processEvents()
    assert field.isVisible()
    second = rows.vertices[1]
    qtbot.keyClicks(field, "0.5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: regressors.undo_name == f"weight of vertex {second} in left knee")
    assert regressors.matrix[joint, second] == np.float32(0.5)
    told: list[str] = []
    window.state.activity.said.connect(told.append)
    rows.setData(rows.index(0, WEIGHT), "much")
    assert "is no weight" in told[-1]

    target = tmp_path / "mine.npz"
    monkeypatch.setattr(regressor_page, "ask_where", lambda *_: Place(target))
    window.panels.inspector.panel.tabs.button(0).click()
    qtbot.waitUntil(page.isVisible)
    page.save.click()
    with np.load(target) as archive:
        np.testing.assert_array_equal(archive["J_regressor"], regressors.matrix)
    failed: list[str] = []
    window.state.activity.failed.connect(failed.append)
    model = tmp_path / "SMPLX_NEUTRAL.npz"
    parts = ("v_template", "J_regressor", "weights", "posedirs", "shapedirs", "f", "kintree_table")
    np.savez(model, **{key: np.zeros((2, 4)) for key in parts})
    held = model.read_bytes()
    monkeypatch.setattr(regressor_page, "ask_where", lambda *_: Place(model, replace=True))
    page.save.click()
    assert len(failed) == 1
    assert model.read_bytes() == held, "a model is never written over"
    np.testing.assert_array_equal(body.J_regressor, before)
