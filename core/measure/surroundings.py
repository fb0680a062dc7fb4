"""Where a motion takes place: its floor, how far it reaches, and the path of its body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from core.errors import FileError
from core.geometry.up_axis import vertical
from core.model.body import BodyModel
from core.model.motion import Motion
from core.model.posing import posed

SAMPLES = 24
"""Frames that are posed to find floor, height and reach."""

_SMOOTH_SECONDS, _KERNEL_SIGMAS = 0.35, 4
_MOST_HEIGHT_PERCENT, _MOST_REACH_PERCENT = 95, 80


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The space that a motion takes, metres in the motion's own world.

    Attributes:
        path: (T, 3) place of the pelvis at every frame, smoothed over time and without gaps.
        floor: height of the lowest vertex along the up axis.
        height: how far the body rises above the floor in nearly all frames.
        reach: how far the body goes sideways from its path in most frames.
    """

    path: np.ndarray
    floor: float
    height: float
    reach: float


def surroundings(motion: Motion, body: BodyModel, rate: float) -> Surroundings:
    """Floor, height, reach and path of a motion, from `SAMPLES` of its finite frames.

    Args:
        motion: in the family of ``body``.
        body: the motion's own body.
        rate: frames a second to smooth the path with.

    Raises:
        FileError: no frame of the motion is finite.
    """
    finite = np.flatnonzero(motion.finite_frames())
    if len(finite) == 0:
        raise FileError(motion.path or motion.name, "holds no frame whose numbers are all finite")
    picked = finite[np.unique(np.linspace(0, len(finite) - 1, SAMPLES).round().astype(int))]
    with torch.no_grad():
        skin, joints = posed(motion, body, picked)
    vertices = skin.astype(np.float64)
    path = smooth_path(motion, finite, rate) + (joints[0, 0] - motion.trans[picked[0]])
    up, aside, upwards = vertical(motion.up_axis)
    heights = upwards * vertices[..., up]
    floor = float(heights.min())
    sideways = np.linalg.norm(vertices[..., aside] - path[picked][:, None, aside], axis=-1)
    return Surroundings(
        path=path,
        floor=floor,
        height=float(np.percentile(heights.max(axis=1), _MOST_HEIGHT_PERCENT)) - floor,
        reach=float(np.percentile(sideways.max(axis=1), _MOST_REACH_PERCENT)),
    )


def smooth_path(motion: Motion, finite: np.ndarray, rate: float) -> np.ndarray:
    """(T, 3) metres: the translation without its trembling, interpolated where a frame is not finite.

    Args:
        motion: T frames.
        finite: ids of its finite frames, at least one, sorted.
        rate: frames a second.
    """
    frames = np.arange(len(motion))
    filled = np.column_stack([np.interp(frames, finite, motion.trans[finite, axis]) for axis in range(3)])
    # By hand: scipy.ndimage takes longer to import than the rest of opening a file.
    sigma = _SMOOTH_SECONDS * rate
    reach = max(round(_KERNEL_SIGMAS * sigma), 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(filled, ((reach, reach), (0, 0)), mode="edge")
    return np.column_stack([np.convolve(row, kernel / kernel.sum(), mode="valid") for row in padded.T])
