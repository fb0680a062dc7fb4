"""What is drawn over the bodies in the window is in its pictures, too, in each frame where it belongs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gui_app.app.main_window import MainWindow
from gui_app.document.view import Ruler
from gui_app.export.window_view import Studio, WindowView, view_of
from gui_app.inspect.joint_sets.in_view import DotsInPicture
from gui_app.scene.picking import projected
from gui_app.scene.subject import upright
from gui_app.viewport.pins import PinsInPicture
from gui_app.viewport.ruler_lines import RulersInPicture, millimetres
from tests.gui_app.conftest import FIT_MS

SIZE, FRAME = (640, 360), 13
NOSE, HEEL = 9120, 8846
RULERS = (Ruler(("fit", NOSE), ("fit", HEEL)), Ruler(("source", 100), ("source", 5000)))


def drawn(view: WindowView, **more: bool) -> tuple[np.ndarray, Studio]:
    studio = Studio(view, SIZE, scale=0.8, **more)
    try:
        return studio.draw(FRAME).astype(int), studio
    finally:
        studio.close()


def over(studio: Studio, kind: type[Any]) -> Any:
    return next(one for one in studio._over if isinstance(one, kind))


@pytest.mark.parametrize("layout", ["side", "overlay"])
def test_rulers_and_pins_are_where_their_vertices_are_in_each_frame(
    fitted: MainWindow, layout: str, qtbot: QtBot
) -> None:
    state = fitted.state
    state.view.change(layout=layout)
    state.view.set_rulers(RULERS)
    fitted.pins.toggle(HEEL)
    qtbot.waitUntil(lambda: not fitted.viewport._redraw.waiting, timeout=FIT_MS)
    view = view_of(fitted.viewport, state)
    # What is done later is not in it.
    state.view.set_rulers(())
    fitted.pins.clear()
    with_all, studio = drawn(view)
    without, _ = drawn(replace(view, over=()))
    picture = view.opened.posed.frame(FRAME)
    lines, pins = over(studio, RulersInPicture), over(studio, PinsInPicture)
    words = [line.words.GetInput().strip() for line in lines._lines.lines if line.visible]
    assert words == [f"{millimetres(picture, ruler):,.1f} mm" for ruler in RULERS]
    assert pins._marks.labels[0].GetInput().strip() == f"{HEEL} · {picture.error_mm[HEEL]:.1f} mm"
    changed = np.abs(with_all - without).max(axis=2) > 40
    assert 0.001 < changed.mean() < 0.1
    # Both halves where each body has its own, the one view where they share it.
    halves = [half.any() for half in np.split(changed, 2, axis=1)]
    assert halves == [True, True] or layout == "overlay"
    assert not over(drawn(view, captions=False)[1], RulersInPicture)._lines.lines[0].visible


def test_a_line_ends_at_its_vertices(fitted: MainWindow) -> None:
    state = fitted.state
    state.view.set_rulers(RULERS[:1])
    view = view_of(fitted.viewport, state)
    studio = Studio(view, SIZE, scale=0.8)
    try:
        picture = studio.draw(FRAME).astype(int)
        plain = Studio(replace(view, over=()), SIZE, scale=0.8)
        bare = plain.draw(FRAME).astype(int)
        plain.close()
        ends = view.opened.posed.frame(FRAME).fit_vertices[[NOSE, HEEL]]
        places = projected(studio._plotter.renderers[1], upright(ends, view.opened.subject.up_axis))
        changed = np.argwhere(np.abs(picture - bare).max(axis=2) > 40)
        for x, y in places:
            away = np.hypot(changed[:, 1] - x, changed[:, 0] - (SIZE[1] - 1 - y))
            assert away.min() < 3
    finally:
        studio.close()


def test_joints_of_a_set_are_there(fitted: MainWindow) -> None:
    fitted.actions_.inspector.setChecked(True)
    fitted.inspection.set_page("sets")
    in_view = fitted.panels.inspector.panel.sets.in_view
    joints = {body: fitted.inspection.joints(body)[:20] for body in ("source", "fit")}
    in_view.show(joints, tuple(joint.name for joint in joints["fit"]), (3,))
    view = view_of(fitted.viewport, fitted.state)
    with_all, studio = drawn(view)
    without, _ = drawn(replace(view, over=()))
    dots = over(studio, DotsInPicture)
    assert set(dots._dots) == set(joints)
    assert (np.abs(with_all - without).max(axis=2) > 40).mean() > 0.002
