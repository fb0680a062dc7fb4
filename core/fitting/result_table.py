"""The result of a run while it grows, chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.bodies import BodyPair
from core.fitting.gauss_newton import PoseFit
from core.fitting.result import FitResult
from core.fitting.skin import FitSkin, Shape
from core.fitting.start import source_pose
from core.joints import PARTS
from core.metrics import FrameErrors, frame_errors
from core.motion import Motion
from core.skinning import rotation_vectors


@dataclass(frozen=True, eq=False)
class FittedChunk:
    """A finished chunk of n frames, in numpy.

    Attributes:
        poses: (n, J, 3) axis-angle, radians.
        transl: (n, 3) metres, the source's trans not yet added.
        converged: (n,) bool.
        steps: (n,) steps tried.
        energy: (n,) objective, square metres.
        errors: of the n frames.
    """

    poses: np.ndarray
    transl: np.ndarray
    converged: np.ndarray
    steps: np.ndarray
    energy: np.ndarray
    errors: FrameErrors


def fitted_chunk(found: PoseFit, skin: FitSkin, shape: Shape) -> FittedChunk:
    """What the solver found, in the terms of files."""
    relative = skin.tree.relative_rotations(found.pose.world)
    return FittedChunk(
        rotation_vectors(relative).cpu().numpy(),
        (found.pose.root - shape.rest[0]).cpu().numpy(),
        found.converged.cpu().numpy(),
        found.steps.cpu().numpy(),
        found.energy.cpu().numpy(),
        frame_errors(found.residual, skin.body.vertex_part[skin.vertices]),
    )


class ResultTable:
    """The result while it grows; written and read by the thread that iterates the run.

    Frames not fitted yet hold the source's rotations and trans; frames whose input is not finite, the pose of
    the nearest fitted frame.
    """

    def __init__(self, motion: Motion, bodies: BodyPair, num_betas: int) -> None:
        count = len(motion)
        self.motion, self.target = motion, bodies.target
        self.finite = motion.finite_frames()
        start = source_pose(motion, bodies, np.arange(count))
        self.poses = np.nan_to_num(start).astype(np.float32)
        self.transl = np.nan_to_num(motion.trans).astype(np.float32)
        self.betas = np.zeros(min(num_betas, bodies.target.num_betas), dtype=np.float32)
        self.fitted = np.zeros(count, dtype=bool)
        self.converged = np.zeros(count, dtype=bool)
        self.errors = {
            name: np.full(count, np.nan, dtype=np.float32) for name in ("mean", "median", "p95", "max")
        }
        self.part = np.full((count, len(PARTS)), np.nan, dtype=np.float32)
        self.expression = np.zeros((count, bodies.target.num_expression), dtype=np.float32)

    def store(self, frames: np.ndarray, found: FittedChunk) -> None:
        """Takes in a finished chunk of the frames with these ids."""
        self.poses[frames] = found.poses
        self.transl[frames] = found.transl + self.motion.trans[frames]
        self.fitted[frames] = True
        self.converged[frames] = found.converged
        for name, values in self.errors.items():
            values[frames] = getattr(found.errors, name)
        self.part[frames] = found.errors.part

    def result(self, seconds: float, partial: bool, provenance: dict[str, Any]) -> FitResult:
        """A copy of what is there now."""
        poses, transl = self.poses.copy(), self.transl.copy()
        done = np.flatnonzero(self.fitted)
        gaps = np.flatnonzero(~self.finite)
        if len(done) and len(gaps):
            near = nearest(done, gaps)
            poses[gaps], transl[gaps] = poses[done[near]], transl[done[near]]
        return FitResult(
            family=self.target.family,
            gender=self.target.gender,
            poses=poses,
            transl=transl,
            betas=self.betas.copy(),
            expression=self.expression.copy(),
            frame_rate=self.motion.frame_rate,
            up_axis=self.motion.up_axis,
            source_name=self.motion.name,
            fitted=self.fitted.copy(),
            converged=self.converged.copy(),
            mean_mm=self.errors["mean"].copy(),
            median_mm=self.errors["median"].copy(),
            p95_mm=self.errors["p95"].copy(),
            max_mm=self.errors["max"].copy(),
            part_mm=self.part.copy(),
            seconds=seconds,
            partial=partial,
            provenance=provenance,
        )


def nearest(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """For each of ``wanted``, the position of the nearest of ``known``; both ascending frame ids."""
    after = np.clip(np.searchsorted(known, wanted), 0, len(known) - 1)
    before = np.clip(after - 1, 0, None)
    return np.where(np.abs(known[before] - wanted) <= np.abs(known[after] - wanted), before, after)
