"""Source and fit posed frame by frame, with what is likely needed next kept at hand."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.measure.counted_vertices import counted_valid
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.frame_parameters import ParameterChange, frame_parameters
from core.model.motion import Motion
from core.model.posing import posed, root_path
from core.model.vertex_errors import vertex_error_mm

if TYPE_CHECKING:
    from core.fitting.quick_refit import Refit

# Frames posed at once while one follows the other; a jump waits for its own alone.
CHUNK = 4


@dataclass(frozen=True, eq=False)
class PosedFrame:
    """One frame of source and fit, metres in the source's own world; treat the arrays as read-only.

    Attributes:
        source_vertices: (Vs, 3) float32; NaN where the source's pose is not finite.
        source_joints: (Js, 3) float32.
        fit_vertices: (Vt, 3) float32, or None where the frame is not fitted.
        fit_joints: (Jt, 3) float32, or None.
        error_mm: (Vt,) float32 distance of each fit vertex from its target, NaN where it does not count; or
            None.
    """

    source_vertices: np.ndarray
    source_joints: np.ndarray
    fit_vertices: np.ndarray | None
    fit_joints: np.ndarray | None
    error_mm: np.ndarray | None

    @property
    def mean_mm(self) -> float:
        """Mean error over the vertices that count, NaN where there is none."""
        if self.error_mm is None or not np.isfinite(self.error_mm).any():
            return float("nan")
        return float(np.nanmean(self.error_mm))


class PosedFrames:
    """Poses frames on demand, a few ahead where they follow each other, and keeps the most recent ones.

    Args:
        motion: source motion.
        bodies: source, target and correspondence.
        result: the fit, or None.
        cache_frames: frames kept; one takes about 0.3 MB.
    """

    def __init__(
        self, motion: Motion, bodies: BodyPair, result: FitResult | None = None, cache_frames: int = 512
    ) -> None:
        self.motion, self.bodies, self.result = motion, bodies, result
        self._most = max(CHUNK, cache_frames)
        self._sources: OrderedDict[int, tuple[np.ndarray, np.ndarray]] = OrderedDict()
        self._fits: OrderedDict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = OrderedDict()
        self._trial: tuple[ParameterChange, int | None] | None = None
        self._tried: tuple[int, PosedFrame] | None = None
        self._other: PosedFrames | None = None
        self._peeks = False
        self._beside: PosedFrames | None = None

    def prepare(self) -> None:
        """Makes what the first fitted frame would otherwise wait for: the target's operators.

        Another thread may pose frames meanwhile: nothing that is kept of them is touched.
        """
        bodies = self.bodies
        at_rest = torch.zeros(1, bodies.target.num_joints, 3), None, torch.zeros(1, 3)
        vertices = bodies.target.vertices(*at_rest)
        source, _ = posed(self.motion, bodies.source, slice(0, 1))
        targets = bodies.correspondence.apply(torch.as_tensor(source))
        vertex_error_mm(vertices.to(targets.device), targets, bodies.correspondence.valid)

    def set_result(self, result: FitResult | None, changed: np.ndarray | None = None) -> None:
        """Shows another fit of the same motion.

        Args:
            result: or None.
            changed: ids of the frames that differ from the last result; None for all.
        """
        self.result = result
        self.try_out(None)
        if changed is None:
            self._fits.clear()
            return
        for frame in np.asarray(changed, dtype=int).tolist():
            self._fits.pop(frame, None)

    @property
    def tries_out(self) -> bool:
        """What a change would do is shown."""
        return self._trial is not None

    def try_out(self, change: ParameterChange | None, frame: int | None = None) -> None:
        """Shows what a change would do, without making it.

        Args:
            change: or None to show the fit as it is.
            frame: that is changed; None for all.
        """
        self._trial = None if change is None else (change, frame)
        self._tried = None

    def peek(self, result: FitResult | None) -> None:
        """Shows another fit of the same motion for a while, as it is, whatever is tried out.

        Args:
            result: or None to show the fit again. What was posed of it is kept until another one is asked
                for.
        """
        self._peeks = result is not None
        if result is None or (self._other is not None and self._other.result is result):
            return
        self._other = self._with(result, 8 * CHUNK)

    def set_beside(self, result: FitResult | None) -> None:
        """Keeps another fit of the same motion at hand beside this one, None for none; nothing of it is posed
        until `beside` is asked for."""
        if result is None or self._beside is None or self._beside.result is not result:
            self._beside = None if result is None else self._with(result, self._most)

    def beside(self, index: int) -> PosedFrame | None:
        """Frame ``index`` of source and the fit that `set_beside` has been given; None without one.

        Raises:
            IndexError: there is no such frame.
        """
        return None if self._beside is None else self._beside.frame(index)

    def beside_roots(self) -> np.ndarray | None:
        """As `fit_roots`, of the fit beside."""
        return None if self._beside is None else self._beside.fit_roots()

    def _with(self, result: FitResult, most: int) -> PosedFrames:
        """The same motion with another fit, of which so many frames are kept."""
        other = PosedFrames(self.motion, self.bodies, result, most)
        other._sources = self._sources
        return other

    def set_bodies(self, bodies: BodyPair) -> None:
        """The same bodies with another mask: errors are over other vertices from now on."""
        self.bodies = bodies
        self._fits.clear()
        self._other, self._peeks = None, False
        if self._beside is not None:
            self._beside.set_bodies(bodies)

    def show_refit(self, refit: Refit) -> None:
        """Shows a frame as it was fitted again, without making it part of the fit; as `try_out` does."""
        picture = PosedFrame(*self._source(refit.frame), refit.vertices, refit.joints, refit.error_mm)
        self._trial, self._tried = (refit.change, refit.frame), (refit.frame, picture)

    def fit_roots(self) -> np.ndarray | None:
        """(T, 3) the fit's root joint at every frame, NaN where it is not fitted; None without a fit."""
        if self.result is None:
            return None
        if self._peeks and self._other is not None:
            return self._other.fit_roots()
        path = root_path(self.result.as_motion(), self.bodies.target)
        path[~self.result.fitted] = np.nan
        return path

    def frame(self, index: int) -> PosedFrame:
        """Frame ``index`` of source and fit.

        Raises:
            IndexError: there is no such frame.
        """
        if not 0 <= index < len(self.motion):
            raise IndexError(f"frame {index} of {len(self.motion)}")
        if self._peeks and self._other is not None:
            return self._other.frame(index)
        vertices, joints = self._source(index)
        if self.result is None or not self.result.fitted[index]:
            return PosedFrame(vertices, joints, None, None, None)
        if self._trial is not None and self._trial[1] in (None, index):
            return self._changed(index, vertices, joints, self._trial[0])
        return PosedFrame(vertices, joints, *self._fit(index))

    def _changed(
        self, index: int, source_vertices: np.ndarray, source_joints: np.ndarray, change: ParameterChange
    ) -> PosedFrame:
        if self._tried is None or self._tried[0] != index:
            assert self.result is not None
            alone = frame_parameters(self.result, index).with_change(change).as_motion(self.result)
            vertices, joints = posed(alone, self.bodies.target, slice(0, 1))
            error = self._errors(vertices, source_vertices[None])
            self._tried = (
                index, PosedFrame(source_vertices, source_joints, vertices[0], joints[0], error[0])
            )  # fmt: skip
        return self._tried[1]

    def _errors(self, vertices: np.ndarray, source_vertices: np.ndarray) -> np.ndarray:
        targets = self.bodies.correspondence.apply(torch.as_tensor(source_vertices))
        fit = torch.as_tensor(vertices, device=targets.device)
        return vertex_error_mm(fit, targets, counted_valid(self.bodies, self.result))

    def _source(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if index not in self._sources:
            frames = self._together(index, self._sources)
            found = posed(self.motion, self.bodies.source, frames)
            self._sources.update(zip(frames.tolist(), zip(*found, strict=True), strict=True))
        return _latest(self._sources, index, self._most)

    def _fit(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if index not in self._fits:
            assert self.result is not None
            frames = self._together(index, self._fits)
            vertices, joints = posed(self.result.as_motion(), self.bodies.target, frames)
            source = np.stack([self._source(frame)[0] for frame in frames.tolist()])
            found = vertices, joints, self._errors(vertices, source)
            self._fits.update(zip(frames.tolist(), zip(*found, strict=True), strict=True))
        return _latest(self._fits, index, self._most)

    def _together(self, index: int, known: OrderedDict) -> np.ndarray:
        """Ids of the frames to pose with one, ascending: those it is likely to go on to."""
        step = 0
        for away in range(1, CHUNK + 1):
            step = 1 if index - away in known else -1 if index + away in known else 0
            if step:
                break
        frames = [index]
        while step and len(frames) < CHUNK:
            following = frames[-1] + step
            if following in known or not 0 <= following < len(self.motion):
                break
            frames.append(following)
        return np.sort(frames)


def _latest(cache: OrderedDict, key: int, most: int):  # type: ignore[no-untyped-def]
    cache.move_to_end(key)
    while len(cache) > most:
        cache.popitem(last=False)
    return cache[key]
