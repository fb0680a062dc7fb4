"""Gauss-Newton matrices of frames in a row, which terms add their blocks to.

    A = [ A_11                ]      frames that a term couples at most k apart give a block band of
        [ A_21 A_22           ]      k + 1 diagonals; the upper half is the transpose of the lower
        [ A_31 A_32 A_33      ]
        [      A_42 A_43 A_44 ]

A block is over the rotations of the free joints, the root position and coefficients of the frame's own.
What is said of relative rotations, r_a = G_p^T (w_a - w_p), spreads over the tree: a second derivative X of
joint a between frames m and n becomes Y = G_p,m X G_p,n^T, added at (a, a) and (p, p) and taken off at (a, p)
and (p, a). Where X is a number times the identity and m = n, G falls out: a graph Laplacian of the skeleton.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.fitting.objective.pose import Pose
from core.fitting.objective.unknowns import Unknowns


class Band:
    """Blocks to add to, in place.

    Args:
        blocks: for each distance k from 0 on, (n - k, D, D) blocks of each frame that is k after another
            (rows) with that other (columns); views of any memory.
        unknowns: of each frame.
        parents: (J - 1,) parents of the joints below the root.
    """

    def __init__(self, blocks: Sequence[Tensor], unknowns: Unknowns, parents: Tensor) -> None:
        self.blocks, self.unknowns, self.parents = blocks, unknowns, parents

    def _turns(self, apart: int) -> Tensor:
        """(n - apart, F, 3, F, 3) what joints' rotations have with each other."""
        count = len(self.unknowns.free)
        turns = slice(0, 3 * count)
        return self.blocks[apart][:, turns, turns].unflatten(2, (count, 3)).unflatten(1, (count, 3))

    def add_pull(self, weights: Tensor, times: Tensor | None = None) -> None:
        """A number times the identity for the relative rotation of each joint with itself in a frame.

        Args:
            weights: (J,) square metres per square radian.
            times: (n,) how often it counts in each frame; None for once.
        """
        if not len(self.unknowns.free):
            return
        on_device = weights.device.type != "cpu"
        graph = self._pulled(weights) if on_device else self._gathered(pull_graph(self.parents, weights), 0)
        graph = graph[:, :, None]
        blocks = self._turns(0).diagonal(dim1=2, dim2=4)
        blocks.add_(graph if times is None else times[:, None, None, None] * graph)

    def _pulled(self, weights: Tensor) -> Tensor:
        """(F, F) as of `pull_graph`, in few operations."""
        joints = len(weights)
        ends = torch.eye(joints, dtype=weights.dtype, device=weights.device)
        # A joint above several is the end of each of their edges.
        ends[self.parents, torch.arange(1, joints, device=weights.device)] = -1
        ends = self.unknowns.gather(ends, 0)
        return (ends * weights) @ ends.T

    def add_turns(self, apart: int, second: Tensor, pose: Pose) -> None:
        """Second derivatives by the relative rotations of each joint with itself.

        Args:
            apart: k, 0 for a frame with itself.
            second: (n - k, J, 3, 3) by frame i + k (rows) and frame i (columns), each as its parent sees it.
            pose: the n poses.
        """
        if not len(self.unknowns.free):
            return
        later, earlier = self._above(apart, pose)
        turned = torch.cat((second[:, :1], later @ second[:, 1:] @ earlier.transpose(-1, -2)), 1)
        self._spread(apart, turned)

    def add_alike(self, apart: int, weights: Tensor, pose: Pose) -> None:
        """As `add_turns` with numbers times the identity.

        Args:
            apart: k.
            weights: (n - k, J).
            pose: the n poses.
        """
        if not len(self.unknowns.free):
            return
        later, earlier = self._above(apart, pose)
        turned = torch.eye(3, dtype=weights.dtype, device=weights.device).expand(*weights.shape, 3, 3).clone()
        turned[:, 1:] = later @ earlier.transpose(-1, -2)
        self._spread(apart, turned * weights[:, :, None, None])

    def _above(self, apart: int, pose: Pose) -> tuple[Tensor, Tensor]:
        """(n - apart, J - 1, 3, 3) world rotations of the parents in the later frames and in the earlier."""
        above = pose.world[:, self.parents]
        return above[apart:], above[: len(above) - apart]

    def _spread(self, apart: int, turned: Tensor) -> None:
        """Adds (m, J, 3, 3) blocks of relative rotations, seen from the world."""
        frames, joints = turned.shape[:2]
        parents, every = self.parents, torch.arange(joints, device=turned.device)
        pairs = turned.new_zeros(frames, joints, joints, 3, 3)
        pairs[:, every, every] = turned
        below = turned[:, 1:]
        pairs[:, every[1:], parents] -= below
        pairs[:, parents, every[1:]] -= below
        pairs.view(frames, joints * joints, 3, 3).index_add_(1, parents * joints + parents, below)
        self._turns(apart).add_(self._gathered(pairs, 1).transpose(2, 3))

    def _gathered(self, pairs: Tensor, dim: int) -> Tensor:
        return self.unknowns.gather(self.unknowns.gather(pairs, dim), dim + 1)

    def add_root(self, apart: int, weights: Tensor) -> None:
        """(n - apart,) numbers times the identity for the root position of frames so far apart."""
        if self.unknowns.moves:
            at = 3 * len(self.unknowns.free)
            place = slice(at, at + 3)
            self.blocks[apart][:, place, place].diagonal(dim1=1, dim2=2).add_(weights[:, None])

    def add_coefficients(self, weights: Tensor) -> None:
        """(Z,) numbers for the coefficients that frames have for themselves, in each of them."""
        own = self.unknowns.coefficients
        if len(own):
            own_weights = weights[self.unknowns.index("coefficients", weights.device)]
            self.blocks[0].diagonal(dim1=1, dim2=2)[:, -len(own) :] += own_weights


def pull_graph(parents: Tensor, weights: Tensor) -> Tensor:
    """(J, J) graph Laplacian of a pull on relative rotations; the root is tied to the world.

    Args:
        parents: (J - 1,) parents of the joints below the root.
        weights: (J,).
    """
    joints = len(weights)
    children = torch.arange(1, joints, device=weights.device)
    graph = torch.diag(weights)
    graph.index_put_((parents, parents), weights[1:], accumulate=True)
    graph[children, parents] -= weights[1:]
    graph[parents, children] -= weights[1:]
    return graph
