"""How the joints of a fit follow those of its source: places, accelerations, and steps that break."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from core.fitting.objective import frames_last
from core.measure.figures import FIGURE, OF_JOINTS
from core.measure.joint_neighbours import HALO
from core.measure.joint_tracks import JointTracks
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.posing import arguments_of, joints_of

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
    source, theirs = _joints(motion, bodies.source, names, frames, np.zeros_like(origin))
    # Relative to the source's trans: a body far from the origin keeps its digits.
    places, ours = _joints(fit, bodies.target, names, frames, fit.trans[frames] - origin)
    error = places - source
    error[~usable] = np.nan
    source = source + 1000 * origin[:, None]
    source[~finite] = np.nan
    ours[..., torch.as_tensor(~usable)] = torch.nan
    theirs[..., torch.as_tensor(~finite)] = torch.nan
    apart = frames_last.product(ours, theirs.transpose(0, 1))
    return JointTracks(names, error, source, *(each.permute(3, 2, 0, 1) for each in (apart, theirs)))


def _joints(
    motion: Motion, body: BodyModel, names: tuple[str, ...], frames: slice, transl: np.ndarray
) -> tuple[np.ndarray, torch.Tensor]:
    """(n, k, 3) float64 millimetres of some joints, and (3, 3, k, n) their rotations relative to the parent;
    NaN where the motion is meshes alone."""
    wanted = torch.as_tensor([body.joint_names.index(name) for name in names], device=body.device)
    if motion.vertices is not None:
        found = joints_of(motion, body, frames, _numbers(transl))[:, wanted].nan_to_num().cpu()
        return 1000 * found.numpy().astype(np.float64), torch.full((3, 3, len(names), len(found)), torch.nan)
    poses, betas, expression = arguments_of(motion, body, frames)
    if expression is not None:
        expression = _numbers(expression)
    rest = body.rest_joints(body.coefficients(betas, expression))
    root = (rest[..., 0, :] + body.tensor(_numbers(transl).numpy())).expand(len(poses), 3)
    chain = frames_last.Chain.of(body.tree, _numbers(poses).to(body.device), rest, root)
    places = chain.places.index_select(1, wanted).permute(2, 1, 0).cpu().numpy()
    return 1000 * places.astype(np.float64), chain.relative.index_select(2, wanted).cpu()


def _numbers(array: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Float32, what is not finite replaced by zero: its frame is left out afterwards."""
    clean = np.nan_to_num(np.asarray(array, np.float64), posinf=0, neginf=0)
    return torch.as_tensor(np.clip(clean, -1e6, 1e6).astype(np.float32))
