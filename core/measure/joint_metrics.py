"""How the joints of a fit follow those of its source: places, accelerations, and steps that break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from core.measure.joint_neighbours import HALO, breaks, second_differences, turning_breaks
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posing import arguments_of, joints_of
from core.model.skinning import rotation_matrices

CHUNK = 256


@dataclass(frozen=True, eq=False)
class JointMetrics:
    """Joints of T frames, those k that source and target share; NaN where a frame or a neighbour has no fit.

    Attributes:
        names: k names, in the target's order.
        error_mm: (T, k) distance of the fit's joint from the source's.
        acceleration_mm: (T,) mean over joints of the acceleration of that difference, mm/frame².
        jump_mm: (T, k) break (`core.measure.joint_neighbours.breaks`) of that difference.
        turn_deg: (T, k) how far a joint's rotation relative to its parent steps away from the source's step,
            beyond what it does in the frames around.
        source_jump_mm: (T,) break of the source's own body: three quarters of its joints jump out of their
            path by at least this.
        source_turn_deg: (T, k) how far a joint of the source itself turns beyond what it does in the frames
            around.
    """

    names: tuple[str, ...]
    error_mm: np.ndarray
    acceleration_mm: np.ndarray
    jump_mm: np.ndarray
    turn_deg: np.ndarray
    source_jump_mm: np.ndarray
    source_turn_deg: np.ndarray


def shared_joints(bodies: BodyPair) -> tuple[str, ...]:
    """Names of the joints that source and target both have, in the target's order."""
    return tuple(name for name in bodies.target.joint_names if name in bodies.source.joint_names)


def joint_metrics(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    usable: np.ndarray,
    on_chunk: Callable[[], None] | None = None,
) -> JointMetrics:
    """Measures the joints, a few hundred frames at a time.

    Args:
        motion: the source.
        bodies: that the motion was fitted with.
        result: the fit, as long as the motion.
        usable: (T,) bool: frames with a finite source and a finite fit.
        on_chunk: called after each chunk; what it raises ends the measuring.
    """
    names, count = shared_joints(bodies), len(motion)
    finite = motion.finite_frames()
    out = {name: np.full(count, np.nan, np.float32) for name in ("acceleration_mm", "source_jump_mm")}
    for name in ("error_mm", "jump_mm", "turn_deg", "source_turn_deg"):
        out[name] = np.full((count, len(names)), np.nan, np.float32)
    for start in range(0, count, CHUNK):
        stop = min(start + CHUNK, count)
        around = slice(max(0, start - HALO), min(stop + HALO, count))
        inner = slice(start - around.start, stop - around.start)
        found = _measure(motion, bodies, result, names, around, usable[around], finite[around])
        for name, values in found.items():
            out[name][start:stop] = values[inner]
        if on_chunk:
            on_chunk()
    return JointMetrics(names=names, **out)


def _measure(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    names: tuple[str, ...],
    frames: slice,
    usable: np.ndarray,
    finite: np.ndarray,
) -> dict[str, np.ndarray]:
    fit = result.as_motion()
    origin = np.nan_to_num(motion.trans[frames], posinf=0, neginf=0).astype(np.float64)
    source = _joints(motion, bodies, "source", names, frames, np.zeros_like(origin))
    # Relative to the source's trans: a body far from the origin keeps its digits.
    error = _joints(fit, bodies, "target", names, frames, fit.trans[frames] - origin) - source
    error[~usable] = np.nan
    source = source + 1000 * origin[:, None]
    source[~finite] = np.nan
    length = np.linalg.norm(error, axis=2)

    ours = _relative(fit, bodies.target.joint_names, names, frames)
    theirs = _relative(motion, bodies.source.joint_names, names, frames)
    ours[~usable], theirs[~finite] = np.nan, np.nan
    apart = ours @ theirs.mT
    with np.errstate(invalid="ignore"):
        return {
            "error_mm": length,
            "acceleration_mm": np.linalg.norm(second_differences(error), axis=2).mean(1),
            "jump_mm": breaks(error, length),
            "turn_deg": turning_breaks(_degrees(apart[1:] @ apart[:-1].mT), _degrees(apart)),
            "source_jump_mm": np.percentile(breaks(source), 25, axis=1),
            "source_turn_deg": turning_breaks(_degrees(theirs[1:] @ theirs[:-1].mT)),
        }


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


def _degrees(matrices: torch.Tensor) -> np.ndarray:
    """(..., 3, 3) rotations to their angles."""
    # |R - 1| = 2 sqrt(2) sin(angle / 2): keeps the digits of small angles, which the trace loses.
    identity = torch.eye(3, dtype=matrices.dtype)
    half = (matrices - identity).square().sum((-2, -1)).div(8).sqrt().clamp(max=1)
    return np.degrees(2 * torch.asin(half).numpy())


def _numbers(array: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Float32, what is not finite replaced by zero: its frame is left out afterwards."""
    clean = np.nan_to_num(np.asarray(array, np.float64), posinf=0, neginf=0)
    return torch.as_tensor(np.clip(clean, -1e6, 1e6).astype(np.float32))
