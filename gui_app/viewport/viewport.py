"""The 3D view: one widget with both bodies, redrawn once however often it is asked to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget
from pyvistaqt import QtInteractor

from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.document.view import View
from gui_app.scene.cameras import CameraPose, ViewName
from gui_app.scene.picking import BodyName
from gui_app.scene.scene import Scene
from gui_app.scene.subject import SceneDescription, upright
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.tasks.coalesce import Coalescer, Later
from gui_app.viewport.crowd import Crowd, CrowdBody, CrowdInPicture, nobody
from gui_app.viewport.over_bodies import Copy

STILL_MS = 350
TURN = 200.0
"""Degrees that a drag over the whole view turns the camera."""
LARGEST_STEP = 5
NEAR_WHOLE = 1e-3


def whole_pixels(ratio: float) -> int:
    """The least number of logical pixels that is a whole number of device pixels, ``ratio`` a logical one.

    A picture that ends within a pixel leaves that pixel black. Of ratios that would leave more than a few
    logical pixels empty instead, 1.
    """
    steps = range(1, LARGEST_STEP + 1)
    return next((step for step in steps if abs(step * ratio - round(step * ratio)) < NEAR_WHOLE), 1)


class Viewport(QWidget):
    """Shows ``playback.frame`` of the open motion."""

    def __init__(
        self, document: Document, view: View, playback: Playback, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._view, self._playback = document, view, playback
        self._closed = False
        self._fresh = True
        self._dragged_from: QPointF | None = None
        self._wanted: CameraPose | None = None
        self.plotter = QtInteractor(self, shape=(1, 3), border=False, auto_update=False, multi_samples=0)
        self.plotter.setAcceptDrops(False)
        self.plotter.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # Where the keyboard is at first, and again after a click on the bodies: its keys are the window's.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Bodies")
        self._leave_keys_to_the_window()
        self.scene = Scene(self.plotter)
        self.crowd = Crowd(tuple(self.plotter.renderers))
        self.others: Callable[[], Callable[[int], Sequence[CrowdBody]]] | None = None
        self.over: list[Callable[[], Copy]] = [self._crowd_copy]
        self.plotter.installEventFilter(self)

        self._path_due = self._on_trial = False
        self._redraw = Coalescer(self._draw, self)
        self._afterwards = Later(self._redraw.ask, self, 0)
        self._still = Later(self._draw_smooth, self, STILL_MS)

        document.motion_changed.connect(self._on_motion)
        document.mask_changed.connect(self._on_mask)
        playback.frame_changed.connect(self.refresh)
        document.trial_changed.connect(self.refresh)
        document.result_changed.connect(self._on_result)
        view.peek_changed.connect(self._on_peek)
        view.second_changed.connect(self._on_second)
        view.changed.connect(self._on_view)
        on_theme_change(self._on_theme)

    def _leave_keys_to_the_window(self) -> None:
        interactor: Any = self.plotter.iren.interactor
        for event in ("CharEvent", "KeyPressEvent", "KeyReleaseEvent"):
            interactor.RemoveObservers(event)

    def minimumSizeHint(self) -> QSize:
        """Small enough for a window of 900×560 with a panel on each side."""
        return QSize(180, 150)

    def sizeHint(self) -> QSize:
        """What the 3D widget asks for."""
        return self.plotter.sizeHint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps labels in their corners, and keys out of VTK."""
        if event.type() == QEvent.Type.Resize and not self._closed:
            self._relayout()
        elif (
            not self._closed
            and isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonDblClick
            and event.button() == Qt.MouseButton.LeftButton
        ):
            self._focus_at(event.position().toPoint())
            return True
        elif not self._closed and isinstance(event, QMouseEvent) and self._turns(event):
            return True
        elif not self._closed and (
            event.type() == QEvent.Type.Wheel or (isinstance(event, QMouseEvent) and event.buttons())
        ):
            self._hover(QPointF(-1, -1))
            self._draw_quickly()
        elif not self._closed and event.type() in (QEvent.Type.MouseMove, QEvent.Type.Leave):
            self._hover(event.position() if isinstance(event, QMouseEvent) else QPointF(-1, -1))
        elif isinstance(event, QKeyEvent):
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _turns(self, event: QMouseEvent) -> bool:
        """A drag turns the camera about the body; VTK's own would turn it upside down."""
        before, self._dragged_from = self._dragged_from, event.position()
        left = event.buttons() == Qt.MouseButton.LeftButton
        moves = left and event.type() == QEvent.Type.MouseMove
        if not moves or before is None or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        width, height = self.scene.view_size
        step = (event.position() - before) * self.plotter.devicePixelRatioF()
        self.scene.camera.turn(-TURN * step.x() / width, TURN * step.y() / height)
        self._hover(QPointF(-1, -1))
        self._draw_quickly()
        self.plotter.update()
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The labels follow the new size."""
        super().resizeEvent(event)
        self._place_plotter()
        self._redraw.ask()

    def changeEvent(self, event: QEvent) -> None:
        """On another screen other sizes are whole pixels."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._place_plotter()

    def _place_plotter(self) -> None:
        step = whole_pixels(self.devicePixelRatioF())
        self.plotter.setGeometry(0, 0, self.width() // step * step, self.height() // step * step)

    def _relayout(self) -> None:
        self.scene.layout(self.plotter.devicePixelRatioF())
        self._redraw.ask()

    def _on_motion(self) -> None:
        opened = self._document.opened
        if opened is None:
            return
        before, frame = self.scene.subject, self.scene.frame
        self.scene.build(opened.subject, opened.frame or 0)
        if opened.beside and before is not None and before.up_axis == opened.subject.up_axis:
            self._go_over(before, frame)
        else:
            self._fresh = True
        self._trace()
        self.refresh()

    def _go_over(self, before: SceneDescription, frame: int) -> None:
        """The camera, which was put for a frame of another motion in the same world, looks at this one."""
        now = self.scene.subject
        if now is not None and self._view.follow:
            there, here = now.path[self.scene.frame], before.path[frame]
            self.scene.camera.shift(upright(there, now.up_axis) - upright(here, before.up_axis))

    @Slot()
    def _on_mask(self) -> None:
        if self._document.valid is not None:
            self.scene.set_valid(self._document.valid)
        self.refresh()

    @Slot()
    def _on_theme(self) -> None:
        # Nearly every actor has colours, so all are made anew; the camera and the frame stay.
        if self._closed or self.scene.theme == colours.theme:
            return
        frame = self.scene.frame
        self.scene.clear()
        self.scene = Scene(self.plotter)
        self.crowd = Crowd(tuple(self.plotter.renderers))
        opened = self._document.opened
        if opened is not None:
            self.scene.build(opened.subject, frame)
            self._trace()
        self._on_view()
        # At once: until then the new bodies have no place.
        self._draw()
        self.plotter.update()

    def _on_view(self) -> None:
        self.scene.set_follow(self._view.follow)
        self.scene.camera.set_parallel(self._view.parallel)
        self.scene.set_layout(self._view.layout)
        self.scene.set_layers(self._view.layers)
        self.scene.set_colouring(self._view.colouring, self._view.range_mm, self._view.apart_mm)
        if self._path_due:
            self._trace()
        self.refresh()

    @Slot(object)
    def _on_result(self, changed: np.ndarray | None) -> None:
        self._trace()
        view, playback = self._view, self._playback
        if changed is None:
            self.refresh()
        elif self._on_trial or view.layers.trajectory or playback.frame in changed:
            # By itself, after all else that shows the fit: together they hold the window up for too long.
            self._afterwards.ask()

    def _trace(self) -> None:
        """Tells the scene where the fit's pelvis goes, once somebody looks at its path."""
        opened = self._document.opened
        self._path_due = not self._view.layers.trajectory
        if opened is not None and not self._path_due:
            self.scene.set_fit_path(opened.posed.fit_roots(), opened.posed.beside_roots())

    @Slot()
    def _on_second(self) -> None:
        self._on_result(None)

    @Slot()
    def _on_peek(self) -> None:
        self._on_result(None)

    def refresh(self, *_: object) -> None:
        """Draws the current frame soon; many calls in a row draw once."""
        self._redraw.ask()

    def repaint_skin(self) -> None:
        """Draws what is there in other colours, nothing moved."""
        if not self._closed:
            self._draw_quickly()
            self.plotter.update()

    def show_view(self, name: ViewName, *_: object) -> None:
        """Turns the camera to a named view."""
        self.scene.show_view(name)
        self.refresh()

    def own_view(self) -> CameraPose | None:
        """The camera, told from the body as it stands now; None while nothing is shown."""
        self._catch_up()
        body = self.scene.stance()
        return None if body is None else body.seen_from(self.scene.camera.pose)

    def show_own_view(self, view: CameraPose) -> None:
        """Looks at the body as it stands now as another time at itself, or at another one."""
        self._catch_up()
        body = self.scene.stance()
        if body is not None:
            self.scene.camera.stay()
            self.look_from(body.camera(view))

    def _catch_up(self) -> None:
        if self.scene.frame != self._playback.frame:
            # The camera goes along with the body first, or it would go too far.
            self._draw()

    def look_from(self, pose: CameraPose) -> None:
        """Puts the camera where it was at another time, of the frame that is shown now."""
        self._wanted = pose
        self.refresh()

    def vertex_at(self, x: int, y: int) -> tuple[BodyName, int] | None:
        """The body and its vertex under (x, y) logical pixels of the 3D widget, or None beside the bodies."""
        if self._closed:
            return None
        scale = self.plotter.devicePixelRatioF()
        return self.scene.vertex_at(x * scale, (self.plotter.height() - 1 - y) * scale)

    def person_at(self, x: int, y: int) -> str | None:
        """Who of the others is in front at (x, y) logical pixels of the 3D widget, or None."""
        if self._closed:
            return None
        scale = self.plotter.devicePixelRatioF()
        return self.crowd.name_at(x * scale, (self.plotter.height() - 1 - y) * scale)

    def joint_at(self, x: int, y: int) -> tuple[BodyName, str] | None:
        """The body and its joint under (x, y) logical pixels of the 3D widget, if the skeleton is shown."""
        if self._closed:
            return None
        scale = self.plotter.devicePixelRatioF()
        return self.scene.joint_at(x * scale, (self.plotter.height() - 1 - y) * scale)

    def _hover(self, place: QPointF) -> None:
        scale = self.plotter.devicePixelRatioF()
        if self.scene.hover(place.x() * scale, (self.plotter.height() - 1 - place.y()) * scale):
            self.plotter.update()

    def _focus_at(self, place: QPoint) -> None:
        found, opened = self.vertex_at(place.x(), place.y()), self._document.opened
        if found is None or opened is None:
            return
        name, vertex = found
        picture = opened.posed.frame(self._playback.frame)
        vertices = picture.source_vertices if name == "source" else picture.fit_vertices
        if vertices is not None:
            self.focus_on(vertices[vertex])

    def focus_on(self, point: np.ndarray, radius: float | None = None) -> None:
        """Brings a point (3,) of the motion's world, metres, to the middle, seen ``radius`` metres about."""
        self._catch_up()
        self.scene.focus(point, radius)
        self.refresh()

    def come_back(self) -> None:
        """The camera is as it was before it came near something."""
        self._catch_up()
        self.scene.camera.come_back()
        self.refresh()

    def focus_all(self) -> None:
        """Brings the whole fit near, or the source before a fit; the direction stays."""
        opened = self._document.opened
        if opened is None:
            return
        picture = opened.posed.frame(self._playback.frame)
        vertices = picture.source_vertices if picture.fit_vertices is None else picture.fit_vertices
        middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
        self.focus_on(middle, float(np.linalg.norm(vertices - middle, axis=1).max()))

    def _draw(self) -> None:
        opened = self._document.opened
        if self._closed or opened is None:
            return
        frame, view = self._playback.frame, self._view
        self.scene.compare(view.titles)
        # The second fit is posed only where it is looked at.
        beside = opened.posed.beside(frame) if view.layout != "source" else None
        self.scene.show(frame, opened.posed.frame(frame), beside)
        self.crowd.show(self._company()(frame))
        self._on_trial = opened.posed.tries_out
        self.scene.layout(self.plotter.devicePixelRatioF())
        if self._fresh and self.isVisible():
            self._fresh = False
            self.scene.show_view("home")
        if self._wanted is not None and not self._fresh:
            self.scene.camera.pose, self._wanted = self._wanted, None
        self._draw_quickly()
        self.plotter.update()

    def _company(self) -> Callable[[int], Sequence[CrowdBody]]:
        """The other people of a frame, as far as they are shown."""
        return self.others() if self.others is not None and self._view.layers.skin else nobody

    def _crowd_copy(self) -> Copy:
        return partial(CrowdInPicture, self._company())

    def _draw_quickly(self) -> None:
        self.scene.set_smooth(False)
        self._still.start()

    def _draw_smooth(self) -> None:
        if not self._closed and not self._playback.playing:
            self.scene.set_smooth(True)
            self.plotter.update()

    def close_view(self) -> None:
        """Frees the graphics memory; nothing is drawn afterwards."""
        if not self._closed:
            self._closed = True
            self._redraw.stop()
            self._afterwards.stop()
            self._still.stop()
            self.plotter.removeEventFilter(self)
            self.plotter.close()
            # The plotter holds a pointer to the surface it drew on, which Qt frees unseen. Whatever comes to
            # lie in its place would be taken for that surface: wrong types, or a crash when it is freed.
            with suppress(AttributeError):
                self.plotter._forget_context()
