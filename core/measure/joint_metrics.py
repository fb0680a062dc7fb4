"""How the joints of a fit follow those of its source: places, accelerations, and steps that break."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from core.measure.figures import FIGURE, OF_JOINTS
from core.measure.joint_neighbours import HALO
from core.measure.joint_tracks import JointTracks
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.posing import arguments_of, joints_of
from core.model.skinning import rotation_matrices

CHUNK = 256


def shared_joints(bodies: BodyPair) -> tuple[str, ...]:
    """Names of the joints that source and target both have, in the target's order."""
    return tuple(name for name in bodies.target.joint_names if name in bodies.source.joint_names)


def joint_metrics(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    usable: np.ndarray,
    on_chunk: Callable[[], None] | None = None,
) -> dict[str, np.ndarray]:
    """Measures the joints, a few hundred frames at a time.

    Args:
        motion: the source.
        bodies: that the motion was fitted with.
        result: the fit, as long as the motion.
        usable: (T,) bool: frames with a finite source and a finite fit.
        on_chunk: called after each chunk; what it raises ends the measuring.

    Returns:
        By name the figures that joints give (`core.measure.figures`), (T,) or (T, columns) float32; NaN where
        a frame or a neighbour has no fit.
    """
    names, count = shared_joints(bodies), len(motion)
    finite = motion.finite_frames()
    width = {"joints": (len(names),), "parts": (len(PARTS),), "hands": (2,), "feet": (2,), "": ()}
    out = {name: np.full((count, *width[FIGURE[name].columns]), np.nan, np.float32) for name in OF_JOINTS}
    for start in range(0, count, CHUNK):
        stop = min(start + CHUNK, count)
        around = slice(max(0, start - HALO), min(stop + HALO, count))
        inner = slice(start - around.start, stop - around.start)
        tracks = _tracks(motion, bodies, result, names, around, usable[around], finite[around])
        with np.errstate(invalid="ignore"):
            for name, of in OF_JOINTS.items():
                out[name][start:stop] = of(tracks)[inner]
        if on_chunk:
            on_chunk()
    return out


def _tracks(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    names: tuple[str, ...],
    frames: slice,
    usable: np.ndarray,
    finite: np.ndarray,
) -> JointTracks:
    fit = result.as_motion()
    origin = np.nan_to_num(motion.trans[frames], posinf=0, neginf=0).astype(np.float64)
    source = _joints(motion, bodies, "source", names, frames, np.zeros_like(origin))
    # Relative to the source's trans: a body far from the origin keeps its digits.
    error = _joints(fit, bodies, "target", names, frames, fit.trans[frames] - origin) - source
    error[~usable] = np.nan
    source = source + 1000 * origin[:, None]
    source[~finite] = np.nan

    ours = _relative(fit, bodies.target.joint_names, names, frames)
    theirs = _relative(motion, bodies.source.joint_names, names, frames)
    ours[~usable], theirs[~finite] = np.nan, np.nan
    return JointTracks(names, error, source, ours @ theirs.mT, theirs)


def _joints(
    motion: Motion, bodies: BodyPair, which: str, names: tuple[str, ...], frames: slice, transl: np.ndarray
) -> np.ndarray:
    """(n, k, 3) float64 millimetres of some joints."""
    body = bodies.source if which == "source" else bodies.target
    wanted = [body.joint_names.index(name) for name in names]
    if motion.vertices is not None:
        found = joints_of(motion, body, frames, _numbers(transl))[:, wanted].nan_to_num()
        return 1000 * found.cpu().numpy().astype(np.float64)
    poses, betas, expression = arguments_of(motion, body, frames)
    if expression is not None:
        expression = _numbers(expression)
    joints = body.joints(_numbers(poses), betas, _numbers(transl), expression)
    return 1000 * joints[:, wanted].cpu().numpy().astype(np.float64)


def _relative(motion: Motion, own: tuple[str, ...], names: tuple[str, ...], frames: slice) -> torch.Tensor:
    if motion.vertices is not None:
        return torch.full((len(motion.trans[frames]), len(names), 3, 3), torch.nan, dtype=torch.float64)
    wanted = [own.index(name) for name in names]
    return rotation_matrices(_numbers(motion.poses[frames][:, wanted]).double())


def _numbers(array: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Float32, what is not finite replaced by zero: its frame is left out afterwards."""
    clean = np.nan_to_num(np.asarray(array, np.float64), posinf=0, neginf=0)
    return torch.as_tensor(np.clip(clean, -1e6, 1e6).astype(np.float32))
