"""Small pictures of bodies and fits, drawn off the screen by the window's own scene."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import RefitError
from core.geometry.up_axis import vertical
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL
from core.model.motion import UpAxis
from core.model.notebook import PICTURE_HEIGHT, NoPicture
from core.model.result_views import worst_frame

if TYPE_CHECKING:
    from gui_app.scene.subject import BodyShape, SceneDescription

WIDTH = 200
"""Pixels of a page for one body; a picture has twice as many."""

BODIES_UP: UpAxis = "y"
"""Bodies at rest stand along it."""


@dataclass(frozen=True, eq=False)
class _Body:
    """A posed body: vertices (V, 3) and joints (J, 3), metres."""

    model: BodyModel
    words: str
    vertices: np.ndarray
    joints: np.ndarray


@dataclass(frozen=True, eq=False)
class _Frame:
    """As `gui_app.scene.subject.FramePicture`."""

    source_vertices: np.ndarray
    source_joints: np.ndarray
    fit_vertices: np.ndarray
    fit_joints: np.ndarray
    error_mm: None = None

    def frame(self, _index: int) -> _Frame:
        """The only one there is."""
        return self


@dataclass(frozen=True, eq=False)
class _Shown:
    """As much of an opened motion as its picture needs."""

    subject: SceneDescription
    posed: _Frame


def draw(what: Any) -> bytes:
    """A PNG of a fit in the frame with its largest mean error, of a body, or of a pair of bodies, at rest.

    Raises:
        NoPicture: there is nothing to draw, or nothing to draw with.
    """
    up: UpAxis = BODIES_UP
    if isinstance(what, FitResult):
        bodies, up = [_fitted(what)], what.up_axis
    elif isinstance(what, BodyPair):
        bodies = [_at_rest(what.source, "source"), _at_rest(what.target, "target")]
    elif isinstance(what, BodyModel):
        bodies = [_at_rest(what, "")]
    else:
        raise NoPicture(f"a {type(what).__name__} is nothing to draw.")
    return _drawn(bodies, up)


def _fitted(fit: FitResult) -> _Body:
    if not fit.fitted.any():
        raise NoPicture("no frame is fitted.")
    from core.model.posing import posed
    from core.session.bodies_of_fit import bodies_of

    frame = worst_frame(fit)
    try:
        model = bodies_of(fit).target
    except RefitError as reason:
        raise NoPicture(str(reason)) from None
    vertices, joints = posed(fit.as_motion(), model, np.array([frame]))
    return _Body(model, f"frame {frame}", vertices[0], joints[0])


def _at_rest(model: BodyModel, role: str) -> _Body:
    joints = model.J_regressor @ model.v_template
    words = f"{FAMILY_LABEL[model.family]} {model.gender}"
    return _Body(model, f"{role} · {words}" if role else words, model.v_template, joints)


def _drawn(bodies: list[_Body], up: UpAxis) -> bytes:
    from gui_app.export.can_draw import quietly, why_not

    with quietly():
        if reason := why_not():
            raise NoPicture(reason)
        from gui_app.export.offscreen import off_screen

        first, last = bodies[0], bodies[-1]
        shown = _Shown(_subject(bodies, up), _Frame(first.vertices, first.joints, last.vertices, last.joints))
        size = (2 * WIDTH * len(bodies), 2 * PICTURE_HEIGHT)
        plotter, scene = off_screen(shown, size, samples=4)  # type: ignore[arg-type]
        picture = BytesIO()
        try:
            scene.set_colouring("plain", 1.0)
            if len(bodies) == 1:
                scene.set_layout("fit")
            scene.show_view("home")
            plotter.render()
            plotter.screenshot(picture)
        finally:
            plotter.close()
    return picture.getvalue()


def _subject(bodies: list[_Body], up_axis: UpAxis) -> SceneDescription:
    """What the scene needs to know of bodies that stand still."""
    from gui_app.scene.subject import SceneDescription

    up, across, upwards = vertical(up_axis)
    points = np.concatenate([body.vertices for body in bodies])
    floor = upwards * float((upwards * points[:, up]).min())
    root = bodies[0].joints[:1].astype(np.float64)
    reach = float(np.linalg.norm((points - root)[:, across], axis=1).max())
    return SceneDescription(
        source=_shape(bodies[0]),
        fit=_shape(bodies[-1]),
        up_axis=up_axis,
        path=root,
        roots=root,
        floor=floor,
        height=float(np.ptp(points[:, up])),
        reach=reach,
    )


def _shape(body: _Body) -> BodyShape:
    from gui_app.scene.subject import BodyShape

    model = body.model
    return BodyShape(
        faces=np.asarray(model.faces),
        size=model.num_vertices,
        part=model.vertex_part,
        valid=np.ones(model.num_vertices, bool),
        joint_names=model.joint_names,
        parents=np.asarray(model.parents),
        label=body.words,
        place=model.v_template,
    )
