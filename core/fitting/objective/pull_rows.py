"""The pull on relative rotations as rows of the residual, for devices; see `core.fitting.objective.rows`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.fitting.objective.joint_tables import product_table, quaternion_table
from core.fitting.objective.rows import Rows
from core.fitting.objective.term import Pull
from core.model.on_device.few_launches import quaternions


@dataclass(frozen=True, eq=False)
class PullRows:
    """A pull of n frames' relative rotations.

    Attributes:
        towards: (J, 4, n) quaternions of where it pulls to.
        tables: (J, 8, 16) from products of a quaternion with those to what lies between them, real part,
            nothing and vector, and to its vector once more, times twice the roots of the weights.
        roots: (J, 1, 1) the roots of the weights.
    """

    towards: Tensor
    tables: Tensor
    roots: Tensor

    @classmethod
    def of(cls, pull: Pull) -> PullRows:
        """That of a term."""
        like = pull.rotations
        towards = quaternions(like).permute(1, 2, 0).contiguous()
        between = product_table("with the second turned back", like.dtype, like.device)
        roots = pull.weights.sqrt()[:, None, None]
        nothing = torch.zeros_like(between[:1])
        plain = torch.cat((between[:1], nothing, between[1:])).expand(len(roots), -1, -1)
        tables = torch.cat((plain, 2 * roots * between[1:]), 1)
        return cls(towards, tables, roots)

    def __getitem__(self, frames: Tensor) -> PullRows:
        return replace(self, towards=self.towards[..., frames])

    def put(self, rows: Rows, out: Tensor) -> None:
        """(J, 3, n) how far relative rotations are from where they are pulled to, times the roots of the
        weights."""
        both = (rows.turns_between[1:, :, None] * self.towards[:, None]).flatten(1, 2)
        # Next to nothing where there is nothing, so that no length is zero.
        tiny = quaternion_table("tiny", both.dtype, both.device)
        found = torch.baddbmm(tiny, self.tables, both)
        length = torch.linalg.vector_norm(found[:, 1:5], dim=1)
        # An angle beyond a half turn is one the other way, which the sign of the real part says.
        share = (length / found[:, 0]).atan_().div_(length)
        torch.mul(found[:, 5:], share[:, None], out=out)
