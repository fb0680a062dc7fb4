"""Assemble one body: mesh, weights, shape space, joints, correctives, in file order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from base import EYE_LEFT, Base
from correctives import correctives
from eyes import EYE_VERTS, eyeball, open_socket
from hands import RELAXED_DEGREES, left_hand, right_hand
from ordering import SLOTS, arrange, special_points
from regressor import joint_regressor
from remesh import Mesh, mirror_half, reduce_half, relax
from shape_basis import Bodies, expression_space, shape_space
from skeleton import base_weights, joint_names, joint_targets, mirrored, parents
from surface import LIP_SEAM, half_surface
from weights import skin_weights

FLIP = np.array([-1.0, 1.0, 1.0])


@dataclass
class Recipe:
    """What differs between the two bodies."""

    kind: str  # "smplh" or "smplx"
    verts: int  # skin vertices, without eyeballs
    shapes: int
    seed: int
    relax: float  # mesh relaxation, 0 to 1
    smooth: int  # rounds of weight smoothing
    most: int  # joints a vertex
    bins: int  # vertices in a joint's ring
    ring_shift: float  # metres along the limb
    hands: float  # density factors of the remeshing
    face: float
    spread: float  # of the local shape sliders

    @property
    def face_joints(self) -> bool:
        """With jaw, eyes, open mouth."""
        return self.kind == "smplx"


@dataclass
class Body:
    """A finished body; `arrays` go into the file, `rows` lead back to the base."""

    arrays: dict[str, np.ndarray]
    rows: sp.csr_matrix
    visible: np.ndarray  # (V,) bool: neither eyeball nor inside of mouth or socket
    hidden: np.ndarray  # (V,) bool: inside of mouth or socket
    mirror: np.ndarray


def _detail(
    at: np.ndarray,
    weights: np.ndarray,
    names: list[str],
    hidden: np.ndarray,
    recipe: Recipe,
    lips: np.ndarray,
    eye: np.ndarray,
) -> np.ndarray:
    """Price factor of removing each vertex (n,); `lips` and `eye` (3,) are their middles."""
    out = np.ones(len(at))
    hand = [i for i, n in enumerate(names) if n.endswith(("wrist", "1", "2", "3")) and "spine" not in n]
    out[weights[:, hand].sum(1) > 0.6] = recipe.hands
    head = at[:, 1] > 0.25
    out[head & (at[:, 2] > 0.03)] = recipe.face
    for spot, factor in ((lips, 10.0), (eye, 5.0)):  # creases need edges
        out[np.linalg.norm((at - spot) * [0.8, 1.2, 1.0], axis=1) < 0.024] *= factor
    out[hidden] = 0.05
    return out


def _plain(mesh: Mesh, mean: np.ndarray) -> Mesh:
    """A neutral figure: level out nipples and groin."""
    for _ in range(14):
        at = mesh.rows @ mean
        side = np.abs(at[:, 0])
        chest = (side > 0.04) & (side < 0.15) & (at[:, 1] > -0.02) & (at[:, 1] < 0.16)
        tip = at[np.flatnonzero(chest)[np.argmax(at[chest, 2])]]
        crotch = at[np.flatnonzero(side < 1e-6)[np.argmin(at[side < 1e-6, 1])]]
        near_tip = np.hypot(side - abs(tip[0]), at[:, 1] - tip[1]) < 0.025
        groin = np.linalg.norm(at - (crotch + np.array([0.0, 0.02, 0.03])), axis=1) < 0.05
        mesh = relax(mesh, 0.6 * (near_tip & (at[:, 2] > 0) | groin))
    return mesh


def build_mesh(base: Base, mean: np.ndarray, recipe: Recipe) -> tuple[Mesh, np.ndarray]:
    """The mesh in construction order, and which vertices are eyeballs (V,)."""
    names = joint_names(True)
    half = half_surface(base, mean, sealed=not recipe.face_joints)
    at = half.rows @ mean
    weights = half.rows @ base_weights(base, mean, names).toarray()
    eye = mean[EYE_LEFT]
    detail = _detail(at, weights, names, half.hidden, recipe, mean[LIP_SEAM], eye[np.argmax(eye[:, 2])])
    half = reduce_half(half, mean, recipe.verts, detail, recipe.seed)
    if recipe.face_joints:
        half = open_socket(half, mean)
    mesh = relax(mirror_half(half, base.mirror), recipe.relax)
    mesh = _plain(mesh, mean)
    ball = np.zeros(mesh.rows.shape[0], bool)
    if not recipe.face_joints:
        return mesh, ball
    rows, tris = eyeball(base, mean)
    n = len(ball)
    other = sp.csr_matrix(rows[:, np.argsort(base.mirror)])
    left, right = n + np.arange(EYE_VERTS), n + EYE_VERTS + np.arange(EYE_VERTS)
    mesh = Mesh(
        sp.vstack([mesh.rows, rows, other]).tocsr(),
        np.concatenate([mesh.tris, tris + n, tris[:, ::-1] + n + EYE_VERTS]),
        np.concatenate([mesh.mirror, right, left]),
        np.concatenate([mesh.hidden, np.zeros(2 * EYE_VERTS, bool)]),
    )
    return mesh, np.concatenate([ball, np.ones(2 * EYE_VERTS, bool)])


def _reorder(mesh: Mesh, order: np.ndarray) -> Mesh:
    back = np.argsort(order)
    return Mesh(mesh.rows[order].tocsr(), back[mesh.tris], back[mesh.mirror[order]], mesh.hidden[order])


def build_body(base: Base, bodies: Bodies, recipe: Recipe) -> Body:
    """Build one body from its own sampled bodies."""
    mean = bodies.verts.astype(np.float64).mean(0)
    names = joint_names(recipe.face_joints)
    j_mirror, tree = mirrored(names), parents(recipe.face_joints)
    mesh, ball = build_mesh(base, mean, recipe)

    raw = mesh.rows @ base_weights(base, mean, names).toarray()
    finger = [i for i, n in enumerate(names) if n[-1] in "123" and "spine" not in n]
    loose = ~ball & ~mesh.hidden & (raw[:, finger].sum(1) < 0.5)
    at = mesh.rows @ mean
    at = 0.5 * (at + at[mesh.mirror] * FLIP)
    crotch = at[np.abs(at[:, 0]) < 1e-6, 1].min()
    groin = np.linalg.norm(at - [0.0, crotch + 0.03, 0.02], axis=1) < 0.14
    weights = skin_weights(raw, mesh.tris, mesh.mirror, j_mirror, recipe.smooth, recipe.most, loose, groin)
    eye = mean[EYE_LEFT]
    special = special_points(at, weights, names, mesh.mirror, eye[np.argmax(eye[:, 2])], ~ball & ~mesh.hidden)
    order = arrange(len(at), special, SLOTS[recipe.kind])
    mesh, ball, weights = _reorder(mesh, order), ball[order], weights[order]

    template, dirs = shape_space(bodies, mesh.rows, mesh.mirror, recipe.shapes)
    template = template.astype(np.float32)
    targets = joint_targets(base, mean, names)
    regressor = joint_regressor(
        template.astype(np.float64), weights, targets, tree, names, mesh.mirror, j_mirror,
        ~mesh.hidden & ~ball, recipe.bins, recipe.ring_shift,
    )  # fmt: skip
    joints = regressor @ template
    pose = correctives(
        template.astype(np.float64), weights.astype(np.float64), joints, tree, names,
        mesh.mirror, j_mirror, recipe.seed,
    )  # fmt: skip
    if recipe.face_joints:
        dirs = np.concatenate([dirs, expression_space(base, mesh.rows)], axis=2)
    kin = np.stack([tree, np.arange(len(tree))]).astype(np.int64)
    kin[0, 0] = 2**32 - 1
    arrays = {
        "v_template": template,
        "f": mesh.tris.astype(np.uint32),
        "shapedirs": np.round(dirs, 6).astype(np.float32),
        "posedirs": pose.astype(np.float16),
        "weights": weights,
        "J_regressor": np.round(regressor, 6).astype(np.float32),
        "kintree_table": kin,
        "hands_componentsl": np.eye(45, dtype=np.float32),
        "hands_componentsr": np.eye(45, dtype=np.float32),
        "hands_meanl": left_hand(RELAXED_DEGREES).astype(np.float32),
        "hands_meanr": right_hand(RELAXED_DEGREES).astype(np.float32),
        "joint_names": np.array(names),
    }
    return Body(arrays, mesh.rows, ~ball & ~mesh.hidden, mesh.hidden, mesh.mirror)
