"""Small pieces of VTK: text inside the 3D view, flat shapes in its pixels, and meshes that are written to
in place."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
import pyvista as pv
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkRenderingCore import (
    vtkActor2D,
    vtkCoordinate,
    vtkPolyDataMapper2D,
    vtkRenderer,
    vtkTextActor,
)

from gui_app.style import colours
from gui_app.style.colours import rgb_unit

Horizontal = Literal["left", "centre", "right"]
Vertical = Literal["bottom", "centre", "top"]
VTK_FONT_FILE = 4
GROUND = 0.6
"""Opacity behind words that may lie on a body."""

# Logical pixels: the words in the corner of a view.
LABEL_SIZE = 13
LABEL_MARGIN = 14
LABEL_LETTER = 6.8
LINE_HEIGHT, NEXT_LINE, UPRIGHT_LINE = 20, 14, 16
"""Of a label below another one, of one line below another in the same label, and of an upright label beside
another."""
# In a view less wide than this a body leaves little room beside it.
NARROW = 380


@lru_cache(maxsize=1)
def font_file() -> Path | None:
    """DejaVu Sans as matplotlib brings it, which pyvista needs; None leaves VTK's own font."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    return path if path.is_file() else None


def text_actor(
    text: str, size: int, colour: str, *, horizontal: Horizontal = "left", vertical: Vertical = "bottom"
) -> vtkTextActor:
    """A line of text of ``size`` logical pixels; VTK scales it with the window's dots per inch."""
    actor = vtkTextActor()
    actor.SetInput(text)
    actor.SetTextScaleModeToNone()
    style = actor.GetTextProperty()
    font = font_file()
    if font is not None:
        style.SetFontFamily(VTK_FONT_FILE)
        style.SetFontFile(str(font))
    style.SetFontSize(size)
    style.SetColor(*rgb_unit(colour))
    {"left": style.SetJustificationToLeft, "centre": style.SetJustificationToCentered}.get(
        horizontal, style.SetJustificationToRight
    )()
    {
        "bottom": style.SetVerticalJustificationToBottom,
        "centre": style.SetVerticalJustificationToCentered,
    }.get(vertical, style.SetVerticalJustificationToTop)()
    actor.PickableOff()
    return actor


def put_ground(actor: vtkTextActor) -> None:
    """Keeps the words of an upper corner legible where a body comes behind them; where none does, their
    ground is the view's own."""
    style = actor.GetTextProperty()
    style.SetBackgroundColor(*rgb_unit(colours.VIEW_TOP))
    style.SetBackgroundOpacity(GROUND)


def take_grounds(view: vtkRenderer) -> None:
    """Words of a view that has no background of its own stand on none either."""
    props = view.GetViewProps()
    for prop in (props.GetItemAsObject(index) for index in range(props.GetNumberOfItems())):
        if isinstance(prop, vtkTextActor):
            prop.GetTextProperty().SetBackgroundOpacity(0.0)


def place_text(actor: vtkTextActor, x: float, y: float) -> None:
    """Moves the text's anchor to (x, y) device pixels of its view."""
    position = actor.GetPositionCoordinate()
    position.SetCoordinateSystemToViewport()
    position.SetValue(round(x), round(y), 0)


def stand_text(actor: vtkTextActor, upright: bool) -> None:
    """Turns a label of an upper left corner so that it is read upwards, or back; its end is in the corner
    then."""
    style = actor.GetTextProperty()
    style.SetOrientation(90.0 if upright else 0.0)
    (style.SetJustificationToRight if upright else style.SetJustificationToLeft)()


# Flat shapes in pixels of a view.


def flat_actor(mesh: pv.PolyData) -> vtkActor2D:
    """Draws ``mesh``, whose points are device pixels of the view, with its own colours where it has any."""
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputData(mesh)
    mapper.SetColorModeToDirectScalars()
    pixels = vtkCoordinate()
    pixels.SetCoordinateSystemToViewport()
    mapper.SetTransformCoordinate(pixels)
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    return actor


# Writing into a mesh that is already on the screen.


def write_points(mesh: pv.PolyData, points: np.ndarray) -> None:
    """Overwrites the points of ``mesh`` and tells the pipeline."""
    vtk_to_numpy(mesh.GetPoints().GetData())[...] = points
    mesh.GetPoints().Modified()
    mesh.Modified()
