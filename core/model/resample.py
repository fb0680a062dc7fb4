"""A motion at another frame rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from core.errors import FileError, RefitError
from core.model.motion import MOST_FRAMES, Motion

# Frames that fall this close to one of the motion's own are that one.
_SAME = 1e-6
_CHUNK = 4096


def resampled(motion: Motion, fps: float) -> Motion:
    """The motion at ``fps`` frames a second, from its first frame to its last or shortly before.

    Rotations go along the shortest way on the sphere between two frames, everything else along a straight
    line; frames beside one whose numbers are not finite are not finite either.

    Raises:
        RefitError: the motion's own frame rate is not known, or there would be too many frames.
    """
    rate = motion.frame_rate
    if rate is None:
        problem = f"does not say its frame rate, which resampling to {fps:g} frames a second needs"
        raise FileError(motion.path, problem) if motion.path else RefitError(f"The motion {problem}.")
    if not motion.has_poses:
        problem = "is meshes, which have no rotations to resample; leave their frame rate as it is"
        raise FileError(motion.path, problem) if motion.path else RefitError(f"The motion {problem}.")
    count = int(np.floor((len(motion) - 1) / rate * fps + _SAME)) + 1
    if count > MOST_FRAMES:
        raise RefitError(f"At {fps:g} frames a second {motion.name} has more than {MOST_FRAMES} frames.")
    at = np.minimum(np.arange(count) * (rate / fps), len(motion) - 1)
    near = np.rint(at)
    at = np.where(np.abs(at - near) < _SAME, near, at)
    before = np.minimum(at.astype(int), len(motion) - 1)
    after = np.minimum(before + 1, len(motion) - 1)
    part = at - before

    def line(array: np.ndarray | None) -> np.ndarray | None:
        if array is None:
            return None
        share = part.reshape(-1, *[1] * (array.ndim - 1))
        between = (1 - share) * array[before] + share * array[after]
        return np.where(share == 0, array[before], between).astype(np.float32)

    poses = np.concatenate(
        [
            _on_sphere(motion.poses[before[chunk]], motion.poses[after[chunk]], part[chunk])
            for chunk in (slice(start, start + _CHUNK) for start in range(0, count, _CHUNK))
        ]
    )
    trans = line(motion.trans)
    assert trans is not None
    terms = motion.body_terms
    if terms is not None:
        terms = replace(terms, hand_components=line(terms.hand_components))
    note = f"Resampled from {rate:g} to {fps:g} frames a second, rotations on the sphere."
    return replace(
        motion,
        poses=poses,
        trans=trans,
        expression=line(motion.expression),
        frame_betas=line(motion.frame_betas),
        body_terms=terms,
        frame_rate=float(fps),
        notes=(*motion.notes, note),
        reading=replace(motion.reading, fps=float(fps)),
    )


def _on_sphere(first: np.ndarray, second: np.ndarray, part: np.ndarray) -> np.ndarray:
    """(n, J, 3) axis-angle, ``part`` of the way from the first to the second; where that is 0 the first."""
    poses = first.copy()
    finite = np.isfinite(first).all((1, 2)) & np.isfinite(second).all((1, 2))
    between = np.flatnonzero(finite & (part > 0))
    poses[~finite & (part > 0)] = np.nan
    if len(between):
        start = Rotation.from_rotvec(first[between].reshape(-1, 3).astype(float))
        turn = (start.inv() * Rotation.from_rotvec(second[between].reshape(-1, 3).astype(float))).as_rotvec()
        share = np.repeat(part[between], first.shape[1])[:, None]
        vectors = (start * Rotation.from_rotvec(share * turn)).as_rotvec()
        poses[between] = vectors.reshape(len(between), -1, 3)
    return poses
