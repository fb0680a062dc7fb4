"""Whether a correspondence can be one between two bodies; what cannot is refused with its reason.

A fit with a correspondence of another order of vertices, or with left and right exchanged, converges and says
nothing. So the target is laid onto the source at rest, bone by bone, whatever the two poses, sizes and
shapes, and each vertex must lie near its counterpart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy import sparse

from core.errors import FileError
from core.files.bodies.mesh_led_check import judge_mesh
from core.geometry.rigid_alignment import rigid_motions
from core.model.body import BodyModel
from core.model.body_pair import LEAST_VALID
from core.model.correspondence import Correspondence
from core.model.joints import FAMILY_LABEL, MESH

SUM_TOLERANCE, NEGATIVE_WEIGHT = 0.02, -0.02
"""Barycentric weights of a row, rounded as they may be, sum to one within this, and none is below zero."""

FAR_SHARE = 0.15
"""Of the body's longest side, some 26 cm: beyond it a counterpart is another part of the body."""

MOST_TORN = 0.8
"""Of the source's own edges; half of the target's edges must keep their length and direction within this."""

MOST_ODD = 0.05
"""Share of the rows that count; more of them cannot be taken out by a mask."""

# The vertices of one row lie on one triangle: they are spread by less than this share of the longest side,
# and only next to the middle of the body may left lie on right.
_SPREAD_SHARE, _MIDDLE_SHARE = 0.05, 0.03
_EXCHANGED = 0.5
_LEFT_OPEN = 0.02
_LEAST_EDGES = 30


@dataclass(frozen=True, eq=False)
class RestFit:
    """How each row of a correspondence lies at rest, V target vertices.

    Attributes:
        distance: (V,) metres from the target's vertex, laid on the source, to its counterpart.
        across: (V,) bool: the counterpart is too far, on the other side of the body, or is spread over it.
        exchanged: (V,) bool: the counterpart of a left vertex is on the right, or the other way round.
        sided: (V,) bool: the vertex belongs to a left or a right joint.
        far: metres beyond which a counterpart is too far.
        torn: (n,) metres by which edges between vertices that count differ from those of their counterparts.
        edge: metres, the usual length of the source's edges.
    """

    distance: np.ndarray
    across: np.ndarray
    exchanged: np.ndarray
    sided: np.ndarray
    far: float
    torn: np.ndarray
    edge: float


def check_weights(path: Path, key: str, matrix: sparse.csr_matrix, valid: np.ndarray) -> tuple[str, ...]:
    """Notes on rows whose weights are no barycentric ones.

    Args:
        path: the file.
        key: of the matrix in it, or empty.
        matrix: (Vt, Vs).
        valid: (Vt,) bool: rows that count; others may hold anything.

    Raises:
        FileError: more than a few rows are off.
    """
    sums = np.asarray(matrix.sum(1, dtype=np.float64)).ravel()
    lowest = np.zeros(len(sums))
    filled = np.flatnonzero(np.diff(matrix.indptr))
    if len(filled):
        lowest[filled] = np.minimum.reduceat(matrix.data, matrix.indptr[filled])
    judged = valid & (np.diff(matrix.indptr) > 0)
    total, notes = int(judged.sum()), []
    for odd, values, words, due in (
        (lowest < NEGATIVE_WEIGHT, lowest, "with weights as low as", "none below zero"),
        (np.abs(sums - 1) > SUM_TOLERANCE, sums, "that sum to", "one in each"),
    ):
        odd &= judged
        count = int(odd.sum())
        if not count:
            continue
        shown = values[odd]
        low, high = f"{shown.min():.3g}", f"{shown.max():.3g}"
        span = low if low == high or values is lowest else f"{low} to {high}"
        if count > MOST_ODD * total:
            raise FileError(
                path,
                f"has {count} of {total} rows {words} {span}, expected {due}: the weights of a point on a "
                "triangle",
                key=key or None,
            )
        notes.append(
            f"{path.name} has {count} of {total} rows {words} {span}, expected {due}; a mask can leave them "
            "out."
        )
    return tuple(notes)


def checked(
    correspondence: Correspondence, source: BodyModel, target: BodyModel, folder: Path
) -> Correspondence:
    """The correspondence itself, with a note where a few of its rows lie elsewhere than they should.

    Args:
        correspondence: from the source's surface to the target's vertices.
        source: of the motion.
        target: of the result.
        folder: where the files lie, for what has no file of its own.

    Raises:
        FileError: it leaves nothing to fit, or cannot be one between these bodies: too many rows lie far from
            their place, across the body, or on its other side.
    """
    path = correspondence.path or folder
    valid = correspondence.valid
    if valid.sum() < LEAST_VALID:
        raise FileError(
            correspondence.mask_path or path,
            f"leaves {int(valid.sum())} vertices that count and have a counterpart, expected at least "
            f"{LEAST_VALID}",
        )
    problem, note = judge(correspondence, source, target)
    if problem:
        if _without_file(correspondence, source, target):
            path = source.path or folder
        raise FileError(path, problem)
    return replace(correspondence, notes=(*correspondence.notes, note)) if note else correspondence


def looked_at(
    correspondence: Correspondence, source: BodyModel, target: BodyModel
) -> tuple[Correspondence, str]:
    """For what is only looked at: where `checked` would refuse it, a note more, and that sentence."""
    problem, note = judge(correspondence, source, target)
    name = correspondence.path.name if correspondence.path else "The correspondence"
    sentence = f"{name} {problem}." if problem else ""
    notes = tuple(filter(None, (sentence, note)))
    return replace(correspondence, notes=(*correspondence.notes, *notes)), sentence


def judge(correspondence: Correspondence, source: BodyModel, target: BodyModel) -> tuple[str, str]:
    """Why a correspondence cannot be one between two bodies, and what is to be said of a few odd rows.

    Returns:
        Two sentences without their beginning, which names the file, and complete; each may be empty.
    """
    if source is target:
        return "", ""
    if source.family == MESH:
        return judge_mesh(correspondence, source, target)
    valid = correspondence.valid
    found = rest_fit(correspondence.matrix, source, target, valid)
    sided, exchanged = valid & found.sided, valid & found.exchanged
    label, total = FAMILY_LABEL[source.family], int(valid.sum())
    own = _without_file(correspondence, source, target)
    if exchanged.sum() > _EXCHANGED * max(1, sided.sum()):
        return (
            f"exchanges left and right: {int(exchanged.sum())} of the {int(sided.sum())} vertices of a side "
            f"have their counterpart on the other side of the {label} body",
            "",
        )
    across = int((valid & found.across).sum())
    torn = float(np.median(found.torn)) if len(found.torn) > _LEAST_EDGES else 0.0
    if across > MOST_ODD * total or torn > MOST_TORN * found.edge:
        if across > MOST_ODD * total:
            middle = 100 * float(np.median(found.distance[valid]))
            off = (
                f"has {across} of {total} vertices whose counterpart lies more than "
                f"{100 * found.far:.0f} cm off or across the body at rest, half of all more than "
                f"{middle:.2g} cm"
            )
        else:
            off = (
                f"tears the skin: half of the vertices that share an edge have counterparts "
                f"{1000 * torn:.2g} mm and more off from each other, where edges are "
                f"{1000 * found.edge:.2g} mm long"
            )
        if own:
            return f"{off}: its vertices are in another order than those of {_named(target)}", ""
        bodies = " and ".join(_named(body) for body in (source, target))
        return f"{off}; it is for vertices in another order than those of {bodies}", ""
    if not across:
        return "", ""
    name = correspondence.path.name if correspondence.path else "The correspondence"
    return "", (
        f"{name} has {across} of {total} rows that lie more than {100 * found.far:.0f} cm from their place "
        "at rest or across the body; a mask can leave them out."
    )


def rest_fit(matrix: sparse.csr_matrix, source: BodyModel, target: BodyModel, valid: np.ndarray) -> RestFit:
    """Lays the target on the source at rest and looks where the counterparts of its vertices lie.

    Args:
        matrix: (Vt, Vs).
        source: of the motion.
        target: of the result.
        valid: (Vt,) bool: vertices that count.
    """
    rest = source.v_template.astype(np.float64)
    rest = rest - rest.mean(0)
    size = float(np.ptp(rest, axis=0).max())
    laid = laid_on(target, source) - source.v_template.astype(np.float64).mean(0)
    mixed = np.column_stack((rest, np.square(rest).sum(1), _sides(source)))
    met = np.asarray(matrix.astype(np.float64) @ mixed)
    distance = np.linalg.norm(met[:, :3] - laid, axis=1)
    spread = np.sqrt(np.maximum(met[:, 3] - np.square(met[:, :3]).sum(1), 0))
    ours, theirs = _sides(target), met[:, 4:]
    exchanged = ((ours > 0.5) & (theirs[:, ::-1] > 0.5)).any(1) & (distance > _MIDDLE_SHARE * size)
    filled = np.diff(matrix.indptr) > 0
    far = FAR_SHARE * size
    edges = target.faces[:, :2]
    edges = edges[valid[edges[:, 0]] & valid[edges[:, 1]]]
    change = (met[edges[:, 0], :3] - laid[edges[:, 0]]) - (met[edges[:, 1], :3] - laid[edges[:, 1]])
    own = rest[source.faces[:, 0]] - rest[source.faces[:, 1]]
    return RestFit(
        distance=np.where(filled, distance, np.nan),
        across=filled & ((distance > far) | exchanged | (spread > _SPREAD_SHARE * size)),
        exchanged=filled & exchanged,
        sided=filled & (ours > 0.5).any(1),
        far=far,
        torn=np.sqrt(np.square(change).sum(1)),
        edge=float(np.sqrt(np.median(np.square(own).sum(1)))),
    )


def laid_on(moved: BodyModel, fixed: BodyModel) -> np.ndarray:
    """(V, 3) metres: the rest shape of a body brought into the rest pose and size of another one.

    All joints of the same names laid on each other say how it stands; from the root on, each bone is then
    turned by the least that brings it to the other's. What hangs from a joint that the other lacks goes with
    the nearest joint above that it has.
    """
    joints, goals = (body.joint_template.cpu().double().numpy() for body in (moved, fixed))
    place = {name: joint for joint, name in enumerate(fixed.joint_names)}
    twin = [place.get(name, -1) for name in moved.joint_names]
    shared = [joint for joint, other in enumerate(twin) if other >= 0]
    clouds = (
        torch.as_tensor(points)[None] for points in (joints[shared], goals[[twin[joint] for joint in shared]])
    )
    whole = rigid_motions(*clouds)[0][0].numpy()
    size = _extent(goals[[twin[joint] for joint in shared]]) / max(_extent(joints[shared]), 1e-9)
    turns = np.empty((len(joints), 3, 3))
    ends = np.empty((len(joints), 3))
    for joint, parent in enumerate(moved.parents):
        turns[joint] = whole if parent < 0 else turns[parent]
        if twin[joint] < 0:
            ends[joint] = ends[parent] + size * turns[joint] @ (joints[joint] - joints[parent])
            continue
        ends[joint] = goals[twin[joint]]
        below = [child for child in np.flatnonzero(moved.parents == joint) if twin[child] >= 0]
        if below:
            ours = (joints[below] - joints[joint]) @ turns[joint].T
            theirs = goals[[twin[child] for child in below]] - goals[twin[joint]]
            turns[joint] = _least_turn(ours, theirs) @ turns[joint]
    shifts = ends - size * np.einsum("jab,jb->ja", turns, joints)
    rigid = np.concatenate((size * turns, shifts[..., None]), 2)
    # Not by numpy, whose products leave a thread spinning for a while.
    weights = torch.as_tensor(moved.weights, dtype=torch.float32)
    mixed = (weights @ torch.as_tensor(rigid, dtype=torch.float32).flatten(1)).unflatten(1, (3, 4)).numpy()
    return np.asarray(np.einsum("vab,vb->va", mixed[:, :, :3], moved.v_template) + mixed[:, :, 3], np.float64)


def _least_turn(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """(3, 3) the rotation that brings (n, 3) bones best to others; what those leave open is not turned."""
    open_ = _LEFT_OPEN * np.linalg.norm(ours) * np.linalg.norm(theirs)
    left, _, right = np.linalg.svd(theirs.T @ ours + open_ * np.eye(3))
    left[:, 2] *= np.sign(np.linalg.det(left @ right))
    return np.asarray(left @ right)


def _extent(points: np.ndarray) -> float:
    return float(np.sqrt(np.square(points - points.mean(0)).sum(1).mean()))


def _sides(body: BodyModel) -> np.ndarray:
    """(V, 2) how much left and right joints hold each vertex."""
    sides = np.array([name.partition("_")[0] for name in body.joint_names])
    return np.stack([body.weights[:, sides == side].sum(1) for side in ("left", "right")], 1)


def _without_file(correspondence: Correspondence, source: BodyModel, target: BodyModel) -> bool:
    """Every vertex is its own counterpart, as the two bodies share a topology."""
    return correspondence.path is None and source.num_vertices == target.num_vertices


def _named(body: BodyModel) -> str:
    return body.path.name if body.path is not None and not body.builtin else f"the {body.name}"
