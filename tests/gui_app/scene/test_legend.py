"""Where names stand beside their colours: never across the body."""

from __future__ import annotations

import numpy as np
import pytest
from vtkmodules.vtkRenderingCore import vtkRenderer

from gui_app.scene.legend import BODY, ColourBar, Legend
from gui_app.scene.mask_colours import MASK_WORDS, mask_rows
from gui_app.scene.vtk_tools import NARROW


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize(
    ("width", "height", "said"),
    [(330, 300, 0), (280, 300, 1), (230, 150, 1), (214, 260, 1), (214, 400, None), (120, 200, None)],
)
def test_in_a_narrow_view_it_leaves_the_body_its_place(
    width: int, height: int, said: int | None, scale: float
) -> None:
    legend = Legend(vtkRenderer(), mask_rows(), high=True, short=MASK_WORDS)
    legend.set_visible(True)
    legend.layout((round(width * scale), round(height * scale)), scale)
    assert legend._swatches.GetVisibility() == (said is not None)
    if said is not None:
        assert [actor.GetInput() for actor in legend._words] == list(MASK_WORDS[said])
    legend.layout((round(2000 * scale), round(height * scale)), scale)
    assert legend._swatches.GetVisibility() == 1


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_in_a_narrow_view_it_stands_beside_the_feet(scale: float) -> None:
    legend = Legend(vtkRenderer(), mask_rows(), high=True, short=MASK_WORDS)
    width, height = round(280 * scale), round(300 * scale)
    legend.layout((width, height), scale)
    corners = np.asarray(legend._mesh.points)
    assert corners[:, 0].max() < 0.15 * width
    assert 0 < corners[:, 1].min() < corners[:, 1].max() < height / 3
    assert [actor.GetInput() for actor in legend._words] == list(MASK_WORDS[1])
    # And where there is room again it is back in its corner, in full words.
    width = round(2 * NARROW * scale)
    legend.layout((width, height), scale)
    corners = np.asarray(legend._mesh.points)
    assert corners[:, 0].min() > width / 2
    assert corners[:, 1].max() > 0.8 * height
    assert [actor.GetInput() for actor in legend._words] == [words for words, _ in mask_rows()]
    assert len(np.unique(corners[:, 1])) == 2 * len(mask_rows())


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize(("width", "height"), [(90, 150), (160, 260), (230, 400), (280, 150), (600, 400)])
def test_the_scale_of_the_error_leaves_the_body_its_place(width: int, height: int, scale: float) -> None:
    bar = ColourBar(vtkRenderer())
    bar.set_range(20.0)
    bar.set_visible(True)
    bar.layout((round(width * scale), round(height * scale)), scale)
    corners = np.asarray(bar._mesh.points) / scale
    feet = 0.08 * height
    beside = corners[:, 0].min() > width / 2 + BODY * height
    below = corners[:, 1].max() < feet and corners[:, 0].max() < width
    shown = bar._bar.GetVisibility() == 1
    assert not shown or beside or below
    assert shown == (width > 100)
    for actor in (bar._ticks[-1], bar._unit):
        assert actor.GetVisibility() == shown
        place = np.array(actor.GetPositionCoordinate().GetValue())[:2] / scale
        assert not shown or (0 < place[0] < width and 0 < place[1] < height)
    assert bar._ticks[0].GetVisibility() == (shown and beside)
    bar.set_visible(False)
    assert bar._bar.GetVisibility() == 0


def test_invalid_vertices_stand_beside_it_where_there_are_any() -> None:
    bar = ColourBar(vtkRenderer())
    bar.layout((600, 400), 1.0)
    bar.set_visible(True, apart=False)
    assert bar._not_compared.GetVisibility() == 0
    swatch = np.asarray(bar._mesh.points)[-4:]
    assert (swatch == 0).all()
    bar.set_visible(True, apart=True)
    assert bar._not_compared.GetVisibility() == 1
    assert np.ptp(np.asarray(bar._mesh.points)[-4:, 0]) > 0
