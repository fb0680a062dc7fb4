"""One of the views: its renderer, light and floor, the body that belongs to it, and its words."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor

from gui_app.scene.body_actor import BodyActor
from gui_app.scene.colour_maps import plain_colours
from gui_app.scene.ghost import Ghost
from gui_app.scene.ground import Ground
from gui_app.scene.picking import JointLabel
from gui_app.scene.skeleton_actor import SkeletonActor
from gui_app.scene.skin_colours import COLOURS
from gui_app.scene.subject import BodyShape
from gui_app.scene.support_actor import SupportActor
from gui_app.scene.support_colours import SupportLook
from gui_app.scene.trajectory_actor import TrajectoryActor
from gui_app.scene.view_options import Colouring, Layers
from gui_app.scene.vtk_tools import (
    LABEL_LETTER,
    LABEL_MARGIN,
    LABEL_SIZE,
    flat_actor,
    place_text,
    put_ground,
    stand_text,
    text_actor,
    write_points,
)
from gui_app.style import colours
from gui_app.style.colours import rgb_unit

# Height of a note in the view; the lower one leaves a body in the middle free.
NOTE_HEIGHT, LOW_NOTE_HEIGHT = 0.5, 0.07
# Half of a head, of the height of its view, and logical pixels of room beside it.
HEAD, BESIDE_HEAD = 0.05, 12
# Letters of a body's name and of a title that lie in the corner at least: where there is no room for them
# beside a head they stand upright, so many logical pixels from the edge.
LEAST_NAME, LEAST_TITLE, UPRIGHT_MARGIN = 6, 9, 4
# Opacity of the skin at most, while what lies below it is looked at.
SEE_THROUGH = 0.45


class Posed(NamedTuple):
    """Vertices (V, 3) and joints (J, 3) of a body, metres in the scene."""

    vertices: np.ndarray
    joints: np.ndarray


class BodyView:
    """A part of the picture, or all of it, with one body in it.

    Attributes:
        title: words in its corner in place of the body's own, piece by piece: one line of them where it has
            room, or else a line each.
        ghost: another body in this view, where the two are laid over each other.
    """

    def __init__(self, renderer: pv.Renderer, skin: str, path: str) -> None:
        self.renderer = renderer
        self._skin, self._path = skin, path
        self._prepare()
        self.label = text_actor("", LABEL_SIZE, colours.TEXT, vertical="top")
        self.note = text_actor("", LABEL_SIZE, colours.TEXT_SECONDARY, horizontal="centre")
        put_ground(self.label)
        for words in (self.label, self.note):
            renderer.AddViewProp(words)
        self.ghost = Ghost(renderer, colours.SOURCE_WORDS)
        self._joint = JointLabel(renderer)
        self.support = SupportActor(renderer)
        self.see_through = False
        self._joints: np.ndarray | None = None
        self._layers = Layers()
        self._present = False
        self.title: tuple[str, ...] = ()
        self.body: BodyActor | None = None
        self.any_invalid = False
        self._edge = pv.PolyData(np.zeros((2, 3), np.float32), lines=np.array([2, 0, 1]))
        self._divider = flat_actor(self._edge)
        self._divider.GetProperty().SetColor(*rgb_unit(colours.LINE))
        renderer.AddViewProp(self._divider)

    def _prepare(self) -> None:
        renderer = self.renderer
        renderer.SetGradientBackground(True)
        # Order-independent blending costs a third of the time of a frame in software, and the three
        # translucent layers of the floor are drawn in order anyway.
        renderer.SetUseOIT(False)
        renderer.SetBackground2(*rgb_unit(colours.VIEW_TOP))
        renderer.SetBackground(*rgb_unit(colours.VIEW_BOTTOM))
        renderer.remove_all_lights()
        light = pv.Light(light_type="camera light", intensity=1.0)
        light.position = (-0.35, 0.55, 1.0)
        renderer.add_light(light)

    @property
    def drawn(self) -> bool:
        """It is part of the layout."""
        return bool(self.renderer.GetDraw())

    def set_place(self, place: tuple[float, float, float, float] | None) -> None:
        """Left, bottom, right and top in the window, 0..1; None where the layout does without this view. A
        line stands between it and the one on its left."""
        self.renderer.SetDraw(place is not None)
        self.renderer.SetInteractive(place is not None)
        if place is not None:
            self.renderer.SetViewport(*place)
            self._divider.SetVisibility(place[0] > 0)

    def build(self, shape: BodyShape, floor: float, frames: int) -> BodyActor:
        """Replaces the body, its floor and its path."""
        self.remove()
        self._shape = shape
        self._plain = plain_colours(shape.size, self._skin)
        self.set_valid(shape.valid)
        self.body = BodyActor(shape.faces, self._plain, shape.solid)
        self.ground = Ground(floor)
        self.skeleton = SkeletonActor(shape)
        self._joint_names = shape.joint_names
        self.trajectory = TrajectoryActor(frames, self._path)
        for actor in self._actors():
            self.renderer.AddActor(actor)
        self.label.SetInput(" · ".join(self.title) or shape.label)
        self.set_layers(self._layers)
        return self.body

    def _actors(self) -> list[vtkActor]:
        assert self.body is not None
        return [*self.ground.actors, self.trajectory.actor, *self.body.actors, *self.skeleton.actors]

    def set_valid(self, valid: np.ndarray) -> None:
        """Other vertices (V,) bool are compared with the other body."""
        self.any_invalid = not bool(valid.all())
        self._fixed = {
            colour.name: colour.of_shape(self._shape, valid, self._skin)
            for colour in COLOURS
            if colour.of_shape is not None
        }

    def remove(self) -> None:
        """Takes the body and what goes with it away."""
        if self.body is not None:
            for actor in self._actors():
                self.renderer.RemoveActor(actor)
            self.body = None

    def set_layers(self, layers: Layers) -> None:
        """What is drawn."""
        self._layers = layers
        if self.body is None:
            return
        opacity = min(layers.opacity, SEE_THROUGH) if self.see_through else layers.opacity
        self.body.set_layers(replace(layers, opacity=opacity))
        self.ground.set_visible(layers.ground)
        self.trajectory.set_visible(layers.trajectory)
        self.skeleton.set_visible(layers.skeleton and self._present)

    def set_support(self, look: SupportLook | None, see_through: bool) -> None:
        """Spheres on the body, or None; ``see_through`` makes the skin translucent."""
        self.support.set_look(look)
        if see_through != self.see_through:
            self.see_through = see_through
            self.set_layers(self._layers)

    def paint(self, colouring: Colouring) -> None:
        """Gives the body colours that do not depend on the frame; plain ones where they do."""
        if self.body is not None:
            self.body.paint(self._fixed.get(colouring, self._plain))

    def show(self, frame: int, centre: np.ndarray, posed: Posed | None, note: str) -> None:
        """Moves the body in place; where there is none, a note says why."""
        if self.body is None:
            return
        self._present = posed is not None
        self.note.SetInput("" if self._present else note)
        self.body.set_visible(self._present)
        self.skeleton.set_visible(self._present and self._layers.skeleton)
        if self._layers.ground and self.drawn:
            self.ground.follow(centre)
            self.ground.cast(posed.vertices if posed is not None else None)
        if self._layers.trajectory:
            self.trajectory.set_frame(frame)
        self._joint.hide()
        self._joints = posed.joints if posed is not None else None
        if posed is None:
            self.support.hide()
        if posed is not None:
            self.body.set_points(posed.vertices)
            if self._layers.skeleton:
                self.skeleton.set_joints(posed.joints)
            self.support.follow(posed.vertices, posed.joints)

    def joint_at(self, x: float, y: float, scale: float) -> str | None:
        """Name of the joint of the skeleton at (x, y) device pixels of the window."""
        inside = self.drawn and self._layers.skeleton and self.renderer.IsInViewport(round(x), round(y))
        if not inside or self._joints is None:
            return None
        found = self._joint.nearest(x, y, self._joints, scale)
        return None if found is None else self._joint_names[found]

    def hover(self, x: float, y: float, scale: float) -> bool:
        """Names the joint at (x, y) device pixels of the window; True if the picture changed."""
        inside = self.drawn and self._layers.skeleton and self.renderer.IsInViewport(round(x), round(y))
        if inside and self._joints is not None:
            return self._joint.point_at(x, y, self._joints, self._joint_names, scale)
        return self._joint.hide()

    def layout(self, size: tuple[int, int], scale: float, *, low_note: bool = False) -> None:
        """Places the words in a view of ``size`` device pixels, ``scale`` device pixels a logical pixel."""
        width, height = size
        margin = LABEL_MARGIN * scale
        letters = ((width / 2 - HEAD * height) / scale - BESIDE_HEAD - LABEL_MARGIN) / LABEL_LETTER
        upright = letters < (LEAST_TITLE if self.title else LEAST_NAME)
        if upright:
            letters = (height / scale - 2 * LABEL_MARGIN) / LABEL_LETTER
        if self.body is not None:
            self.label.SetInput(self._line(letters) if upright else self._words(letters))
        stand_text(self.label, upright)
        place_text(self.label, UPRIGHT_MARGIN * scale if upright else margin, height - margin)
        above = 1 + self.label.GetInput().count("\n")
        self.ghost.layout(height, scale, letters, UPRIGHT_MARGIN if upright else None, above)
        place_text(self.note, width / 2, height * (LOW_NOTE_HEIGHT if low_note else NOTE_HEIGHT))
        self.support.set_scale(scale)
        if self.body is not None:
            self.skeleton.set_scale(scale)
            self.trajectory.set_scale(scale)
        write_points(self._edge, np.array([(1, 0, 0), (1, height, 0)], np.float32))

    @property
    def _pieces(self) -> tuple[str, ...]:
        return self.title or tuple(self._shape.label.split(" · "))

    def _words(self, letters: float) -> str:
        """Those in the corner, where so many letters have room beside the head."""
        pieces = self._pieces
        whole = " · ".join(pieces)
        if len(whole) < letters:
            return whole
        return "\n".join(_cut(piece, letters) for piece in pieces) if self.title else pieces[0]

    def _line(self, letters: float) -> str:
        """Those that stand upright: the name alone, or what so many letters leave room for of a title."""
        whole = " · ".join(self._pieces)
        return _cut(whole, letters) if self.title else self._pieces[0]


def _cut(words: str, letters: float) -> str:
    return words if len(words) < letters else f"{words[: max(int(letters) - 2, 1)]}…"
