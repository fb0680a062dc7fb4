"""Joints and the vertices they are made of: the panel, and the spheres on both bodies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.model.joints import JOINT_NAMES
from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import BODIES, JointKey
from gui_app.inspect.joints import support_page
from gui_app.inspect.joints.tree import levels
from gui_app.scene.picking import projected
from gui_app.scene.subject import upright
from gui_app.scene.support_colours import support_look
from gui_app.style import colours
from gui_app.widgets.save_dialog import Place
from tests.gui_app.conftest import FIT_MS

MakeWindow = Callable[..., MainWindow]
LEFT = Qt.MouseButton.LeftButton
KNEE = JointKey("left_knee", "kinematic")


def open_panel(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.actions_.joints.trigger()
    qtbot.waitUntil(window.panels.joints.panel.isVisible)
    QApplication.processEvents()


def on_screen(window: MainWindow, body: str, point: np.ndarray) -> QPoint:
    """Where a point (3,) of the motion's world is on the 3D widget, logical pixels."""
    opened = window.state.document.opened
    assert opened is not None
    plotter = window.viewport.plotter
    renderer = plotter.renderers[0 if body == "source" else 1]
    x, y = projected(renderer, upright(point, opened.subject.up_axis)[None])[0]
    scale = plotter.devicePixelRatioF()
    return QPoint(round(x / scale), round(plotter.height() - 1 - y / scale))


def test_a_joint_of_the_tree_shows_its_vertices_on_both_bodies_in_every_frame(
    fitted: MainWindow, qtbot: QtBot
) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    assert not window.panels.joints.isVisible(), "hidden until it is asked for"
    open_panel(window, qtbot)
    page, tree = window.panels.joints.panel.joints, window.panels.joints.panel.joints.tree
    assert page._below.currentWidget() is page.empty
    tree.search.setText("left knee")
    tree.search.returnPressed.emit()
    window.state.playback.set_frame(5)
    qtbot.waitUntil(lambda: window.viewport.scene.support("fit").mark.GetVisibility() == 1)
    qtbot.waitUntil(lambda: page.table.rows.vertices != [])

    picture = opened.posed.frame(5)
    bodies = {
        "source": (opened.bodies.source, picture.source_vertices, picture.source_joints),
        "fit": (opened.bodies.target, picture.fit_vertices, picture.fit_joints),
    }
    places: dict[str, np.ndarray] = {}
    for name in BODIES:
        body, vertices, joints = bodies[name]
        assert vertices is not None
        assert joints is not None
        row = body.J_regressor[body.joint_names.index(KNEE.name)]
        drawn = window.viewport.scene.support(name)
        assert drawn.look is not None
        assert set(drawn.look.vertices) == set(np.flatnonzero(row))
        assert (drawn.look.radii.argsort() == row[drawn.look.vertices].argsort()).mean() > 0.5
        np.testing.assert_allclose(drawn.places, upright(vertices[drawn.look.vertices], "z"), atol=1e-5)
        places[name] = joints[body.joint_names.index(KNEE.name)]

    body, vertices, joints = bodies["fit"]
    row = body.J_regressor[body.joint_names.index(KNEE.name)].astype(float)
    shown = page.table.rows
    cells = [
        [str(shown.index(line, column).data()) for column in range(5)] for line in range(shown.rowCount())
    ]
    ids = np.array([int(line[0]) for line in cells])
    assert (np.diff(np.abs(row[ids])) <= 0).all(), "the largest share first"
    np.testing.assert_allclose([float(line[1]) for line in cells], row[ids], atol=5.1e-5)
    np.testing.assert_allclose([float(line[2]) for line in cells], 100 * row[ids] / row.sum(), atol=5.1e-3)
    away = 1000 * np.linalg.norm(vertices[ids] - places["fit"], axis=1)
    np.testing.assert_allclose([float(line[3]) for line in cells], away, atol=0.06)
    assert {line[4] for line in cells} == {"yes"}
    assert page.figures["sum"].text() == f"{row.sum():.4f}"
    error = 1000 * np.linalg.norm(places["fit"] - places["source"])
    place = tree.outline.place(body.joint_names.index(KNEE.name))
    assert place.siblingAtColumn(1).data() == f"{error:.1f}"

    # Spheres and figures go along with the frame.
    drawn = window.viewport.scene.support("fit")
    qtbot.waitUntil(lambda: drawn.mark.GetVisibility() == 1)
    look, actors = drawn.look, drawn.actors
    before = window.panels.joints.panel.joints.figures["joint, m"].text()
    opacity = window.viewport.scene.support("source").spheres
    assert opacity.GetVisibility()
    window.state.playback.set_frame(12)
    vertices = opened.posed.frame(12).fit_vertices
    assert vertices is not None
    assert look is not None
    qtbot.waitUntil(lambda: np.allclose(drawn.places, vertices[look.vertices], atol=1e-5))
    assert drawn.look is look, "moved, not made anew"
    assert drawn.actors is actors
    qtbot.waitUntil(lambda: window.panels.joints.panel.joints.figures["joint, m"].text() != before)
    window.inspection.set_least_share(0.04)
    qtbot.waitUntil(lambda: drawn.look is not look)
    share = np.abs(opened.bodies.target.J_regressor[opened.bodies.target.joint_names.index(KNEE.name)])
    kept = np.flatnonzero(share >= 0.04 * share.sum())
    assert drawn.look is not None
    assert set(drawn.look.vertices) == set(kept)
    qtbot.waitUntil(lambda: set(window.panels.joints.panel.joints.table.rows.vertices) == set(kept))


def test_rows_stand_out_bring_the_camera_near_and_are_copied_and_saved(
    fitted: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    open_panel(window, qtbot)
    window.inspection.choose_joint(KNEE)
    table = window.panels.joints.panel.joints.table
    qtbot.waitUntil(lambda: len(table.rows.vertices) > 3)
    vertex = table.rows.vertices[2]
    table.scrollTo(table.rows.index(2, 2))
    cell = table.visualRect(table.rows.index(2, 2)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=cell)
    drawn = window.viewport.scene.support("fit")
    white = colours.rgb(colours.EMPHASIS)

    def standing_out() -> list[int]:
        look = drawn.look
        return [] if look is None else [int(one) for one in look.vertices[(look.colours == white).all(1)]]

    qtbot.waitUntil(lambda: standing_out() == [vertex])
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert table.rows.vertices == sorted(table.rows.vertices)
    assert table.selected == (vertex,), "sorting keeps the row"
    row = table.rows.index(table.rows.vertices.index(vertex), 2)
    table.scrollTo(row)
    qtbot.mouseDClick(table.viewport(), LEFT, pos=table.visualRect(row).center())
    picture = opened.posed.frame(window.state.playback.frame)
    assert picture.fit_vertices is not None
    focal = np.array(window.viewport.plotter.renderers[0].camera.focal_point)
    np.testing.assert_allclose(focal, upright(picture.fit_vertices[vertex], "z"), atol=1e-4)

    page = window.panels.joints.panel.joints
    qtbot.waitUntil(lambda: len(page.table.rows.vertices) > 3)
    target = tmp_path / "knee.csv"
    monkeypatch.setattr(support_page, "ask_where", lambda *_: Place(target))
    page.save.click()
    lines = [line.split(",") for line in target.read_text().splitlines()]
    assert lines[0] == ["vertex", "weight", "share_percent", "distance_mm", "valid"]
    assert window.state.document.opened is not None
    body = window.state.document.opened.bodies.target
    row = body.J_regressor[body.joint_names.index(KNEE.name)]
    read = np.zeros(len(row))
    read[[int(line[0]) for line in lines[1:]]] = [float(line[1]) for line in lines[1:]]
    np.testing.assert_allclose(read, row, rtol=1e-6)
    target.write_text("mine")
    told: list[str] = []
    window.state.activity.failed.connect(told.append)
    page.save.click()
    assert target.read_text() == "mine", "nothing is replaced unasked"
    assert len(told) == 1
    page.copy.click()
    copied = QApplication.clipboard().text().splitlines()
    assert [line.split("\t") for line in copied] == lines


def test_a_vertex_tells_the_joints_it_feeds(fitted: MainWindow, qtbot: QtBot) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    open_panel(window, qtbot)
    panel, inspection = window.panels.joints.panel, window.inspection
    panel.tabs.button(1).click()
    qtbot.waitUntil(panel.vertices.isVisible)
    plotter = window.viewport.plotter
    picture = opened.posed.frame(window.state.playback.frame)
    body = opened.bodies.target
    assert picture.fit_vertices is not None
    assert picture.fit_joints is not None
    used = np.flatnonzero((body.J_regressor != 0).any(0))
    at = next(
        place
        for place in (on_screen(window, "fit", picture.fit_vertices[vertex]) for vertex in used)
        if (found := window.viewport.vertex_at(place.x(), place.y())) is not None
        and found[0] == "fit"
        and found[1] in used
    )
    found = window.viewport.vertex_at(at.x(), at.y())
    assert found is not None
    vertex = found[1]
    spot = QPointF(at)
    none, plain = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    over = QMouseEvent(QEvent.Type.MouseMove, spot, plotter.mapToGlobal(spot), none, none, plain)
    QApplication.sendEvent(plotter, over)
    qtbot.waitUntil(lambda: inspection.vertex == vertex)
    assert not inspection.held
    qtbot.mouseClick(plotter, LEFT, pos=at)
    qtbot.waitUntil(lambda: inspection.held)
    assert not window.probe._click.isActive(), "it is held, and not pinned as well"
    window.rest.want()
    qtbot.waitUntil(lambda: window.rest.found is not None, timeout=FIT_MS)
    # The list may not yet be that of the vertex clicked, and then has fewer groups.
    qtbot.waitUntil(
        lambda: (group := panel.vertices.list.topLevelItem(2)) is not None and group.childCount() > 2
    )

    feeds, moved, source = (panel.vertices.list.topLevelItem(group) for group in range(3))
    told = {feeds.child(row).text(0): feeds.child(row).text(1).split() for row in range(feeds.childCount())}
    column = body.J_regressor[:, vertex].astype(float)
    chain = {
        body.joint_names[joint].replace("_", " ").rstrip("123").strip(): joint
        for joint in np.flatnonzero(column)
    }
    for words, (weight, share, _) in told.items():
        if "·" in words:
            continue
        joint = chain[words.rstrip("123").strip()]
        assert abs(float(weight) - column[joint]) < 5.1e-5
        assert abs(float(share) - 100 * column[joint] / np.abs(body.J_regressor[joint]).sum()) < 0.06
    assert sum("·" not in words for words in told) == (column != 0).sum()
    skinning = [float(moved.child(row).text(1)) for row in range(moved.childCount())]
    np.testing.assert_allclose(
        skinning, np.sort(body.weights[vertex][body.weights[vertex] > 0])[::-1], atol=1e-4
    )
    row = opened.bodies.correspondence.matrix[vertex]
    listed = {source.child(line).text(0) for line in range(source.childCount())}
    assert {f"source vertex {one}" for one in row.indices} <= listed
    drawn, here = (window.viewport.scene.support(name) for name in BODIES)
    qtbot.waitUntil(lambda: drawn.look is not None and set(drawn.look.vertices) == set(row.indices))
    assert here.look is not None
    assert len(here.look.feeds) == feeds.childCount()
    assert here.mark.GetVisibility() == 1, "the joints it feeds are marked"
    places = [picture.fit_joints[one.index] for one in here.look.feeds if one.kind == "kinematic"]
    for place in upright(np.array(places), "z"):
        assert np.linalg.norm(np.array(here._mark.points) - place, axis=1).min() < 1e-4

    panel.vertices._on_click(panel.vertices.list.indexFromItem(feeds.child(0)))
    assert inspection.page == "joints"
    assert inspection.joint is not None
    assert inspection.joint.name in [
        body.joint_names[joint] for joint in np.flatnonzero(column)
    ] or "·" in next(iter(told))


def test_a_click_on_the_skeleton_chooses_a_joint_and_escape_and_closing_take_it_off(
    fitted: MainWindow, qtbot: QtBot
) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    window.actions_.layer_skeleton.setChecked(True)
    open_panel(window, qtbot)
    body = opened.bodies.source
    knee = opened.posed.frame(window.state.playback.frame).source_joints[body.joint_names.index(KNEE.name)]
    at = on_screen(window, "source", knee)
    qtbot.waitUntil(lambda: window.viewport.joint_at(at.x(), at.y()) == ("source", KNEE.name))
    qtbot.mouseClick(window.viewport.plotter, LEFT, pos=at)
    assert window.inspection.joint == KNEE
    assert window.pins.vertices == ()

    skin = window.viewport.scene._fit.actor.GetProperty()
    drawn = window.viewport.scene.support("fit")
    qtbot.waitUntil(lambda: drawn.mark.GetVisibility() == 1 and skin.GetOpacity() < 1)
    window.actions_.joints.trigger()
    qtbot.waitUntil(lambda: drawn.mark.GetVisibility() == 0 and skin.GetOpacity() == 1)
    assert window.inspection.joint == KNEE, "it is there again when the panel is"
    assert not window.actions_.choose_none.isEnabled()
    window.actions_.joints.trigger()
    qtbot.waitUntil(lambda: drawn.mark.GetVisibility() == 1)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: drawn.mark.GetVisibility() == 0 and skin.GetOpacity() == 1)
    assert window.inspection.joint is None
    qtbot.waitUntil(lambda: not window.panels.joints.panel.joints.tree.currentIndex().isValid())


def test_before_a_motion_and_a_fit(make_window: MakeWindow, motion_file: Path, qtbot: QtBot) -> None:
    window = make_window(motion_file)
    open_panel(window, qtbot)
    window.inspection.choose_joint(KNEE)
    source, fit = (window.viewport.scene.support(body) for body in BODIES)
    qtbot.waitUntil(lambda: source.mark.GetVisibility() == 1)
    assert fit.mark.GetVisibility() == 0, "there is no fit to show it on"
    table = window.panels.joints.panel.joints.table
    qtbot.waitUntil(lambda: len(table.rows.vertices) > 3)
    assert table.rows.index(0, 3).data() == "–"
    assert window.panels.joints.panel.joints.figures["joint, m"].text() == "–"
    window.inspection.choose_joint(JointKey("jaw", "kinematic"))
    window.inspection.set_body("source")
    page = window.panels.joints.panel.joints
    qtbot.waitUntil(lambda: "no joint" in page.empty.text())
    assert page._below.currentWidget() is page.empty


def test_chains_stand_at_one_level() -> None:
    names = JOINT_NAMES["smplh"]
    parents = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19]
    parents += [20, 22, 23, 20, 25, 26]
    above = levels(parents)
    assert next(iter(above)) == 0
    assert above[names.index("left_knee")] == above[names.index("left_hip")] == 0
    assert above[23] == above[24] == 20
    assert sorted(above) == list(range(len(parents)))


def test_weights_below_zero_and_invalid_vertices_have_hues_of_their_own() -> None:
    look = support_look(
        np.array([3, 5, 8]),
        np.array([0.8, -0.4, 0.6]),
        np.array([0.8, 0.4, 0.6]) / 1.8,
        valid=np.array([True, True, False]),
    )
    red, green, blue = (look.colours[:, channel].astype(int) for channel in range(3))
    assert blue[0] > red[0]
    assert red[1] > blue[1]
    assert blue[2] > green[2]
    assert red[2] > green[2]
    assert (np.diff(look.radii[[1, 2, 0]]) > 0).all()
