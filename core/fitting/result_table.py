"""The result of a run while it grows, chunk by chunk: where later stages start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from core.bodies import BodyPair
from core.errors import RefitError
from core.fit_failure import judged
from core.fitting.gauss_newton import PoseFit
from core.fitting.result import FitResult
from core.fitting.skin import FitSkin
from core.fitting.start import source_pose
from core.joints import PARTS
from core.metrics import FrameErrors, frame_errors
from core.motion import Motion
from core.skinning import rotation_vectors


@dataclass(frozen=True, eq=False)
class Parameters:
    """What frames have now; T frames, J joints.

    Attributes:
        poses: (T, J, 3) axis-angle, radians.
        transl: (T, 3) metres.
        betas: (B,) that all frames share.
        frame_betas: (T, B) of the frames' own, or None.
        expression: (T, E).
    """

    poses: np.ndarray
    transl: np.ndarray
    betas: np.ndarray
    frame_betas: np.ndarray | None
    expression: np.ndarray


@dataclass(frozen=True, eq=False)
class FittedChunk:
    """A finished chunk of n frames, in numpy.

    Attributes:
        poses: (n, J, 3) axis-angle, radians.
        transl: (n, 3) metres, the source's trans not yet added.
        coefficients: (n, Z) of the frames' own, or None.
        converged: (n,) bool.
        steps: (n,) steps tried.
        energy: (n,) objective, square metres.
        errors: of the n frames.
        trace: mean objective of those that were fitted last, before each step that all of them took, and in
            the end; or nothing.
    """

    poses: np.ndarray
    transl: np.ndarray
    coefficients: np.ndarray | None
    converged: np.ndarray
    steps: np.ndarray
    energy: np.ndarray
    errors: FrameErrors
    trace: tuple[float, ...] = ()


def joined(parts: list[tuple[np.ndarray, FittedChunk]]) -> FittedChunk:
    """One chunk, in ascending order, of the frames (ids) of several; the last one's trace."""
    order = np.argsort(np.concatenate([frames for frames, _ in parts]))
    chunks = [chunk for _, chunk in parts]

    def all_of(name: str, of: Sequence[object]) -> Any:
        values = [getattr(each, name) for each in of]
        return None if values[0] is None else np.concatenate(values)[order]

    errors = FrameErrors(
        **{
            field.name: all_of(field.name, [chunk.errors for chunk in chunks])
            for field in fields(FrameErrors)
        }
    )
    arrays = ("poses", "transl", "coefficients", "converged", "steps", "energy")
    return FittedChunk(
        **{name: all_of(name, chunks) for name in arrays}, errors=errors, trace=chunks[-1].trace
    )


def fitted_chunk(found: PoseFit, skin: FitSkin, rest_root: np.ndarray) -> FittedChunk:
    """What the solver found, in the terms of files.

    Args:
        found: n frames.
        skin: that they were fitted with.
        rest_root: (3,) or (n, 3) root joint of the shape at rest, metres.
    """
    relative = skin.tree.relative_rotations(found.pose.world)
    own = found.pose.betas
    return FittedChunk(
        rotation_vectors(relative).cpu().numpy(),
        found.pose.root.cpu().numpy() - rest_root,
        None if own is None else own.cpu().numpy(),
        found.converged.cpu().numpy(),
        found.steps.cpu().numpy(),
        found.energy.cpu().numpy(),
        frame_errors(found.residual, skin.body.vertex_part[skin.vertices]),
    )


class ResultTable:
    """The result while it grows; written by the thread that iterates the run, between chunks of a stage.

    Frames not fitted yet hold the source's rotations and trans; frames whose input is not finite lie between
    their neighbours.

    Args:
        motion: the source.
        bodies: that it is fitted with.
        start: a fit of the same motion to go on from, or None.

    Raises:
        RefitError: ``start`` is of other frames or another body.
    """

    def __init__(self, motion: Motion, bodies: BodyPair, start: FitResult | None = None) -> None:
        count, target = len(motion), bodies.target
        self.motion, self.target = motion, target
        self.finite = motion.finite_frames()
        posed = source_pose(motion, bodies, np.arange(count))
        self.poses = np.nan_to_num(posed).astype(np.float32)
        self.transl = np.nan_to_num(motion.trans).astype(np.float32)
        self.betas = np.zeros(0, dtype=np.float32)
        self.frame_betas: np.ndarray | None = None
        self.expression = np.zeros((count, target.num_expression), dtype=np.float32)
        self.fitted = np.zeros(count, dtype=bool)
        self.converged = np.zeros(count, dtype=bool)
        self.edited = np.zeros(count, dtype=bool)
        self.energy = np.full(count, np.nan, dtype=np.float32)
        self.errors = {
            name: np.full(count, np.nan, dtype=np.float32) for name in ("mean", "median", "p95", "max")
        }
        self.part = np.full((count, len(PARTS)), np.nan, dtype=np.float32)
        if start is not None:
            self._take(start)

    def _take(self, start: FitResult) -> None:
        if start.poses.shape != self.poses.shape or start.family != self.target.family:
            raise RefitError(
                f"The fit to go on from has {len(start)} frames of {start.family}, "
                f"the motion {len(self.poses)} frames for {self.target.family}."
            )
        self.poses, self.transl = start.poses.copy(), start.transl.copy()
        self.betas, self.frame_betas = start.betas.copy(), start.frame_betas
        if self.frame_betas is not None:
            self.frame_betas = self.frame_betas.copy()
        expression = start.expression[:, : self.expression.shape[1]]
        self.expression[:, : expression.shape[1]] = expression
        self.fitted, self.converged = start.fitted.copy(), start.converged.copy()
        self.edited = start.edited.copy()
        for name, values in self.errors.items():
            values[:] = getattr(start, f"{name}_mm")
        self.part[:] = start.part_mm

    def parameters(self) -> Parameters:
        """A copy of what frames have now."""
        own = None if self.frame_betas is None else self.frame_betas.copy()
        return Parameters(self.poses.copy(), self.transl.copy(), self.betas, own, self.expression.copy())

    @property
    def has_own_coefficients(self) -> bool:
        """Some frames differ in shape or expression."""
        return self.frame_betas is not None or bool((self.expression != self.expression[:1]).any())

    def set_betas(self, betas: np.ndarray) -> None:
        """All frames have these (B,) betas from now on."""
        self.betas, self.frame_betas = betas.astype(np.float32), None

    def store(self, frames: np.ndarray, found: FittedChunk, num_betas: int, num_expression: int) -> None:
        """Takes in a finished chunk of the frames with these ids; its own coefficients, where it has some,
        are ``num_betas`` betas and then ``num_expression`` of expression."""
        self.poses[frames] = found.poses
        self.transl[frames] = found.transl + self.motion.trans[frames]
        if found.coefficients is not None:
            if self.frame_betas is None:
                self.frame_betas = np.zeros((len(self.poses), num_betas), dtype=np.float32)
                self.frame_betas[:, : len(self.betas)] = self.betas[:num_betas]
            self.frame_betas[frames, :num_betas] = found.coefficients[:, :num_betas]
            self.expression[frames, :num_expression] = found.coefficients[:, num_betas:]
        self.fitted[frames] = True
        self.edited[frames] = False
        self.converged[frames] = found.converged
        self.energy[frames] = found.energy
        for name, values in self.errors.items():
            values[frames] = getattr(found.errors, name)
        self.part[frames] = found.errors.part

    def result(self, seconds: float, partial: bool, provenance: dict[str, Any]) -> FitResult:
        """A copy of what is there now, and whether it has failed as a whole."""
        poses, transl = self.poses.copy(), self.transl.copy()
        expression = self.expression.copy()
        own, shared = self.frame_betas, self.betas if len(self.betas) else np.zeros(10, dtype=np.float32)
        gaps, done = np.flatnonzero(~self.finite), np.flatnonzero(self.fitted)
        if len(gaps) and len(done):
            fill_gaps(poses, transl, done, gaps)
            lay_between(expression, done, gaps)
            if own is not None:
                own = own.copy()
                lay_between(own, done, gaps)
        if own is not None and bool((own == own[:1]).all()):
            own = None
        found = FitResult(
            family=self.target.family,
            gender=self.target.gender,
            poses=poses,
            transl=transl,
            betas=shared.copy() if own is None else own[self.fitted].mean(0),
            expression=expression,
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
            frame_betas=None if own is None else own.copy(),
            edited=self.edited.copy(),
        )
        return judged(found)


def fill_gaps(poses: np.ndarray, transl: np.ndarray, done: np.ndarray, gaps: np.ndarray) -> None:
    """Lays frames between their neighbours, in place: rotations on the shortest arc, places on a line; before
    the first and after the last they repeat.

    Args:
        poses: (T, J, 3) axis-angle, radians.
        transl: (T, 3) metres.
        done: ascending ids of frames to trust.
        gaps: ascending ids of frames to fill.
    """
    lay_between(transl, done, gaps)
    outside = (gaps <= done[0]) | (gaps >= done[-1])
    poses[gaps[outside]] = poses[np.clip(gaps[outside], done[0], done[-1])]
    inside = gaps[~outside]
    if not len(inside):
        return
    # Most fits have no gaps, and need not wait for it.
    from scipy.spatial.transform import Rotation, Slerp

    after = np.searchsorted(done, inside)
    around = np.union1d(done[after - 1], done[after])
    for joint in range(poses.shape[1]):
        path = Slerp(around, Rotation.from_rotvec(poses[around, joint].astype(np.float64)))
        poses[inside, joint] = path(inside).as_rotvec()


def lay_between(values: np.ndarray, done: np.ndarray, gaps: np.ndarray) -> None:
    """Lays the rows ``gaps`` of (T, k) values on lines between the rows ``done``, in place."""
    for column in values.T:
        column[gaps] = np.interp(gaps, done, column[done])


def nearest(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """For each of ``wanted``, the position of the nearest of ``known``; both ascending frame ids."""
    after = np.clip(np.searchsorted(known, wanted), 0, len(known) - 1)
    before = np.clip(after - 1, 0, None)
    return np.where(np.abs(known[before] - wanted) <= np.abs(known[after] - wanted), before, after)
