"""The other people of a file stand where they are, quiet, and a click chooses one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from core.files.motions.load_motion import load_motion
from core.model.motion import Reading
from core.model.posing import posed
from gui_app.app.main_window import MainWindow
from gui_app.document.view import SecondFit
from gui_app.scene.cameras import CameraPose
from gui_app.scene.picking import projected
from gui_app.scene.subject import upright
from gui_app.scene.view_options import LAYOUTS, places
from gui_app.scene.vtk_tools import LABEL_SIZE
from gui_app.viewport.crowd import coarse
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


def test_the_row_is_in_the_leftmost_view_below_its_words(
    make_window: MakeWindow, street: Path, qtbot: QtBot
) -> None:
    window = make_window(street, autofit=True)
    settled(window, qtbot, "0")
    state, row, viewport = window.state, window.people.row, window.viewport
    worse = replace(state.document.result, poses=state.document.result.poses + np.float32(0.01))
    for wide in (1200, 900):
        window.resize(wide, 700)
        for second in (None, SecondFit(worse, "Worse")):
            state.view.set_second(second, None if second is None else (("A", "Fit"), ("B", "Worse")))
            for layout in LAYOUTS:
                state.view.change(layout=layout)
                drawn(window, qtbot)
                place = next(filter(None, places(layout, second is not None)))
                assert row.geometry().right() < place[2] * viewport.width()
                scale, high = viewport.plotter.devicePixelRatioF(), viewport.plotter.height()
                view = viewport.scene._views[0 if layout in ("side", "source") else 1]
                for words in (view.label, view.ghost._label):
                    if words.GetVisibility() and words.GetInput():
                        top = high - words.GetPositionCoordinate().GetValue()[1] / scale
                        lines = 1 + words.GetInput().count("\n")
                        assert row.y() >= top + lines * LABEL_SIZE, (wide, second, layout)
