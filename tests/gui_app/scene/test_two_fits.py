"""A second fit beside the first: where the views stand, what is written over them, their colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from core.measure.fit_distance import vertex_distance_mm
from gui_app.document.opened import Opened
from gui_app.export.offscreen import off_screen
from gui_app.scene.colour_maps import error_colours
from gui_app.scene.scene import Scene
from gui_app.scene.skin_colours import DIFFERENCE
from gui_app.scene.view_options import LAYOUTS, LayoutName, places
from gui_app.style import colours

SIZE = (1200, 400)
TITLES = (("A", "Fit of all frames", "accurate", "2.41 mm"), ("B", "Bending", "12.10 mm"))


@pytest.fixture
def scene(shown: Opened) -> Iterator[Scene]:
    plotter, scene = off_screen(shown, SIZE, samples=0)
    shown.posed.set_beside(bent(shown))
    yield scene
    shown.posed.set_beside(None)
    plotter.close()


def bent(shown: Opened):  # type: ignore[no-untyped-def]
    result = shown.posed.result
    poses = result.poses.copy()
    poses[:, 18] += 0.4
    return replace(result, poses=poses)


def show(scene: Scene, shown: Opened, frame: int = 3) -> None:
    scene.show(frame, shown.posed.frame(frame), shown.posed.beside(frame))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_views_share_the_width_and_no_two_lie_over_each_other(layout: LayoutName) -> None:
    for compares in (False, True):
        drawn = [place for place in places(layout, compares) if place is not None]
        assert len(drawn) == {"side": 2, "source": 1}.get(layout, 1) + (compares and layout != "source")
        edges = [drawn[0][0], *(place[2] for place in drawn)]
        assert edges == pytest.approx(np.linspace(0, 1, len(drawn) + 1))
        assert [place[0] for place in drawn] == pytest.approx(edges[:-1])


def test_the_second_fit_comes_and_goes_with_its_view(scene: Scene, shown: Opened) -> None:
    show(scene, shown)
    before = scene.view_size
    assert scene._second_view.body is None, "nothing is made for a second fit before there is one"
    scene.compare(TITLES)
    show(scene, shown)
    assert [view.drawn for view in scene._views] == [True, True, True]
    assert scene.view_size == (SIZE[0] // 3, SIZE[1])
    assert len({id(view.renderer.camera) for view in scene._views}) == 1
    second = np.array(scene._second_view.body.mesh.points)
    assert not np.allclose(second, scene._fit.mesh.points)
    assert np.allclose(second, shown.posed.beside(3).fit_vertices, atol=1e-5)
    scene.set_layout("overlay")
    assert [view.drawn for view in scene._views] == [False, True, True]
    assert all(view.ghost.actor.GetVisibility() for view in scene._views[1:])
    scene.compare(None)
    scene.set_layout("side")
    show(scene, shown)
    assert [view.drawn for view in scene._views] == [True, True, False]
    assert scene.view_size == before
    assert scene._fit_view.label.GetInput() == scene.subject.fit.label


def test_titles_take_as_many_lines_as_they_need(scene: Scene, shown: Opened) -> None:
    scene.compare(TITLES)
    show(scene, shown)
    assert scene._fit_view.label.GetInput() == "A\nFit of all frames\naccurate\n2.41 mm"
    scene.compare((("A", "fast"), ("B", "Bending of both elbows in all frames")))
    assert scene._fit_view.label.GetInput() == "A · fast"
    words = scene._second_view.label.GetInput().split("\n")
    assert words[0] == "B"
    assert words[1].startswith("Bending of b")
    assert words[1].endswith("…")
    for view, role in ((scene._fit_view, "FIT_WORDS"), (scene._second_view, "SECOND_WORDS")):
        assert view.label.GetTextProperty().GetColor() == pytest.approx(colours.rgb_unit(colours.of(role)))


def test_both_fits_wear_their_difference_and_each_its_own_error(scene: Scene, shown: Opened) -> None:
    scene.compare(TITLES)
    scene.set_colouring(DIFFERENCE.name, 20.0, 8.0)
    show(scene, shown)
    one, other = shown.posed.frame(3), shown.posed.beside(3)
    apart = vertex_distance_mm(one.fit_vertices, other.fit_vertices)
    assert apart.max() > 30
    wanted = np.empty((len(apart), 3), np.uint8)
    error_colours(apart, 8.0, wanted)
    for view in scene._views[1:]:
        assert np.array_equal(view.body.colours(), wanted)
    assert scene.scales.bars[DIFFERENCE.name]._ticks[-1].GetInput() == "≥ 8"
    assert scene.scales.nothing.GetInput() == ""
    scene.set_colouring("error", 20.0, 8.0)
    for view, picture in zip(scene._views[1:], (one, other), strict=True):
        error_colours(picture.error_mm, 20.0, wanted)
        assert np.array_equal(view.body.colours(), wanted)


def test_a_sentence_stands_where_there_is_no_second_fit(scene: Scene, shown: Opened) -> None:
    scene.set_colouring(DIFFERENCE.name, 20.0)
    scene.show(3, shown.posed.frame(3))
    assert scene.scales.nothing.GetInput() == DIFFERENCE.missing
    assert (scene._fit.colours() == colours.rgb(colours.FIT_SKIN)).all()
    assert not scene.scales.bars[DIFFERENCE.name]._bar.GetVisibility()
    scene.set_colouring("plain", 20.0)
    assert scene.scales.nothing.GetInput() == ""


def test_a_vertex_of_either_fit_is_found(scene: Scene, shown: Opened) -> None:
    scene.compare(TITLES)
    show(scene, shown)
    scene.show_view("front")
    found = [scene.vertex_at((0.5 + column) * SIZE[0] / 3, SIZE[1] / 2) for column in range(3)]
    assert [body for body, _ in found] == ["source", "fit", "fit"]


def test_a_frame_that_the_second_lacks_says_so(scene: Scene, shown: Opened) -> None:
    scene.compare(TITLES)
    scene.show(3, shown.posed.frame(3), replace(shown.posed.beside(3), fit_vertices=None, fit_joints=None))
    assert scene._second_view.note.GetInput() == "not fitted yet"
    assert scene._fit_view.note.GetInput() == ""
