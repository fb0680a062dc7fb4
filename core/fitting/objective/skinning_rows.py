"""The rows of U: what each vertex of a patch takes from the stacked rotations of joints and the root.

u_ia = W_ia (x_i - j_a) + sum over children c of a of A_ic (j_c - j_a), where A_ic sums W over the subtree of
c; see `core.fitting.objective.patches`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.model.body import BodyModel


@dataclass(frozen=True, eq=False)
class SkinningRows:
    """How r vertices hang on the joints that move them, whatever the shape.

    Attributes:
        vertices: (r,) ids.
        needed: (a,) joints that hold any of them, and their ancestors, ascending.
        above: (a,) place in ``needed`` of the parent of each; the root's own is not looked at.
        parents: (a,) those parents.
        weights: (r, a) skinning weights.
        below: (r, a) weights summed over the subtree of each joint.
    """

    vertices: Tensor
    needed: Tensor
    above: Tensor
    parents: Tensor
    weights: Tensor
    below: Tensor

    @classmethod
    def of(cls, body: BodyModel, vertices: np.ndarray, dtype: torch.dtype) -> SkinningRows:
        """Those of some vertices (r,) of a body."""
        tree, weights = body.tree, body.weights[vertices]
        # Every ancestor of a joint that holds a vertex moves it.
        needed = np.flatnonzero(tree.subtree[:, weights.any(0)].any(1))
        place = np.full(body.num_joints, -1)
        place[needed] = np.arange(len(needed))
        parents = np.maximum(tree.parents[needed], 0)
        # A product of numpy would set threads of its own spinning beside the workers.
        whole, subtree = torch.from_numpy(weights), torch.from_numpy(tree.subtree.astype(weights.dtype))

        def tensor(array: np.ndarray) -> Tensor:
            return torch.as_tensor(np.ascontiguousarray(array), device=body.device)

        return cls(
            tensor(vertices),
            tensor(needed),
            tensor(place[parents]),
            tensor(parents),
            tensor(weights[:, needed]).to(dtype),
            (whole @ subtree[needed].T).to(body.device, dtype),
        )

    def columns(self, num_joints: int) -> Tensor:
        """(c,) the columns of U that are not zero, c = 3a + 1: the root position is the last."""
        joints = 3 * self.needed[:, None] + torch.arange(3, device=self.needed.device)
        return torch.cat((joints.flatten(), joints.new_tensor([3 * num_joints])))

    def basis(self, points: Tensor, rest: Tensor) -> Tensor:
        """U of a shape, then its derivatives by coefficients.

        Args:
            points: (s, r, 3) rest places of the vertices, metres; then how they move with each coefficient.
            rest: (s, J, 3) rest joints, likewise.

        Returns:
            (s, r, c).
        """
        out = points.new_zeros(*points.shape[:2], 3 * len(self.above) + 1)
        blocks = out[..., :-1].view(*points.shape[:2], -1, 3)
        blocks += self.weights[:, :, None] * (points[:, :, None] - rest[:, None, self.needed])
        bones = (rest[:, self.needed] - rest[:, self.parents])[:, 1:]
        blocks.index_add_(2, self.above[1:], self.below[:, 1:, None] * bones[:, None])
        # The root position is an unknown of its own and does not move with the shape.
        out[0, :, -1] = 1.0
        return out
