"""Measures how a fit follows its source, in working memory that does not grow with the motion."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from core.geometry.rigid_alignment import HandShape
from core.geometry.up_axis import vertical
from core.measure.counted_vertices import counted_bodies
from core.measure.ground_contact import PATCHES, GroundMetrics, Soles, ground_metrics, moved_up
from core.measure.joint_metrics import joint_metrics, shared_joints
from core.measure.motion_metrics import MotionMetrics
from core.model.body import CHUNK_FRAMES, BodyModel
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.posing import arguments_of, check_belonging, skin_chunks
from core.model.vertex_errors import lengths_mm

# With a frame on either side, for accelerations, it fills one chunk of the posing.
STEP_FRAMES = CHUNK_FRAMES - 2


def measure_motion(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    on_progress: Callable[[int, int], None] | None = None,
) -> MotionMetrics:
    """Measures a fit from its parameters, a few frames at a time.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit, as long as the motion.
        on_progress: told the frames done and their total, again and again at the end; what it raises ends the
            measuring.

    Raises:
        RefitError: the result belongs to another motion or another body.
    """
    check_belonging(motion, bodies, result)
    bodies = counted_bodies(bodies, result)
    count = len(motion)
    finite = motion.finite_frames()
    usable = finite & result.fitted & result.as_motion().finite_frames()
    skin = _Skin(motion, bodies, result, usable)
    with torch.no_grad():
        for start in range(0, count, STEP_FRAMES):
            stop = min(start + STEP_FRAMES, count)
            if usable[start:stop].any():
                skin.measure(start, stop)
            if on_progress:
                on_progress(stop, count)
        still_there = partial(on_progress, count, count) if on_progress else None
        joints = joint_metrics(motion, bodies, result, usable, still_there)
    ground = skin.ground()
    return MotionMetrics(
        joint_names=shared_joints(bodies),
        finite=finite,
        fitted=usable,
        converged=(result.converged | result.edited) & usable,
        frame_rate=motion.frame_rate,
        floor=ground.floor,
        mean_mm=skin.mean,
        max_mm=skin.most,
        part_mm=skin.part,
        hand_mm=skin.hand,
        jitter_mm=skin.jitter,
        penetration_mm=ground.penetration_mm,
        skate_mm=ground.skate_mm,
        vertex_mean_mm=skin.vertex_mean(),
        vertex_max_mm=skin.vertex_max(),
        **joints,
    )


class _Skin:
    """Figures that need the vertices, gathered while the motion goes by."""

    def __init__(self, motion: Motion, bodies: BodyPair, result: FitResult, usable: np.ndarray) -> None:
        self.motion, self.bodies, self.fit, self.usable = motion, bodies, result.as_motion(), usable
        self.valid = bodies.correspondence.valid
        vertices = np.flatnonzero(self.valid)
        self.rows = bodies.correspondence.rows(vertices)
        self.vertices = torch.as_tensor(vertices, device=bodies.target.device)
        member = bodies.target.vertex_part[vertices] == np.arange(len(PARTS))[:, None]
        size = member.sum(1, keepdims=True)
        self.empty = size[:, 0] == 0
        self.part_average = bodies.target.tensor(member / np.maximum(size, 1))
        self.hands = HandShape(bodies.target, self.valid)
        self.soles = Soles(bodies.target, self.valid)
        count = len(motion)
        self.mean, self.most, self.lowest, self.source_lowest = (_nothing(count) for _ in range(4))
        self.part, self.jitter = _nothing(count, len(PARTS)), _nothing(count, len(PARTS))
        self.hand = _nothing(count, 2)
        self.patches, self.source_patches = (_nothing(count, len(PATCHES), 3) for _ in "ab")
        self.sum = torch.zeros(len(vertices), dtype=torch.float64, device=bodies.target.device)
        self.worst = torch.zeros(len(vertices), device=bodies.target.device)
        self.up, _, self.upwards = vertical(motion.up_axis)
        # Heights and places are kept from here, in float32: near the motion, wherever its world's origin is.
        self.origin = motion.trans[np.argmax(usable)].astype(np.float64) if usable.any() else np.zeros(3)

    def measure(self, start: int, stop: int) -> None:
        """Takes in the frames ``start:stop``."""
        around = slice(max(0, start - 1), min(stop + 1, len(self.motion)))
        inner, frames = slice(start - around.start, stop - around.start), slice(start, stop)
        usable = self.usable[around]
        here = np.where(usable[:, None], self.motion.trans[around].astype(np.float64), 0)
        moved = np.where(usable[:, None], self.fit.trans[around] - here, 0)
        source = _vertices(self.motion, self.bodies.source, around, usable, np.zeros_like(here))
        fit = _vertices(self.fit, self.bodies.target, around, usable, moved)
        target = (self.rows @ source.reshape(len(source), -1)).view(-1, 3, source.shape[2])
        counted = fit[self.vertices]
        residual = counted - target

        distance = lengths_mm(residual[..., inner], 1)
        good = torch.as_tensor(usable[inner], device=distance.device)
        distance = torch.where(good, distance, 0)
        self.sum += distance.sum(1, dtype=torch.float64)
        self.worst = torch.maximum(self.worst, distance.max(1).values)
        self.mean[frames] = distance.mean(0).cpu().numpy()
        self.most[frames] = distance.max(0).values.cpu().numpy()
        self.part[frames] = self._by_part(distance)
        self.hand[frames] = self.hands.error_mm(counted[..., inner], target[..., inner])
        if residual.shape[2] >= 3:
            acceleration = residual[..., :-2] - 2 * residual[..., 1:-1] + residual[..., 2:]
            known = usable[:-2] & usable[1:-1] & usable[2:]
            by_part = self._by_part(lengths_mm(acceleration, 1))
            self.jitter[around.start + 1 : around.stop - 1] = np.where(known[:, None], by_part, np.nan)
        self._feet(frames, (here - self.origin)[inner], counted[..., inner], target[..., inner])
        rise = self.upwards * (here - self.origin)[inner, self.up]
        for series, points in ((self.lowest, fit), (self.source_lowest, source)):
            heights = self.upwards * points[:, self.up, inner]
            series[frames] = heights.min(0).values.cpu().numpy() + rise
        for series in (self.mean, self.most, self.part, self.hand, self.lowest, self.source_lowest):
            series[frames][~usable[inner]] = np.nan

    def _by_part(self, values: Tensor) -> np.ndarray:
        """(V, n) to (n, parts)."""
        mean = (self.part_average @ values).T.cpu().numpy()
        mean[:, self.empty] = np.nan
        return mean

    def _feet(self, frames: slice, shift: np.ndarray, fit: Tensor, target: Tensor) -> None:
        for series, points in ((self.patches, fit), (self.source_patches, target)):
            centres = self.soles.centres(points) + shift[:, None]
            centres[:, ~self.soles.known] = np.nan
            centres[~self.usable[frames]] = np.nan
            series[frames] = centres

    def ground(self) -> GroundMetrics:
        """Penetration and skating over the whole motion."""
        found = ground_metrics(
            self.lowest,
            self.source_lowest,
            self.patches,
            self.source_patches,
            self.motion.up_axis,
            self.motion.frame_rate,
        )
        return moved_up(found, self.upwards * float(self.origin[self.up]))

    def vertex_mean(self) -> np.ndarray:
        """(V,) NaN where a vertex does not count."""
        count = int(self.usable.sum())
        return self._everywhere(self.sum / count if count else torch.full_like(self.sum, math.nan))

    def vertex_max(self) -> np.ndarray:
        """(V,) NaN where a vertex does not count."""
        return self._everywhere(self.worst if self.usable.any() else torch.full_like(self.worst, math.nan))

    def _everywhere(self, values: Tensor) -> np.ndarray:
        out = _nothing(len(self.valid))
        out[self.valid] = values.cpu().numpy()
        return out


def _vertices(
    motion: Motion, body: BodyModel, frames: slice, usable: np.ndarray, transl: np.ndarray
) -> Tensor:
    """(V, 3, n) metres; frames that are not usable stand in the rest pose, to be left out afterwards."""
    if motion.vertices is not None:
        found = skin_chunks(motion, body, frames, body.tensor(transl))
        return torch.cat([skin for _, skin in found], 2).nan_to_num_(0.0)
    good = torch.as_tensor(usable)
    poses, betas, expression = arguments_of(motion, body, frames)
    poses = torch.where(good[:, None, None], poses, 0)
    if expression is not None:
        expression = torch.where(good[:, None], expression, 0)
    parts = body.vertex_chunks(poses, betas, body.tensor(transl), expression)
    return torch.cat([skin for _, skin in parts], 2)


def _nothing(*shape: int) -> np.ndarray:
    return np.full(shape, np.nan, dtype=np.float32)
