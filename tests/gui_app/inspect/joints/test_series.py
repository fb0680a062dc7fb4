"""A joint over the motion: its curve, its chip, and its numbers in the panel."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.model.posing import posed
from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import JointKey
from gui_app.inspect.joints.series_lines import ERROR, REGRESSED

LEFT = Qt.MouseButton.LeftButton
ELBOW = JointKey("left_elbow", "kinematic")


def open_at(window: MainWindow, key: JointKey, qtbot: QtBot) -> None:
    """The panel with a joint that is measured."""
    window.actions_.joints.trigger()
    qtbot.waitUntil(window.panels.joints.panel.isVisible)
    window.inspection.choose_joint(key)
    motion = window.panels.joints.panel.motion
    qtbot.waitUntil(lambda: motion.error() is not None)
    if key.kind == "kinematic":
        qtbot.waitUntil(lambda: motion.regressed() is not None)
    QApplication.processEvents()


def test_a_joint_is_a_curve_with_its_figures_in_the_panel(fitted: MainWindow, qtbot: QtBot) -> None:
    window, opened, result = fitted, fitted.state.document.opened, fitted.state.document.result
    assert opened is not None
    assert result is not None
    curves, lines = window.timeline.curves, window.panels.joints.panel.joints.lines
    joint = curves.joint
    assert joint is not None
    assert joint.chip.isHidden()
    open_at(window, ELBOW, qtbot)

    bodies, frames = opened.bodies, np.arange(window.state.document.frames)
    index = [body.joint_names.index(ELBOW.name) for body in (bodies.source, bodies.target)]
    theirs = posed(opened.motion, bodies.source, frames)[1][:, index[0]]
    skin, chain = posed(result.as_motion(), bodies.target, frames)
    apart = 1000 * np.linalg.norm(theirs - chain[:, index[1]], axis=1)
    regressed = np.einsum("v,nvc->nc", bodies.target.J_regressor[index[1]].astype(float), skin.astype(float))
    off = 1000 * np.linalg.norm(regressed - chain[:, index[1]], axis=1)

    np.testing.assert_allclose(joint.curve.getOriginalDataset()[1], apart, atol=2e-2)
    assert joint.chip.isVisible()
    for number, values in ((ERROR, apart), (REGRESSED, off)):
        row = lines.rows[number]
        told = [float(text) for text in (row.here.text(), row.mean.text(), row.worst.text().split()[0])]
        np.testing.assert_allclose(told, [values[0], values.mean(), values.max()], atol=0.07)
    worst = int(lines.rows[ERROR].worst.text().split()[-1])
    assert apart[worst] > apart.max() - 0.02
    window.state.playback.set_frame(0 if worst else 1)
    qtbot.mouseClick(lines.rows[ERROR].worst, LEFT)
    assert window.state.playback.frame == worst
    qtbot.waitUntil(lambda: lines.rows[ERROR].here.text() == lines.rows[ERROR].worst.text().split()[0])
    assert f"{apart[worst]:.1f} mm" in joint.chip.text()
    curves.scene().sigMouseMoved.emit(QPointF(curves.time_scale().left + 2, 30))
    assert "left elbow" in curves.readout.text()
    curves._hide_readout()

    window.inspection.set_body("source")
    before = lines.rows[REGRESSED].mean.text()
    qtbot.waitUntil(lambda: window.panels.joints.panel.motion.regressed() is not None)
    qtbot.waitUntil(lambda: lines.rows[REGRESSED].mean.text() not in (before, "…"))
    assert window.panels.joints.panel.motion.regressed() is not None


def test_the_curve_goes_with_the_joint_the_panel_and_the_fit(fitted: MainWindow, qtbot: QtBot) -> None:
    window = fitted
    lines, joint = window.panels.joints.panel.joints.lines, window.timeline.curves.joint
    assert joint is not None
    open_at(window, ELBOW, qtbot)
    first = joint.curve.getOriginalDataset()[1]
    window.inspection.choose_joint(JointKey("nose", "vertex"))
    qtbot.waitUntil(lambda: not np.array_equal(joint.curve.getOriginalDataset()[1], first))
    assert joint.chip.text().startswith("nose")
    qtbot.waitUntil(lambda: lines.rows[REGRESSED].title.isHidden())
    assert lines.why.isHidden(), "a vertex of the skin is not regressed"
    window.actions_.joints.trigger()
    assert joint.chip.isHidden()
    assert joint.curve.getOriginalDataset()[1] is None or not len(joint.curve.getOriginalDataset()[1])
    window.actions_.joints.trigger()
    assert joint.chip.isVisible()
    window.state.document.set_result(None, None)
    assert joint.chip.isHidden()
    qtbot.waitUntil(lines.isHidden)
    window.actions_.undo.trigger()
    window.inspection.choose_joint(ELBOW)
    qtbot.mouseClick(joint.chip, LEFT)
    assert window.inspection.joint is None
