"""Where a fit starts when only meshes are known, without rotations: each joint's own skin says how it turned.

The skin that follows one joint almost alone moves like a rigid body. Its best rotation from the rest pose is
a weighted Procrustes problem (Kabsch 1976; Umeyama 1991 for the reflections): one product over all frames
gives the moments of every joint's skin, one batch of 3 x 3 singular value decompositions the world rotations.
The size of the person hardly turns these rotations, so that they can be found before any shape is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.stage.initial_pose import relaxed_pose
from core.model.body import BodyModel
from core.model.joints import FACE_JOINTS
from core.model.skinning import KinematicTree, rotation_matrices

# A vertex counts with its skin weight to this power: skin between two joints moves like neither of them.
PURITY = 3
# Pull of a joint towards its parent, square metres: what a vertex says a millimetre from its patch's middle.
# It decides where a joint has hardly any skin, and nowhere else.
PARENT_PULL = 1e-6
# A rotation is trusted while what its patch misses by is less than this share of its lever.
MOST_MISFIT = 0.35
# A frame stands out when its objective is this many times what is usual among this many frames around it.
OUTLYING, AROUND = 1.3, 15


@dataclass(frozen=True, eq=False)
class PartsStart:
    """Poses of n frames to start from.

    Attributes:
        rotations: (n, J, 3, 3) relative rotations.
        roots: (n, 3) positions of the root joint, metres, in the coordinates of the targets.
        trusted: (n, J) bool: joints whose skin says how they turned. The others follow their parent, in the
            relaxed pose as far as their skin leaves that open.
    """

    rotations: Tensor
    roots: Tensor
    trusted: Tensor


def nearest_rotations(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """The rotations R that maximise tr(R^T M), and how firmly.

    Args:
        matrices: (..., 3, 3) M.

    Returns:
        (..., 3, 3) rotations, and (...,) the curvature about the axis that M determines least.
    """
    left, values, right = torch.linalg.svd(matrices)
    sign = torch.where(torch.linalg.det(left @ right) < 0, -1.0, 1.0).to(values)
    left = torch.cat((left[..., :2], left[..., 2:] * sign[..., None, None]), -1)
    return left @ right, values[..., 1] + sign * values[..., 2]


class RestParts:
    """Each joint's skin in the rest pose, to be laid onto targets.

    Args:
        body: the target body, on the device to work on.
        vertices: (V,) ids of the vertices that count.
        weights: (V,) non-negative, or None for equal ones.
        betas: (up to B,) the shape where it is known, or None for the mean shape.
    """

    def __init__(
        self,
        body: BodyModel,
        vertices: np.ndarray,
        weights: Tensor | None = None,
        betas: Tensor | None = None,
    ) -> None:
        self.tree = body.tree
        keep = torch.as_tensor(vertices, device=body.device)
        skin, points = body.skin_weights[keep], body.template[keep]
        self.joints = body.joint_template
        if betas is not None:
            betas = betas.to(points)
            points = points + body.shape_basis[keep, :, : len(betas)] @ betas
            self.joints = self.joints + body.joint_basis[..., : len(betas)] @ betas
        # Of the face only the head is looked at: its skin says little about jaw and eyes.
        self.face = [body.joint_names.index(name) for name in FACE_JOINTS if name in body.joint_names]
        self.relaxed = rotation_matrices(body.tensor(relaxed_pose(body)))

        counts = torch.ones_like(points[:, 0]) if weights is None else weights.reshape(-1).to(points)
        counts = counts / counts.max().clamp_min(1e-30)
        self.mean_weights = counts / counts.sum().clamp_min(1e-30)
        self.mean_skin = self.mean_weights @ skin
        self.mean_points = (skin * self.mean_weights[:, None]).T @ points
        # One row for each joint's patch, and a last one for the whole body.
        shares = skin**PURITY * counts[:, None]
        shares[:, self.face] = 0
        self.shares = torch.cat((shares, counts[:, None]), 1).T.contiguous()
        self.totals = self.shares.sum(1).clamp_min(1e-30)
        means = (self.shares @ points) / self.totals[:, None]
        offsets = points.T - means[:, :, None]
        self.spread = (self.shares * offsets.square().sum(1)).sum(1)
        self.levers = (self.shares[:, None] * offsets).flatten(0, 1)

    def start(self, targets: Tensor) -> PartsStart:
        """Lays the parts onto targets.

        Args:
            targets: (V, 3, n) metres, finite: where the vertices should lie.
        """
        frames = targets.shape[2]
        # Kept near the origin, where squares keep their digits.
        middle = torch.einsum("v,vcn->cn", self.mean_weights, targets)
        near = (targets - middle).reshape(len(targets), -1)
        moments = (self.levers @ near).view(-1, 3, 3, frames).permute(3, 0, 2, 1)  # (n, J + 1, target, rest)

        world, firmness = torch.empty_like(moments[:, :-1]), torch.empty_like(moments[:, :-1, 0, 0])
        whole, _ = nearest_rotations(moments[:, -1])
        world[:, 0], firmness[:, 0] = nearest_rotations(moments[:, 0] + PARENT_PULL * whole)
        for joints, parents in self.tree.levels:
            here = joints.on(world.device)
            follow = world[:, parents.on(world.device)] @ self.relaxed[here]
            world[:, here], firmness[:, here] = nearest_rotations(moments[:, here] + PARENT_PULL * follow)

        misfit = self._misfit(near, moments, world)
        trusted = (firmness > 10 * PARENT_PULL) & (misfit < MOST_MISFIT**2 * firmness)
        rotations = self.tree.relative_rotations(world)
        rotations[:, self.face] = self.relaxed[self.face]
        return PartsStart(rotations, middle.T + self._roots(world), trusted)

    def _misfit(self, near: Tensor, moments: Tensor, world: Tensor) -> Tensor:
        """(n, J) weighted square distance that is left between each patch and its target."""
        shares, totals = self.shares[:-1], self.totals[:-1]
        points = near.view(len(near), 3, -1)
        centres = (shares @ near).view(len(shares), 3, -1) / totals[:, None, None]
        spread = shares @ points.square().sum(1) - totals[:, None] * centres.square().sum(1)
        return self.spread[:-1] + spread.T - 2 * (world * moments[:, :-1]).sum((-1, -2))

    def _roots(self, world: Tensor) -> Tensor:
        """(n, 3) roots that bring the mean of the skin to the origin."""
        joints = self.tree.joint_positions(world, self.joints, torch.zeros_like(world[:, 0, 0]))
        levers = self.mean_points - self.mean_skin[:, None] * self.joints
        skin = torch.einsum("njab,jb->na", world, levers) + torch.einsum("j,nja->na", self.mean_skin, joints)
        return -skin


def outlying_frames(energy: np.ndarray) -> np.ndarray:
    """Which of (n,) fitted frames, in order of time, stand out from those around them by their objective.

    What does not stand out may still be a lesser optimum, and what does may be the best there is: fit those
    again from `from_nearest_frame` and keep the better.
    """
    count = len(energy)
    half = min(AROUND, count) // 2
    padded = np.pad(energy.astype(np.float64), half, mode="reflect" if half < count else "edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), 1)
    return energy > OUTLYING * usual


def from_nearest_frame(
    tree: KinematicTree, start: Pose, fitted: Pose, outlying: np.ndarray, free: np.ndarray
) -> Pose:
    """Another start for outlying frames: the posture of the nearest other one, facing and place their own.

    Args:
        tree: of the target.
        start: of n frames, in order of time.
        fitted: what the fit from there reached.
        outlying: (n,) bool; some are, some are not.
        free: ids of the joints that are fitted; others stay as they were.

    Returns:
        Of the outlying frames, in order.
    """
    chosen, good = np.flatnonzero(outlying), np.flatnonzero(~outlying)
    nearest = good[np.abs(chosen[:, None] - good).argmin(1)]
    which, other = (torch.as_tensor(some, device=start.root.device) for some in (chosen, nearest))
    rotations = tree.relative_rotations(start.world)[which]
    moved = np.setdiff1d(free, [0])
    rotations[:, moved] = tree.relative_rotations(fitted.world)[other][:, moved]
    return replace(start[which], world=tree.world_rotations(rotations))
