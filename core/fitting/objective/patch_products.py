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

# Numbers that `compare` works in for each vertex and frame that go at a time, and how many of these stay in a
# processor's caches.
ROOM, AT_ONCE = 21, 128 * 128

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
def compare(
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
    mixed: Optional[Tensor],  # noqa: UP045
    targets: Tensor,
    counts: Optional[Tensor],  # noqa: UP045
    out: Tensor,
    energy: Tensor,
    room: Tensor,
    by_stacked: Optional[Tensor],  # noqa: UP045
    by_features: Optional[Tensor],  # noqa: UP045
    by_basis: Optional[Tensor],  # noqa: UP045
) -> None:
    """Poses r vertices in n frames, takes their targets off and weighs what is left; and leads back. A few
    rows go there and back at a time, while they are in the caches; the first nine as in `pose`.

    Args:
        stacked: (K, 3, n) X.
        values: as in `pose`.
        mixed: as in `pose`.
        targets: (r, 3, n) metres.
        counts: (r, 1, 1) weights of the vertices; None where each weighs 1.
        out: (r, 3, n) takes how far they are from their targets.
        energy: (n,), to add half their weighed squares to.
        room: `ROOM` numbers or more for each vertex and frame that go at a time, to work in.
        by_stacked: (K, 3, n), to add the derivative by X to; it turns the correctives too. None: no way back.
        by_features: (P, n), to add that by the pose features to; None leaves them out.
        by_basis: (r, c) takes that by U, summed over the frames, or None.
    """
    frames, total, bent = stacked.size(2), out.size(0), weights.size(0)
    rows = max(1, room.numel() // max(1, 21 * frames))
    seen = stacked.index_select(0, columns).view(-1, 3 * frames)
    held = stacked[:-1].view(-1, 9 * frames).index_select(0, holders)
    turns = values.index_select(0, features)
    mixed_modes = turns
    if modes.size(1) > 0:
        mixed_modes = _product(mixtures, values.index_select(0, others))
        if mixed is not None:
            mixed_modes = torch.mm(mixed_modes, mixed)
        mixed_modes = mixed_modes.view(-1, 3 * frames)
    by_columns, moments = torch.zeros_like(seen), torch.zeros_like(held)
    by_turns = turns.new_zeros([turns.size(0), frames])
    by_modes = torch.zeros_like(mixed_modes)
    start = 0
    while start < total:
        stop = min(start + rows, total)
        if start < bent:
            stop = min(stop, bent)
        size = (stop - start) * frames
        some, part = basis[start:stop], out[start:stop]
        flat = part.view(-1, 3 * frames)
        torch.addmm(targets[start:stop].view(-1, 3 * frames), some, seen, beta=-1, out=flat)
        turning = room[: 9 * size].view(-1, 3, 3, frames)
        offsets = room[9 * size : 12 * size].view(-1, 3, 1, frames)
        own = directions[3 * start : 3 * stop]
        if start < bent:
            torch.mm(weights[start:stop], held, out=turning.view(-1, 9 * frames))
            flat_offsets = offsets.view(-1, frames)
            if mixed is not None:
                few = room[18 * size : 18 * size + own.size(0) * turns.size(1)].view(own.size(0), -1)
                torch.mm(own, turns, out=few)
                torch.mm(few, mixed, out=flat_offsets)
            elif 1 < frames < 16:
                flat_offsets.copy_(_product(own, turns))
            else:
                torch.mm(own, turns, out=flat_offsets)
            if modes.size(1) > 0:
                offsets.view(-1, 3 * frames).addmm_(modes[start:stop], mixed_modes)
            for axis in range(3):
                part.addcmul_(turning[:, axis], offsets[:, axis])
        pulled, square = part, room[12 * size : 15 * size].view(-1, 3, frames)
        if counts is not None:
            pulled = room[15 * size : 18 * size].view(-1, 3, frames)
            torch.mul(part, counts[start:stop], out=pulled)
        torch.mul(pulled, part, out=square)
        energy.add_(square.view(-1, frames).sum(0), alpha=0.5)
        if by_basis is not None:
            torch.mm(pulled.view(-1, 3 * frames), seen.t(), out=by_basis[start:stop])
        if by_stacked is not None:
            by_columns.addmm_(some.t(), pulled.view(-1, 3 * frames))
            if start < bent:
                if by_features is not None:
                    by_offsets = square
                    torch.mul(turning[:, :, 0], pulled[:, :1], out=by_offsets)
                    for axis in range(1, 3):
                        by_offsets.addcmul_(turning[:, :, axis], pulled[:, axis : axis + 1])
                    if 1 < frames < 16:
                        by_turns += _product(own.t(), by_offsets.view(-1, frames))
                    else:
                        by_turns.addmm_(own.t(), by_offsets.view(-1, frames))
                    if modes.size(1) > 0:
                        by_modes.addmm_(modes[start:stop].t(), by_offsets.view(-1, 3 * frames))
                torch.mul(offsets, pulled[:, None], out=turning)
                moments.addmm_(weights[start:stop].t(), turning.view(-1, 9 * frames))
        start = stop
    if by_stacked is not None:
        by_stacked.index_add_(0, columns, by_columns.view(-1, 3, frames))
        if bent > 0:
            by_stacked[:-1].view(-1, 9 * frames).index_add_(0, holders, moments)
            if by_features is not None:
                by_features.index_add_(0, features, by_turns)
                if modes.size(1) > 0:
                    by_features.index_add_(0, others, _product(mixtures.t(), by_modes.view(-1, frames)))


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
