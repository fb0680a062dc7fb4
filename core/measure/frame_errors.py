"""Some frames of a fit: measured by themselves, and taken over from another fit of the same motion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from core.measure.counted_vertices import counted_valid
from core.measure.fit_failure import judged
from core.model.body import CHUNK_FRAMES, BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult, shapes
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.posing import check_belonging, skin_chunks
from core.model.vertex_errors import FrameErrors, frame_errors

# Two fits may have different numbers of these.
_COEFFICIENTS = ("expression", "frame_betas")


def measured(motion: Motion, bodies: BodyPair, result: FitResult, frames: np.ndarray) -> FrameErrors:
    """The errors of some frames from a fit's parameters, whatever the fit says of itself.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit, as long as the motion.
        frames: (n,) ids.

    Returns:
        Of the n frames; NaN where one is not fitted or has numbers that are not finite.

    Raises:
        RefitError: the result belongs to another motion or another body.
    """
    check_belonging(motion, bodies, result)
    mean, median, p95, most = (np.full(len(frames), np.nan, np.float32) for _ in range(4))
    part = np.full((len(frames), len(PARTS)), np.nan, np.float32)
    found = FrameErrors(mean, median, p95, most, part)
    members = bodies.target.vertex_part[np.flatnonzero(counted_valid(bodies, result))]
    for some, skin, target in compared(motion, bodies, result, frames):
        errors = frame_errors(skin - target, members)
        for name in ("mean", "median", "p95", "max", "part"):
            getattr(found, name)[some] = getattr(errors, name)
    return found


def compared(
    motion: Motion, bodies: BodyPair, result: FitResult, frames: np.ndarray
) -> Iterator[tuple[np.ndarray, torch.Tensor, torch.Tensor]]:
    """Skin and targets of some frames, a few at a time; those that cannot be measured are left out.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit, as long as the motion.
        frames: (n,) ids.

    Yields:
        Places in ``frames``, and (V, 3, m) metres each of the vertices that count and of their targets, seen
        from where the source stands.
    """
    fit = result.as_motion()
    usable = (motion.finite_frames() & result.fitted & fit.finite_frames())[frames]
    vertices = np.flatnonzero(counted_valid(bodies, result))
    rows = bodies.correspondence.rows(vertices)
    at = np.flatnonzero(usable)
    for start in range(0, len(at), CHUNK_FRAMES):
        some = at[start : start + CHUNK_FRAMES]
        here = np.asarray(frames)[some]
        # Taken off on both sides, so that bodies far from the origin keep their digits.
        moved = fit.trans[here].astype(np.float64) - motion.trans[here]
        with torch.no_grad():
            source = _skin(motion, bodies.source, here, np.zeros_like(moved))
            skin = _skin(fit, bodies.target, here, moved)
            target = (rows @ source.reshape(len(source), -1)).view(-1, 3, len(here))
            ours = skin[vertices]
        yield some, ours, target


def _skin(motion: Motion, body: BodyModel, frames: np.ndarray, transl: np.ndarray) -> torch.Tensor:
    """(V, 3, n) metres of a few frames."""
    ((_, skin),) = skin_chunks(motion, body, frames, body.tensor(transl))
    return skin


def swapped(result: FitResult, other: FitResult, frames: np.ndarray) -> FitResult:
    """The fit with some frames taken over from another one that shares its shape; the rest is untouched.

    Args:
        result: T frames.
        other: of the same motion in the same body.
        frames: ids of the frames to take over.
    """
    if not len(frames):
        return result
    changes: dict[str, Any] = {}
    for name, values in result.by_frame().items():
        if name not in _COEFFICIENTS:
            changes[name] = values.copy()
            changes[name][frames] = getattr(other, name)[frames]
    mine, theirs = _padded(result.expression, other.expression)
    mine[frames] = theirs[frames]
    changes["expression"] = mine
    own = _own_betas(result, other, frames)
    if own is not None:
        changes["betas"], changes["frame_betas"] = shapes(own, changes["fitted"])
    return judged(result, **changes)


def _own_betas(result: FitResult, other: FitResult, frames: np.ndarray) -> np.ndarray | None:
    """(T, B), or None where all frames share the result's betas."""
    mine, theirs = _padded(_by_frame(result), _by_frame(other))
    if result.frame_betas is None and (mine[frames] == theirs[frames]).all():
        return None
    mine[frames] = theirs[frames]
    return mine


def _by_frame(result: FitResult) -> np.ndarray:
    if result.frame_betas is not None:
        return result.frame_betas
    return np.repeat(result.betas[None], len(result), 0)


def _padded(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Copies of (T, n) arrays, with zeros up to the widest."""
    width = max(array.shape[1] for array in arrays)
    return tuple(np.pad(array, ((0, 0), (0, width - array.shape[1]))) for array in arrays)
