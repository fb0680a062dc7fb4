"""Every joint a body has: those of its chain, those picked off the skin, and the landmarks of the face."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from core.errors import RefitError
from core.model.body import BodyModel
from core.model.joints import FAMILY_LABEL, MESH

JointKind = Literal["kinematic", "vertex", "landmark", "contour"]

# In the order in which the `smplx` package appends them to the joints of the chain; its name for the vertex.
_VERTEX_JOINTS: tuple[tuple[str, str], ...] = (
    ("nose", "nose"),
    ("right_eye", "reye"),
    ("left_eye", "leye"),
    ("right_ear", "rear"),
    ("left_ear", "lear"),
    ("left_big_toe", "LBigToe"),
    ("left_small_toe", "LSmallToe"),
    ("left_heel", "LHeel"),
    ("right_big_toe", "RBigToe"),
    ("right_small_toe", "RSmallToe"),
    ("right_heel", "RHeel"),
    *(
        (f"{side}_{finger}", f"{side[0]}{finger}")
        for side in ("left", "right")
        for finger in ("thumb", "index", "middle", "ring", "pinky")
    ),
)
_OF_VERTEX = {vertex: name for name, vertex in _VERTEX_JOINTS}
_PUBLISHED_LANDMARKS = 51


@dataclass(frozen=True, eq=False)
class BodyJoint:
    """One joint of a body.

    Attributes:
        index: among all joints of the body, as the `smplx` package returns them.
        name: as in `smplx.joint_names`.
        kind: ``'kinematic'``: of the chain, its rest place regressed from the skin; ``'vertex'``: a vertex of
            the posed skin; ``'landmark'``: a point on a triangle of the posed skin;
            ``'contour'``: a point of the face's outline, which turns with the neck.
        parent: index of the parent in the chain, -1 for the root. Of vertex joints and landmarks the joint
            that holds their skin most.
        vertices: (n,) ids of the vertices it is made of; of the outline, while the neck is not turned.
        weights: (n,) float64, what each counts.
    """

    index: int
    name: str
    kind: JointKind
    parent: int
    vertices: np.ndarray
    weights: np.ndarray


def body_joints(body: BodyModel, regressor: np.ndarray | None = None) -> tuple[BodyJoint, ...]:
    """All joints: 24, 52 or 55 of the chain, 21 vertex joints, and the landmarks if the body has them.

    Args:
        body: of any family.
        regressor: (J, V) in place of the body's own ``J_regressor``.
    """
    matrix = body.J_regressor if regressor is None else regressor
    joints: list[BodyJoint] = []
    for name, parent, row in zip(body.joint_names, body.parents, matrix, strict=True):
        used = np.flatnonzero(row)
        joints.append(BodyJoint(len(joints), name, "kinematic", int(parent), used, row[used].astype(float)))
    for name, vertex in vertex_joint_ids(body.family).items():
        parent = int(body.weights[vertex].argmax())
        joints.append(BodyJoint(len(joints), name, "vertex", parent, np.array([vertex]), np.ones(1)))
    if body.landmark_faces is None or body.landmark_weights is None:
        return tuple(joints)
    names = landmark_names(len(body.landmark_faces))
    for name, face, weights in zip(names, body.landmark_faces, body.landmark_weights, strict=True):
        joints.append(_on_triangle(body, len(joints), name, "landmark", face, weights))
    return tuple(joints)


def _on_triangle(
    body: BodyModel, index: int, name: str, kind: JointKind, face: int, weights: np.ndarray
) -> BodyJoint:
    corners = body.faces[face]
    parent = int((weights @ body.weights[corners]).argmax())
    return BodyJoint(index, name, kind, parent, corners.astype(np.int64), weights.astype(np.float64))


def contour_joints(body: BodyModel) -> tuple[BodyJoint, ...]:
    """The points of the face's outline, which the `smplx` package appends with ``use_face_contour``; none
    where the body's file has no table of them.

    Only `core.inspection.joint_series` follows them: they slide over the skin as the neck turns.
    """
    if body.contour_faces is None or body.contour_weights is None:
        return ()
    first = len(body_joints(body))
    names = _published_of_face()[_PUBLISHED_LANDMARKS:]
    points = zip(names, body.contour_faces[0], body.contour_weights[0], strict=True)
    return tuple(
        _on_triangle(body, first + number, name, "contour", face, weights)
        for number, (name, face, weights) in enumerate(points)
    )


def vertex_joint_ids(family: str) -> dict[str, int]:
    """Name and vertex of the 21 joints that are vertices of the skin, in the `smplx` package's order; none of
    a mesh of a topology of its own."""
    if family == MESH:
        return {}
    from smplx.vertex_ids import vertex_ids

    ids = vertex_ids["smplx" if family == "smplx" else "smplh"]
    return {name: int(ids[key]) for name, key in _VERTEX_JOINTS}


def landmark_names(count: int) -> tuple[str, ...]:
    """Names of the static landmarks of the face: the published ones where there are as many."""
    if count != _PUBLISHED_LANDMARKS:
        return tuple(f"landmark_{number}" for number in range(1, count + 1))
    return _published_of_face()[:count]


def _published_of_face() -> tuple[str, ...]:
    """Names of the static landmarks, and then of the outline."""
    from smplx.joint_names import JOINT_NAMES as published

    return tuple(published[published.index("right_eye_brow1") :])


def find_joint(body: BodyModel, joints: Sequence[BodyJoint], name: str) -> BodyJoint:
    """The joint of that name; vertex joints have also the names of their vertices in the `smplx` package,
    as ``rthumb``.

    Raises:
        RefitError: there is none; the sentence names those most like it.
    """
    known = {joint.name: joint for joint in joints}
    found = known.get(name) or known.get(_OF_VERTEX.get(name, ""))
    if found is None:
        near = difflib.get_close_matches(name, [joint.name for joint in joints], n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else "."
        raise RefitError(f"The {FAMILY_LABEL[body.family]} body has no joint '{name}'{hint}")
    return found


def joint_rows(joints: Sequence[BodyJoint], vertices: int) -> sparse.csr_matrix:
    """(n, vertices) CSR float64: a row of weights for each joint."""
    starts = np.cumsum([0, *(len(joint.vertices) for joint in joints)])
    columns = np.concatenate([joint.vertices for joint in joints]) if joints else np.zeros(0, int)
    data = np.concatenate([joint.weights for joint in joints]) if joints else np.zeros(0)
    return sparse.csr_matrix((data, columns, starts), shape=(len(joints), vertices))


def joint_places(joints: Sequence[BodyJoint], chain: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """Where joints are in one frame.

    Args:
        joints: of one body.
        chain: (J, 3) metres, the posed joints of its kinematic chain.
        skin: (V, 3) metres, its posed vertices.

    Returns:
        (n, 3) float64 metres.
    """
    places = joint_rows(joints, len(skin)) @ skin.astype(np.float64)
    for row, joint in enumerate(joints):
        if joint.kind == "kinematic":
            places[row] = chain[joint.index]
    return places


def joint_errors_mm(
    source: Sequence[BodyJoint],
    target: Sequence[BodyJoint],
    source_places: np.ndarray,
    target_places: np.ndarray,
) -> np.ndarray:
    """Distance of each joint of the target from the source's joint of the same name and kind, in one frame.

    Args:
        source: n joints.
        target: m joints.
        source_places: (n, 3) metres.
        target_places: (m, 3) metres.

    Returns:
        (m,) millimetres, NaN for joints that the source does not have.
    """
    there = {(joint.name, joint.kind): place for joint, place in zip(source, source_places, strict=True)}
    missing = np.full(3, np.nan)
    theirs = np.array([there.get((joint.name, joint.kind), missing) for joint in target]).reshape(-1, 3)
    return 1000 * np.linalg.norm(target_places - theirs, axis=1)
