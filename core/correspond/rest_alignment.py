"""One body's rest shape brought onto another's: shape, a little pose and a shift, by closest points.

Iterative closest points (Besl and McKay 1992) with distances to tangent planes (Chen and Medioni 1992),
solved by Gauss-Newton steps. Distances count less the larger they are (Geman and McClure 1987), so that what
one of the two bodies lacks does not pull on the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.geometry.closest_point import closest_on_surface
from core.geometry.hidden_skin import vertex_normals
from core.model.body import BodyModel, blended_transforms, corrective_offsets
from core.model.skinning import rotation_matrices, rotation_vectors

MOST_BETAS = 30
"""Shape coefficients that are fitted; those behind change less than what is measured."""

_POINTS = 2000
_WIDEST, _NARROWEST, _NARROWING = 0.03, 0.003, 0.65
# How much the distance along the surface counts beside the one across it.
_TOWARDS = 0.05
_LEAST_FACING = 0.5
_MEASURED = 0.003
_CONVERGED = 0.005
_POSE_SIGMA, _SHAPE_SIGMA = 0.1, 1.0
_JOINT_SIGMA, _JOINT_STEPS = 0.01, 5


@dataclass(frozen=True, eq=False)
class RestAlignment:
    """A body laid onto another one, V vertices and J joints.

    Attributes:
        vertices: (V, 3) metres, where its vertices are.
        betas: (B,) shape coefficients found.
        pose: (J, 3) axis-angle, radians.
        shift: (3,) metres.
        rms_mm: root mean square distance of those of its vertices that face the other surface nearby.
        matched: share of the vertices looked at that do.
        steps: number of steps taken.
    """

    vertices: np.ndarray
    betas: np.ndarray
    pose: np.ndarray
    shift: np.ndarray
    rms_mm: float
    matched: float
    steps: int


def align_rest_shapes(
    moved: BodyModel,
    fixed: BodyModel,
    moved_skin: np.ndarray,
    fixed_faces: np.ndarray,
    *,
    steps: int = 20,
    tell: Callable[[int], None] = lambda step: None,
) -> RestAlignment:
    """Lays the rest shape of a body onto the mean rest shape of another, which stays as it is.

    Args:
        moved: the body that changes its shape and pose.
        fixed: the body that it is laid onto; where it has no joints it lies about as ``moved`` does.
        moved_skin: (V,) bool: vertices of ``moved`` that may be looked at.
        fixed_faces: (F, 3) triangles of ``fixed`` that may be met.
        steps: how many to take at most.
        tell: is called with the number of steps done before each; what it raises ends the work.
    """
    body = _PosedRest(moved, _evenly(moved_skin))
    goal = fixed.v_template.astype(np.float64)
    goal_normals = vertex_normals(goal, fixed_faces)
    pairs = np.array(
        [
            (joint, fixed.joint_names.index(name))
            for joint, name in enumerate(moved.joint_names)
            if name in fixed.joint_names
        ]
    )
    pairs = pairs.reshape(-1, 2).astype(int)
    goal_joints = (fixed.J_regressor.astype(np.float64) @ goal)[pairs[:, 1]]
    rest_joints = body.rest_joints.astype(np.float64)[pairs[:, 0]]
    if len(pairs):
        body.shift += (goal_joints - rest_joints).mean(0)
    else:
        low, high = (edge(goal, axis=0) - edge(moved.v_template, axis=0) for edge in (np.min, np.max))
        body.shift += (low + high) / 2
    width, distance, near = _WIDEST, np.zeros(0), np.zeros(0, dtype=bool)
    for step in range(steps + 1):
        tell(step)
        points, normals = body.points(), body.normals()
        met = closest_on_surface(points, goal, fixed_faces)
        corners = fixed_faces[met.face]
        place = np.einsum("nk,nkc->nc", met.weights, goal[corners])
        across = _unit(np.einsum("nk,nkc->nc", met.weights, goal_normals[corners]))
        distance = met.distance
        near = (np.einsum("nc,nc->n", normals, across) > _LEAST_FACING) & (distance < 3 * width)
        if step == steps or near.sum() < 3:
            break
        away = points - place
        weight = near / (1 + (distance / width) ** 2) ** 2
        slopes = body.slopes()
        square, side = body.priors()
        along = (slopes * across.astype(np.float32)).sum(2)
        square += (along * weight.astype(np.float32)) @ along.T
        side += along @ (weight * np.einsum("nc,nc->n", away, across))
        flat, share = slopes.reshape(len(slopes), -1), np.repeat(_TOWARDS * weight, 3)
        square += (flat * share.astype(np.float32)) @ flat.T
        side += flat @ (share * away.ravel())
        if step < _JOINT_STEPS and len(pairs):
            # At first the joints show the way, until the surfaces are near enough to do so.
            chain = body.joint_slopes()[:, pairs[:, 0]].reshape(len(slopes), -1)
            joint_weight = (_MEASURED / _JOINT_SIGMA) ** 2 * len(points) / len(pairs) / 2 ** (2 * step)
            square += joint_weight * chain @ chain.T
            side += joint_weight * chain @ (body.joints()[pairs[:, 0]] - goal_joints).ravel()
        change = np.linalg.solve(square, side)
        body.move(-change)
        if width == _NARROWEST and np.abs(change).max() < _CONVERGED:
            steps = step + 1
        width = max(_NARROWEST, width * _NARROWING)
    rms = float(np.sqrt(np.square(distance[near]).mean())) if near.any() else np.nan
    return RestAlignment(
        vertices=body.all_vertices(),
        betas=body.betas.copy(),
        pose=rotation_vectors(body.relative).numpy().astype(np.float64),
        shift=body.shift.copy(),
        rms_mm=1000 * rms,
        matched=float(near.mean()) if len(near) else 0.0,
        steps=step,
    )


class _PosedRest:
    """Some vertices of a body near its rest pose, and how they move with shape, pose and shift.

    The unknowns are betas, a turn of each joint in its own frame, and the shift. That turns change the
    correctives as well is left out of the slopes: near rest that is little, and the steps still end where
    the distances are least.
    """

    def __init__(self, body: BodyModel, ids: np.ndarray) -> None:
        body = body.to("cpu")
        self.body, self.ids = body, ids
        self.count = min(body.num_betas, MOST_BETAS)
        self.betas = np.zeros(self.count)
        self.relative = torch.eye(3).repeat(body.num_joints, 1, 1)
        self.shift = np.zeros(3)
        self.rest_joints = body.joint_template.numpy()
        self.basis = body.shape_basis[:, :, : self.count]
        self.joint_basis = body.joint_basis[:, :, : self.count]
        self.below = torch.as_tensor(body.tree.subtree)

    def _posed(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """World rotations (J, 3, 3), joints (J, 3), rest joints (J, 3), and bent rest vertices (V, 3)."""
        betas = torch.as_tensor(self.betas, dtype=torch.float32)
        rest = self.body.joint_template + self.joint_basis @ betas
        world = self.body.tree.world_rotations(self.relative[None])
        joints = self.body.tree.joint_positions(world, rest, rest[:1])[0]
        bent = self.body.template + self.basis @ betas
        bent = bent + corrective_offsets(self.body.correctives, self.relative[None])[..., 0]
        return world[0], joints, rest, bent

    def all_vertices(self) -> np.ndarray:
        """(V, 3) metres."""
        world, joints, rest, bent = self._posed()
        rotation, offset = blended_transforms(self.body.skin_weights, world[None], joints[None], rest)
        skin = (rotation[..., 0] @ bent[..., None])[..., 0] + offset[..., 0]
        return skin.numpy().astype(np.float64) + self.shift

    def points(self) -> np.ndarray:
        """(n, 3) metres: the vertices looked at."""
        self._skin = self.all_vertices()
        return self._skin[self.ids]

    def normals(self) -> np.ndarray:
        """(n, 3) their normals, where `points` has put them."""
        return vertex_normals(self._skin, self.body.faces)[self.ids]

    def joints(self) -> np.ndarray:
        """(J, 3) metres."""
        return self._posed()[1].numpy().astype(np.float64) + self.shift

    def slopes(self) -> np.ndarray:
        """(unknowns, n, 3) float32 metres the vertices move per unit of each unknown."""
        world, joints, rest, bent = self._posed()
        weights, bent = self.body.skin_weights[self.ids], bent[self.ids]
        # What each joint alone would make of each vertex, summed over the joints below.
        alone = torch.einsum("jab,njb->nja", world, bent[:, None] - rest) + joints
        below = torch.einsum("aj,nj,njc->nac", self.below, weights, alone)
        share = weights @ self.below.T
        arm = below - share[..., None] * joints
        axes = world.mT[None]  # (1, J, 3 turns, 3)
        turns = torch.linalg.cross(axes.expand(len(arm), -1, -1, -1), arm[:, :, None].expand(-1, -1, 3, -1))
        moved = self._joint_shape(world)
        carried = torch.einsum("jab,jbx->jax", world, self.joint_basis)
        rotation = torch.einsum("nj,jab->nab", weights, world)
        shape = torch.einsum("nab,nbx->nax", rotation, self.basis[self.ids])
        shape = shape + torch.einsum("nj,jax->nax", weights, moved - carried)
        return self._side_by_side(shape, turns)

    def joint_slopes(self) -> np.ndarray:
        """(unknowns, J, 3) float32 metres the joints move per unit of each unknown."""
        world, joints, _, _ = self._posed()
        count = len(joints)
        strictly = self.below - torch.eye(count)
        arm = strictly.T[..., None] * (joints[:, None] - joints[None])  # [moved joint, turned joint]
        axes = world.mT[None].expand(count, -1, -1, -1)
        turns = torch.linalg.cross(axes, arm[:, :, None].expand(-1, -1, 3, -1))
        return self._side_by_side(self._joint_shape(world), turns)

    def priors(self) -> tuple[np.ndarray, np.ndarray]:
        """Square and side of the normal equations: betas and turns stay small unless the surfaces say so."""
        turned = rotation_vectors(self.relative).numpy().astype(np.float64).ravel()
        value = np.concatenate((self.betas, turned, np.zeros(3)))
        sigma = np.concatenate((np.full(self.count, _SHAPE_SIGMA), np.full(len(turned), _POSE_SIGMA)))
        strength = np.concatenate(((_MEASURED / sigma) ** 2, np.full(3, 1e-9)))
        return np.diag(strength), strength * value

    def move(self, step: np.ndarray) -> None:
        """Adds a step of the unknowns."""
        if not np.isfinite(step).all():
            return
        self.betas += step[: self.count]
        turn = torch.as_tensor(step[self.count : -3].reshape(-1, 3), dtype=torch.float32)
        self.relative = self.relative @ rotation_matrices(turn)
        self.shift += step[-3:]

    def _joint_shape(self, world: Tensor) -> Tensor:
        """(J, 3, B) metres the posed joints move per unit of beta."""
        basis = self.joint_basis.permute(2, 0, 1)
        count = len(basis)
        if not count:
            return torch.zeros(len(world), 3, 0)
        moved = self.body.tree.joint_positions(world.expand(count, -1, -1, -1), basis, basis[:, 0])
        return moved.permute(1, 2, 0)

    @staticmethod
    def _side_by_side(shape: Tensor, turns: Tensor) -> np.ndarray:
        """(unknowns, n, 3) of (n, 3, B), (n, J, 3 turns, 3) and the shift."""
        turned = turns.flatten(1, 2).permute(1, 0, 2)
        shift = torch.eye(3)[:, None].expand(3, len(shape), 3)
        return torch.cat((shape.permute(2, 0, 1), turned, shift)).numpy()


def _evenly(skin: np.ndarray) -> np.ndarray:
    """Ids of at most so many of the vertices, spread over their order."""
    ids = np.flatnonzero(skin)
    return ids[:: max(1, len(ids) // _POINTS)]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
