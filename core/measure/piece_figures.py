"""What figures are made of, of a piece of skin in some frames: in few passes over it, while it is in the
processor's caches."""

from __future__ import annotations

from typing import List, Optional  # noqa: UP035

import torch
from torch import Tensor

from core.fitting.objective.patch_products import compiled

ROOM = 8
"""Numbers that `taken` needs for each vertex and frame."""

# TorchScript reads these annotations, and knows List and Optional alone.


@compiled
def taken(
    fit: Tensor,
    target: Tensor,
    counted: Optional[Tensor],  # noqa: UP045
    good: Tensor,
    every: bool,
    room: Tensor,
) -> List[Tensor]:  # noqa: UP006
    """Distances and their accelerations of r vertices in n frames in a row.

    Args:
        fit: (3, r, n) metres.
        target: (r, 3, n) where each should be.
        counted: (r, 1) one for vertices that count, zero for others; None where all do.
        good: (n,) one for frames that count, zero for others.
        every: the largest distance of a vertex is over all frames, not only those that count.
        room: `ROOM` r n numbers or more, to work in.

    Returns:
        In metres: (n,) sum of the distances, (n,) the largest of them, (n,) sum of the lengths of the
        differences' second differences, which for the first and the last frame says nothing; (r,) sum of the
        distances over frames that count, and (r,) the largest.
    """
    rows, frames = fit.size(1), fit.size(2)
    size = rows * frames
    apart = torch.sub(fit, target.transpose(0, 1), out=room[: 3 * size].view(3, rows, frames))
    # Over rows as if they were one: where one ends and the next begins are the first and the last frame.
    x, y, z = apart.view(3, size).unbind(0)
    length = torch.square(x, out=room[3 * size : 4 * size])
    length.addcmul_(y, y).addcmul_(z, z).sqrt_()
    line = apart.view(3, size)
    bend = torch.add(line[:, 2:], line[:, :-2], out=room[4 * size : 7 * size].view(3, size)[:, 1:-1])
    x, y, z = bend.sub_(line[:, 1:-1], alpha=2).unbind(0)
    shaken = room[7 * size : 8 * size]
    shaken[:: max(1, size - 1)] = 0.0
    torch.square(x, out=shaken[1:-1]).addcmul_(y, y).addcmul_(z, z).sqrt_()
    distance, shaken = length.view(rows, frames), shaken.view(rows, frames)
    if counted is not None:
        distance.mul_(counted)
        shaken.mul_(counted)
    found = [distance.sum(0), distance.amax(0), shaken.sum(0), torch.mv(distance, good)]
    if not every:
        distance.mul_(good)
    found.append(distance.amax(1))
    return found
