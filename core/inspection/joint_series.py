"""Any joints of a body over a motion, by a path that poses only the vertices they need."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from core.errors import RefitError
from core.inspection.face_contour import FaceContour
from core.model.body import BodyModel
from core.model.body_joints import BodyJoint, contour_joints, joint_rows
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posed_points import CHUNK, PosedPoints
from core.model.posing import posed

TIMED_FRAMES = 128
_TIMED_PASSES = 4


@dataclass(frozen=True)
class JointsSpeed:
    """How much faster the joints alone are than posing the whole skin.

    Attributes:
        frames: that both were measured on.
        joints_ms: milliseconds a frame, the joints alone.
        skin_ms: milliseconds a frame, the whole skin and the same joints from it.
    """

    frames: int
    joints_ms: float
    skin_ms: float

    @property
    def factor(self) -> float:
        """How many times as fast."""
        return self.skin_ms / self.joints_ms


def fitted_motion(result: FitResult) -> Motion:
    """A fit as a motion of its own body, NaN in the frames that are not fitted."""
    motion = result.as_motion()
    if result.fitted.all():
        return motion
    return replace(motion, poses=np.where(result.fitted[:, None, None], motion.poses, np.float32(np.nan)))


class JointSeries:
    """Some joints of a body, ready to be followed through motions.

    Args:
        body: of the motions.
        joints: of that body, by `body_joints`, `contour_joints` or `joint_set.joints_of_set`; points of the
            face's outline are for motions of poses, not of meshes.
    """

    def __init__(self, body: BodyModel, joints: Sequence[BodyJoint]) -> None:
        self.body, self.joints = body, tuple(joints)
        self._chain = np.array([row for row, joint in enumerate(joints) if joint.kind == "kinematic"], int)
        self._outline = np.array([row for row, joint in enumerate(joints) if joint.kind == "contour"], int)
        self._skin = np.setdiff1d(np.arange(len(joints)), [*self._chain, *self._outline])
        self._of_chain = [joints[row].index for row in self._chain]
        rows = joint_rows([joints[row] for row in self._skin], body.num_vertices)
        used = np.unique(rows.indices)
        self._contour = None
        if len(self._outline):
            first = contour_joints(body)[0].index
            self._contour = FaceContour(body, np.array([joints[row].index - first for row in self._outline]))
            used = np.union1d(used, self._contour.vertices)
            self._of_outline = np.searchsorted(used, self._contour.vertices)
        self._points = PosedPoints(body, used)
        self._rows = body.tensor(rows[:, used].toarray())

    def places(self, motion: Motion, frames: np.ndarray, about: np.ndarray | None = None) -> np.ndarray:
        """Where the k joints are in n frames.

        Args:
            motion: in the body's family.
            frames: (n,) ids.
            about: (n, 3) metres that places are relative to; None for the motion's own world.

        Returns:
            (n, k, 3) float32 metres, NaN in frames that are not finite.
        """
        ids = np.asarray(frames, dtype=int)
        out = np.full((len(ids), len(self.joints), 3), np.nan, dtype=np.float32)
        here = np.flatnonzero(motion.finite_frames()[ids])
        if len(here):
            trans = motion.trans[ids[here]].astype(np.float64)
            if about is not None:
                trans -= about[here]
            with torch.no_grad():
                skin, chain = self._points.posed_with_joints(motion, ids[here], np.zeros_like(trans))
                found = torch.empty(len(self.joints), 3, len(here), device=chain.device)
                found[self._chain] = chain[self._of_chain]
                found[self._skin] = (self._rows @ skin.flatten(1)).view(-1, 3, len(here))
                shown = found.permute(2, 0, 1).cpu().numpy()
            if self._contour is not None:
                shown[:, self._outline] = self._contour.places(motion, ids[here], skin[self._of_outline])
            # Added last and in float64: a body far from the origin keeps its digits.
            out[here] = shown + trans[:, None]
        return out

    def over(self, motion: Motion, on_progress: Callable[[int, int], None] | None = None) -> np.ndarray:
        """(T, k, 3) float32 metres over a whole motion.

        Args:
            motion: T frames in the body's family.
            on_progress: told the frames done and their total; what it raises ends the work.
        """
        count = len(motion)
        out = np.empty((count, len(self.joints), 3), dtype=np.float32)
        for start in range(0, count, CHUNK):
            stop = min(start + CHUNK, count)
            out[start:stop] = self.places(motion, np.arange(start, stop))
            if on_progress:
                on_progress(stop, count)
        return out

    def speed(self, motion: Motion) -> JointsSpeed:
        """Measures both ways on the first `TIMED_FRAMES` finite frames of a motion; takes about a second.

        Raises:
            RefitError: no frame is finite.
        """
        frames = np.flatnonzero(motion.finite_frames())[:TIMED_FRAMES]
        if not len(frames):
            raise RefitError(f"{motion.name} holds no frame whose numbers are all finite.")
        rows = joint_rows([self.joints[row] for row in self._skin], self.body.num_vertices)

        def whole_skin(ids: np.ndarray) -> None:
            # In pieces: meshes of thousands of frames are never in memory at once.
            for part in np.array_split(ids, max(1, len(ids) // 32)):
                skin, _ = posed(motion, self.body, part)
                for frame in skin:
                    rows @ frame

        timed = []
        for work in (lambda ids: self.places(motion, ids), whole_skin):
            passes = []
            for _ in range(_TIMED_PASSES):
                started = time.perf_counter()
                work(frames)
                passes.append(1000 * (time.perf_counter() - started) / len(frames))
            # The best of several: what else the machine does, and what is prepared once, does not count.
            timed.append(min(passes))
        return JointsSpeed(len(frames), timed[0], timed[1])
