"""Layouts, colourings and layers of the picture, off the screen and by the window's actions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv
from pytestqt.qtbot import QtBot

from core.model.joints import JOINT_NAMES
from core.model.posing import root_path
from gui_app.app.main_window import MainWindow
from gui_app.app.toolbar import LayersButton
from gui_app.app.view_buttons import ColourButton, range_of_fit
from gui_app.document.opened import Opened
from gui_app.export.offscreen import off_screen
from gui_app.scene.picking import joint_words, projected
from gui_app.scene.scene import Scene
from gui_app.scene.skeleton_actor import is_small, side_colour
from gui_app.scene.view_options import Layers
from gui_app.style import colours
from tests.gui_app.conftest import FIT_MS

SIZE = (640, 360)


@pytest.fixture(scope="module")
def stage(shown: Opened) -> Iterator[tuple[pv.Plotter, Scene]]:
    """A scene without a window, for all tests here."""
    plotter, scene = off_screen(shown, SIZE, 0)
    yield plotter, scene
    plotter.close()


@pytest.fixture
def scene(stage: tuple[pv.Plotter, Scene], shown: Opened) -> Scene:
    """The scene as it is at the start."""
    scene = stage[1]
    scene.set_layout("side")
    scene.set_layers(Layers())
    scene.set_colouring("plain", 20.0)
    scene.set_fit_path(shown.posed.fit_roots())
    scene.show(0, shown.posed.frame(0))
    scene.layout(1.0)
    scene.show_view("front")
    return scene


@pytest.fixture
def picture(stage: tuple[pv.Plotter, Scene]) -> Callable[[], np.ndarray]:
    """What the scene shows, as (rows, columns, 3) bytes."""

    def take() -> np.ndarray:
        stage[0].render()
        return np.asarray(stage[0].screenshot(return_img=True)).astype(int)

    return take


def near(image: np.ndarray, colour: str, within: int = 24) -> np.ndarray:
    """Where a picture has about that colour."""
    return np.abs(image - np.array(colours.rgb(colour))).max(axis=2) < within


def bright_columns(image: np.ndarray) -> tuple[float, int]:
    """Middle and number of the columns with something bright in them, below the labels."""
    columns = np.flatnonzero((image[60:, :560].max(axis=2) > 110).sum(axis=0) > 8)
    return float(np.median(columns)), len(columns)


@pytest.mark.parametrize("layout", ["source", "fit", "overlay"])
def test_one_view_takes_the_whole_width(scene: Scene, picture: Callable[[], np.ndarray], layout: str) -> None:
    scene.set_layout(layout)  # type: ignore[arg-type]
    middle, _ = bright_columns(picture())
    assert middle == pytest.approx(SIZE[0] / 2, abs=30)
    scene.set_layout("side")
    image = picture()
    for half in (image[60:, 10:310], image[60:, 330:560]):
        assert (half.max(axis=2) > 110).mean() > 0.03


def test_the_ghost_follows_the_source_and_is_seen(
    scene: Scene, picture: Callable[[], np.ndarray], shown: Opened
) -> None:
    scene.set_layout("overlay")
    frame = shown.posed.frame(0)
    together = picture()
    scene.show(0, replace(frame, source_vertices=frame.source_vertices + np.float32([0.5, 0, 0])))
    apart = picture()
    assert (np.abs(apart - together).max(axis=2) > 25).sum() > 300
    scene.set_layout("fit")
    alone = picture()
    assert (np.abs(alone - apart).max(axis=2) > 25).sum() > 300


def test_frames_without_a_fit_leave_the_ghost_and_words(scene: Scene, shown: Opened) -> None:
    scene.set_layout("overlay")
    scene.show(0, replace(shown.posed.frame(0), fit_vertices=None, fit_joints=None, error_mm=None))
    assert not scene._fit.actor.GetVisibility()
    assert scene._fit_view.ghost.actor.GetVisibility()
    assert scene._fit_view.note.GetInput() == "not fitted yet"
    assert scene._fit_view.note.GetPosition()[1] < SIZE[1] / 4


def test_body_parts_have_their_colours_on_both_bodies(scene: Scene) -> None:
    scene.set_colouring("parts", 20.0)
    for view in scene._views[:2]:
        assert len(np.unique(view.body.colours(), axis=0)) == 6
    assert scene.scales.legends["parts"][1]._swatches.GetVisibility()
    assert not scene.scales.legends["parts"][0]._swatches.GetVisibility()
    scene.set_layout("source")
    assert scene.scales.legends["parts"][0]._swatches.GetVisibility()


def test_vertices_that_are_not_compared_are_violet(scene: Scene, shown: Opened) -> None:
    valid = shown.bodies.correspondence.valid
    scene.set_colouring("invalid", 20.0)
    violet = (scene._fit.colours() == colours.rgb(colours.INVALID_SKIN)).all(axis=1)
    assert np.array_equal(violet, ~valid)
    scene.set_colouring("error", 20.0)
    quiet = (scene._fit.colours() == colours.rgb(colours.INVALID_QUIET)).all(axis=1)
    assert np.array_equal(quiet, ~valid)
    scene.set_colouring("plain", 20.0)
    assert (scene._fit.colours() == colours.rgb(colours.FIT_SKIN)).all()


def test_error_before_a_fit_shows_no_scale(scene: Scene, shown: Opened) -> None:
    scene.set_colouring("error", 20.0)
    assert scene.scales.errors._bar.GetVisibility()
    scene.show(0, replace(shown.posed.frame(0), fit_vertices=None, fit_joints=None, error_mm=None))
    assert not scene.scales.errors._bar.GetVisibility()


def test_the_skeleton_is_seen_over_the_skin(scene: Scene, picture: Callable[[], np.ndarray]) -> None:
    before = picture()
    scene.set_layers(Layers(skeleton=True))
    image = picture()
    for half in (slice(0, 320), slice(320, 640)):
        for hue in (colours.LEFT_SIDE, colours.RIGHT_SIDE):
            assert near(image[:, half], hue).sum() > near(before[:, half], hue).sum() + 40


def test_without_skin_the_edges_or_nothing(scene: Scene, picture: Callable[[], np.ndarray]) -> None:
    def body(image: np.ndarray) -> float:
        return float((image[60:, 10:310].max(axis=2) > 90).mean())

    skin = body(picture())
    scene.set_layers(Layers(skin=False, wireframe=True))
    edges = body(picture())
    scene.set_layers(Layers(skin=False))
    nothing = body(picture())
    assert nothing < edges < skin
    assert nothing < 0.01


def test_ground_and_opacity(scene: Scene, picture: Callable[[], np.ndarray]) -> None:
    with_ground = picture()
    scene.set_layers(Layers(ground=False))
    assert picture()[300:350].sum() < with_ground[300:350].sum()
    scene.set_layers(Layers(opacity=0.3))
    assert (picture()[60:, 10:310].max(axis=2) > 110).sum() < (
        with_ground[60:, 10:310].max(axis=2) > 110
    ).sum()


def test_the_path_is_where_the_pelvis_goes(scene: Scene, shown: Opened) -> None:
    joints = np.stack([shown.posed.frame(frame).fit_joints[0] for frame in range(8)])
    assert shown.posed.fit_roots() == pytest.approx(joints, abs=1e-5)
    joints = np.stack([shown.posed.frame(frame).source_joints[0] for frame in range(8)])
    assert root_path(shown.motion, shown.bodies.source) == pytest.approx(joints, abs=1e-5)
    scene.set_layers(Layers(trajectory=True))
    scene.show(3, shown.posed.frame(3))
    path = scene._fit_view.trajectory
    alpha = path._mesh.point_data["hue"][:, 3]
    assert (alpha[:4] == alpha[0]).all()
    assert (alpha[4:] < alpha[0]).all()
    partly = shown.posed.fit_roots()
    partly[5:] = np.nan
    scene.set_fit_path(partly)
    assert (path._mesh.point_data["hue"][:, 3] > 0).tolist() == [True] * 5 + [False] * 3
    assert np.isfinite(path._mesh.points).all()


def test_in_parallel_the_size_at_the_focal_point_stays(scene: Scene) -> None:
    before = scene.camera.pose
    scene.camera.set_parallel(True)
    assert scene.camera.pose.position == pytest.approx(before.position)
    scene._source_view.renderer.camera.parallel_scale /= 2
    scene.camera.set_parallel(False)
    away = np.linalg.norm(scene.camera.pose.position - before.focal_point)
    assert away == pytest.approx(np.linalg.norm(before.position - before.focal_point) / 2)


def test_sides_and_small_joints() -> None:
    assert {side_colour(name) for name in JOINT_NAMES["smplx"]} == {
        colours.LEFT_SIDE,
        colours.RIGHT_SIDE,
        colours.CENTRE,
    }
    assert sum(is_small(name) for name in JOINT_NAMES["smplx"]) == 33


def test_a_joint_under_the_pointer_is_named(scene: Scene, shown: Opened) -> None:
    joints = shown.posed.frame(0).fit_joints
    names = JOINT_NAMES["smplx"]
    knee = names.index("left_knee")
    place = projected(scene._fit_view.renderer, joints)[knee]
    assert not scene.hover(*place)
    scene.set_layers(Layers(skeleton=True))
    assert scene.hover(*place)
    words = scene._fit_view._joint._words
    assert words.GetInput().strip() == "left knee"
    assert words.GetVisibility()
    assert not scene.hover(*place)
    assert scene.hover(-1, -1)
    assert not words.GetVisibility()
    assert joint_words("right_index2") == "right index 2"
    assert joint_words("left_eye_smplhf") == "left eye"


def test_layers_are_ticked_in_the_menu_and_remembered(
    make_window: Callable[..., MainWindow], motion_file: Path, qtbot: QtBot
) -> None:
    first = make_window(motion_file)
    first.actions_.layer_skeleton.trigger()
    first.findChild(LayersButton).opacity.slider.setValue(40)
    assert first.state.view.layers == Layers(skeleton=True, opacity=0.4)
    first.close()
    qtbot.waitUntil(lambda: not first.isVisible(), timeout=FIT_MS)
    second = make_window(motion_file)
    assert second.state.view.layers == Layers(skeleton=True, opacity=0.4)
    assert second.actions_.layer_skeleton.isChecked()
    assert second.findChild(LayersButton).opacity.slider.value() == 40
    view = second.viewport.scene._source_view
    qtbot.waitUntil(lambda: bool(view.skeleton.actors[0].GetVisibility()), timeout=FIT_MS)
    second.actions_.layer_skin.trigger()
    assert not second.findChild(LayersButton).opacity.slider.isEnabled()


def test_the_range_of_the_error_is_chosen_in_the_menu(fitted: MainWindow) -> None:
    button = fitted.findChild(ColourButton)
    fitted.state.view.change(colouring="plain")
    button._on_menu()
    button._fitting.trigger()
    result = fitted.state.document.result
    assert fitted.state.view.colouring == "error"
    assert fitted.state.view.range_mm == range_of_fit(fitted.state)
    assert fitted.state.view.range_mm >= np.percentile(result.p95_mm, 99)
    assert "error" in button.accessibleName()
