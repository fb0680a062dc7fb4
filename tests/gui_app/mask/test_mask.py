"""The mask of valid vertices: seen on the body, painted, tried on the frame shown, and used by the fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.geometry.vertex_masks import grown, part_mask
from core.inspection.mask_report import mask_report
from core.model.joints import PARTS
from core.model.posing import posed
from core.outputs.results import load_result, save_result
from gui_app.app.main_window import MainWindow
from gui_app.mask import sets as mask_sets
from gui_app.mask.brush import between
from gui_app.scene.colour_maps import error_colours
from gui_app.scene.picking import projected
from gui_app.scene.subject import upright
from gui_app.style import colours
from gui_app.widgets.save_dialog import Place
from tests.show import drive

MakeWindow = Callable[..., MainWindow]
FIT_MS = 60_000
LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
FRAME = 5


def open_panel(window: MainWindow, qtbot: QtBot) -> None:
    window.state.playback.set_frame(FRAME)
    window.actions_.mask.trigger()
    qtbot.waitUntil(window.panels.masks.panel.isVisible)
    qtbot.waitUntil(lambda: window.painting.tools is not None, timeout=FIT_MS)


def valid(window: MainWindow) -> np.ndarray:
    mask = window.state.document.valid
    assert mask is not None
    return mask


def skin(window: MainWindow) -> np.ndarray:
    """(V, 3) colours of the fit on the screen."""
    return np.array(window.viewport.scene._fit.colours())


def shown_error(window: MainWindow) -> np.ndarray:
    opened = window.state.document.opened
    assert opened is not None
    error = opened.posed.frame(window.state.playback.frame).error_mm
    assert error is not None
    return error


def on_screen(window: MainWindow, vertex: int) -> QPointF:
    """Where a vertex of the fit is on the 3D widget, logical pixels."""
    opened = window.state.document.opened
    assert opened is not None
    vertices = opened.posed.frame(window.state.playback.frame).fit_vertices
    assert vertices is not None
    plotter = window.viewport.plotter
    point = upright(vertices[vertex], opened.subject.up_axis)
    x, y = projected(plotter.renderers[1], point[None])[0]
    scale = plotter.devicePixelRatioF()
    return QPointF(x / scale, plotter.height() - 1 - y / scale)


def mouse(window: MainWindow, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, held: Qt.MouseButton,
          shift: bool = False) -> None:  # fmt: skip
    plotter = window.viewport.plotter
    keys = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(plotter, QMouseEvent(kind, at, plotter.mapToGlobal(at), button, held, keys))


def stroke(window: MainWindow, start: QPointF, end: QPointF, button: Qt.MouseButton = LEFT,
           shift: bool = False) -> None:  # fmt: skip
    mouse(window, QEvent.Type.MouseMove, start, NONE, NONE, shift)
    mouse(window, QEvent.Type.MouseButtonPress, start, button, button, shift)
    for at in between(start, end):
        mouse(window, QEvent.Type.MouseMove, at, NONE, button, shift)
    mouse(window, QEvent.Type.MouseButtonRelease, end, button, NONE, shift)


def camera(window: MainWindow) -> np.ndarray:
    seen = window.viewport.plotter.renderers[0].camera
    return np.array([seen.position, seen.focal_point, seen.up])


def front_of(window: MainWindow, part: str) -> int:
    """A vertex of a part that is seen and can be hit."""
    opened = window.state.document.opened
    assert opened is not None
    for vertex in np.flatnonzero(part_mask(opened.bodies.target, part))[::7]:
        at = on_screen(window, int(vertex))
        if window.viewport.vertex_at(round(at.x()), round(at.y())) == ("fit", int(vertex)):
            return int(vertex)
    raise AssertionError(part)


def test_the_panel_shows_what_is_valid_and_errors_follow_it(fitted: MainWindow, qtbot: QtBot) -> None:
    window, opened = fitted, fitted.state.document.opened
    assert opened is not None
    open_panel(window, qtbot)
    invalid = ~opened.valid
    quiet = np.array(colours.rgb(colours.INVALID_QUIET))
    qtbot.waitUntil(lambda: bool((skin(window)[invalid] == quiet).all()))
    assert (skin(window)[opened.valid] == colours.rgb(colours.FIT_SKIN)).all()
    panel = window.panels.masks.panel
    report = mask_report(opened.bodies.target, opened.valid, window.painting.tools.graph)
    qtbot.waitUntil(lambda: len(panel.counts.parts) == len(PARTS))
    assert panel.head.text() == f"{report.valid:,} valid · {report.invalid:,} invalid"
    for row, part in enumerate(PARTS):
        _, count, left = panel.counts.parts[part]
        assert count.text() == f"{(opened.valid & (opened.bodies.target.vertex_part == row)).sum():,}"
        assert left.text() == f"{(invalid & (opened.bodies.target.vertex_part == row)).sum():,}"
    assert panel.counts.edges.text().startswith(f"{report.edge_dropped.sum():,} of {len(report.edges):,}")
    qtbot.waitUntil(lambda: window.painting.tools.complete, timeout=FIT_MS)
    eye = int(np.flatnonzero(window.painting.tools.regions["eyes"])[0])
    assert "in the eyes, which the SMPL-H body does not have" in window.probe.words("fit", eye)
    qtbot.waitUntil(lambda: window.painting.rest.found is not None, timeout=FIT_MS)
    panel.sets.shows.button(1).click()
    far = int(np.argmax(window.painting.rest.found.distance_mm))
    qtbot.waitUntil(lambda: tuple(skin(window)[far]) not in ((127, 176, 176), tuple(quiet)))
    window.actions_.mask.trigger()
    qtbot.waitUntil(lambda: "eyes" not in window.probe.words("fit", eye))
    error_colours(shown_error(window), window.state.view.range_mm, wanted := np.empty_like(skin(window)))
    qtbot.waitUntil(lambda: bool((skin(window) == wanted).all()))

    # Errors follow the mask, and so do undo and redo.
    state = fitted.state
    before = state.document.result
    torso = PARTS.index("torso")
    window.painting.use_part("torso")
    qtbot.waitUntil(lambda: bool(np.isnan(state.document.result.part_mm[:, torso]).all()), timeout=FIT_MS)
    assert state.document.result.poses is before.poses
    assert state.document.result.mean_mm[3] != before.mean_mm[3]
    qtbot.waitUntil(
        lambda: getattr(state.document.analysis, "result", None) is state.document.result, timeout=FIT_MS
    )
    measured = state.document.result.mean_mm.copy()
    window.actions_.undo.trigger()
    assert state.document.result is before
    assert not window.painting.painted
    assert window.actions_.redo.text() == "Redo excluding torso"
    window.actions_.redo.trigger()
    qtbot.waitUntil(lambda: not window.figures.busy, timeout=FIT_MS)
    np.testing.assert_allclose(state.document.result.mean_mm, measured, rtol=1e-5)
    path = window.state.document.opened.motion.path.parent / "told.npz"
    save_result(path, state.document.result)
    assert "errors_over" in load_result(path).provenance


def test_the_frame_shown_is_fitted_again_and_the_fit_stays(fitted: MainWindow, qtbot: QtBot) -> None:
    window, state = fitted, fitted.state
    opened, result = state.document.opened, state.document.result
    assert opened is not None
    assert result is not None
    open_panel(window, qtbot)
    was = opened.posed.frame(FRAME).fit_vertices.copy()
    assert window.panels.masks.preview.made_with_mask()
    assert window.panels.masks.preview.figures is None
    window.painting.begin_stroke()
    window.painting.dab([front_of(window, "torso"), front_of(window, "legs")])
    qtbot.waitUntil(lambda: window.panels.masks.preview.figures is not None, timeout=FIT_MS)
    assert window.painting.stroking, "while the brush is down"
    window.painting.end_stroke()
    window.painting.use_part("legs")
    qtbot.waitUntil(lambda: window.panels.masks.preview.at_rest, timeout=FIT_MS)
    before, after = window.panels.masks.preview.figures
    now = state.document.opened.posed.frame(FRAME)
    assert np.nanmean(shown_error(window)) == pytest.approx(after, rel=1e-4)
    own = np.linalg.norm(now.fit_vertices - was, axis=1)
    assert own.max() > 1e-4
    targets = state.document.opened.bodies.correspondence.matrix @ now.source_vertices
    mask = valid(window)
    off = 1000 * np.linalg.norm(was - targets, axis=1)[mask].mean()
    assert before == pytest.approx(off, abs=0.01)
    card = window.panels.masks.panel.card
    qtbot.waitUntil(lambda: card.figure.text() == f"{before:.2f} → {after:.2f} mm")
    assert card.fit.isVisible()
    assert state.document.result.poses is result.poses, "nothing of it is part of the fit"

    state.playback.set_frame(FRAME + 3)
    qtbot.waitUntil(
        lambda: window.panels.masks.preview.at_rest and window.panels.masks.preview.figures is not None,
        timeout=FIT_MS,
    )
    assert not np.allclose(window.panels.masks.preview.figures, (before, after))
    window.actions_.mask.trigger()
    qtbot.waitUntil(lambda: window.panels.masks.preview.figures is None)
    state.playback.set_frame(FRAME)
    np.testing.assert_allclose(state.document.opened.posed.frame(FRAME).fit_vertices, was, atol=1e-6)


def test_all_frames_are_fitted_with_it_saved_and_opened_again(
    fitted: MainWindow, make_window: MakeWindow, motion_file: Path, qtbot: QtBot
) -> None:
    window, state = fitted, fitted.state
    first = state.document.result
    open_panel(window, qtbot)
    window.painting.use_part("hands")
    qtbot.waitUntil(lambda: window.panels.masks.panel.card.fit.isVisible())
    window.panels.masks.panel.card.fit.click()
    qtbot.waitUntil(
        lambda: not state.activity.run.active and state.document.result.poses is not first.poses,
        timeout=FIT_MS,
    )
    assert window.panels.masks.preview.made_with_mask()
    assert np.isnan(state.document.result.part_mm[:, PARTS.index("hands")]).all()
    skinned, _ = posed(
        state.document.result.as_motion(), state.document.opened.bodies.target, np.array([FRAME])
    )
    source = state.document.opened.posed.frame(FRAME).source_vertices
    off = 1000 * np.linalg.norm(
        skinned[0] - state.document.opened.bodies.correspondence.matrix @ source, axis=1
    )
    assert state.document.result.mean_mm[FRAME] == pytest.approx(off[valid(window)].mean(), rel=1e-3)
    qtbot.waitUntil(
        lambda: window.panels.masks.panel.card.words.text() == "All frames are fitted with this mask"
    )
    path = motion_file.parent / "masked.npz"
    save_result(path, state.document.result)
    state.document.set_saved(path)
    assert state.document.saved
    window.painting.reset()
    assert not state.document.saved, "the errors in the file are over another mask"
    window.actions_.undo.trigger()
    assert state.document.saved

    other = make_window(path)
    np.testing.assert_array_equal(valid(other), valid(window))
    assert other.painting.painted
    assert other.state.document.saved
    qtbot.waitUntil(lambda: other.state.document.analysis is not None, timeout=FIT_MS)
    assert other.panels.masks.preview.made_with_mask()


def test_tools_and_strokes_paint_the_surface_one_step_each(fitted: MainWindow, qtbot: QtBot) -> None:
    window, painting = fitted, fitted.painting
    open_panel(window, qtbot)
    qtbot.waitUntil(lambda: painting.tools.complete and painting.rest.found is not None, timeout=FIT_MS)
    own, graph = valid(window).copy(), painting.tools.graph
    sets = window.panels.masks.panel.sets
    sets.refresh()
    filled = window.state.document.opened.bodies.correspondence.filled

    painting.use_region("ears")
    ears = own & ~painting.tools.regions["ears"]
    np.testing.assert_array_equal(valid(window), ears)
    words = window.statusBar().words
    assert words.text() == f"Excluding ears · {ears.sum():,} vertices are valid"
    sets.grow.click()
    np.testing.assert_array_equal(valid(window), ~grown(~ears, graph) & filled)
    sets.shrink.click()
    assert (valid(window) >= (~grown(~ears, graph) & filled)).all()
    assert window.history.undo_name == "shrinking the mask"
    painting.reset()
    np.testing.assert_array_equal(valid(window), own)

    right = own.copy()
    right[np.flatnonzero(own & (window.state.document.opened.bodies.target.v_template[:, 0] > 0.3))] = False
    painting.validity._make("a side", right)
    sets.mirror.click()
    mirrored = ~(~right | painting.tools.mirror.image(~right)) & filled
    np.testing.assert_array_equal(valid(window), mirrored)
    painting.set_puts_back(True)
    painting.use_part("arms")
    arms = part_mask(window.state.document.opened.bodies.target, "arms")
    np.testing.assert_array_equal(valid(window), (mirrored | arms) & filled)
    painting.set_puts_back(False)
    painting.reset()
    painting.use_distance(4.0)
    np.testing.assert_array_equal(valid(window), own & ~(painting.rest.found.distance_mm > 4.0))
    assert window.history.undo_name == "excluding what is beyond 4.0 mm"
    painting.reset()
    steps = len(window.history)
    sets.invert.click()
    assert len(window.history) == steps, "nothing would be left: a sentence, and no step"
    assert window.message.isVisible()
    np.testing.assert_array_equal(valid(window), own)

    # A stroke of the brush leaves the camera.
    drive.focus_part(window, "torso")
    window.actions_.mask_brush.trigger()
    vertex = front_of(window, "torso")
    at, before, seen = on_screen(window, vertex), valid(window).copy(), camera(window)
    mouse(window, QEvent.Type.MouseMove, at, NONE, NONE)
    patch = window.painting.tools.graph.brush(vertex, 0.03)
    assert set(window.painting.patch) == set(patch), "what would be touched is shown"
    qtbot.waitUntil(lambda: bool((skin(window)[patch] != colours.rgb(colours.FIT_SKIN)).any(1).all()))
    mouse(window, QEvent.Type.MouseButtonPress, at, LEFT, LEFT)
    assert words.text() == "", "a count of the mask before the stroke"
    mouse(window, QEvent.Type.MouseButtonRelease, at, LEFT, NONE)
    stroke(window, at, at + QPointF(24, 0))
    painted = before & ~valid(window)
    assert set(patch) <= set(np.flatnonzero(painted))
    opened = window.state.document.opened
    assert opened is not None
    rest = opened.bodies.target.v_template
    assert np.linalg.norm(rest[painted] - rest[vertex], axis=1).max() < 0.2, "not through the body, nor far"
    np.testing.assert_array_equal(camera(window), seen)
    assert window.actions_.undo.text() == "Undo mask brush"
    assert words.text() == f"Mask brush · {valid(window).sum():,} vertices are valid"
    assert not window.state.document.saved

    stroke(window, at, at + QPointF(24, 0), shift=True)
    np.testing.assert_array_equal(valid(window), before)
    window.actions_.undo.trigger()
    np.testing.assert_array_equal(valid(window), before & ~painted)
    for _ in range(2):
        window.actions_.undo.trigger()
    np.testing.assert_array_equal(valid(window), before)
    for _ in range(2):
        window.actions_.redo.trigger()
    np.testing.assert_array_equal(valid(window), before & ~painted)
    assert words.text() == "Redid mask brush", "no count of another mask"
    stroke(window, at, at + QPointF(30, 10), button=RIGHT)
    assert np.abs(camera(window) - seen).max() > 1e-3, "the right button turns the camera"
    np.testing.assert_array_equal(valid(window), before & ~painted)
    window.actions_.mask.trigger()
    qtbot.waitUntil(lambda: not window.painting.brush_on)
    assert not window.actions_.mask_brush.isEnabled()


def test_masks_come_from_files_and_go_there(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, bun = valid(window).copy(), np.arange(8000, 8200)
    np.save(tmp_path / "smplx_exclude_vertices_headbun.npy", bun)
    dialog = mask_sets.QFileDialog
    asked = str(tmp_path / "smplx_exclude_vertices_headbun.npy")
    monkeypatch.setattr(dialog, "getOpenFileName", staticmethod(lambda *_: (asked, "")))
    window.actions_.mask.trigger()
    sets = window.panels.masks.panel.sets
    sets.load.click()
    wanted = own.copy()
    wanted[bun] = False
    np.testing.assert_array_equal(valid(window), wanted)
    assert window.history.undo_name == "mask of smplx_exclude_vertices_headbun.npy"
    place = Place(tmp_path / "mine.npy")
    monkeypatch.setattr(mask_sets, "ask_where", lambda *_: place)
    sets.save.click()
    np.testing.assert_array_equal(np.load(place.path), np.flatnonzero(wanted))
    np.save(tmp_path / "flags.npy", own)
    window.painting.load(tmp_path / "flags.npy")
    np.testing.assert_array_equal(valid(window), own)
    window.painting.load(tmp_path / "nothing.npy")
    assert window.message.isVisible()


def test_nothing_is_painted_while_a_fit_runs(make_window: MakeWindow, long_walk: Path, qtbot: QtBot) -> None:
    window = make_window(long_walk)
    open_panel(window, qtbot)
    own = valid(window)
    window.actions_.fit.trigger()
    qtbot.waitUntil(lambda: window.state.activity.run.phase == "running")
    window.painting.use_part("feet")
    assert not window.painting.begin_stroke()
    assert valid(window) is own
    assert not window.actions_.mask_brush.isEnabled()
    qtbot.waitUntil(lambda: window.state.document.result is not None, timeout=FIT_MS)
    window.actions_.cancel.trigger()
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)
    window.painting.use_part("feet")
    assert not np.array_equal(valid(window), own)
