"""The other way round: what one vertex is good for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import RefitError
from core.model.body import BodyModel
from core.model.body_joints import BodyJoint
from core.model.joints import FAMILY_LABEL, PARTS


@dataclass(frozen=True)
class Feed:
    """A joint that a vertex counts in.

    Attributes:
        joint: its name.
        kind: as in `BodyJoint`.
        weight: of the vertex.
        share: |weight| as a share of the sum of the joint's |weights|.
    """

    joint: str
    kind: str
    weight: float
    share: float


@dataclass(frozen=True, eq=False)
class VertexFeeds:
    """What one vertex of a body feeds, and what moves it.

    Attributes:
        vertex: its id.
        part: body part, one of `core.model.joints.PARTS`.
        valid: counts in a fit; None where nothing says so.
        feeds: joints it counts in, the largest share first.
        skinning: joints that move it with their weights, the largest first; they sum to one.
    """

    vertex: int
    part: str
    valid: bool | None
    feeds: tuple[Feed, ...]
    skinning: tuple[tuple[str, float], ...]


def vertex_feeds(
    body: BodyModel, joints: Sequence[BodyJoint], vertex: int, valid: np.ndarray | None = None
) -> VertexFeeds:
    """What one vertex feeds.

    Args:
        body: of any family.
        joints: `core.model.body_joints.body_joints` of it.
        vertex: id.
        valid: (V,) bool, or None.

    Raises:
        RefitError: the body has no such vertex.
    """
    check_vertex(body, vertex)
    found = []
    for joint in joints:
        here = joint.weights[joint.vertices == vertex]
        if len(here):
            weight = float(here.sum())
            found.append(
                Feed(joint.name, joint.kind, weight, abs(weight) / float(np.abs(joint.weights).sum()))
            )
    skinning = body.weights[vertex]
    moving = [joint for joint in np.argsort(-skinning, kind="stable") if skinning[joint]]
    return VertexFeeds(
        vertex=vertex,
        part=PARTS[body.vertex_part[vertex]],
        valid=None if valid is None else bool(valid[vertex]),
        feeds=tuple(sorted(found, key=lambda feed: -feed.share)),
        skinning=tuple((body.joint_names[joint], float(skinning[joint])) for joint in moving),
    )


def check_vertex(body: BodyModel, vertex: int) -> None:
    """Raises RefitError where a body has no such vertex."""
    if not 0 <= vertex < body.num_vertices:
        raise RefitError(
            f"The {FAMILY_LABEL[body.family]} body has no vertex {vertex}; its ids are 0 to "
            f"{body.num_vertices - 1}."
        )
