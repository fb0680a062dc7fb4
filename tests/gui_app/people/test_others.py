"""The other people of a file stand where they are, quiet, and a click chooses one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from core.files.motions.load_motion import load_motion
from core.model.motion import Reading
from core.model.posing import posed
from gui_app.app.main_window import MainWindow
from gui_app.document.view import SecondFit
from gui_app.export.window_view import Studio, view_of
from gui_app.scene.cameras import CameraPose
from gui_app.scene.picking import projected
from gui_app.scene.subject import upright
from gui_app.scene.view_options import LAYOUTS
from gui_app.viewport.crowd import CrowdInPicture, coarse
from tests.gui_app.conftest import FIT_MS
from tests.gui_app.people.scene_files import bedlam_file, wham_file
from tests.gui_app.people.test_people import settled

MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Three people of a video: the second comes two frames later, the third after the first has gone."""
    people = ("walk", slice(8), 10), ("dance", slice(6), 12), ("walk", slice(4), 30)
    return wham_file(tmp_path / "street.pkl", *people)


def opened(make_window: MakeWindow, qtbot: QtBot, path: Path, person: str, others: int) -> MainWindow:
    window = make_window(path)
    settled(window, qtbot, person)
    qtbot.waitUntil(lambda: len(window.people.others._others) == others, timeout=FIT_MS)
    drawn(window, qtbot)
    return window


def drawn(window: MainWindow, qtbot: QtBot) -> tuple[str, ...]:
    """Who is to be seen beside the one who is shown."""
    qtbot.waitUntil(lambda: not window.viewport._redraw.waiting, timeout=FIT_MS)
    assert window.viewport.scene.frame == window.state.playback.frame
    return window.viewport.crowd.names


def test_those_who_are_there_in_a_frame(make_window: MakeWindow, street: Path, qtbot: QtBot) -> None:
    window = opened(make_window, qtbot, street, "0", 1)
    seen = []
    for frame in range(8):
        window.state.playback.set_frame(frame)
        seen.append(drawn(window, qtbot))
    assert seen == [(), (), *[("1",)] * 6]
    window.people.desk.go_to("2")
    settled(window, qtbot, "2")
    assert drawn(window, qtbot) == ()


def test_where_they_are(make_window: MakeWindow, street: Path, qtbot: QtBot) -> None:
    window = opened(make_window, qtbot, street, "0", 1)
    [body] = window.people.others.bodies(5)
    opened_now = window.state.document.opened
    motion = load_motion(street, Reading(person="1"), doubts="tell")
    from core.model.body_pair import in_body

    source = opened_now.bodies.source
    vertices, _ = posed(in_body(motion, source), source, slice(3, 4))
    expected = upright(vertices[0], opened_now.subject.up_axis)
    kept = window.people.others._others[0].kept
    np.testing.assert_allclose(body.vertices, expected[kept], atol=1e-5)
    assert len(kept) < 0.25 * source.num_vertices
    own = upright(opened_now.posed.frame(5).source_vertices, opened_now.subject.up_axis)
    assert np.linalg.norm((own.mean(axis=0) - body.vertices.mean(axis=0))[:2]) > 0.6


def test_they_are_in_pictures_that_are_exported(make_window: MakeWindow, street: Path, qtbot: QtBot) -> None:
    window = opened(make_window, qtbot, street, "0", 1)
    view = view_of(window.viewport, window.state)
    window.actions_.other_people.trigger()
    seen = {}
    for shown in (view, view_of(window.viewport, window.state)):
        studio = Studio(shown, (320, 180), scale=0.8)
        try:
            for frame in (0, 4):
                studio.draw(frame)
                [crowd] = [one for one in studio._over if isinstance(one, CrowdInPicture)]
                seen[shown is view, frame] = crowd._crowd.names
        finally:
            studio.close()
    assert seen == {(True, 0): (), (True, 4): ("1",), (False, 0): (), (False, 4): ()}


def test_far_from_the_origin_of_the_file(make_window: MakeWindow, tmp_path: Path, qtbot: QtBot) -> None:
    people = (("walk", slice(6), "s", range(6)), ("walk", slice(6), "s", range(6)))
    near = bedlam_file(tmp_path / "near.npz", *people)
    with np.load(near) as file:
        arrays = dict(file)
    arrays["trans_world"] = arrays["trans_world"] + (4.0e5, 0.0, 5.0e6)
    np.savez(tmp_path / "far.npz", **arrays)
    apart = []
    for name in ("near", "far"):
        window = opened(make_window, qtbot, tmp_path / f"{name}.npz", "s/rp_0", 1)
        [body] = window.people.others.bodies(0)
        own = window.state.document.opened
        now = upright(own.posed.frame(0).source_vertices, own.subject.up_axis)
        apart.append(body.vertices.mean(axis=0) - now.mean(axis=0))
    np.testing.assert_allclose(apart[0], apart[1], atol=2e-3)


def test_they_are_shown_or_not_and_that_is_remembered(
    make_window: MakeWindow, street: Path, qtbot: QtBot
) -> None:
    window = opened(make_window, qtbot, street, "0", 1)
    window.state.playback.set_frame(4)
    assert drawn(window, qtbot) == ("1",)
    window.actions_.other_people.trigger()
    assert drawn(window, qtbot) == ()
    again = opened(make_window, qtbot, street, "0", 1)
    again.state.playback.set_frame(4)
    assert not again.actions_.other_people.isChecked()
    assert drawn(again, qtbot) == ()
    again.actions_.other_people.trigger()
    assert drawn(again, qtbot) == ("1",)
    again.actions_.layer_skin.trigger()
    assert drawn(again, qtbot) == ()


def test_a_click_chooses(make_window: MakeWindow, street: Path, qtbot: QtBot) -> None:
    window = opened(make_window, qtbot, street, "0", 1)
    window.state.playback.set_frame(4)
    drawn(window, qtbot)
    [body] = window.people.others.bodies(4)
    middle = body.vertices.mean(axis=0)
    view = window.viewport
    view.look_from(CameraPose(np.add(middle, (0.0, -4.0, 0.5)), middle, np.array([0.0, 0.0, 1.0])))
    drawn(window, qtbot)
    view.plotter.repaint()
    at = place(window, middle)
    assert window.people.others.words_at(at) == "Person 1 · click to choose"
    assert window.people.others.words_at(QPoint(3, 3)) == ""
    assert window.people.others.words_at(place(window, hips(window, 4))) == ""
    qtbot.mouseClick(view.plotter, Qt.MouseButton.LeftButton, pos=at)
    settled(window, qtbot, "1")
    assert window.state.playback.frame == 2
    qtbot.waitUntil(lambda: drawn(window, qtbot) == ("0",), timeout=FIT_MS)


def hips(window: MainWindow, frame: int) -> np.ndarray:
    own = window.state.document.opened
    return upright(own.posed.frame(frame).source_vertices, own.subject.up_axis).mean(axis=0)


def place(window: MainWindow, point: np.ndarray) -> QPoint:
    """Where in the view of the source a point (3,) of the scene is, logical pixels."""
    plotter = window.viewport.plotter
    x, y = projected(plotter.renderers[0], point[None])[0] / plotter.devicePixelRatioF()
    return QPoint(round(x), round(plotter.height() - 1 - y))


def test_they_are_there_in_another_theme(make_window: MakeWindow, street: Path, qtbot: QtBot) -> None:
    window = opened(make_window, qtbot, street, "0", 1)
    window.state.playback.set_frame(4)
    assert drawn(window, qtbot) == ("1",)
    dark = window.viewport.crowd
    window.actions_.theme_light.trigger()
    try:
        assert drawn(window, qtbot) == ("1",)
        assert window.viewport.crowd is not dark
    finally:
        window.actions_.theme_dark.trigger()


def test_a_body_without_a_model_is_left_out(
    make_window: MakeWindow, street: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.correspond import load_bodies
    from core.errors import RefitError

    real = load_bodies.bodies_for

    def missing(motion: object, *more: object, **named: object) -> object:
        if motion.reading.person == "1":  # type: ignore[attr-defined]
            raise RefitError("there is no such body")
        return real(motion, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(load_bodies, "bodies_for", missing)
    window = make_window(street)
    settled(window, qtbot, "0")
    qtbot.waitUntil(lambda: not window.people.others._thread.busy, timeout=FIT_MS)
    assert window.people.others._others == ()
    assert not window.message.isVisible()


def test_a_coarse_skin_is_a_skin() -> None:
    from core.correspond.load_bodies import load_bodies

    body = load_bodies().source
    kept, faces = coarse(body.v_template, body.faces)
    assert len(set(kept.tolist())) == len(kept)
    assert faces.max() == len(kept) - 1
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).mean() > 0.98
    assert len(faces) < 0.25 * len(body.faces)
    rest = body.v_template[kept]
    assert np.ptp(rest, axis=0) == pytest.approx(np.ptp(body.v_template, axis=0), rel=0.02)


def test_the_bar_is_above_the_bodies_and_never_on_them(
    make_window: MakeWindow, street: Path, qtbot: QtBot
) -> None:
    window = make_window(street, autofit=True)
    settled(window, qtbot, "0")
    state, row, bar = window.state, window.people.row, window.compare_bar
    worse = replace(state.document.result, poses=state.document.result.poses + np.float32(0.01))
    state.view.set_second(SecondFit(worse, "Worse"), (("A", "Fit"), ("B", "Worse")))

    def inside(widget: QWidget) -> QRect:
        return QRect(widget.mapTo(window.bodies, QPoint()), widget.size())

    lines = {}
    for wide, panels in ((1600, ()), (1280, ("stages", "problems"))):
        window.resize(wide, 720)
        for name in panels:
            window.actions_.panel(name).setChecked(True)
        for layout in LAYOUTS:
            state.view.change(layout=layout)
            drawn(window, qtbot)
            qtbot.waitUntil(lambda: not window.bodies._arranged.waiting, timeout=FIT_MS)
            view, rows = inside(window.viewport), [inside(row), inside(bar)]
            assert all(one.bottom() < view.top() and one.right() <= view.right() for one in rows)
            assert not rows[0].intersects(rows[1])
            lines[wide] = len({one.top() for one in rows})
        state.view.change(layout="overlay")
        drawn(window, qtbot)
        ghosts = [view.ghost._label.GetInput() for view in window.viewport.scene._views[1:]]
        # What has no room is cut to a word, or is an icon; nothing ends in dots.
        assert ghosts == ["source · SMPL neutral" if wide == 1600 else "source"] * 2
        icons_only = bar._largest.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly
        assert (icons_only, bar._with.isVisible()) == (wide == 1280, wide == 1600)
    assert lines == {1600: 1, 1280: 2}
    assert all(button.isVisible() for button in row.findChildren(QToolButton) if button is not row.cancel)
    # How far a fit of everybody is has the room that it needs, where there is room.
    told = "Fitting 12 of 34 people · 100 %"
    row.words.set_words(told)
    row.words.show()
    qtbot.waitUntil(lambda: row.words.fontMetrics().horizontalAdvance(told) <= row.words.width() < 300)
    window.show_start_page()
    assert not row.isVisible()
