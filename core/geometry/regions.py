"""Places that a body is known to have by its joints and its shape: eyeballs, sockets, inner mouth, ears."""

from __future__ import annotations

import numpy as np

from core.geometry.hidden_skin import hidden_vertices
from core.geometry.mesh_graph import MeshGraph
from core.geometry.vertex_masks import mask_of, part_mask, within
from core.model.body import BodyModel
from core.model.body_joints import vertex_joint_ids

EAR_RADIUS = 0.035
"""Metres along the surface from an ear's vertex joint that count as the ear."""

SOCKET_RADIUS = 0.04
"""Metres from an eye's joint within which hidden skin belongs to its socket."""

MIDDLE = 0.01
"""Metres from the middle of the body within which a hidden pocket of the head is the mouth."""

_FEW = 12


def region_masks(body: BodyModel, graph: MeshGraph) -> dict[str, np.ndarray]:
    """(V,) bool of each of ``'eyes'``, ``'eye sockets'``, ``'inner mouth'`` and ``'ears'`` that the body has.

    Eyes are the skin of eye joints; sockets and inner mouth are the skin of the head that nobody sees from
    outside; ears the surface around the ears' vertex joints. A body whose lips and eyes are sealed, as
    SMPL-H's, has the ears alone. Takes about a second: keep it.

    Args:
        body: of any family.
        graph: of the body's own rest shape.
    """
    found = {}
    eye_joints = np.array(["eye" in name for name in body.joint_names])
    eyes = eye_joints[body.held_by]
    if eyes.any():
        found["eyes"] = eyes
    sockets, mouth = _pockets(body, graph, eyes, (body.J_regressor @ body.v_template)[eye_joints])
    for name, piece in (("eye sockets", sockets), ("inner mouth", mouth)):
        if len(piece):
            found[name] = mask_of(piece, body.num_vertices)
    ids = vertex_joint_ids(body.family)
    if not ids:
        return found
    tips = mask_of(np.array([ids["left_ear"], ids["right_ear"]]), body.num_vertices)
    found["ears"] = within(tips, graph, EAR_RADIUS)
    return found


def _pockets(
    body: BodyModel, graph: MeshGraph, eyes: np.ndarray, eye_joints: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ids of the hidden skin of the head around the eyes, and of the largest other pocket in its middle."""
    head, rest = part_mask(body, "head"), body.v_template
    looked_at = np.flatnonzero(head & ~eyes)
    around = body.faces[head[body.faces].any(1)]
    hidden = mask_of(looked_at[hidden_vertices(rest, around, looked_at)], body.num_vertices)
    middle = (rest[:, 0].min() + rest[:, 0].max()) / 2
    sockets, mouth = [np.zeros(0, dtype=np.int64)], np.zeros(0, dtype=np.int64)
    for piece in graph.pieces_of(hidden):
        centre = rest[piece].mean(0)
        if len(piece) < _FEW:
            continue
        if (np.linalg.norm(eye_joints - centre, axis=1) < SOCKET_RADIUS).any():
            sockets.append(piece)
        elif not len(mouth) and abs(centre[0] - middle) < MIDDLE:
            mouth = piece
    return np.concatenate(sockets), mouth
