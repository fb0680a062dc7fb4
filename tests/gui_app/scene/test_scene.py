"""The picture, off the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pyvista as pv

from core.correspond.load_bodies import bodies_for
from core.errors import FileError
from core.files.motions.load_motion import load_motion
from core.fitting.posed_frames import PosedFrames
from core.model.motion import Motion
from gui_app.document.opened import Opened
from gui_app.export.offscreen import off_screen, render_still, render_video, video_frames
from gui_app.files.open import describe_subject
from gui_app.scene.body_actor import BodyActor
from gui_app.scene.colour_maps import error_colours, ramp
from gui_app.scene.ground import Ground
from gui_app.scene.legend import ColourBar
from gui_app.scene.subject import upright
from gui_app.scene.view_options import Layers
from gui_app.style.colours import INVALID_QUIET, rgb

SIZE = (640, 360)


def picture(
    opened: Opened, *, colouring: str = "error", range_mm: float = 20.0, frame: int = 0
) -> np.ndarray:
    plotter, scene = off_screen(opened, SIZE, 0)
    scene.set_colouring(colouring, range_mm)  # type: ignore[arg-type]
    scene.show(frame, opened.posed.frame(frame))
    scene.show_view("front")
    plotter.render()
    image = np.asarray(plotter.screenshot(return_img=True))
    plotter.close()
    return image


def skin(image: np.ndarray) -> np.ndarray:
    """Where something brighter than floor and background is."""
    return image.max(axis=2) > 110


def halves(image: np.ndarray) -> Iterator[np.ndarray]:
    """Left and right view, without labels and colour bar."""
    middle = image.shape[1] // 2
    yield image[40:, 10 : middle - 90]
    yield image[40:, middle + 10 : -90]


def test_both_views_show_a_body(shown: Opened) -> None:
    for half in halves(picture(shown)):
        assert 0.03 < skin(half).mean() < 0.6


def test_the_error_colours_the_fit_only(shown: Opened) -> None:
    plain, fine = picture(shown, colouring="plain"), picture(shown, range_mm=2.0)
    (source_plain, fit_plain), (source_fine, fit_fine) = halves(plain), halves(fine)
    assert np.array_equal(source_plain, source_fine)
    assert np.abs(fit_plain.astype(int) - fit_fine).max() > 60


def test_another_frame_is_another_picture(shown: Opened) -> None:
    assert not np.array_equal(picture(shown), picture(shown, frame=7))


def turned_y_up(motion: Motion) -> Motion:
    """The same motion in a y-up world: x, z, -y."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_euler("x", -90, degrees=True)
    poses = motion.poses.copy()
    poses[:, 0] = (turn * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    return replace(motion, poses=poses, trans=turn.apply(motion.trans).astype(np.float32), up_axis="y")


def test_y_up_and_z_up_stand_alike(shown: Opened) -> None:
    motion = turned_y_up(shown.motion)
    subject = describe_subject(motion, shown.bodies)
    y_up = Opened(motion, shown.bodies, PosedFrames(motion, shown.bodies), subject, False)
    assert subject.height == pytest.approx(shown.subject.height, abs=0.02)
    for opened in (shown, y_up):
        left, _ = halves(picture(opened))
        rows, columns = np.nonzero(skin(left))
        assert np.ptp(rows) > 1.5 * np.ptp(columns)


def test_upright_turns_y_to_z() -> None:
    assert np.array_equal(upright(np.array([1.0, 2.0, 3.0]), "y"), [1.0, -3.0, 2.0])
    assert np.array_equal(upright(np.array([1.0, 2.0, 3.0]), "z"), [1.0, 2.0, 3.0])


def test_a_translucent_skin_hides_what_lies_behind_it() -> None:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    points = np.concatenate([np.column_stack([corners, np.full(4, depth)]) for depth in (0.0, 0.5)])
    colours = np.repeat(np.array([[200, 40, 40], [40, 40, 200]], np.uint8), 4, axis=0)
    near, far = np.array([[4, 5, 6], [4, 6, 7]]), np.array([[0, 1, 2], [0, 2, 3]])
    seen = []
    for faces in ((near, far), (far, near), (near,)):
        body = BodyActor(np.concatenate(faces), colours)
        body.set_points(points)
        body.set_layers(Layers(opacity=0.5))
        plotter = pv.Plotter(off_screen=True, window_size=(64, 64))
        for actor in body.actors:
            plotter.renderer.AddActor(actor)
        plotter.camera_position = "xy"
        seen.append(np.asarray(plotter.screenshot(return_img=True)).astype(int)[24:40, 24:40])
        plotter.close()
    assert np.ptp(seen[0][..., 2]) < 4
    for other in seen[1:]:
        assert np.abs(other - seen[0]).max() <= 1, "in whatever order the triangles are drawn"


def test_a_frame_that_is_not_finite_shows_words(shown: Opened) -> None:
    poses = shown.motion.poses.copy()
    poses[3, 5] = np.nan
    motion = replace(shown.motion, poses=poses)
    opened = replace(shown, motion=motion, posed=PosedFrames(motion, shown.bodies))
    plotter, scene = off_screen(opened, SIZE, 0)
    scene.show(3, opened.posed.frame(3))
    assert not scene._source.actor.GetVisibility()
    assert scene._source_view.note.GetInput() == "no pose in this frame"
    assert scene._fit_view.note.GetInput() == "no pose in this frame"
    plotter.close()


def test_the_ramp_rises_evenly_from_grey_to_bright() -> None:
    colours = ramp().astype(int)
    assert np.ptp(colours[0]) < 12
    assert colours[-1].sum() > colours[0].sum()
    steps = np.linalg.norm(np.diff(colours[::16], axis=0), axis=1)
    assert steps.min() > 0


@pytest.mark.parametrize("width", [240, 420])
def test_the_scale_leaves_room_for_the_body_and_is_whole(width: int) -> None:
    plotter = pv.Plotter(off_screen=True, window_size=[width, 300])
    plotter.background_color = "black"
    bar = ColourBar(plotter.renderer)
    bar.set_range(100.0)
    bar.layout((width, 300), 1.0)
    image = np.asarray(plotter.screenshot(return_img=True)).max(axis=2)
    plotter.close()
    beside, below = image[40:230], image[265:] if width == 240 else image[230:]
    for part, least in ((beside, width - (60 if width == 240 else 106)), (below, width - 108)):
        drawn = np.flatnonzero((part > 20).any(axis=0))
        assert drawn.min() >= least
        assert drawn.max() < width - 1


def test_vertices_without_error_are_violet() -> None:
    out = np.zeros((3, 3), np.uint8)
    error_colours(np.array([0.0, np.nan, 99.0]), 20.0, out)
    assert np.array_equal(out, [ramp()[0], rgb(INVALID_QUIET), ramp()[-1]])


def test_still_and_video_are_written(shown: Opened, tmp_path: Path) -> None:
    render_still(tmp_path / "a.png", shown, 0, (320, 180))
    render_video(tmp_path / "a.mp4", shown, (320, 180))
    assert (tmp_path / "a.png").stat().st_size > 5000
    assert (tmp_path / "a.mp4").stat().st_size > 1000
    with pytest.raises(FileError):
        render_still(tmp_path / "none" / "a.png", shown, 0, (320, 180))


def test_a_video_is_short_and_smooth() -> None:
    frames, rate = video_frames(100_000, 120.0)
    assert rate == 30.0
    assert len(frames) == 600
    assert frames[1] == 4
    frames, rate = video_frames(10, 25.0)
    assert (len(frames), rate) == (10, 25.0)


def test_the_default_motion_stands_on_the_floor(shown: Opened) -> None:
    lowest = shown.posed.frame(0).source_vertices[:, 2].min()
    assert lowest == pytest.approx(shown.subject.floor, abs=0.05)
    assert bodies_for(load_motion(shown.motion.path)).builtin


def test_a_pose_far_off_casts_no_warning() -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Ground(0.0).cast(
            np.full((5, 3), 3e38, np.float32) * np.array([[1], [-1], [1], [-1], [0]], np.float32)
        )
