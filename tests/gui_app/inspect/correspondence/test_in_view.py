"""The correspondence as colour, and from a vertex to its source triangle and back."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.inspect.joints.vertex_page import VertexPage
from gui_app.style import colours

LEFT = Qt.MouseButton.LeftButton


def row_named(page: VertexPage, words: str) -> QTreeWidgetItem | None:
    found = page.list.findItems(words, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
    return found[0] if found else None


def click(page: VertexPage, words: str, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: row_named(page, words) is not None)
    item = row_named(page, words)
    page.list.scrollToItem(item)
    QApplication.processEvents()
    qtbot.mouseClick(page.list.viewport(), LEFT, pos=page.list.visualItemRect(item).center())


def test_left_is_left_on_both_bodies(fitted: MainWindow, qtbot: QtBot) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    window.actions_.colour_correspondence.trigger()
    scene = window.viewport.scene
    source, fit = (np.asarray(view.body.colours(), float) for view in scene._views if view.body)
    matrix, valid = opened.bodies.correspondence.matrix, opened.bodies.correspondence.valid
    violet = (fit == colours.rgb(colours.INVALID_SKIN)).all(axis=1)
    assert (violet[~valid]).all()
    assert not violet[valid].any()
    assert not (source == colours.rgb(colours.INVALID_SKIN)).all(axis=1).any()
    # Colours are smooth, so that of a point is nearly the mean of its corners.
    assert np.abs(fit - matrix @ source)[valid].mean() < 1.0
    assert np.percentile(np.abs(fit - matrix @ source)[valid], 99) < 12
    side = opened.bodies.source.v_template[:, 0]
    red_over_blue = source[:, 0] - source[:, 2]
    assert red_over_blue[side < -0.1].min() > red_over_blue[side > 0.1].max()
    assert scene.scales.legends["correspondence"][0]._swatches.GetVisibility()
    window.actions_.colour_plain.trigger()
    assert len(np.unique(scene._source.colours(), axis=0)) == 1


def test_from_a_vertex_to_its_source_triangle_and_back(fitted: MainWindow, qtbot: QtBot) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    window.actions_.joints.trigger()
    qtbot.waitUntil(window.panels.joints.panel.isVisible)
    inspection, page = window.inspection, window.panels.joints.panel.vertices
    matrix = opened.bodies.correspondence.matrix
    vertex = int(np.flatnonzero(np.diff(matrix.indptr) == 3)[1000])
    row = matrix[vertex]
    inspection.set_page("vertices")
    inspection.hold("fit", vertex)
    on_source, on_fit = window.viewport.scene.support("source"), window.viewport.scene.support("fit")
    qtbot.waitUntil(lambda: on_source.look is not None and on_source.bones.GetVisibility() == 1)
    assert on_source.look is not None
    assert set(on_source.look.vertices) == set(row.indices)
    corners = opened.posed.frame(window.state.playback.frame).source_vertices[row.indices]
    np.testing.assert_allclose(np.array(on_source._bones.points), corners, atol=1e-5)
    np.testing.assert_allclose(np.array(on_source._mark.points)[0], row.data @ corners, atol=1e-4)

    source = int(row.indices[row.data.argmax()])
    click(page, f"source vertex {source}", qtbot)
    assert (inspection.body, inspection.vertex, inspection.held) == ("source", source, True)
    column = matrix.tocsc()[:, [source]]
    qtbot.waitUntil(lambda: on_fit.look is not None and set(on_fit.look.vertices) == set(column.indices))
    qtbot.waitUntil(lambda: row_named(page, f"fit vertex {vertex}") is not None)
    for target, weight in zip(column.indices, column.data, strict=True):
        item = row_named(page, f"fit vertex {target}")
        assert item is not None
        assert abs(float(item.text(1)) - weight) < 5.1e-5
    click(page, f"fit vertex {vertex}", qtbot)
    assert (inspection.body, inspection.vertex) == ("fit", vertex)
    qtbot.waitUntil(lambda: on_source.look is not None and set(on_source.look.vertices) == set(row.indices))


def test_rows_of_the_correspondence_are_listed_and_shown(fitted: MainWindow, qtbot: QtBot) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    window.actions_.joints.trigger()
    qtbot.waitUntil(window.panels.joints.panel.isVisible)
    inspection, panel = window.inspection, window.panels.joints.panel
    inspection.set_page("vertices")
    check, fit = panel.vertices.check, window.viewport.scene.support("fit")
    qtbot.waitUntil(lambda: check.topLevelItemCount() == 4)
    empty = np.flatnonzero(np.diff(opened.bodies.correspondence.matrix.indptr) == 0)
    counts = [check.topLevelItem(row).text(1) for row in range(1, 4)]  # type: ignore[union-attr]
    assert counts == [str(len(empty)), "0", "0"]

    def click_row(row: int) -> None:
        item = check.topLevelItem(row)
        qtbot.mouseClick(check.viewport(), LEFT, pos=check.visualItemRect(item).center())

    click_row(2)
    assert inspection.rows == (), "there are none to show"
    click_row(1)
    qtbot.waitUntil(lambda: fit.look is not None and np.array_equal(fit.look.vertices, empty))
    click_row(5)
    assert (inspection.vertex, inspection.held) == (empty[0], True)
    qtbot.waitUntil(lambda: fit.look is not None and list(fit.look.vertices) == [empty[0]])
    qtbot.waitUntil(window.actions_.choose_none.isEnabled)
    window.actions_.choose_none.trigger()
    qtbot.waitUntil(lambda: fit.look is not None and len(fit.look.vertices) == len(empty))
    window.actions_.choose_none.trigger()
    qtbot.waitUntil(lambda: fit.look is None)
    qtbot.waitUntil(lambda: check.topLevelItemCount() == 4)
