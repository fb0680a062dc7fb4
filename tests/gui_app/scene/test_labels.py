"""Words in a view: beside the bodies and beside each other, whatever its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor

from core.model.joints import PARTS
from gui_app.document.opened import Opened
from gui_app.document.view import Ruler
from gui_app.export.offscreen import off_screen
from gui_app.scene.picking import projected
from gui_app.scene.subject import upright
from gui_app.viewport.pins import PinsInPicture
from gui_app.viewport.ruler_lines import RulersInPicture

TITLES = (("A", "Fit of all frames", "accurate", "2.11 mm"), ("B", "Bending", "accurate", "9.10 mm"))
HEAD = PARTS.index("head")


def box_of(words: vtkTextActor, view: vtkRenderer) -> tuple[float, float, float, float]:
    """Left, right, low and high, device pixels of the window."""
    box = [0.0] * 4
    words.GetBoundingBox(view, box)
    x, y = words.GetPositionCoordinate().GetComputedDoubleDisplayValue(view)
    return x + box[0], x + box[1], y + box[2], y + box[3]


def on_each_other(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


@pytest.mark.parametrize("titles", [None, TITLES])
@pytest.mark.parametrize("layout", ["side", "overlay"])
@pytest.mark.parametrize("size", [(180, 150), (340, 150), (620, 380), (1300, 620)])
def test_what_a_body_is_called_does_not_lie_on_its_head(
    shown: Opened, size: tuple[int, int], layout: str, titles: tuple[tuple[str, ...], ...] | None
) -> None:
    plotter, scene = off_screen(shown, size, 0)
    scene.set_layout(layout)  # type: ignore[arg-type]
    shown.posed.set_beside(shown.posed.result if titles else None)
    scene.compare(titles)  # type: ignore[arg-type]
    picture = shown.posed.frame(0)
    scene.show(0, picture, shown.posed.beside(0))
    scene.show_view("home")
    scene.layout(1.0)
    plotter.render()
    head = shown.bodies.source.vertex_part == HEAD
    points = upright(picture.source_vertices[head], shown.subject.up_axis)
    seen = [view for view in scene._views if view.drawn]
    assert seen
    for view in seen:
        x, y = projected(view.renderer, points).T
        place = (x.min(), x.max(), y.min(), y.max())
        labels = [view.label, *([view.ghost._label] if layout == "overlay" else [])]
        boxes = [box_of(label, view.renderer) for label in labels]
        assert all(label.GetInput() for label in labels)
        left, low = view.renderer.GetOrigin()
        width, height = view.renderer.GetSize()
        for box in boxes:
            assert not on_each_other(box, place)
            assert left <= box[0] < box[1] <= left + width
            assert low <= box[2] < box[3] <= low + height
        assert len(boxes) == 1 or not on_each_other(*boxes)
    plotter.close()
    shown.posed.set_beside(None)


def test_distances_and_pins_beside_each_other_can_all_be_read(shown: Opened) -> None:
    plotter, scene = off_screen(shown, (640, 360), 0)
    scene.set_layout("overlay")
    views, up_axis = tuple(plotter.renderers), shown.subject.up_axis
    near = [Ruler(("fit", 9000), ("fit", 9000 + step)) for step in (1, 2, 3, 4)]
    rulers = RulersInPicture(tuple(near), "overlay", up_axis, "dark", views, 1.0)
    pins = PinsInPicture((9000, 9001), up_axis, views, 1.0)
    for view_name in ("front", "top"):
        picture = shown.posed.frame(3)
        scene.show(3, picture)
        for drawn in (rulers, pins):
            drawn.show(3, picture)
        scene.show_view(view_name)  # type: ignore[arg-type]
        plotter.render()
        labels = [line.words for line in rulers._lines.lines if line.visible]
        labels += [label for label in pins._marks.labels if label.GetVisibility()]
        boxes = [box_of(label, views[1]) for label in labels]
        assert len(boxes) == 6
        assert not any(on_each_other(boxes[i], boxes[j]) for i in range(6) for j in range(i))
        # Near the place that they are of all the same.
        middles = np.array([(box[2] + box[3]) / 2 for box in boxes])
        assert np.ptp(middles) < 7 * (boxes[0][3] - boxes[0][2])
    # Where there is room again each stands at its place.
    rulers._lines.show((near[0],), picture, "overlay", up_axis, "dark", 1.0)
    plotter.render()
    assert rulers._lines.lines[0].words.GetPositionCoordinate().GetValue()[1] == 0
    plotter.close()


def test_words_that_are_in_another_view_take_no_room_in_this_one(shown: Opened) -> None:
    plotter, scene = off_screen(shown, (640, 360), 0)
    views, up_axis = tuple(plotter.renderers), shown.subject.up_axis
    rulers = RulersInPicture((), "side", up_axis, "dark", views, 1.0)._lines
    pair = Ruler(("source", 3), ("source", 40)), Ruler(("fit", 3), ("fit", 4))
    picture = shown.posed.frame(0)
    for layout in ("overlay", "side", "overlay"):
        scene.set_layout(layout)  # type: ignore[arg-type]
        rulers.show(pair, picture, layout, up_axis, "dark", 1.0)  # type: ignore[arg-type]
        plotter.render()
    ends = picture.source_vertices[3], picture.fit_vertices[3]
    same = replace(picture, source_vertices=np.full_like(picture.source_vertices, ends[0]))
    rulers.show(pair, same, "side", up_axis, "dark", 1.0)
    plotter.render()
    assert [line.words.GetPositionCoordinate().GetValue()[1] for line in rulers.lines[:2]] == [0, 0]
    plotter.close()
