"""A session: a motion with the fits that were made of it, in their order, and how it was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.measure.vertex_mask import measured_mask
from core.model.correspondence import Correspondence
from core.model.fit_result import FitResult
from core.model.motion import AS_IT_IS, Motion, Reading
from core.problems.accepted import Accepted
from core.session.marker import Marker


@dataclass(frozen=True, eq=False)
class SessionStep:
    """What there was after one step.

    Attributes:
        result: the fit, None before the first one.
        rate: frames a second that the user gave, None where nothing was given.
        name: what led here, ``'fit of all frames'``; empty for how it began.
        changed: (n,) ascending ids of the frames that the step changed, None for all.
        accepted: problems that were accepted as they are.
        valid: (V,) bool, the target's vertices that counted; None for those of the fit.
        weights: (V,) float32 above zero, how much each of them did; None for all alike.
        markers: moments with names, by frame.
    """

    result: FitResult | None = None
    rate: float | None = None
    name: str = ""
    changed: np.ndarray | None = None
    accepted: tuple[Accepted, ...] = ()
    valid: np.ndarray | None = None
    weights: np.ndarray | None = None
    markers: tuple[Marker, ...] = ()

    def weighing(self, correspondence: Correspondence) -> np.ndarray | None:
        """(V,) float32: the weights of single vertices; None for all alike, or where they are of another
        body."""
        fits = self.weights is not None and len(self.weights) == len(correspondence.valid)
        return self.weights if fits else None

    def mask(self, correspondence: Correspondence) -> np.ndarray:
        """(V,) bool: the vertices that counted; as the fit or the files say where the step does not."""
        if self.valid is not None and len(self.valid) == len(correspondence.valid):
            return self.valid & correspondence.filled
        return correspondence.own if self.result is None else measured_mask(self.result, correspondence)


@dataclass(frozen=True)
class SourceFile:
    """The motion file that a session belongs to.

    Attributes:
        name: file name.
        path: where it lay, empty where that is not known.
        sha256: checksum of its bytes, hexadecimal, or empty.
        start: index of the first frame in the file.
        frames: how many there are.
        reading: what was chosen or said when it was read.
    """

    name: str
    path: str
    sha256: str
    start: int
    frames: int
    reading: Reading = AS_IT_IS

    @classmethod
    def of(cls, motion: Motion) -> SourceFile:
        """That of a motion."""
        path = str(motion.path.resolve()) if motion.path else ""
        return cls(motion.name, path, motion.sha256, motion.start, len(motion), motion.reading)


@dataclass(frozen=True, eq=False)
class Session:
    """Everything that opens again as it was left.

    Attributes:
        source: the file of the motion.
        motion: the motion itself, None where only its file is named.
        steps: at least one, the oldest first.
        at: index of the step that is shown.
        view: how it was looked at: plain json values, whose meaning is the window's.
        target: family of the body that is fitted; None for that of the fits.
        people: the other people of the motion's file, each as they were left; these have none.
        compared: a fit that was made to be compared with the one shown, and is none of the steps; None where
            there is none.

    Raises:
        ValueError: there is no step, ``at`` is none of them, or a fit has another number of frames.
    """

    source: SourceFile
    motion: Motion | None
    steps: tuple[SessionStep, ...]
    at: int = 0
    view: dict[str, Any] = field(default_factory=dict)
    target: str | None = None
    people: tuple[Session, ...] = ()
    compared: SessionStep | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.at < len(self.steps):
            raise ValueError(f"step {self.at} of {len(self.steps)} is shown")
        lengths = {len(fit) for fit in self.fits}
        lengths |= {len(self.motion)} if self.motion is not None else set()
        if lengths - {self.source.frames}:
            raise ValueError(f"the motion has {self.source.frames} frames, a part of it {sorted(lengths)}")

    @property
    def fits(self) -> tuple[FitResult, ...]:
        """All that there are, the oldest first, and what they were compared with last."""
        steps = self.steps if self.compared is None else (*self.steps, self.compared)
        return tuple(step.result for step in steps if step.result is not None)

    @property
    def now(self) -> SessionStep:
        """The step that is shown."""
        return self.steps[self.at]
