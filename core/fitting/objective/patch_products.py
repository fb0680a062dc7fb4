"""The products that pose one patch of skin and lead back through it, or pose a piece of it with no way back.

They are many and small. Compiled as TorchScript they run without Python's lock between them, so that workers
do not wait for each other: on two threads this is a third of the time.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import List, Optional, ParamSpec, TypeVar  # noqa: UP035

import torch
from torch import Tensor

Given = ParamSpec("Given")
Found = TypeVar("Found")


def compiled(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """A function of tensors as TorchScript, where torch compiles any."""
    # Of the Pythons after 3.13 torch compiles none: there the functions run as they are.
    if sys.version_info >= (3, 14):
        return function
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(function)


def _product(matrix: Tensor, columns: Tensor) -> Tensor:
    # Of 2 to 15 columns the plain product is up to six times slower than that of the transposes.
    if 1 < columns.size(1) < 16:
        return torch.mm(columns.t(), matrix.t()).t().contiguous()
    return torch.mm(matrix, columns)


# TorchScript reads these annotations, and knows List and Optional alone.


@compiled
def pose(
    basis: Tensor,
    columns: Tensor,
    holders: Tensor,
    weights: Tensor,
    features: Tensor,
    directions: Tensor,
    others: Tensor,
    modes: Tensor,
    mixtures: Tensor,
    stacked: Tensor,
    values: Tensor,
    out: Tensor,
    mixed: Optional[Tensor],  # noqa: UP045
    own: Optional[Tensor],  # noqa: UP045
    less: Optional[Tensor],  # noqa: UP045
) -> List[Tensor]:  # noqa: UP006
    """Poses r vertices in n frames.

    Args:
        basis: (r, c) U of the shape; with ``own`` (r, (Z + 1) c), as `Patch.side_by_side`.
        columns: (c,) rows of ``stacked``.
        holders: (h,) joints that hold the first b vertices.
        weights: (b, h) by how much.
        features: (q,) rows of ``values`` that move these.
        directions: (3b, q) by how many metres.
        others: (o,) rows of ``values`` that move them by modes.
        modes: (b, k) these.
        mixtures: (3k, o) by how many metres each.
        stacked: (K, 3, n) X.
        values: (P, n) pose features, or (P, k) columns of them.
        out: (r, 3, n) takes the vertices, metres.
        mixed: (k, n) how the columns are mixed in each frame; see `core.fitting.objective.patches`.
        own: (Z + 1, n) coefficients of each frame, a one first.
        less: (r, 3, n) taken off the vertices.

    Returns:
        (c, 3, n) columns of X; and, where there are correctives, (b, 3, 3, n) blended rotations, transposed,
        and (b, 3, 1, n) offsets before they are turned.
    """
    frames = stacked.size(2)
    seen = stacked[columns]
    each = seen.view(-1, 3 * frames)
    if own is not None:
        each = (seen * own[:, None, None]).reshape(-1, 3 * frames)
    flat = out.view(-1, 3 * frames)
    if less is None:
        torch.mm(basis, each, out=flat)
    else:
        torch.addmm(less.reshape(-1, 3 * frames), basis, each, beta=-1, out=flat)
    count = weights.size(0)
    if count == 0:
        return [seen]
    turning = torch.mm(weights, stacked[:-1].view(-1, 9 * frames)[holders]).view(-1, 3, 3, frames)
    offsets = _product(directions, values[features])
    if mixed is not None:
        offsets = torch.mm(offsets, mixed)
    if modes.size(1) > 0:
        mixed_modes = _product(mixtures, values[others])
        if mixed is not None:
            mixed_modes = torch.mm(mixed_modes, mixed)
        rows = mixed_modes.view(-1, 3 * frames)
        offsets = torch.addmm(offsets.view(count, -1), modes, rows)
    offsets = offsets.view(-1, 3, 1, frames)
    bent = out[:count]
    for axis in range(3):
        bent.addcmul_(turning[:, axis], offsets[:, axis])
    return [seen, turning, offsets]


@compiled
def add_back(
    basis: Tensor,
    columns: Tensor,
    holders: Tensor,
    weights: Tensor,
    features: Tensor,
    directions: Tensor,
    others: Tensor,
    modes: Tensor,
    mixtures: Tensor,
    kept: List[Tensor],  # noqa: UP006
    pulled: Tensor,
    by_stacked: Tensor,
    by_features: Tensor,
    own: Optional[Tensor],  # noqa: UP045
    by_own: Optional[Tensor],  # noqa: UP045
    frozen: bool,
) -> None:
    """Adds the derivatives of n frames that come from r vertices; the first nine as in `pose`.

    Args:
        kept: what `pose` gave.
        pulled: (r, 3, n) derivative by the vertices.
        by_stacked: (K, 3, n), to add that by X to; it turns the correctives too.
        by_features: (P, n), to add that by the pose features to.
        own: as in `pose`.
        by_own: (Z + 1, n), to add that by the frames' own coefficients to.
        frozen: leave the pose features out.
    """
    seen = kept[0]
    frames = seen.size(2)
    flat = pulled.view(-1, 3 * frames)
    by_columns = torch.mm(basis.t(), flat)
    if own is not None and by_own is not None:
        each = by_columns.view(own.size(0), -1, 3, frames)
        by_stacked.index_add_(0, columns, (each * own[:, None, None]).sum(0))
        by_own += (each * seen).sum([1, 2])
    else:
        by_stacked.index_add_(0, columns, by_columns.view(-1, 3, frames))
    count = weights.size(0)
    if count == 0:
        return
    turning, offsets = kept[1], kept[2]
    bent = pulled[:count]
    moments = torch.mm(weights.t(), (offsets * bent[:, None]).view(count, -1))
    by_stacked[:-1].view(-1, 9 * frames).index_add_(0, holders, moments)
    if not frozen:
        by_offsets = turning[:, :, 0] * bent[:, :1]
        for axis in range(1, 3):
            by_offsets.addcmul_(turning[:, :, axis], bent[:, axis : axis + 1])
        by_features.index_add_(0, features, _product(directions.t(), by_offsets.view(3 * count, frames)))
        if modes.size(1) > 0:
            by_modes = torch.mm(modes.t(), by_offsets.view(count, -1)).view(-1, frames)
            by_features.index_add_(0, others, _product(mixtures.t(), by_modes))


@compiled
def place(
    weights: Tensor,
    holders: Tensor,
    features: Tensor,
    directions: Tensor,
    others: Tensor,
    modes: Tensor,
    mixtures: Tensor,
    rest: Tensor,
    motions: Tensor,
    values: Tensor,
    mixed: Optional[Tensor],  # noqa: UP045
    out: Tensor,
    room: Tensor,
) -> None:
    """Poses r vertices that have correctives in n frames, for their own sake.

    Args:
        weights: (r, h) by how much joints hold them.
        holders: (h,) those joints.
        features: (q,) rows of ``values`` that move the vertices.
        directions: (3r, q) by how many metres: x of all, then y, then z.
        others: (o,) rows of ``values`` that move them by modes.
        modes: (r, k) these.
        mixtures: (3k, o) by how many metres each: x of all, then y, then z.
        rest: (3r, 1) where they rest, likewise, metres.
        motions: (4, 3, J, n) where each joint takes the three axes and the origin of the rest pose.
        values: as in `pose`.
        mixed: as in `pose`.
        out: (3, r, n) takes the vertices, metres.
        room: 15 r n numbers or more, to work in.
    """
    rows, frames = weights.size(0), motions.size(3)
    blended = room[: 12 * rows * frames].view(12, rows, frames)
    each = motions.index_select(2, holders).view(12, -1, frames)
    torch.bmm(weights.expand(12, -1, -1), each, out=blended)
    places = room[12 * rows * frames : 15 * rows * frames].view(3 * rows, frames)
    seen = values.index_select(0, features)
    if mixed is not None:
        torch.addmm(rest, torch.mm(directions, seen), mixed, out=places)
    elif frames < 16:
        torch.add(_product(directions, seen), rest, out=places)
    else:
        torch.addmm(rest, directions, seen, out=places)
    if modes.size(1) > 0:
        mixed_modes = _product(mixtures, values.index_select(0, others))
        if mixed is not None:
            mixed_modes = torch.mm(mixed_modes, mixed)
        axes = places.view(3, rows, frames)
        axes.baddbmm_(modes.expand(3, -1, -1), mixed_modes.view(3, -1, frames))
    turned, axes = blended.view(4, 3, rows, frames), places.view(3, rows, frames)
    total = turned[3].addcmul_(turned[0], axes[0]).addcmul_(turned[1], axes[1])
    torch.addcmul(total, turned[2], axes[2], out=out)
