"""Factors that a few frames in a row share.

Seen from the joints, a Gauss-Newton matrix depends on how joints stand to each other alone: with increments
w_a = G_a v_a, and the root position in the root's axes, its blocks hold only G_a^T G_b. In frames in a row
that changes slowly, so that the factors of one of them serve the others: their gradients are turned into its
axes, and its steps back into theirs.
"""

from __future__ import annotations

from copy import copy

import torch
from torch import Tensor
from torch.nn.functional import pad

from core.fitting.objective.pose import Pose
from core.fitting.objective.skin_gradient import Bends
from core.fitting.objective.term import Terms
from core.fitting.objective.unknowns import Unknowns
from core.fitting.solver.corrective_curvature import axes_of, turned
from core.fitting.solver.data_term import DataTerm
from core.fitting.solver.linear_solve import factorise


class SharedFactors:
    """The factors that n frames, without coefficients of their own, step by.

    Args:
        data: of the frames.
        pose: n poses of frames in a row.
        terms: of the frames beside the data term.
        unknowns: of each frame.
        damping: of the matrices' diagonals.
        share: so many in a row share the factors of the middle one.
        curved: with the correctives' part.
        bends: of the data term there, for matrices that take them; None for none.
    """

    def __init__(
        self,
        data: DataTerm,
        pose: Pose,
        terms: Terms,
        unknowns: Unknowns,
        damping: float,
        *,
        share: int = 1,
        curved: bool = False,
        bends: Bends | None = None,
    ) -> None:
        self.turn: Tensor | None = None
        # Where the gradients of the frames lie among those of all that share factors; None: as they are.
        self.share = share
        self.place: Tensor | None = None
        if share > 1:
            frames = torch.arange(len(pose.root), device=pose.root.device)
            middle = (frames[::share] + share // 2).clamp_max(len(frames) - 1)
            axes = axes_of(pose, unknowns)[:, : len(unknowns.free) + unknowns.moves]
            self.turn = axes[middle[frames // share]] @ axes.transpose(-1, -2)
            pose, terms = pose[middle], terms[middle]
            bends = None if bends is None else bends[middle]
        matrix = data.matrix(pose, terms, unknowns, None, curved=curved, bends=bends)
        self.factor = factorise(matrix, torch.full_like(pose.root[:, 0], damping))

    def __getitem__(self, which: Tensor) -> SharedFactors:
        """Those of the frames ``which`` (m,)."""
        some, place = copy(self), which if self.place is None else self.place[which]
        some.turn = None if self.turn is None else self.turn[which]
        shared, own = torch.unique(place // self.share, return_inverse=True)
        some.factor = self.factor if len(shared) == len(self.factor) else self.factor[shared]
        some.place = own * self.share + place % self.share
        return some

    def solve(self, slope: Tensor) -> tuple[Tensor, Tensor]:
        """Steps (n, D) against gradients (n, D), and (n,) what they promise to gain."""
        count, width = slope.shape
        seen = slope if self.turn is None else turned(self.turn, slope[..., None]).squeeze(2)
        if self.place is None:
            rows = pad(seen, (0, 0, 0, len(self.factor) * self.share - count))
        else:
            rows = seen.new_zeros(len(self.factor) * self.share, width).index_copy_(0, self.place, seen)
        columns = rows.view(-1, self.share, width).transpose(1, 2)
        half = torch.linalg.solve_triangular(self.factor, columns, upper=False)
        found = torch.linalg.solve_triangular(self.factor.transpose(1, 2), half, upper=True)
        step, promised = -found.transpose(1, 2).reshape(-1, width), 0.5 * half.square().sum(1).flatten()
        which: Tensor | slice = slice(count) if self.place is None else self.place
        step, promised = step[which], promised[which]
        if self.turn is not None:
            step = turned(self.turn.transpose(-1, -2), step[..., None]).squeeze(2)
        return step, promised
