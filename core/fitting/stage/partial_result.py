"""The result of a run while it grows, chunk by chunk: where later stages start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.errors import RefitError
from core.fitting.objective import frames_last
from core.fitting.objective.objective import FitSkin
from core.fitting.recipe.settings import FitSettings
from core.fitting.solver.gauss_newton import PoseFit
from core.fitting.stage.initial_pose import source_pose
from core.measure.counted_vertices import HELD
from core.measure.far_rows import FAR_ROWS
from core.measure.fit_failure import judged
from core.model.body_pair import BodyPair
from core.model.fit_result import LEFT, FitResult, shapes
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.skinning import KinematicTree, rotation_vectors
from core.model.vertex_errors import FrameErrors, frame_errors

# Metres that rounding a place may lose unseen.
LEAST_LOSS = 5e-7


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
        coefficients: (n, Z) of shape and expression that the figures are of.
        converged: (n,) bool.
        steps: (n,) steps tried, from the start that led here.
        energy: (n,) objective, square metres.
        errors: of the n frames.
        trace: mean objective of those that were fitted last, before each step that all of them took, and in
            the end; or nothing.
    """

    poses: np.ndarray
    transl: np.ndarray
    coefficients: np.ndarray
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
        return np.concatenate([getattr(each, name) for each in of])[order]

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


def fitted_chunk(
    found: PoseFit, skin: FitSkin, shared: Tensor, trans: np.ndarray, counted: Tensor | None = None
) -> FittedChunk:
    """What the solver found, in the terms of files.

    Args:
        found: n frames.
        skin: that they were fitted with.
        shared: (Z,) coefficients of frames that have none of their own.
        trans: (n, 3) the source's, metres.
        counted: places in the skin's order of the vertices that the errors are over; None for all.
    """
    own = found.pose.betas
    coefficients = shared.expand(len(found.energy), -1) if own is None else own
    rest = skin.joint_template[0] + coefficients @ skin.joint_basis[0].T
    transl, residual = (found.pose.root - rest).cpu().numpy(), found.residual
    vertices = skin.vertices
    if counted is not None:
        residual, vertices = residual[counted], vertices[counted.cpu().numpy()]
    # Far from the origin a file keeps fewer digits: what it gives is told, not what was found.
    lost = (transl + trans).astype(np.float64) - trans - transl
    if np.abs(lost).max(initial=0) > LEAST_LOSS:
        residual = residual + torch.as_tensor(lost.T).to(residual)
    return FittedChunk(
        relative_vectors(skin.tree, found.pose.world).cpu().numpy(),
        transl,
        coefficients.cpu().numpy(),
        found.converged.cpu().numpy(),
        found.steps.cpu().numpy(),
        found.energy.cpu().numpy(),
        frame_errors(residual, skin.body.vertex_part[vertices]),
    )


def relative_vectors(tree: KinematicTree, world: Tensor) -> Tensor:
    """(n, J, 3) axis-angle of the rotations relative to the parent, of world rotations (n, J, 3, 3)."""
    if not frames_last.serves(world):
        return rotation_vectors(tree.relative_rotations(world))
    relative = frames_last.relative_rotations(tree, frames_last.last(world))
    return frames_last.vectors(relative).permute(2, 1, 0).contiguous()


class ResultTable:
    """The result while it grows; written by the thread that iterates the run, between chunks of a stage.

    Frames not fitted yet hold the source's rotations and trans; frames whose input is not finite lie between
    their neighbours. Shape and expression are held twice: those that the next fit of a frame begins with, and
    those that its figures are of. They differ while a stage has solved a shape and not yet fitted the frame.

    Args:
        motion: the source.
        bodies: that it is fitted with.
        start: a fit of the same motion to go on from, or None.

    Attributes:
        held_hands: hands whose fingers no error is over, see `core.measure.counted_vertices`.
        far_rows: ids of the target vertices that neither pull nor count, see `core.measure.far_rows`.

    Raises:
        RefitError: ``start`` is of other frames or another body.
    """

    def __init__(self, motion: Motion, bodies: BodyPair, start: FitResult | None = None) -> None:
        count, target = len(motion), bodies.target
        self.motion, self.target = motion, target
        self.finite = motion.finite_frames()
        self.held_hands: tuple[str, ...] = ()
        self.far_rows = np.empty(0, dtype=int)
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
        self.left = {
            name: np.full(count, nothing, np.int16 if nothing == -1 else np.float32)
            for name, nothing in LEFT.items()
        }
        # What the figures of fitted frames are of.
        self._betas = np.zeros((count, 0), dtype=np.float32)
        self._expression = self.expression.copy()
        if start is not None:
            self._start_from(start)

    def _start_from(self, start: FitResult) -> None:
        if start.poses.shape != self.poses.shape or start.family != self.target.family:
            raise RefitError(
                f"The fit to go on from has {len(start)} frames of {start.family}, "
                f"the motion {len(self.poses)} frames for {self.target.family}."
            )
        self.poses, self.transl = start.poses.copy(), start.transl.copy()
        self.set_betas(start.betas)
        if start.frame_betas is not None:
            self.frame_betas = within("betas", start.frame_betas, self.target.num_betas).copy()
        expression = within("expression coefficients", start.expression, self.target.num_expression)
        self.expression[:, : expression.shape[1]] = expression
        self._betas, self._expression = self._next_betas(), self.expression.copy()
        self.fitted, self.converged = start.fitted.copy(), start.converged.copy()
        self.edited = start.edited.copy()
        for name, values in self.errors.items():
            values[:] = getattr(start, f"{name}_mm")
        self.part[:] = start.part_mm
        for name, left in self.left.items():
            left[:] = getattr(start, name)

    def _next_betas(self) -> np.ndarray:
        """(T, B) a copy of what frames begin with."""
        own = self.frame_betas
        return np.repeat(self.betas[None], len(self.poses), 0) if own is None else own.copy()

    @property
    def num_betas(self) -> int:
        """Of all frames' betas, as many as any has."""
        return len(self.betas) if self.frame_betas is None else self.frame_betas.shape[1]

    def parameters(self) -> Parameters:
        """A copy of what frames have now."""
        own = None if self.frame_betas is None else self.frame_betas.copy()
        return Parameters(self.poses.copy(), self.transl.copy(), self.betas, own, self.expression.copy())

    @property
    def has_own_coefficients(self) -> bool:
        """Some frames differ in shape or expression."""
        return self.frame_betas is not None or bool((self.expression != self.expression[:1]).any())

    def set_betas(self, betas: np.ndarray) -> None:
        """Frames that are fitted from now on have these (B,) betas.

        Raises:
            RefitError: they are more than the body has.
        """
        self.betas = within("betas", betas.astype(np.float32), self.target.num_betas)
        self.frame_betas = None

    def share(self, settings: FitSettings, coefficients: np.ndarray, num_betas: int) -> None:
        """Gives all frames what a stage has solved for them to share: (Z,), ``num_betas`` betas and then
        expression."""
        betas, expression = np.split(coefficients, [num_betas])
        if settings.shape == "shared":
            self.set_betas(betas)
        if settings.expression == "shared":
            self.expression[:, : len(expression)] = expression

    def store(self, frames: np.ndarray, found: FittedChunk, num_betas: int, num_expression: int) -> None:
        """Takes in a finished chunk of the frames with these ids; its coefficients are ``num_betas`` betas
        and then ``num_expression`` of expression."""
        self.poses[frames] = found.poses
        self.transl[frames] = found.transl + self.motion.trans[frames]
        betas, expression = np.split(found.coefficients, [num_betas], axis=1)
        if self.frame_betas is None and (betas != _wide(self.betas, num_betas)).any():
            self.frame_betas = self._next_betas()
        if self.frame_betas is not None:
            self.frame_betas = _wide(self.frame_betas, num_betas)
            self.frame_betas[frames] = _wide(betas, self.frame_betas.shape[1])
        self._betas = _wide(self._betas, num_betas)
        self._betas[frames] = _wide(betas, self._betas.shape[1])
        self.expression[frames, :num_expression] = expression
        self._expression[frames] = self.expression[frames]
        self.fitted[frames] = True
        self.edited[frames] = False
        self.converged[frames] = found.converged
        self.energy[frames] = found.energy
        for name, values in self.errors.items():
            values[frames] = getattr(found.errors, name)
        self.part[frames] = found.errors.part
        for name, left in self.left.items():
            left[frames] = LEFT[name]

    def tell_left(self, frames: np.ndarray, percent: float, degrees: np.ndarray, joint: np.ndarray) -> None:
        """Takes in what frames (n,) that have converged may have left: per cent of their objective, and by
        how many degrees (n,) a joint, by its ids (n,), may still turn."""
        self.left["left_percent"][frames] = percent
        self.left["left_degrees"][frames] = degrees
        self.left["left_joint"][frames] = joint

    def result(self, seconds: float, partial: bool, provenance: dict[str, Any]) -> FitResult:
        """A copy of what is there now, and whether it has failed as a whole."""
        poses, transl = self.poses.copy(), self.transl.copy()
        fitted = self.fitted[:, None]
        width = max(self.num_betas, self._betas.shape[1])
        betas, told = _wide(self._next_betas(), width), _wide(self._betas, width)
        betas, expression = np.where(fitted, told, betas), np.where(fitted, self._expression, self.expression)
        gaps, done = np.flatnonzero(~self.finite), np.flatnonzero(self.fitted)
        if len(gaps) and len(done):
            fill_gaps(poses, transl, done, gaps)
            lay_between(expression, done, gaps)
            lay_between(betas, done, gaps)
        shared, own = shapes(betas, self.fitted)
        left_out: dict[str, Any] = {HELD: list(self.held_hands)} if self.held_hands else {}
        left_out |= {FAR_ROWS: self.far_rows.tolist()} if len(self.far_rows) else {}
        found = FitResult(
            family=self.target.family,
            gender=self.target.gender,
            poses=poses,
            transl=transl,
            betas=shared if len(shared) else np.zeros(10, dtype=np.float32),
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
            provenance=provenance | left_out,
            frame_betas=own,
            edited=self.edited.copy(),
            **{name: values.copy() for name, values in self.left.items()},
        )
        return judged(found)


def within(what: str, coefficients: np.ndarray, most: int) -> np.ndarray:
    """Coefficients (..., n) without zeros beyond the ``most`` that a body has.

    Raises:
        RefitError: they are more than it has: they would be kept and told, and not be used.
    """
    if coefficients[..., most:].any():
        count = coefficients.shape[-1]
        raise RefitError(f"There are {count} {what}, the body has {most}: they are of another body.")
    return coefficients[..., :most]


def _wide(values: np.ndarray, count: int) -> np.ndarray:
    """The values with zeros up to ``count`` in their last axis; as they are where they have so many."""
    missing = count - values.shape[-1]
    return values if missing <= 0 else np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)])


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
