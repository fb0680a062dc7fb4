"""Where names stand beside their colours: never across the body."""

from __future__ import annotations

import numpy as np
import pytest
from vtkmodules.vtkRenderingCore import vtkRenderer

from gui_app.scene.legend import Legend
from gui_app.scene.mask_colours import MASK_WORDS, mask_rows
from gui_app.scene.vtk_tools import NARROW


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_in_a_narrow_view_it_stands_beside_the_feet(scale: float) -> None:
    legend = Legend(vtkRenderer(), mask_rows(), high=True, short=MASK_WORDS)
    width, height = round(280 * scale), round(300 * scale)
    legend.layout((width, height), scale)
    corners = np.asarray(legend._mesh.points)
    assert corners[:, 0].max() < 0.15 * width
    assert 0 < corners[:, 1].min() < corners[:, 1].max() < height / 3
    assert [actor.GetInput() for actor in legend._words] == list(MASK_WORDS)
    # And where there is room again it is back in its corner, in full words.
    width = round(2 * NARROW * scale)
    legend.layout((width, height), scale)
    corners = np.asarray(legend._mesh.points)
    assert corners[:, 0].min() > width / 2
    assert corners[:, 1].max() > 0.8 * height
    assert [actor.GetInput() for actor in legend._words] == [words for words, _ in mask_rows()]
    assert len(np.unique(corners[:, 1])) == 2 * len(mask_rows())
