"""The picture: source and fit on the same floor, seen by the same camera, in one of four layouts; and beside
the fit, wherever that is shown, a second one where two are compared.

Works with any pyvista plotter that has three renderers in a row, on the screen or off it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyvista as pv
from vtkmodules.vtkRenderingCore import vtkActor

from gui_app.scene.body_actor import BodyActor
from gui_app.scene.body_view import BodyView, Posed
from gui_app.scene.cameras import SceneCamera, Stance, ViewName, camera_at, focused
from gui_app.scene.colour_maps import DEFAULT_RANGE_MM, error_colours
from gui_app.scene.mask_colours import MaskLook
from gui_app.scene.picking import BodyName, VertexPicker
from gui_app.scene.scales import ColoursNow, Scales
from gui_app.scene.skin_colours import COLOUR, DIFFERENCE, ERROR, PLAIN, Moment, SkinColour
from gui_app.scene.subject import FramePicture, SceneDescription, upright
from gui_app.scene.support_actor import SupportActor
from gui_app.scene.support_colours import SupportLook
from gui_app.scene.view_options import Colouring, Layers, LayoutName, places
from gui_app.style import colours

NOT_FITTED = "not fitted yet"
NOT_FINITE = "no pose in this frame"

NAMES: tuple[BodyName, ...] = ("source", "fit", "fit")


class Scene:
    """Bodies, floors, labels and the colour bar in the three renderers of ``plotter``.

    Attributes:
        scales: what the colours mean, beside the bodies.
    """

    def __init__(self, plotter: pv.BasePlotter) -> None:
        self._plotter = plotter
        self.theme = colours.theme  # a film is drawn to its end in the one that it began in
        left, right, third = (plotter.renderers[place] for place in range(3))
        self._subject: SceneDescription | None = None
        self._frame = 0
        self._colouring: Colouring = "error"
        self._ranges = {ERROR.name: DEFAULT_RANGE_MM, DIFFERENCE.name: DIFFERENCE.usual_range}
        self._layout: LayoutName = "side"
        self._layers = Layers()
        self._follow = True
        self._picture: FramePicture | None = None
        self._beside: FramePicture | None = None
        self._titles: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._scale = 1.0
        self._placed: object = None
        self._picker = VertexPicker()
        self._source_view = BodyView(left, colours.SOURCE_SKIN, colours.SOURCE_WORDS)
        self._fit_view = BodyView(right, colours.FIT_SKIN, colours.FIT_WORDS)
        self._second_view = BodyView(third, colours.SECOND_SKIN, colours.SECOND_WORDS)
        self._views = (self._source_view, self._fit_view, self._second_view)
        right.camera = third.camera = left.camera
        self.camera = SceneCamera(left.camera)
        self.scales = Scales(self._source_view, self._fit_view)
        self._mask: MaskLook | None = None
        self._difference: MaskLook | None = None
        self._place()
        self._arrange(told=True)

    @property
    def subject(self) -> SceneDescription | None:
        """What is shown, or None before ``build``."""
        return self._subject

    @property
    def frame(self) -> int:
        """The frame shown last."""
        return self._frame

    def clear(self) -> None:
        """Empties the renderers, for another scene to be made in them; the camera stays where it is."""
        for view in self._views:
            view.support.leave()
        for renderer in self._plotter.renderers[:3]:
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
        self._picture = self._beside = self._placed = None
        self.camera.stay()
        self._source: BodyActor = self._source_view.build(subject.source, subject.floor, len(subject.path))
        self._fit: BodyActor = self._fit_view.build(subject.fit, subject.floor, len(subject.path))
        self._fit_view.ghost.build(self._source.surface, subject.source.label)
        self._second_view.remove()
        self._build_second()
        self.set_fit_path(None)
        self._arrange(told=True)

    def _build_second(self) -> None:
        """The body of the second fit, once one is compared."""
        subject = self._subject
        if subject is not None and self._titles is not None and self._second_view.body is None:
            self._second_view.build(subject.fit, subject.floor, len(subject.path))
            self._second_view.ghost.build(self._source.surface, subject.source.label)

    def compare(self, titles: tuple[tuple[str, ...], tuple[str, ...]] | None) -> None:
        """Shows a second fit beside the first wherever that is shown, each under its title, piece by piece;
        None for the first alone, under the name of its body."""
        if titles == self._titles:
            return
        other, self._titles = (titles is None) != (self._titles is None), titles
        self._fit_view.title, self._second_view.title = titles or ((), ())
        self._placed = None
        if other:
            self._build_second()
            self._place()
            self._show_again()
        self.layout(self._scale)

    def _place(self) -> None:
        for view, place in zip(self._views, places(self._layout, self._titles is not None), strict=True):
            view.set_place(place)
        self._placed = None

    def _show_again(self) -> None:
        if self._picture is not None:
            self.show(self._frame, self._picture, self._beside)
        self.layout(self._scale)

    def set_layout(self, layout: LayoutName) -> None:
        """Both bodies side by side, the fit over a ghost of the source, or one of them alone."""
        if layout == self._layout:
            return
        self._layout = layout
        self._place()
        self._show_again()

    def show(self, frame: int, picture: FramePicture, beside: FramePicture | None = None) -> None:
        """Moves all bodies to ``frame`` in place; the caller redraws.

        Args:
            frame: index of it.
            picture: source and fit in it.
            beside: source and the second fit, where two are compared.
        """
        subject = self._subject
        if subject is None:
            return
        if self._follow:
            self.camera.shift(upright(subject.path[frame] - subject.path[self._frame], subject.up_axis))
        self._frame = frame
        self._picture, self._beside = picture, beside
        centre = upright(subject.path[frame], subject.up_axis)
        finite = bool(np.isfinite(picture.source_vertices).all())
        missing = NOT_FITTED if finite else NOT_FINITE
        source = self._posed(picture.source_vertices, picture.source_joints) if finite else None
        self._source_view.show(frame, centre, source, NOT_FINITE)
        self._fit_view.show(frame, centre, self._posed(picture.fit_vertices, picture.fit_joints), missing)
        if self._titles is not None:
            second = None if beside is None else self._posed(beside.fit_vertices, beside.fit_joints)
            self._second_view.show(frame, centre, second, missing)
        self._paint()

    def _posed(self, vertices: np.ndarray | None, joints: np.ndarray | None) -> Posed | None:
        """In the scene's own world; None where a body has no pose."""
        if vertices is None or joints is None or self._subject is None:
            return None
        return Posed(*(upright(points, self._subject.up_axis) for points in (vertices, joints)))

    def set_layers(self, layers: Layers) -> None:
        """What is drawn of bodies and surroundings."""
        if layers == self._layers:
            return
        self._layers = layers
        for view in self._views:
            view.set_layers(layers)
        self._show_again()

    def set_supports(self, source: SupportLook | None, fit: SupportLook | None, see_through: bool) -> None:
        """Spheres on the bodies, or None; ``see_through`` makes the skin of all translucent."""
        for view, look in zip(self._views, (source, fit, fit), strict=True):
            view.set_support(look, see_through)
        self._paint()
        self._show_again()

    def set_valid(self, valid: np.ndarray) -> None:
        """Other vertices (V,) bool of the fit are compared with the source."""
        for view in self._views[1:]:
            if view.body is not None:
                view.set_valid(valid)
        self._paint()

    def set_mask_look(self, look: MaskLook | None) -> None:
        """Colours of the fit's mask in place of those chosen for the skin, or None."""
        self._mask = look
        self._paint()

    def set_difference_look(self, look: MaskLook | None) -> None:
        """Colours of the difference between two correspondences, or None; the mask stands before them."""
        self._difference = look
        self._paint()

    @property
    def _mask_shown(self) -> MaskLook | None:
        return self._difference if self._mask is None else self._mask

    def set_fit_path(self, roots: np.ndarray | None, beside: np.ndarray | None = None) -> None:
        """(T, 3) pelvis of the fit and of the second at every frame, metres in the motion's own world, NaN
        where unknown."""
        subject = self._subject
        if subject is None:
            return
        source = upright(subject.roots, subject.up_axis)
        self._source_view.trajectory.set_path(source, np.ones(len(source), bool))
        for view, path in ((self._fit_view, roots), (self._second_view, beside)):
            if view.body is not None:
                known = np.zeros(len(source), bool) if path is None else np.isfinite(path).all(axis=1)
                fit = source if path is None else upright(path, subject.up_axis)
                view.trajectory.set_path(np.where(known[:, None], fit, source), known)

    def set_colouring(self, colouring: Colouring, range_mm: float, apart_mm: float | None = None) -> None:
        """What the colours of the skin tell; the error goes up to ``range_mm`` millimetres, the difference
        between two fits to ``apart_mm``."""
        self._colouring = colouring
        apart_mm = DIFFERENCE.usual_range if apart_mm is None else apart_mm
        self._ranges = {ERROR.name: range_mm, DIFFERENCE.name: apart_mm}
        self._paint()

    def _paint(self) -> None:
        """Colours the bodies, and shows what tells of the colours."""
        told = True
        if self._subject is not None:
            look = self._mask_shown
            if look is not None and len(look.colours) == self._subject.fit.size:
                for view in self._views:
                    view.paint(PLAIN.name)
                self._fit.paint(look.colours)
            else:
                told = self._paint_skin()
        self._arrange(told)

    def _paint_skin(self) -> bool:
        """Whether the colour has something to tell of the fit."""
        colour, told = COLOUR[self._colouring], True
        if colour.scale is not None and self.scales.weights.most:
            colour = PLAIN  # the scale beside the bodies is that of the joint's weights
        most = self._now(True).most(colour)
        for name, view in zip(("source", "fit", "second"), self._views, strict=True):
            if view.body is None:
                continue
            worn = name != "source" or colour.on_both
            values = self._values(colour, name) if worn else None
            if values is None:
                view.paint(colour.name if worn else PLAIN.name)
                told &= name != "fit" or colour.values is None
            else:
                error_colours(values, most, view.body.colours(), self.theme)
                view.body.colours_written()
        return told

    def _values(self, colour: SkinColour, body: str) -> np.ndarray | None:
        picture, other = self._picture, self._beside
        if body == "second":
            picture, other = other, picture
        if colour.values is None or picture is None or self._subject is None:
            return None
        return colour.values(Moment(body, picture, self._subject, other))

    def _now(self, told: bool) -> ColoursNow:
        picture, look = self._picture, self._mask_shown
        return ColoursNow(
            self._colouring,
            self._ranges,
            "" if look is None else look.shows,
            self._layout,
            self._subject is not None,
            picture is not None and picture.fit_vertices is not None,
            told,
            self._fit_view.any_invalid,
        )

    def _arrange(self, told: bool) -> None:
        """Shows what belongs to the layout and the colouring, hides the rest."""
        self.scales.arrange(self._now(told))
        overlay, compares = self._layout == "overlay", self._titles is not None
        present = self._subject is not None and bool(self._source.actor.GetVisibility())
        for view, words in ((self._fit_view, "FIT_WORDS"), (self._second_view, "SECOND_WORDS")):
            colour = colours.of(words if overlay or compares else "TEXT", self.theme)
            view.label.GetTextProperty().SetColor(*colours.rgb_unit(colour))
            view.ghost.set_visible(overlay, overlay and present and self._layers.skin)

    def set_follow(self, follow: bool) -> None:
        """Whether the camera goes along with the body."""
        self._follow = follow

    def stance(self) -> Stance | None:
        """Of the body in the frame shown; None before ``build``."""
        if (subject := self._subject) is None:
            return None
        picture = self._picture
        hips = None if picture is None else upright(picture.source_joints[1:3], subject.up_axis)
        return Stance.at(upright(subject.path[self._frame], subject.up_axis), subject.floor, hips)

    def show_view(self, name: ViewName) -> None:
        """Puts the shared camera at a named view of the body as it stands now."""
        subject, body = self._subject, self.stance()
        if subject is not None and body is not None:
            room = subject.height, subject.reach, self._aspect()
            self.camera.stay()
            self.camera.pose = camera_at(name, body.centre, body.facing, *room)

    def focus(self, point: np.ndarray, radius: float | None = None) -> None:
        """Puts a point (3,) of the motion's own world in the middle; the camera turns about it afterwards.

        ``radius`` metres about it are seen; with None the distance stays, or becomes that of a detail.
        """
        if self._subject is not None and np.isfinite(point).all():
            point = upright(np.asarray(point, float), self._subject.up_axis)
            self.camera.come_near(focused(self.camera.pose, point, radius, self._aspect()))

    def vertex_at(self, x: float, y: float) -> tuple[BodyName, int] | None:
        """The body and the id of its vertex, of either fit the same, at (x, y) device pixels from the
        window's lower left corner."""
        if self._subject is None:
            return None
        source, fit, second = self._views
        bodies: tuple[tuple[BodyName, BodyView, vtkActor | None], ...] = (
            ("source", source, self._source.actor),
            ("fit", fit, self._fit.actor),
            ("source", fit, fit.ghost.actor),
            ("fit", second, None if second.body is None else second.body.actor),
            ("source", second, second.ghost.actor),
        )
        for name, view, actor in bodies:
            if actor is not None and view.drawn and view.renderer.IsInViewport(round(x), round(y)):
                vertex = self._picker.pick(view.renderer, actor, x, y)
                if vertex is not None:
                    return name, vertex
        return None

    def joint_at(self, x: float, y: float) -> tuple[BodyName, str] | None:
        """The body and the name of its joint at (x, y) device pixels, where the skeleton is shown."""
        for name, view in zip(NAMES, self._views, strict=True):
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
        self.set_colouring(other._colouring, *(other._ranges[name] for name in (ERROR.name, DIFFERENCE.name)))
        self.compare(other._titles)
        self.set_mask_look(other._mask)
        self.set_difference_look(other._difference)
        source, fit, _ = (view.support.look for view in other._views)
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
        columns = sum(view.drawn for view in self._views)
        return max(width // columns, 1), max(height, 1)

    def _aspect(self) -> float:
        return self.view_size[0] / self.view_size[1]

    def layout(self, scale: float) -> None:
        """Places labels and the colour bar; ``scale`` is device pixels in a logical pixel."""
        self._scale = scale
        size = self.view_size
        if self._placed != (size, scale):
            self._placed = (size, scale)
            for view in self._views:
                view.layout(size, scale, low_note=self._layout == "overlay")
            self.scales.layout(size, scale)
