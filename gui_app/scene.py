"""The picture: source on the left, fit on the right, the same floor and the same camera.

Works with any pyvista plotter that has two renderers side by side, on the screen or off it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkCoordinate, vtkPolyDataMapper2D, vtkRenderer

from gui_app import colours
from gui_app.body_actor import BodyActor
from gui_app.cameras import VIEW_ANGLE, CameraPose, ViewName, facing_of, focused, look
from gui_app.colour_bar import ColourBar
from gui_app.ground import Ground
from gui_app.in_place import write_points
from gui_app.labels import place_text, text_actor
from gui_app.picking import BodyName, VertexPicker
from gui_app.ramp import DEFAULT_RANGE_MM, error_colours

Colouring = Literal["error", "plain"]
LABEL_SIZE = 13
LABEL_MARGIN = 14
NOT_FITTED = "not fitted yet"
NOT_FINITE = "the numbers of this frame are not finite"


class FramePicture(Protocol):
    """What the scene needs to know of one posed frame; vertices in metres in the motion's own world."""

    @property
    def source_vertices(self) -> np.ndarray: ...
    @property
    def source_joints(self) -> np.ndarray: ...
    @property
    def fit_vertices(self) -> np.ndarray | None: ...
    @property
    def error_mm(self) -> np.ndarray | None: ...


@dataclass(frozen=True)
class Subject:
    """What stays the same over a motion.

    Attributes:
        source_faces: (F, 3) triangles of the source body.
        fit_faces: (F, 3) triangles of the target body.
        source_size: number of source vertices.
        fit_size: number of target vertices.
        up_axis: ``'y'`` or ``'z'``, the world of the motion.
        path: (T, 3) metres, the body's place at every frame, smoothed; the camera follows it.
        floor: height of the ground along the up axis, metres.
        height: how far the motion rises above the floor, metres.
        reach: how far it goes sideways from its path, metres.
        source_label: words for the corner of the left view.
        fit_label: words for the corner of the right view.
    """

    source_faces: np.ndarray
    fit_faces: np.ndarray
    source_size: int
    fit_size: int
    up_axis: str
    path: np.ndarray
    floor: float
    height: float
    reach: float
    source_label: str
    fit_label: str


def upright(points: np.ndarray, up_axis: str) -> np.ndarray:
    """Points (…, 3) of a y-up or z-up world in the z-up scene."""
    if up_axis == "z":
        return points
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


class Scene:
    """Bodies, floors, labels and the colour bar in the two renderers of ``plotter``."""

    def __init__(self, plotter: pv.BasePlotter) -> None:
        self._plotter = plotter
        self._left, self._right = plotter.renderers[0], plotter.renderers[1]
        self._subject: Subject | None = None
        self._frame = 0
        self._colouring: Colouring = "error"
        self._range_mm = DEFAULT_RANGE_MM
        self._follow = True
        self._picture: FramePicture | None = None
        self._grounds: list[Ground] = []
        self._scale = 1.0
        self._picker = VertexPicker()
        for renderer in (self._left, self._right):
            renderer.SetGradientBackground(True)
            # Order-independent blending costs a third of the time of a frame in software, and the three
            # translucent layers of the floor are drawn in order anyway.
            renderer.SetUseOIT(False)
            renderer.SetBackground2(*colours.rgb_unit(colours.VIEW_TOP))
            renderer.SetBackground(*colours.rgb_unit(colours.VIEW_BOTTOM))
            renderer.remove_all_lights()
            light = pv.Light(light_type="camera light", intensity=1.0)
            light.position = (-0.35, 0.55, 1.0)
            renderer.add_light(light)
        self._right.camera = self._left.camera
        self._left.camera.view_angle = VIEW_ANGLE

        self._source_label = text_actor("", LABEL_SIZE, colours.TEXT, vertical="top")
        self._fit_label = text_actor("", LABEL_SIZE, colours.TEXT, vertical="top")
        self._source_note = text_actor("", LABEL_SIZE, colours.TEXT_SECONDARY, horizontal="centre")
        self._fit_note = text_actor("", LABEL_SIZE, colours.TEXT_SECONDARY, horizontal="centre")
        self._left.AddViewProp(self._source_label)
        self._left.AddViewProp(self._source_note)
        self._right.AddViewProp(self._fit_label)
        self._right.AddViewProp(self._fit_note)
        self._bar = ColourBar(self._right)
        self._bar.set_range(self._range_mm)
        self._bar.set_visible(False)
        self._divider = self._add_divider()

    @property
    def subject(self) -> Subject | None:
        """What is shown, or None before ``build``."""
        return self._subject

    def _add_divider(self) -> pv.PolyData:
        line = pv.PolyData(np.zeros((2, 3), np.float32), lines=np.array([2, 0, 1]))
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(line)
        pixels = vtkCoordinate()
        pixels.SetCoordinateSystemToViewport()
        mapper.SetTransformCoordinate(pixels)
        actor = vtkActor2D()
        actor.SetMapper(mapper)
        actor.GetProperty().SetColor(*colours.rgb_unit(colours.LINE))
        self._right.AddViewProp(actor)
        return line

    def build(self, subject: Subject) -> None:
        """Replaces what is shown by another motion's bodies; the next ``show`` fills them."""
        self._remove_bodies()
        self._subject = subject
        self._frame = 0
        self._picture = None
        self._source = BodyActor(subject.source_size, subject.source_faces, colours.rgb(colours.SOURCE_SKIN))
        self._fit = BodyActor(subject.fit_size, subject.fit_faces, colours.rgb(colours.FIT_SKIN))
        self._grounds = [Ground(subject.floor), Ground(subject.floor)]
        for renderer, ground, body in zip(
            (self._left, self._right), self._grounds, (self._source, self._fit), strict=True
        ):
            for actor in ground.actors:
                renderer.AddActor(actor)
            renderer.AddActor(body.actor)
        self._source_label.SetInput(subject.source_label)
        self._fit_label.SetInput(subject.fit_label)

    def _remove_bodies(self) -> None:
        if self._subject is None:
            return
        for renderer, ground, body in zip(
            (self._left, self._right), self._grounds, (self._source, self._fit), strict=True
        ):
            for actor in (*ground.actors, body.actor):
                renderer.RemoveActor(actor)

    def show(self, frame: int, picture: FramePicture) -> None:
        """Moves both bodies to ``frame`` in place; the caller redraws."""
        subject = self._subject
        if subject is None:
            return
        if self._follow:
            self._shift_camera(subject, frame)
        self._frame = frame
        self._picture = picture
        centre = upright(subject.path[frame], subject.up_axis)
        source = upright(picture.source_vertices, subject.up_axis)
        finite = bool(np.isfinite(source).all())
        fit = upright(picture.fit_vertices, subject.up_axis) if picture.fit_vertices is not None else None
        fitted = fit is not None
        for ground, vertices in zip(self._grounds, (source if finite else None, fit), strict=True):
            ground.follow(centre)
            ground.cast(vertices)
        if finite:
            self._source.set_points(source)
        self._source.set_visible(finite)
        self._source_note.SetInput("" if finite else NOT_FINITE)
        if fit is not None:
            self._fit.set_points(fit)
            self._paint()
        self._fit.set_visible(fitted)
        self._fit_note.SetInput("" if fitted else NOT_FITTED if finite else NOT_FINITE)
        self._bar.set_visible(fitted and self._colouring == "error")

    def set_colouring(self, colouring: Colouring, range_mm: float) -> None:
        """Error as colour up to ``range_mm`` millimetres, or plain skin."""
        self._colouring = colouring
        self._range_mm = range_mm
        self._bar.set_range(range_mm)
        fitted = self._picture is not None and self._picture.fit_vertices is not None
        self._bar.set_visible(fitted and colouring == "error")
        if fitted:
            self._paint()

    def _paint(self) -> None:
        error = self._picture.error_mm if self._picture is not None else None
        if self._colouring == "error" and error is not None:
            error_colours(error, self._range_mm, self._fit.colours())
            self._fit.colours_written()
        else:
            self._fit.paint_plain()

    def set_follow(self, follow: bool) -> None:
        """Whether the camera goes along with the body."""
        self._follow = follow

    def _shift_camera(self, subject: Subject, frame: int) -> None:
        move = upright(subject.path[frame] - subject.path[self._frame], subject.up_axis)
        move = np.array([move[0], move[1], 0.0])
        camera = self._left.camera
        camera.focal_point = np.asarray(camera.focal_point) + move
        camera.position = np.asarray(camera.position) + move

    def look(self, name: ViewName) -> None:
        """Puts the shared camera at a named view of the body as it stands now."""
        subject = self._subject
        if subject is None:
            return
        centre = upright(subject.path[self._frame], subject.up_axis).copy()
        centre[2] = subject.floor
        facing = np.array([0.0, -1.0, 0.0])
        if self._picture is not None and np.isfinite(self._picture.source_joints[1:3]).all():
            hips = upright(self._picture.source_joints[1:3], subject.up_axis)
            facing = facing_of(hips[0], hips[1])
        width, height = self._view_size()
        self._set_camera(look(name, centre, facing, subject.height, subject.reach, width / max(height, 1)))

    def focus(self, point: np.ndarray, radius: float | None = None) -> None:
        """Puts a point (3,) of the motion's own world in the middle; the camera turns about it afterwards.

        ``radius`` metres about it are seen; with None the distance stays, or becomes that of a detail.
        """
        subject = self._subject
        if subject is None or not np.isfinite(point).all():
            return
        camera = self._left.camera
        width, height = self._view_size()
        pose = CameraPose(np.array(camera.position), np.array(camera.focal_point), np.array(camera.up))
        point = upright(np.asarray(point, float), subject.up_axis)
        self._set_camera(focused(pose, point, radius, width / height))

    def vertex_at(self, x: float, y: float) -> tuple[BodyName, int] | None:
        """The body and the id of its vertex at (x, y) device pixels, from the window's lower left corner."""
        if self._subject is None:
            return None
        views: tuple[tuple[BodyName, BodyActor, vtkRenderer], ...] = (
            ("source", self._source, self._left),
            ("fit", self._fit, self._right),
        )
        for name, body, renderer in views:
            if renderer.IsInViewport(round(x), round(y)):
                vertex = self._picker.pick(renderer, body, x, y)
                if vertex is not None:
                    return name, vertex
        return None

    def _set_camera(self, pose: CameraPose) -> None:
        camera = self._left.camera
        camera.position = pose.position
        camera.focal_point = pose.focal_point
        camera.up = pose.up
        camera.clipping_range = (0.05, 60.0)

    def set_smooth(self, smooth: bool) -> None:
        """Smooth edges, for a picture that stands still."""
        for renderer in (self._left, self._right):
            renderer.SetUseFXAA(smooth)

    def _view_size(self) -> tuple[int, int]:
        width, height = self._plotter.render_window.GetSize()  # type: ignore[union-attr]
        return max(width // 2, 1), max(height, 1)

    def layout(self, scale: float) -> None:
        """Places labels and the colour bar; ``scale`` is device pixels in a logical pixel."""
        self._scale = scale
        width, height = self._view_size()
        margin = LABEL_MARGIN * scale
        for label in (self._source_label, self._fit_label):
            place_text(label, margin, height - margin)
        for note in (self._source_note, self._fit_note):
            place_text(note, width / 2, height / 2)
        self._bar.layout((width, height), scale)
        write_points(self._divider, np.array([(1, 0, 0), (1, height, 0)], np.float32))
