"""Later frames start from what was learnt on earlier ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective import frames_last
from core.fitting.objective.objective import FitSkin
from core.fitting.objective.pose import Pose
from core.model.skinning import KinematicTree, rotation_matrices, rotation_vectors

# Between fitted frames this near little is left to do, mostly one step, unless a joint bends further.
NEAR_FRAMES, NEAR_RADIANS = 30, 1.5


class KnownFrames:
    """Fitted frames that new ones start from.

    What the frames around one turned away from their source rotations, joint by joint, and moved away from
    its root, followed smoothly in time, is likely what it needs.

    Args:
        skin: of the target.
        frames: (n,) ids, ascending.
        pose: their fitted poses.
        source: (n, J, 3, 3) their source's relative rotations.
        roots: (n, 3) their source's root positions, metres.
    """

    def __init__(self, skin: FitSkin, frames: np.ndarray, pose: Pose, source: Tensor, roots: Tensor) -> None:
        self.skin, self.frames, self.betas = skin, frames, pose.betas
        self.source = source
        self.turn = turned_away(skin.tree, source, pose.world)
        # The root's offset turns with the body.
        self.offset = (source[:, 0].transpose(-1, -2) @ (pose.root - roots)[..., None]).squeeze(-1)

    def with_frames(self, others: Sequence[KnownFrames]) -> KnownFrames:
        """These and others; of a frame that several know, what the first of the others knows."""
        known = (*others, self)
        frames, places = np.unique(np.concatenate([each.frames for each in known]), return_index=True)
        index = torch.as_tensor(places, device=self.offset.device)
        all_of_them = copy(self)
        all_of_them.frames = frames
        for name in ("source", "turn", "offset", "betas"):
            if getattr(self, name) is not None:
                values = torch.cat([getattr(each, name) for each in known])
                setattr(all_of_them, name, values[index])
        return all_of_them

    def near(self, frames: np.ndarray, source: Tensor) -> np.ndarray:
        """(m,) bool: frames with a known one close by, before or after, with a pose not far from their own.

        Args:
            frames: (m,) ids.
            source: (m, J, 3, 3) their source's relative rotations.
        """
        around = self._around(frames)[1:3]
        close = np.abs(self.frames[around] - frames) <= NEAR_FRAMES
        return (close & self._alike(around, source)).any(0)

    def distance(self, frames: np.ndarray) -> np.ndarray:
        """(m,) how many frames each is away from the nearest known one."""
        return np.abs(self.frames[self._around(frames)[1:3]] - frames).min(0)

    def _around(self, frames: np.ndarray) -> np.ndarray:
        """(4, m) places of the known frame before each one, of that after it, and of one more on either
        side."""
        last = len(self.frames) - 1
        first = np.clip(np.searchsorted(self.frames, frames, side="right") - 1, 0, last)
        return np.clip(first + np.array([[-1], [0], [1], [2]]), 0, last)

    def _alike(self, places: np.ndarray, source: Tensor) -> np.ndarray:
        """(k, m) bool: the source poses of known frames are not far from those given."""
        # The root turns as a whole.
        theirs = self.source[torch.as_tensor(places, device=source.device), 1:]
        traces = (theirs * source[:, 1:]).sum((-1, -2)).amin(-1)
        return (traces >= trace_of(NEAR_RADIANS)).cpu().numpy()

    def start(self, frames: np.ndarray, source: Tensor, roots: Tensor, moves: bool) -> Pose:
        """Poses to start from; known frames of poses far from a frame's own have no say while others do.

        Args:
            frames: (m,) ids.
            source: (m, J, 3, 3) their source's relative rotations.
            roots: (m, 3) their source's root positions, metres.
            moves: the body moves as a whole; else its root is where the source's is.
        """
        device, around = self.offset.device, self._around(frames)
        far, one, two = ~self._alike(around, source), around[1].copy(), around[2].copy()
        around[:2] = np.where(far[1] & ~far[2], two, around[:2])
        around[2:] = np.where(far[2] & ~far[1], one, around[2:])
        around[0] = np.where(far[0] & ~far[1], around[1], around[0])
        around[3] = np.where(far[3] & ~far[2], around[2], around[3])
        shares = torch.as_tensor(_hermite(self.frames[around], frames), dtype=roots.dtype, device=device)
        known = torch.as_tensor(around, device=device)

        world, root = self._turned(known, shares, source), roots
        if moves:
            root = roots + (source[:, 0] @ _mixed(shares, self.offset[known])[..., None]).squeeze(-1)
        return Pose(world, root, None if self.betas is None else _mixed(shares, self.betas[known]))

    def _turned(self, known: Tensor, shares: Tensor, source: Tensor) -> Tensor:
        """(m, J, 3, 3) world rotations of frames turned away from their source as known ones (4, m), each
        with its share (4, m)."""
        tree, turns = self.skin.tree, self.turn[known]
        if not frames_last.serves(source):
            away = turns[1].transpose(-1, -2) @ turns
            turn = turns[1] @ rotation_matrices(_mixed(shares, rotation_vectors(away)))
            return tree.world_rotations(source @ turn)
        four = frames_last.last(turns.flatten(0, 1)).unflatten(3, (4, -1))  # (3, 3, J, 4, m)
        nearest = four[..., 1, :]
        away = frames_last.vectors(frames_last.product(nearest.transpose(0, 1)[..., None, :], four))
        mixed = (away * shares).sum(2)
        turn = frames_last.product(nearest, frames_last.rotations(mixed.permute(2, 1, 0)))
        relative = frames_last.product(frames_last.last(source), turn)
        return frames_last.first(frames_last.world_rotations(tree, relative))


def turned_away(tree: KinematicTree, source: Tensor, world: Tensor) -> Tensor:
    """(n, J, 3, 3) what world rotations have turned away from relative ones of the source, joint by joint."""
    if not frames_last.serves(source):
        return source.transpose(-1, -2) @ tree.relative_rotations(world)
    relative = frames_last.relative_rotations(tree, frames_last.last(world))
    away = frames_last.product(frames_last.last(source).transpose(0, 1), relative)
    # What rounding made of rotations must not grow from level to level.
    clean = frames_last.rotations(frames_last.vectors(away).permute(2, 1, 0))
    return frames_last.by_frame(clean)


def smallest_traces(one: Tensor, other: Tensor) -> Tensor:
    """(n,) traces of the furthest turns between (n, J, 3, 3) rotations and others."""
    return (one * other).sum((-1, -2)).amin(1)


# Frames turn a joint far, if further.
FAR_RADIANS = 0.34


def seldom_turned(source: Tensor, apart: int) -> bool:
    """Whether most of the frames of (n, J, 3, 3) relative rotations turn no joint far in so many frames."""
    if len(source) <= apart:
        return True
    turns = smallest_traces(source[apart:, 1:], source[:-apart, 1:])
    return float(turns.median()) >= trace_of(FAR_RADIANS)


def trace_of(angle: float) -> float:
    """Trace of a rotation by so many radians."""
    return 1 + 2 * math.cos(angle)


def _mixed(shares: Tensor, values: Tensor) -> Tensor:
    """(m, ...) of (4, m, ...) values, each with its share (4, m)."""
    return (shares.view(*shares.shape, *[1] * (values.dim() - 2)) * values).sum(0)


def _hermite(times: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(4, m) shares of four values in the cubic between the middle two.

    Its slopes there are those from the neighbour on one side to that on the other, whatever the distances;
    before the first value and after the last it is constant.

    Args:
        times: (4, m) of the values, ascending; repeated where there are no more.
        at: (m,) in between.
    """
    before, first, second, after = times.astype(np.float64)
    gap = np.maximum(second - first, 1)
    s = np.clip((at - first) / gap, 0, 1)
    start, end = s * (1 - s) ** 2 * gap, s * s * (s - 1) * gap  # shares of the two slopes
    start, end = start / np.maximum(second - before, 1), end / np.maximum(after - first, 1)
    second_share = s * s * (3 - 2 * s)
    return np.stack((-start, 1 - second_share - end, second_share + start, end))
