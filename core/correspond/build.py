"""A correspondence made from two bodies: their rest shapes laid on each other, and closest points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from core.correspond.build_settings import BuildSettings
from core.correspond.rest_alignment import align_rest_shapes
from core.errors import RefitError
from core.geometry.closest_point import closest_on_surface, on_triangles
from core.geometry.hidden_skin import vertex_normals
from core.geometry.mesh_graph import MeshGraph
from core.geometry.regions import region_masks
from core.geometry.rigid_alignment import rigid_motions
from core.model.body import BodyModel
from core.model.correspondence import Correspondence
from core.model.joints import FAMILY_LABEL, MESH, PARTS

HIDDEN_REGIONS = ("eyes", "eye sockets", "inner mouth")
"""What one of the two bodies may lack: nothing of the other one is its counterpart."""

PERCENTILES = (50, 90, 95, 99, 100)

TRUST_RMS_MM, TRUST_MATCHED, TRUST_VALID = 3.0, 0.9, 0.5
"""Beyond this distance, or with a smaller share of the skin, a look is needed before it is used."""

_JOINTS_ALIKE_MM = 150.0
_STEPS = 20
_PREPARED, _ALIGNED = 0.15, 0.9


class Why(IntEnum):
    """Why a target vertex has no counterpart."""

    VALID = 0
    HIDDEN = 1
    FACING_AWAY = 2
    TOO_FAR = 3


WHY_WORDS = {
    Why.HIDDEN: "of eyes or inner mouth",
    Why.FACING_AWAY: "facing away",
    Why.TOO_FAR: "too far",
}


@dataclass(frozen=True, eq=False)
class BuildReport:
    """What was built, V target vertices.

    Attributes:
        settings: it was built with.
        distance_mm: (V,) from the source's surface, the shapes laid on each other; NaN where nothing on it
            faces the same way.
        why: (V,) `Why`.
        part_valid, part_total: (len(PARTS),) vertices by body part.
        rms_mm: root mean square distance at which the shapes lie on each other.
        matched: share of the target's skin that found the source's.
        steps: that laying them took.
        betas: (B,) shape of the target that is most like the source's mean shape.
        turned: name of the target's joint that was turned most, and by how many degrees.
    """

    settings: BuildSettings
    distance_mm: np.ndarray
    why: np.ndarray
    part_valid: np.ndarray
    part_total: np.ndarray
    rms_mm: float
    matched: float
    steps: int
    betas: np.ndarray
    turned: tuple[str, float]

    @property
    def valid(self) -> int:
        """Number of vertices that have a counterpart."""
        return int((self.why == Why.VALID).sum())

    @property
    def invalid(self) -> dict[Why, int]:
        """Number of vertices that have none, by why."""
        return {why: int((self.why == why).sum()) for why in Why if why != Why.VALID}

    @property
    def percentiles_mm(self) -> dict[int, float]:
        """Distance of the vertices that have a counterpart, by `PERCENTILES`."""
        distances = self.distance_mm[self.why == Why.VALID]
        values = (
            np.percentile(distances, PERCENTILES) if len(distances) else np.full(len(PERCENTILES), np.nan)
        )
        return dict(zip(PERCENTILES, values.tolist(), strict=True))

    @property
    def trustworthy(self) -> bool:
        """The shapes lie on each other well enough to use what was built without a look at it."""
        share = self.valid / len(self.why)
        return self.rms_mm < TRUST_RMS_MM and self.matched > TRUST_MATCHED and share > TRUST_VALID

    def document(self) -> dict[str, Any]:
        """All figures as plain numbers and text, for json."""
        return {
            "settings": asdict(self.settings),
            "vertices": len(self.why),
            "valid": self.valid,
            "invalid": {why.name.lower(): count for why, count in self.invalid.items()},
            "distance_mm": {f"p{key}" if key < 100 else "max": v for key, v in self.percentiles_mm.items()},
            "parts": {
                part: {"valid": int(valid), "total": int(total)}
                for part, valid, total in zip(PARTS, self.part_valid, self.part_total, strict=True)
            },
            "alignment": {
                "rms_mm": self.rms_mm if np.isfinite(self.rms_mm) else None,
                "matched": self.matched,
                "steps": self.steps,
                "betas": self.betas.tolist(),
                "most_turned": {"joint": self.turned[0], "degrees": self.turned[1]},
            },
        }


def build_correspondence(
    source: BodyModel,
    target: BodyModel,
    settings: BuildSettings | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> tuple[Correspondence, BuildReport]:
    """Builds the correspondence from one body's surface to another's; takes some seconds.

    The target's shape and pose are brought onto the source's mean shape. Each target vertex then corresponds
    to the nearest point of the source's surface that faces the same way.

    Args:
        source: of the motion; a mesh without joints (`core.correspond.mesh_body.bare_body`) must rest as the
            target does.
        target: of the result.
        settings: None for the usual ones.
        tell: is called with the share of the work done; what it raises ends the work.

    Raises:
        RefitError: the two have one and the same surface, rest in quite other poses, or nothing of them comes
            together.
    """
    settings = settings or BuildSettings()
    if source.num_vertices == target.num_vertices and np.array_equal(source.faces, target.faces):
        raise RefitError(
            f"{FAMILY_LABEL[source.family]} and {FAMILY_LABEL[target.family]} share one surface: every "
            "vertex is its own counterpart, and no correspondence is needed."
        )
    bare = source.family == MESH
    apart = 0.0 if bare else joints_apart_mm(source, target)
    if not apart < _JOINTS_ALIKE_MM:
        raise RefitError(
            f"The joints of the two bodies lie {apart:.0f} mm apart at rest, expected less than "
            f"{_JOINTS_ALIKE_MM:.0f}: they do not rest in like poses, and no correspondence can be built "
            "from them."
        )
    tell(0.0)
    out_of_sight = [
        hidden_skin(body) if hides else np.zeros(body.num_vertices, dtype=bool)
        for body, hides in ((source, not (settings.with_hidden or bare)), (target, not settings.with_hidden))
    ]
    faces = source.faces[~out_of_sight[0][source.faces].any(1)]
    laid = align_rest_shapes(
        target,
        source,
        ~out_of_sight[1],
        faces,
        steps=_STEPS,
        tell=lambda step: tell(_PREPARED + (_ALIGNED - _PREPARED) * step / _STEPS),
    )
    tell(_ALIGNED)
    found = _nearest_facing(laid.vertices, target.faces, source, faces, settings)
    distance, face, weights = found
    why = np.full(target.num_vertices, Why.VALID)
    why[1000 * distance > settings.max_distance_mm] = Why.TOO_FAR
    why[face < 0] = Why.FACING_AWAY
    why[out_of_sight[1]] = Why.HIDDEN
    valid = why == Why.VALID
    if not valid.any():
        raise RefitError(
            f"Nothing of the {FAMILY_LABEL[target.family]} body comes within {settings.max_distance_mm:g} mm "
            f"of the {FAMILY_LABEL[source.family]} body's surface: no correspondence can be built from them."
        )
    rows = np.repeat(np.flatnonzero(valid), 3)
    matrix = sparse.csr_matrix(
        (weights[valid].ravel().astype(np.float32), (rows, faces[face[valid]].ravel())),
        shape=(target.num_vertices, source.num_vertices),
    )
    matrix.eliminate_zeros()
    parts = [target.vertex_part == index for index in range(len(PARTS))]
    angles = np.degrees(np.linalg.norm(laid.pose, axis=1))
    report = BuildReport(
        settings=settings,
        distance_mm=np.where(face < 0, np.nan, 1000 * distance),
        why=why,
        part_valid=np.array([int((valid & part).sum()) for part in parts]),
        part_total=np.array([int(part.sum()) for part in parts]),
        rms_mm=laid.rms_mm,
        matched=laid.matched,
        steps=laid.steps,
        betas=laid.betas,
        turned=(target.joint_names[int(angles.argmax())], float(angles.max())),
    )
    tell(1.0)
    return Correspondence(matrix, valid), report


def joints_apart_mm(source: BodyModel, target: BodyModel) -> float:
    """Root mean square distance of the joints of the same names at rest, laid on each other; inf for few."""
    names = [name for name in target.joint_names if name in source.joint_names]
    if len(names) < 3:
        return float("inf")
    ours, theirs = (
        body.joint_template.cpu().double()[[body.joint_names.index(name) for name in names]][None]
        for body in (target, source)
    )
    rotation, shift = rigid_motions(ours, theirs)
    apart = ours @ rotation.mT + shift[:, None] - theirs
    return 1000 * float(apart.square().sum(2).mean().sqrt())


def hidden_skin(body: BodyModel) -> np.ndarray:
    """(V,) bool: eyes, their sockets, and the inside of the mouth."""
    regions = region_masks(body, MeshGraph(body.faces, body.v_template))
    out = np.zeros(body.num_vertices, dtype=bool)
    for name in HIDDEN_REGIONS:
        if name in regions:
            out |= regions[name]
    return out


def _nearest_facing(
    points: np.ndarray,
    points_faces: np.ndarray,
    source: BodyModel,
    faces: np.ndarray,
    settings: BuildSettings,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nearest points of a surface that faces the same way.

    Where the nearest point at all does not, others are looked for within the limit.

    Returns:
        (V,) metres, (V,) index into ``faces``, -1 where there is none, and (V, 3) barycentric weights.
    """
    limit, least = settings.max_distance_mm / 1000, float(np.cos(np.radians(settings.max_angle_deg)))
    shape = source.v_template.astype(np.float64)
    normals, goal_normals = vertex_normals(points, points_faces), vertex_normals(shape, faces)
    met = closest_on_surface(points, shape, faces)
    across = np.einsum("nk,nkc->nc", met.weights, goal_normals[faces[met.face]])
    turned = np.flatnonzero(np.einsum("nc,nc->n", normals, across) < least)
    distance, face, weights = met.distance.copy(), met.face.copy(), met.weights.copy()
    face[turned] = -1
    corners = shape[faces]
    plane = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    plane /= np.maximum(np.linalg.norm(plane, axis=1, keepdims=True), 1e-20)
    centre = corners.mean(1)
    reach = np.linalg.norm(corners - centre[:, None], axis=2).max()
    near = cKDTree(centre).query_ball_point(points[turned], limit + reach)
    for vertex, candidates in zip(turned, near, strict=True):
        ids = np.asarray(candidates, dtype=int)
        ids = ids[plane[ids] @ normals[vertex] >= least]
        if not len(ids):
            continue
        spread = np.repeat(points[vertex][None], len(ids), axis=0)
        on = on_triangles(spread, corners[ids])
        away = np.linalg.norm(np.einsum("nk,nkc->nc", on, corners[ids]) - spread, axis=1)
        best = int(away.argmin())
        if away[best] <= limit:
            distance[vertex], face[vertex], weights[vertex] = away[best], ids[best], on[best]
    return distance, face, weights
