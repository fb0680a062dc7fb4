"""What a device knows of some frames, as rows of numbers with frames last: one block of memory, so that those
which take a step take all of it at once."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Rows:
    """What is known of n frames, one below the other; J' is J + 1, Z' as many numbers as coefficients of the
    frames' own take.

    Attributes:
        every: (r, n) all of it; the others are views of it.
        turns_above, turns_between, turns: (J', 4, n) quaternions of parents, of joints against them, of
            joints.
        all_turns: (3J', 4, n) those.
        matrices: (3J', 9, n) their rotation matrices, column by column.
        above: (J', 3, 3, n) those of the parents, by column and row.
        both: (18J', n) those of joints against parents, and of joints.
        relative: (9(J - 1), n) the first of them, without root.
        all_world: (9J', n) the second.
        world: (J, 3, 3, n) likewise, of the joints that turn.
        stacked: (3J + 1, 3n) X, as U takes it.
        root: (3, n) metres.
        own: (Z', n) a one, then coefficients of the frames' own; none where they have none.
        shifted: (3 + Z', n) both.
        slope: (D, n) derivative by the unknowns.
        energy: (n,) twice the objective, square metres.
        robust: (p, n) weights of the robust groups, and of the edges.
    """

    every: Tensor
    turns_above: Tensor
    turns_between: Tensor
    turns: Tensor
    all_turns: Tensor
    matrices: Tensor
    above: Tensor
    both: Tensor
    relative: Tensor
    all_world: Tensor
    world: Tensor
    stacked: Tensor
    root: Tensor
    own: Tensor
    shifted: Tensor
    slope: Tensor
    energy: Tensor
    robust: Tensor

    @classmethod
    def of(cls, like: Tensor, joints: int, own: int, size: int, groups: int) -> Rows:
        """Room for the frames of ``like`` (..., n), of J joints, Z', D unknowns and p groups."""
        count = joints + 1
        every = like.new_zeros(39 * count + 3 + own + size + 1 + groups, like.shape[-1])
        return cls._views(every, joints, own, size)

    @classmethod
    def _views(cls, every: Tensor, joints: int, own: int, size: int) -> Rows:
        count, frames = joints + 1, every.shape[1]
        turns = every[: 12 * count].view(-1, 4, frames)
        start = 12 * count
        matrices, end = every[start : start + 27 * count], start + 27 * count
        between = start + 9 * count
        world, last = between + 9 * count, end + 3 + own
        return cls(
            every,
            turns[:count],
            turns[count : 2 * count],
            turns[2 * count :],
            turns,
            matrices.view(-1, 9, frames),
            every[start:between].view(count, 3, 3, frames),
            every[between:end],
            every[between + 18 : world],
            every[world:end],
            every[world + 9 : end].view(joints, 3, 3, frames),
            every[world + 9 : end + 3].view(-1, 3 * frames),
            every[end : end + 3],
            every[end + 3 : last],
            every[end:last],
            every[last : last + size],
            every[last + size],
            every[last + size + 1 :],
        )

    def __getitem__(self, frames: Tensor) -> Rows:
        every = self.every[:, frames].contiguous()
        return self._views(every, len(self.world), len(self.own), len(self.slope))
