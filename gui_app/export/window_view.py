"""Pictures beside the window that look as the window does: same camera, same colours, another size."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvista as pv
from PySide6.QtGui import QOpenGLContext

from gui_app.export.offscreen import off_screen
from gui_app.scene.vtk_tools import take_grounds

if TYPE_CHECKING:
    from gui_app.document.opened import Opened
    from gui_app.document.state import AppState
    from gui_app.scene.scene import Scene
    from gui_app.viewport.over_bodies import Copy
    from gui_app.viewport.viewport import Viewport

COPIED_FRAMES = 32
STILL_SAMPLES = 8
MOST_SAMPLED_PIXELS = 12_000_000


@dataclass(frozen=True, eq=False)
class WindowView:
    """The window's view at one moment; what is done in the window later does not touch it.

    Attributes:
        opened: the motion, with posed frames of its own.
        frame: shown when the camera stood where it stands.
        camera: a copy.
        size: of the window's view, device pixels.
        scale: device pixels in a logical pixel there.
        follow: the camera goes along with the body.
        scene: the window's, whose layout and colouring are taken over when drawing begins.
        over: makes what is drawn over the bodies once more.
    """

    opened: Opened
    frame: int
    camera: Any
    size: tuple[int, int]
    scale: float
    follow: bool
    scene: Scene
    over: tuple[Copy, ...]


def view_of(viewport: Viewport, state: AppState) -> WindowView:
    """The view as it is now; a motion must be open."""
    from core.fitting.posed_frames import PosedFrames

    opened = state.document.opened
    assert opened is not None
    posed = PosedFrames(opened.motion, opened.bodies, state.document.result, cache_frames=COPIED_FRAMES)
    second = state.view.second
    posed.set_beside(None if second is None else second.result)
    camera = pv.Camera()
    camera.DeepCopy(viewport.plotter.renderers[0].camera)
    window: Any = viewport.plotter.render_window
    width, height = window.GetSize()
    return WindowView(
        replace(opened, posed=posed),
        state.playback.frame,
        camera,
        (max(width, 2), max(height, 2)),
        viewport.plotter.devicePixelRatioF(),
        state.view.follow,
        viewport.scene,
        tuple(copy() for copy in viewport.over),
    )


class Studio:
    """Draws frames of a `WindowView` at any size, off the screen. Lives in the GUI thread; ``close`` it.

    Edges are smooth by ``samples`` a pixel, or without them where they are to be ``smooth``.
    """

    def __init__(
        self,
        view: WindowView,
        size: tuple[int, int],
        *,
        scale: float,
        samples: int = 0,
        captions: bool = True,
        transparent: bool = False,
        smooth: bool = True,
    ) -> None:
        self._view = view
        self._captions, self._transparent = captions, transparent
        self.size = size
        _leave_context()
        self._plotter, self._scene = off_screen(view.opened, size, samples)
        window: Any = self._plotter.render_window
        self._window = window
        self._scene.like(view.scene, ground=not transparent)
        self._scene.set_fit_path(view.opened.posed.fit_roots(), view.opened.posed.beside_roots())
        for renderer in self._plotter.renderers if transparent else ():
            renderer.SetGradientBackground(False)
            take_grounds(renderer)
        self._scene.set_smooth(smooth and samples == 0)
        self._window.SetDPI(round(72 * scale))
        self._scene.layout(scale)
        self._over = [copy(tuple(self._plotter.renderers), scale) for copy in view.over]
        self._show(view.frame)
        self._camera = self._plotter.renderers[0].camera
        self._camera.DeepCopy(view.camera)
        self._step_back()
        self._scene.set_follow(view.follow)
        self._release()

    def _step_back(self) -> None:
        """Where the picture is narrower than the window, the body still has to fit in."""
        subject = self._view.opened.subject
        aspect = self.size[0] / self.size[1]
        there = self._view.size[0] / self._view.size[1]
        columns = self._columns()
        half = math.tan(math.radians(self._camera.view_angle / 2)) * self._camera.distance
        if self._camera.parallel_projection:
            half = self._camera.parallel_scale
        share = min(subject.reach, half * there / columns) / (half * aspect / columns)
        if aspect < there and share > 1:
            self._camera.parallel_scale *= share
            focus = np.asarray(self._camera.focal_point)
            self._camera.position = focus + share * (np.asarray(self._camera.position) - focus)

    def _columns(self) -> int:
        return sum(bool(renderer.GetDraw()) for renderer in self._plotter.renderers)

    def turn(self, degrees: float) -> None:
        """Takes the camera around the body, to the left."""
        focus = np.asarray(self._camera.focal_point)
        x, y, z = np.asarray(self._camera.position) - focus
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        self._camera.position = focus + np.array([cos * x - sin * y, sin * x + cos * y, z])
        x, y, z = self._camera.up
        self._camera.up = (cos * x - sin * y, sin * x + cos * y, z)

    def draw(self, frame: int) -> np.ndarray:
        """(height, width, 3 or 4) bytes of one frame."""
        _leave_context()
        try:
            self._show(frame)
            if not self._captions:
                self._hide_captions()
            self._plotter.render()
            picture = self._plotter.screenshot(return_img=True, transparent_background=self._transparent)
            return np.ascontiguousarray(picture)
        finally:
            self._release()

    def _show(self, frame: int) -> None:
        posed = self._view.opened.posed
        picture = posed.frame(frame)
        self._scene.show(frame, picture, posed.beside(frame))
        for drawn in self._over:
            drawn.show(frame, picture)

    def _hide_captions(self) -> None:
        for renderer in self._plotter.renderers:
            props = renderer.GetViewProps()
            for index in range(props.GetNumberOfItems()):
                prop = props.GetItemAsObject(index)
                if prop.IsA("vtkActor2D"):
                    prop.VisibilityOff()

    def _release(self) -> None:
        # Otherwise Qt finds its own drawing surface taken and shows nothing.
        self._window.ReleaseCurrent()

    def close(self) -> None:
        """Frees the graphics memory."""
        _leave_context()
        self._plotter.close()


def draw_still(
    view: WindowView, zoom: int, *, captions: bool = True, transparent: bool = False
) -> np.ndarray:
    """The window's view as it is, ``zoom`` times as fine; (height, width, 3 or 4) bytes."""
    size = (view.size[0] * zoom, view.size[1] * zoom)
    studio = Studio(
        view,
        size,
        samples=STILL_SAMPLES if size[0] * size[1] <= MOST_SAMPLED_PIXELS else 0,
        captions=captions,
        transparent=transparent,
        scale=view.scale * zoom,
    )
    try:
        return studio.draw(view.frame)
    finally:
        studio.close()


def _leave_context() -> None:
    """Qt leaves its surface current after painting; VTK must not meet it there."""
    context = QOpenGLContext.currentContext()
    if context is not None:
        context.doneCurrent()
