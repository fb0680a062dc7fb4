"""How far joints turn against their parents while the objective rises little."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from core.fitting.objective.unknowns import Unknowns


class JointSpreads:
    """S_a = D_a A^-1 D_a^T of each joint a of n frames, with A their matrices and D_a x the turn of the joint
    against its parent in a step x.

    Args:
        factor: (n, D, D) Cholesky factors of A.
        unknowns: of each frame.
        parents: (J - 1,) parents of the joints below the root.
    """

    def __init__(self, factor: Tensor, unknowns: Unknowns, parents: Tensor) -> None:
        count = len(unknowns.free)
        # The last is that of what does not turn.
        self._rows = pad(torch.cholesky_inverse(factor)[:, : 3 * count], (0, 0, 0, 3)).unflatten(1, (-1, 3))
        self._owner = unknowns.index("gathered", factor.device)
        self._above = torch.cat((self._owner.new_tensor([count]), self._owner[parents]))
        every = pad(self._rows[..., : 3 * count], (0, 3)).unflatten(3, (-1, 3)).transpose(2, 3)
        both = every[:, self._owner, self._above]
        own = every[:, self._owner, self._owner] + every[:, self._above, self._above]
        self.matrices = own - both - both.transpose(-1, -2)

    def largest(self) -> Tensor:
        """(n, J) largest eigenvalue of each."""
        return torch.linalg.eigvalsh(self.matrices)[..., -1].clamp_min(0)

    def ways(self, count: int) -> tuple[Tensor, Tensor]:
        """Of so many joints with the largest eigenvalues: (n, k) these, largest first, and (n, k, D) steps
        that turn each by one along the eigenvector and raise 1/2 x^T A x least."""
        values, vectors = torch.linalg.eigh(self.matrices)
        largest, joints = values[..., -1].topk(count)
        frames = torch.arange(len(joints), device=joints.device)[:, None]
        axes = vectors[frames, joints][..., -1, None]
        rows = self._rows[frames, self._owner[joints]] - self._rows[frames, self._above[joints]]
        return largest, (axes * rows).sum(2) / largest.clamp_min(1e-30)[..., None]
