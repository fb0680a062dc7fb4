"""How a joint, or a vertex, and the vertices that belong to it look in the 3D view."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gui_app.scene.colour_maps import STEPS
from gui_app.scene.skeleton_actor import is_small
from gui_app.style import colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.model.body_joints import BodyJoint

# Radius in metres of the sphere with the most weight; joints of hands and face have their vertices closer.
RADIUS_M, SMALL_RADIUS_M = 0.0085, 0.0034
# Radius in logical pixels that the largest sphere has at least; a vertex alone is easily lost.
LEAST_RADIUS, LEAST_RADIUS_ALONE = 3.4, 5.0
LEAST_SIZE = 0.42
EMPHASIS = 1.5


@dataclass(frozen=True, eq=False)
class SupportLook:
    """Spheres on one body.

    Attributes:
        vertices: (n,) ids at which they stand.
        radii: (n,) metres.
        colours: (n, 3) uint8.
        joint: marked as well, or None.
        bones: ids of the joints of the chain that a line leads to from the marked one.
        feeds: joints that a line leads to from the first vertex, each marked.
        least_radius: of the largest sphere, logical pixels.
        outlined: a line leads around the spheres, and ``joint`` is a point among them.
        most: the weight of the brightest colour; 0 where the colours are no weights of a joint.
        signed: some weights are below zero.
    """

    vertices: np.ndarray
    radii: np.ndarray
    colours: np.ndarray
    joint: BodyJoint | None = None
    bones: tuple[int, ...] = ()
    feeds: tuple[BodyJoint, ...] = ()
    least_radius: float = LEAST_RADIUS
    outlined: bool = False
    most: float = 0.0
    signed: bool = False


def support_look(
    vertices: np.ndarray,
    weights: np.ndarray,
    share: np.ndarray,
    *,
    valid: np.ndarray | None = None,
    emphasised: Sequence[int] = (),
    joint: BodyJoint | None = None,
    joints: Sequence[BodyJoint] = (),
    small: bool = False,
    most: float | None = None,
) -> SupportLook:
    """Spheres that are larger and brighter the more a vertex counts.

    Args:
        vertices: (n,) ids.
        weights: (n,) their weights; those below zero get another hue.
        share: (n,) of each, 0 to 1.
        valid: (n,) bool: those that do not count are violet; None for all valid.
        emphasised: ids of the vertices that stand out.
        joint: to be marked.
        joints: all joints of the body, among them its neighbours.
        small: the vertices lie close together.
        most: the share of the brightest colour, which is told by a scale; None for the largest one.
    """
    end = most if most is not None else share.max() if len(share) else 1.0
    part = np.clip(share / end, 0.0, 1.0) if end > 0 else np.zeros(len(share))
    hue = np.empty((len(vertices), 3))
    for chosen, dim, bright in (
        (weights >= 0, colours.WEIGHT_DIM, colours.WEIGHT),
        (weights < 0, colours.NEGATIVE_DIM, colours.NEGATIVE),
    ):
        hue[chosen] = blended(dim, bright, part[chosen])
    if valid is not None:
        hue[~valid] = blended(colours.INVALID_QUIET, colours.INVALID_BRIGHT, part[~valid])
    radii = (SMALL_RADIUS_M if small else RADIUS_M) * (LEAST_SIZE + (1 - LEAST_SIZE) * np.sqrt(part))
    standing_out = np.isin(vertices, np.asarray(emphasised, dtype=int))
    hue[standing_out] = colours.rgb(colours.EMPHASIS)
    radii[standing_out] *= EMPHASIS
    return SupportLook(
        vertices,
        radii.astype(np.float32),
        np.round(hue).astype(np.uint8),
        joint,
        bones_of(joint, joints) if joint is not None else (),
        most=most or 0.0,
        signed=bool((weights < 0).any()),
    )


def weight_strip() -> np.ndarray:
    """(256, 3) uint8: the colours of the spheres from no weight to the most."""
    return np.round(blended(colours.WEIGHT_DIM, colours.WEIGHT, np.linspace(0.0, 1.0, STEPS))).astype(
        np.uint8
    )


def vertex_look(vertex: int, feeds: Sequence[BodyJoint]) -> SupportLook:
    """A vertex that stands out, and the joints it feeds."""
    alone = np.array([vertex])
    look = support_look(alone, np.ones(1), np.ones(1), emphasised=(vertex,), small=True)
    return replace(look, feeds=tuple(feeds), least_radius=LEAST_RADIUS_ALONE)


def counterpart_look(vertices: np.ndarray, weights: np.ndarray) -> SupportLook:
    """The vertices that one of the other body corresponds to, by their weights."""
    share = np.abs(weights)
    return replace(support_look(vertices, share, share, small=True), least_radius=LEAST_RADIUS_ALONE)


def triangle_look(vertices: np.ndarray, weights: np.ndarray) -> SupportLook:
    """The source triangle that a vertex of the fit corresponds to, and the point on it."""
    from core.model.body_joints import BodyJoint

    look = counterpart_look(vertices, weights)
    if len(vertices) < 2:
        return look
    return replace(look, joint=BodyJoint(-1, "", "landmark", -1, vertices, weights), outlined=True)


def rows_look(vertices: np.ndarray) -> SupportLook:
    """Vertices of the fit whose rows in the correspondence are wrong, or empty."""
    alike = np.ones(len(vertices))
    none_counts = np.zeros(len(vertices), bool)
    return support_look(vertices, alike, alike, valid=none_counts, small=True)


def bones_of(joint: BodyJoint, joints: Sequence[BodyJoint]) -> tuple[int, ...]:
    """The joints of the chain next to one: its parent, and what hangs on it."""
    found = [joint.parent] if joint.parent >= 0 else []
    if joint.kind == "kinematic":
        found += [
            other.index for other in joints if other.kind == "kinematic" and other.parent == joint.index
        ]
    return tuple(found)


def lies_close(joint: BodyJoint) -> bool:
    """Its vertices are those of a hand or the face."""
    return joint.kind == "landmark" or is_small(joint.name) or joint.name.split("_")[-1] in _SMALL_WORDS


_SMALL_WORDS = ("nose", "eye", "ear", "toe", "thumb", "index", "middle", "ring", "pinky")


def blended(dim: str, bright: str, part: np.ndarray) -> np.ndarray:
    """(n, 3) colours from ``dim`` at 0 to ``bright`` at 1."""
    low, high = np.array(colours.rgb(dim), float), np.array(colours.rgb(bright), float)
    return low + part[:, None] * (high - low)
