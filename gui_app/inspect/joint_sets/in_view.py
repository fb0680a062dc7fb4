"""The joints of a set over the bodies: small spheres, named under the pointer, chosen by a click."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyvista as pv
from PySide6.QtCore import QObject, QPoint, Signal, Slot
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from gui_app.document.inspect_selection import BODIES, Inspection
from gui_app.document.state import AppState
from gui_app.scene.picking import BodyName, projected
from gui_app.scene.skeleton_actor import OVER_SHADER, is_small, side_colour
from gui_app.scene.subject import FramePicture, upright
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.tasks.coalesce import Coalescer
from gui_app.viewport.over_bodies import Copy
from gui_app.viewport.viewport import Viewport

if TYPE_CHECKING:
    from core.model.body_joints import BodyJoint

# Logical pixels: across, those that stand out, and how near the pointer must come.
DOT, SMALL_DOT, CHOSEN_DOT, REACH = 10.0, 7.0, 14.0, 8.0


class SetInView(QObject):
    """``show`` says which; ``chosen`` tells the place of one that was clicked."""

    chosen = Signal(int)

    def __init__(self, state: AppState, inspection: Inspection, viewport: Viewport) -> None:
        super().__init__(viewport)
        self._state, self._inspection, self._viewport = state, inspection, viewport
        self._joints: dict[BodyName, tuple[BodyJoint, ...]] = {}
        self._words: tuple[str, ...] = ()
        self._marked: tuple[int, ...] = ()
        self._places: dict[BodyName, np.ndarray] = {}
        self._dots = {body: _Dots() for body in BODIES}
        self._soon = Coalescer(self._place, self)
        viewport.over.append(self._copy)
        on_theme_change(self._on_theme)
        for signal in (
            state.document.motion_changed, state.playback.frame_changed, state.document.result_changed,
            state.document.trial_changed, state.view.changed,
        ):  # fmt: skip
            signal.connect(self._soon.ask)

    def show(
        self, joints: dict[BodyName, tuple[BodyJoint, ...]], words: tuple[str, ...], marked: tuple[int, ...]
    ) -> None:
        """Joints of either body in one order, words on each, and the places of those that stand out."""
        if (joints, words, marked) != (self._joints, self._words, self._marked):
            self._joints, self._words, self._marked = joints, words, marked
            self._soon.ask()

    def places(self, body: BodyName) -> np.ndarray:
        """(n, 3) metres in the scene, NaN where a joint is not drawn."""
        return self._places.get(body, np.zeros((0, 3)))

    def words_at(self, at: QPoint) -> str:
        """What is known of the sphere at a place of the 3D widget, logical pixels; '' for none."""
        found = self._at(at)
        return self._words[found] if found is not None and found < len(self._words) else ""

    def click_at(self, at: QPoint) -> bool:
        """Chooses the sphere at a place; False where there is none."""
        found = self._at(at)
        if found is not None:
            self.chosen.emit(found)
        return found is not None

    def _at(self, at: QPoint) -> int | None:
        plotter = self._viewport.plotter
        scale = plotter.devicePixelRatioF()
        x, y = at.x() * scale, (plotter.height() - 1 - at.y()) * scale
        for body, renderer in zip(BODIES, plotter.renderers[:2], strict=True):
            places = self.places(body)
            if not renderer.GetDraw() or not renderer.IsInViewport(round(x), round(y)) or not len(places):
                continue
            away = np.hypot(*(projected(renderer, places) - (x, y)).T)
            away[~np.isfinite(away)] = np.inf
            nearest = int(away.argmin())
            if away[nearest] <= REACH * scale:
                return nearest
        return None

    def _copy(self) -> Copy:
        opened = self._state.document.opened
        shown = {}
        for body in BODIES if opened is not None else ():
            joints, model = self._joints.get(body, ()), self._inspection.model(body)
            if joints and model is not None:
                shown[body] = joints, model.joint_names
        up_axis = "z" if opened is None else opened.subject.up_axis
        return partial(DotsInPicture, shown, self._marked, up_axis)

    @Slot()
    def _on_theme(self) -> None:
        # With a new scene the view was emptied.
        for body, renderer in zip(BODIES, self._viewport.plotter.renderers[:2], strict=True):
            for actor in self._dots[body].actors:
                renderer.AddActor(actor)
        self._soon.ask()

    @Slot()
    def _place(self) -> None:
        opened, before = self._state.document.opened, bool(self._places)
        self._places = {}
        scale = self._viewport.plotter.devicePixelRatioF()
        for body in BODIES:
            joints = self._joints.get(body, ()) if opened is not None else ()
            model = self._inspection.model(body)
            if joints and opened is not None and model is not None:
                from core.model.body_joints import joint_places

                skin, chain = self._inspection.posed(body)
                places = upright(joint_places(joints, chain, skin), opened.subject.up_axis)
                self._places[body] = places
                self._dots[body].show(joints, model.joint_names, places, self._marked, scale)
            else:
                self._dots[body].hide()
        if before or self._places:
            self._viewport.plotter.update()


class DotsInPicture:
    """Joints as they were shown at a moment, in views other than the window's.

    Args:
        shown: joints of either body, and the names of those of its chain.
        marked: places of those that stand out.
        up_axis: of the motion.
        renderers: of the views.
        scale: device pixels in a logical pixel.
    """

    def __init__(
        self,
        shown: dict[BodyName, tuple[tuple[BodyJoint, ...], tuple[str, ...]]],
        marked: tuple[int, ...],
        up_axis: str,
        renderers: Sequence[vtkRenderer],
        scale: float,
    ) -> None:
        self._shown, self._marked, self._up_axis, self._scale = shown, marked, up_axis, scale
        self._dots = {body: _Dots() for body in shown}
        for body, dots in self._dots.items():
            for actor in dots.actors:
                renderers[BODIES.index(body)].AddActor(actor)

    def show(self, frame: int, picture: FramePicture) -> None:
        """Puts them where they are; those of a body that is not posed are hidden."""
        from core.model.body_joints import joint_places

        for body, (joints, names) in self._shown.items():
            skin, chain = picture.fit_vertices, picture.fit_joints
            if body == "source":
                skin, chain = picture.source_vertices, picture.source_joints
            if skin is None or chain is None:
                self._dots[body].hide()
            else:
                places = upright(joint_places(joints, chain, skin), self._up_axis)
                self._dots[body].show(joints, names, places, self._marked, self._scale)


class _Dots:
    """The spheres on one body: the small ones, the others, and those that stand out."""

    def __init__(self) -> None:
        self.actors = tuple(_over() for _ in range(3))

    def show(
        self,
        joints: tuple[BodyJoint, ...],
        names: tuple[str, ...],
        places: np.ndarray,
        marked: tuple[int, ...],
        scale: float,
    ) -> None:
        hue = np.array([colours.rgb(side_colour(_side(joint, names))) for joint in joints], np.uint8)
        small = np.array([joint.kind == "landmark" or is_small(_side(joint, names)) for joint in joints])
        out = np.isin(np.arange(len(joints)), marked)
        hue[out] = colours.rgb(colours.EMPHASIS)
        there = np.isfinite(places).all(axis=1)
        sizes = (SMALL_DOT, DOT, CHOSEN_DOT)
        for actor, which, size in zip(self.actors, (small & ~out, ~small & ~out, out), sizes, strict=True):
            chosen = np.flatnonzero(which & there)
            actor.SetVisibility(bool(len(chosen)))
            if len(chosen):
                mesh = pv.PolyData(places[chosen].astype(np.float32))
                mesh.point_data["hue"] = hue[chosen]
                mesh.GetPointData().SetActiveScalars("hue")
                actor.GetMapper().SetInputDataObject(mesh)
                actor.GetProperty().SetPointSize(size * scale)

    def hide(self) -> None:
        for actor in self.actors:
            actor.VisibilityOff()


def _side(joint: BodyJoint, names: tuple[str, ...]) -> str:
    """The name that says on which side it is, and how close to others."""
    if joint.kind == "kinematic":
        return names[joint.index]
    return joint.name if joint.name.startswith(("left_", "right_")) else names[max(joint.parent, 0)]


def _over() -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(pv.PolyData(np.zeros((1, 3), np.float32)))
    mapper.SetColorModeToDirectScalars()
    mapper.SetScalarModeToUsePointData()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.PickableOff()
    actor.VisibilityOff()
    style = actor.GetProperty()
    style.LightingOff()
    style.RenderPointsAsSpheresOn()
    actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::Depth::Impl", True, OVER_SHADER, False)
    return actor
