"""Lines between two vertices over the picture, with their distance in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D, vtkRenderer

from gui_app.document.view import MOST_RULERS, Ruler
from gui_app.scene.picking import BodyName
from gui_app.scene.subject import FramePicture, upright
from gui_app.scene.view_options import LayoutName
from gui_app.scene.vtk_tools import text_actor, write_points
from gui_app.style import colours
from gui_app.viewport.over_bodies import FIT_VIEW, SOURCE_VIEW
from gui_app.viewport.words_apart import WordsApart

LINE_WIDTH, POINT_SIZE, TEXT_SIZE = 2.0, 7.0, 13
GROUND = 0.75
"""Opacity behind the words."""
WORDS = {"source": "SOURCE_WORDS", "fit": "FIT_WORDS"}


def end_of(picture: FramePicture, point: tuple[BodyName, int]) -> np.ndarray | None:
    """(3,) metres in the motion's own world; None where the vertex is not posed."""
    body, vertex = point
    vertices = picture.source_vertices if body == "source" else picture.fit_vertices
    if vertices is None or vertex >= len(vertices) or not np.isfinite(vertices[vertex]).all():
        return None
    return np.asarray(vertices[vertex], float)


def millimetres(picture: FramePicture, ruler: Ruler) -> float:
    """How far apart both ends are; NaN where one is not posed."""
    first, second = end_of(picture, ruler.first), end_of(picture, ruler.second)
    if first is None or second is None:
        return float("nan")
    return 1000 * float(np.linalg.norm(first - second))


class RulerLine:
    """A line between two places, its ends, and words at its middle; over all else, and hidden at first."""

    def __init__(self) -> None:
        self._mesh = pv.PolyData(
            np.zeros((3, 3), np.float32), lines=np.array([2, 0, 1]), verts=np.array([1, 0, 1, 1])
        )
        world = vtkCoordinate()
        world.SetCoordinateSystemToWorld()
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._mesh)
        mapper.SetTransformCoordinate(world)
        self._line = vtkActor2D()
        self._line.SetMapper(mapper)
        self.words = text_actor("", TEXT_SIZE, colours.TEXT, horizontal="centre", vertical="centre")
        self._in: vtkRenderer | None = None
        self.hide()

    @property
    def visible(self) -> bool:
        """It is shown."""
        return bool(self._line.GetVisibility())

    def put(
        self,
        renderer: vtkRenderer,
        ends: np.ndarray,
        words: str,
        role: str,
        theme: colours.Theme,
        scale: float,
    ) -> None:
        """Shows it in a view, between (2, 3) metres in the scene; the same end twice is a point alone.

        Args:
            renderer: of the view.
            ends: metres in the scene.
            words: at its middle.
            role: of its colour.
            theme: that the colours are of.
            scale: device pixels in a logical pixel.
        """
        if renderer is not self._in:
            self.leave()
            renderer.AddViewProp(self._line)
            renderer.AddViewProp(self.words)
            self._in = renderer
        middle = ends.mean(axis=0)
        write_points(self._mesh, np.vstack([ends, middle]).astype(np.float32))
        style, look = self._line.GetProperty(), self.words.GetTextProperty()
        colour, ground = (colours.rgb_unit(colours.of(one, theme)) for one in (role, "BACKGROUND"))
        style.SetColor(*colour)
        style.SetLineWidth(LINE_WIDTH * scale)
        style.SetPointSize(POINT_SIZE * scale)
        look.SetColor(*colour)
        look.SetBackgroundColor(*ground)
        look.SetBackgroundOpacity(GROUND if words else 0.0)
        self.words.SetInput(f" {words} " if words else "")
        x, y, z = middle.tolist()
        WordsApart.of(renderer).put(self.words, (x, y, z))
        self._line.SetVisibility(True)
        self.words.SetVisibility(bool(words))

    def hide(self) -> None:
        """Shows nothing."""
        self._line.SetVisibility(False)
        self.words.SetVisibility(False)

    def leave(self) -> None:
        """Is in no view any more."""
        if self._in is not None:
            self._in.RemoveViewProp(self._line)
            self._in.RemoveViewProp(self.words)
            WordsApart.of(self._in).forget(self.words)
            self._in = None


class RulerLines:
    """One for each distance, in the views of source and fit; ``lines`` are all of them, shown or not.

    Args:
        renderers: of the views.
    """

    def __init__(self, renderers: Sequence[vtkRenderer]) -> None:
        self._renderers = tuple(renderers)
        self.lines = [RulerLine() for _ in range(MOST_RULERS + 1)]

    def show(
        self,
        rulers: Sequence[Ruler],
        picture: FramePicture | None,
        layout: LayoutName,
        up_axis: str,
        theme: colours.Theme,
        scale: float,
    ) -> bool:
        """Puts the lines where their ends are in a frame, and hides the others; whether anything is shown.

        A distance from a vertex to itself is a point without words.
        """
        shown = False
        for line, ruler in zip(self.lines, [*rulers, *[None] * len(self.lines)], strict=False):
            if (
                ruler is None
                or picture is None
                or not self._put(line, ruler, picture, layout, up_axis, theme, scale)
            ):
                line.hide()
            else:
                shown = True
        return shown

    def _put(
        self,
        line: RulerLine,
        ruler: Ruler,
        picture: FramePicture,
        layout: LayoutName,
        up_axis: str,
        theme: colours.Theme,
        scale: float,
    ) -> bool:
        start, end = end_of(picture, ruler.first), end_of(picture, ruler.second)
        if start is None or end is None:
            return False
        bodies = {ruler.first[0], ruler.second[0]}
        # Over each other both bodies are in the view of the fit.
        place = FIT_VIEW if "fit" in bodies or layout == "overlay" else SOURCE_VIEW
        role = WORDS[ruler.first[0]] if len(bodies) == 1 else "TEXT"
        words = f"{millimetres(picture, ruler):,.1f} mm" if ruler.first != ruler.second else ""
        ends = np.array([upright(one, up_axis) for one in (start, end)])
        line.put(self._renderers[place], ends, words, role, theme, scale)
        return True


class RulersInPicture:
    """Distances as they were at a moment, in views other than the window's.

    Args:
        rulers: what was measured.
        layout: of the views.
        up_axis: of the motion.
        theme: of the colours.
        renderers: of the views.
        scale: device pixels in a logical pixel.
    """

    def __init__(
        self,
        rulers: tuple[Ruler, ...],
        layout: LayoutName,
        up_axis: str,
        theme: colours.Theme,
        renderers: Sequence[vtkRenderer],
        scale: float,
    ) -> None:
        self._lines = RulerLines(renderers)
        self._rulers, self._how = rulers, (layout, up_axis, theme, scale)

    def show(self, frame: int, picture: FramePicture) -> None:
        """Puts the lines where their ends are."""
        self._lines.show(self._rulers, picture, *self._how)
