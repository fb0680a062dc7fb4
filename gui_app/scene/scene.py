"""The picture: source and fit on the same floor, seen by the same camera, in one of four layouts.

Works with any pyvista plotter that has two renderers, on the screen or off it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor

from gui_app.scene.body_actor import BodyActor
from gui_app.scene.body_view import BodyView, Posed
from gui_app.scene.cameras import SceneCamera, ViewName, camera_at, facing_of, focused
from gui_app.scene.colour_maps import DEFAULT_RANGE_MM, error_colours
from gui_app.scene.ghost import Ghost
from gui_app.scene.legend import ColourBar, Legend
from gui_app.scene.mask_colours import (
    DIFFERENCE_MM,
    IN_ONE_ONLY,
    MASK_WORDS,
    MaskLook,
    mask_rows,
    weight_ramp,
)
from gui_app.scene.picking import BodyName, VertexPicker
from gui_app.scene.skin_colours import COLOUR, COLOURS, ERROR, PLAIN, Moment, SkinColour
from gui_app.scene.subject import FramePicture, SceneDescription, upright
from gui_app.scene.support_actor import SupportActor
from gui_app.scene.support_colours import SupportLook
from gui_app.scene.view_options import Colouring, Layers, LayoutName
from gui_app.scene.vtk_tools import flat_actor, write_points
from gui_app.scene.weight_scale import WeightScale
from gui_app.style import colours

NOT_FITTED = "not fitted yet"
NOT_FINITE = "no pose in this frame"

_WHOLE = (0.0, 0.0, 1.0, 1.0)
_PLACES = {
    "side": ((0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)),
    "overlay": (None, _WHOLE),
    "source": (_WHOLE, None),
    "fit": (None, _WHOLE),
}


class Scene:
    """Bodies, floors, labels and the colour bar in the two renderers of ``plotter``."""

    def __init__(self, plotter: pv.BasePlotter) -> None:
        self._plotter = plotter
        # A film is drawn to its end in the theme that it began in.
        self.theme = colours.theme
        left, right = plotter.renderers[0], plotter.renderers[1]
        self._subject: SceneDescription | None = None
        self._frame = 0
        self._colouring: Colouring = "error"
        self._range_mm = DEFAULT_RANGE_MM
        self._layout: LayoutName = "side"
        self._layers = Layers()
        self._follow = True
        self._picture: FramePicture | None = None
        self._scale = 1.0
        self._placed: tuple[tuple[int, int], float, LayoutName] | None = None
        self._picker = VertexPicker()
        self._source_view = BodyView(left, colours.SOURCE_SKIN, colours.SOURCE_WORDS)
        self._fit_view = BodyView(right, colours.FIT_SKIN, colours.FIT_WORDS)
        self._views = (self._source_view, self._fit_view)
        right.camera = left.camera
        self.camera = SceneCamera(left.camera)
        self._ghost = Ghost(right, colours.SOURCE_WORDS)
        self._scales = {
            colour.name: ColourBar(right, unit=colour.scale.unit) for colour in COLOURS if colour.scale
        }
        # That of errors shows distances of masks and correspondences as well.
        self._bar = self._scales[ERROR.name]
        self._weight_bar = ColourBar(right, weight_ramp(), "weight")
        self._weight_bar.set_ticks(("×0.1", "×0.3", "×1", "×3", "×10"))
        self._weights = WeightScale(self._views)
        self._legends = {
            colour.name: [Legend(view.renderer, colour.legend()) for view in self._legend_views(colour)]
            for colour in COLOURS
            if colour.legend is not None
        }
        self._mask: MaskLook | None = None
        self._mask_legend = Legend(right, mask_rows(), high=True, short=MASK_WORDS)
        self._difference: MaskLook | None = None
        self._alone_legend = Legend(right, ((IN_ONE_ONLY, colours.TAKEN_OUT),), high=True)
        self._divider = pv.PolyData(np.zeros((2, 3), np.float32), lines=np.array([2, 0, 1]))
        self._divider_actor = flat_actor(self._divider)
        self._divider_actor.GetProperty().SetColor(*colours.rgb_unit(colours.LINE))
        right.AddViewProp(self._divider_actor)
        self._arrange()

    @property
    def subject(self) -> SceneDescription | None:
        """What is shown, or None before ``build``."""
        return self._subject

    @property
    def frame(self) -> int:
        """The frame shown last."""
        return self._frame

    def clear(self) -> None:
        """Empties both renderers, for another scene to be made in them; the camera stays where it is."""
        for view in self._views:
            view.support.leave()
        for renderer in self._plotter.renderers[:2]:
            for prop in tuple(renderer.GetViewProps()):
                renderer.RemoveViewProp(prop)

    def build(self, subject: SceneDescription, frame: int = 0) -> None:
        """Replaces what is shown by another motion's bodies; the next ``show`` fills them.

        Args:
            subject: the motion's bodies.
            frame: the one that the camera, which may go along with the body, was put for.
        """
        self._subject = subject
        self._frame = frame
        self._picture = self._placed = None
        self.camera.stay()
        self._source: BodyActor = self._source_view.build(subject.source, subject.floor, len(subject.path))
        self._fit: BodyActor = self._fit_view.build(subject.fit, subject.floor, len(subject.path))
        self._ghost.build(self._source.surface, subject.source.label)
        self.set_fit_path(None)
        self._arrange()

    def set_layout(self, layout: LayoutName) -> None:
        """Both bodies side by side, the fit over a ghost of the source, or one of them alone."""
        if layout == self._layout:
            return
        self._layout = layout
        for view, place in zip(self._views, _PLACES[layout], strict=True):
            view.set_place(place)
        self._arrange()
        if self._picture is not None:
            self.show(self._frame, self._picture)
        self.layout(self._scale)

    def show(self, frame: int, picture: FramePicture) -> None:
        """Moves both bodies to ``frame`` in place; the caller redraws."""
        subject = self._subject
        if subject is None:
            return
        if self._follow:
            self.camera.shift(upright(subject.path[frame] - subject.path[self._frame], subject.up_axis))
        self._frame = frame
        self._picture = picture
        centre = upright(subject.path[frame], subject.up_axis)
        source = Posed(
            *(upright(points, subject.up_axis) for points in (picture.source_vertices, picture.source_joints))
        )
        finite = bool(np.isfinite(source.vertices).all())
        fit = None
        if picture.fit_vertices is not None and picture.fit_joints is not None:
            fit = Posed(
                *(upright(points, subject.up_axis) for points in (picture.fit_vertices, picture.fit_joints))
            )
        self._source_view.show(frame, centre, source if finite else None, NOT_FINITE)
        self._fit_view.show(frame, centre, fit, NOT_FITTED if finite else NOT_FINITE)
        self._arrange()
        self._paint()

    def set_layers(self, layers: Layers) -> None:
        """What is drawn of bodies and surroundings."""
        if layers == self._layers:
            return
        self._layers = layers
        for view in self._views:
            view.set_layers(layers)
        if self._picture is not None:
            self.show(self._frame, self._picture)

    def set_supports(self, source: SupportLook | None, fit: SupportLook | None, see_through: bool) -> None:
        """Spheres on both bodies, or None; ``see_through`` makes the skin of both translucent."""
        self._source_view.set_support(source, see_through)
        self._fit_view.set_support(fit, see_through)
        self._arrange()
        if self._picture is not None:
            self.show(self._frame, self._picture)

    def set_valid(self, valid: np.ndarray) -> None:
        """Other vertices (V,) bool of the fit are compared with the source."""
        self._fit_view.set_valid(valid)
        self._paint()

    def set_mask_look(self, look: MaskLook | None) -> None:
        """Colours of the fit's mask in place of those chosen for the skin, or None."""
        self._mask = look
        self._arrange()
        self._paint()

    def set_difference_look(self, look: MaskLook | None) -> None:
        """Colours of the difference between two correspondences, or None; the mask stands before them."""
        self._difference = look
        self._arrange()
        self._paint()

    @property
    def _mask_shown(self) -> MaskLook | None:
        return self._difference if self._mask is None else self._mask

    def set_fit_path(self, roots: np.ndarray | None) -> None:
        """(T, 3) the fit's pelvis at every frame, metres in the motion's own world, NaN where unknown."""
        subject = self._subject
        if subject is None:
            return
        source = upright(subject.roots, subject.up_axis)
        known = np.zeros(len(source), bool) if roots is None else np.isfinite(roots).all(axis=1)
        fit = source if roots is None else np.where(known[:, None], upright(roots, subject.up_axis), source)
        self._source_view.trajectory.set_path(source, np.ones(len(source), bool))
        self._fit_view.trajectory.set_path(fit, known)

    def set_colouring(self, colouring: Colouring, range_mm: float) -> None:
        """What the colours of the skin tell; the error goes up to ``range_mm`` millimetres."""
        self._colouring = colouring
        self._range_mm = range_mm
        self._arrange()
        self._paint()

    def _paint(self) -> None:
        if self._subject is None:
            return
        look = self._mask_shown
        if look is not None and len(look.colours) == self._subject.fit.size:
            self._source_view.paint("plain")
            self._fit.paint(look.colours)
            return
        colour = COLOUR[self._colouring]
        if colour.scale is not None and self._weights.most:
            # The scale beside the bodies is that of the joint's weights: no other colours are told by it.
            colour = PLAIN
        for name, view in (("source", self._source_view), ("fit", self._fit_view)):
            worn = name == "fit" or colour.on_both
            values = self._values(colour, name) if worn else None
            if values is None:
                view.paint(colour.name if worn else PLAIN.name)
            else:
                body = self._source if name == "source" else self._fit
                error_colours(values, self._most(colour), body.colours(), self.theme)
                body.colours_written()

    def _values(self, colour: SkinColour, body: str) -> np.ndarray | None:
        if colour.values is None or self._picture is None or self._subject is None:
            return None
        return colour.values(Moment(body, self._picture, self._subject))

    def _most(self, colour: SkinColour) -> float:
        """The number at the far end of a colour's scale."""
        return self._range_mm if colour.scale is None or colour.scale.most is None else colour.scale.most

    def _legend_views(self, colour: SkinColour) -> tuple[BodyView, ...]:
        return self._views if colour.of_body else (self._fit_view,)

    def _arrange(self) -> None:
        """Shows what belongs to the layout and the colouring, hides the rest."""
        picture, overlay = self._picture, self._layout == "overlay"
        fitted = picture is not None and picture.fit_vertices is not None
        mask = "" if self._mask_shown is None else self._mask_shown.shows
        for colour in COLOURS:
            if colour.scale is not None:
                here = colour.name == self._colouring and not mask and not self._weights.most
                in_mm = colour is ERROR and mask in ("distance", "difference")
                most = DIFFERENCE_MM if mask == "difference" and in_mm else self._most(colour)
                self._scales[colour.name].set_visible(fitted and (here or in_mm))
                self._scales[colour.name].set_range(most)
        self._weight_bar.set_visible(fitted and mask == "weight")
        self._mask_legend.set_visible(fitted and mask == "validity")
        self._alone_legend.set_visible(fitted and mask == "difference")
        self._arrange_legends(fitted, bool(mask))
        self._weights.arrange(self._layout == "source", bool(mask))
        self._divider_actor.SetVisibility(self._layout == "side")
        self._fit_view.label.GetTextProperty().SetColor(
            *colours.rgb_unit(colours.of("FIT_WORDS" if overlay else "TEXT", self.theme))
        )
        present = self._subject is not None and bool(self._source.actor.GetVisibility())
        self._ghost.set_visible(overlay, overlay and present and self._layers.skin)

    def _arrange_legends(self, fitted: bool, masked: bool) -> None:
        for colour in COLOURS:
            here = colour.name == self._colouring and not masked and (fitted or colour.of_body)
            here = here and self._subject is not None
            for view, legend in zip(
                self._legend_views(colour), self._legends.get(colour.name, ()), strict=False
            ):
                legend.set_visible(here and (view is self._fit_view or self._layout == "source"))

    def set_follow(self, follow: bool) -> None:
        """Whether the camera goes along with the body."""
        self._follow = follow

    def show_view(self, name: ViewName) -> None:
        """Puts the shared camera at a named view of the body as it stands now."""
        subject = self._subject
        if subject is None:
            return
        self.camera.stay()
        centre = upright(subject.path[self._frame], subject.up_axis).copy()
        centre[2] = subject.floor
        facing = np.array([0.0, -1.0, 0.0])
        if self._picture is not None and np.isfinite(self._picture.source_joints[1:3]).all():
            hips = upright(self._picture.source_joints[1:3], subject.up_axis)
            facing = facing_of(hips[0], hips[1])
        self.camera.pose = camera_at(name, centre, facing, subject.height, subject.reach, self._aspect())

    def focus(self, point: np.ndarray, radius: float | None = None) -> None:
        """Puts a point (3,) of the motion's own world in the middle; the camera turns about it afterwards.

        ``radius`` metres about it are seen; with None the distance stays, or becomes that of a detail.
        """
        if self._subject is not None and np.isfinite(point).all():
            point = upright(np.asarray(point, float), self._subject.up_axis)
            self.camera.come_near(focused(self.camera.pose, point, radius, self._aspect()))

    def vertex_at(self, x: float, y: float) -> tuple[BodyName, int] | None:
        """The body and the id of its vertex at (x, y) device pixels, from the window's lower left corner."""
        if self._subject is None:
            return None
        source, fit = self._views
        bodies: tuple[tuple[BodyName, BodyView, vtkActor | None], ...] = (
            ("source", source, self._source.actor),
            ("fit", fit, self._fit.actor),
            ("source", fit, self._ghost.actor),
        )
        for name, view, actor in bodies:
            if actor is not None and view.drawn and view.renderer.IsInViewport(round(x), round(y)):
                vertex = self._picker.pick(view.renderer, actor, x, y)
                if vertex is not None:
                    return name, vertex
        return None

    def joint_at(self, x: float, y: float) -> tuple[BodyName, str] | None:
        """The body and the name of its joint at (x, y) device pixels, where the skeleton is shown."""
        names: tuple[BodyName, BodyName] = ("source", "fit")
        for name, view in zip(names, self._views, strict=True):
            joint = view.joint_at(x, y, self._scale)
            if joint is not None:
                return name, joint
        return None

    def support(self, body: BodyName) -> SupportActor:
        """The spheres on a body."""
        return (self._source_view if body == "source" else self._fit_view).support

    def like(self, other: Scene, *, ground: bool = True) -> None:
        """Shows its motion in the layout, layers and colouring of ``other``; the camera is another matter."""
        self.set_layout(other._layout)
        self.set_layers(replace(other._layers, ground=other._layers.ground and ground))
        self.set_colouring(other._colouring, other._range_mm)
        self.set_mask_look(other._mask)
        self.set_difference_look(other._difference)
        source, fit = (view.support.look for view in other._views)
        self.set_supports(source, fit, other._fit_view.see_through)

    def hover(self, x: float, y: float) -> bool:
        """Names the joint at (x, y) device pixels from the lower left corner; True if the picture changed."""
        return max([view.hover(x, y, self._scale) for view in self._views])

    def set_smooth(self, smooth: bool) -> None:
        """Smooth edges, for a picture that stands still."""
        for view in self._views:
            view.renderer.SetUseFXAA(smooth)

    @property
    def view_size(self) -> tuple[int, int]:
        """Width and height of one view, device pixels."""
        width, height = self._plotter.render_window.GetSize()  # type: ignore[union-attr]
        return max(width // 2 if self._layout == "side" else width, 1), max(height, 1)

    def _aspect(self) -> float:
        width, height = self.view_size
        return width / height

    def layout(self, scale: float) -> None:
        """Places labels and the colour bar; ``scale`` is device pixels in a logical pixel."""
        self._scale = scale
        size = self.view_size
        if self._placed == (size, scale, self._layout):
            return
        self._placed = (size, scale, self._layout)
        for view in self._views:
            view.layout(size, scale, low_note=self._layout == "overlay")
        self._ghost.layout(size[1], scale)
        for bar in self._scales.values():
            bar.layout(size, scale)
        for legend in chain.from_iterable(self._legends.values()):
            legend.layout(size, scale)
        self._weight_bar.layout(size, scale)
        self._weights.layout(size, scale)
        self._mask_legend.layout(size, scale)
        self._alone_legend.layout(size, scale)
        write_points(self._divider, np.array([(1, 0, 0), (1, size[1], 0)], np.float32))
