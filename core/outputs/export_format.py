"""What a format that fits are exported in says of itself, and what its writer is given."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from core.errors import RefitError
from core.files.containers.numbered import Progress
from core.model.motion import MOST_RATE, MOST_SIGMAS

if TYPE_CHECKING:
    from core.measure.motion_metrics import MotionMetrics
    from core.model.body import BodyModel
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion

RangeName = Literal["all", "selection", "current"]
Timed = TypeVar("Timed", "FitResult", "Motion")
Settings = Mapping[str, Any]
"""What is chosen of each option, by its name."""


@dataclass(frozen=True)
class Option:
    """Something that is asked before a file is written.

    Attributes:
        name: of the setting.
        label: what stands before its field.
        choices: words and value of each, the usual one first; none where what can be chosen depends on what
            is open.
        tip: its tooltip.
    """

    name: str
    label: str
    choices: tuple[tuple[str, Any], ...] = ()
    tip: str = ""


@dataclass(frozen=True)
class BodySizes:
    """What there is to write, for telling beforehand how large a file will be.

    Attributes:
        vertices: of the body.
        faces: of the body.
        joints: of the fit's body.
        coefficients: of expression.
        metrics: columns of figures that are measured.
    """

    vertices: int
    faces: int
    joints: int
    coefficients: int
    metrics: int


@dataclass(frozen=True, eq=False)
class ExportJob:
    """Everything that writing needs.

    Attributes:
        path: the file, or the folder.
        stem: how numbered files begin.
        frames: ids of the frames to write.
        motion: the source; None where it is not at hand.
        bodies: of source and fit.
        result: the fit, or None.
        metrics: of the fit, or None.
        settings: what is chosen of the format's options.
        single: one frame in a file by itself.
        overwrite: what is there may be lost.
        progress: told how much is written.
        stop: set to stop.
        frame_rate: frames a second that were said for it; None for those of fit and motion.
    """

    path: Path
    stem: str
    frames: np.ndarray
    motion: Motion | None
    bodies: BodyPair
    result: FitResult | None = None
    metrics: MotionMetrics | None = None
    settings: Settings = field(default_factory=dict)
    single: bool = False
    overwrite: bool = False
    progress: Progress | None = None
    stop: threading.Event | None = None
    frame_rate: float | None = None

    @property
    def fit(self) -> FitResult:
        """The fit; raises RefitError where there is none."""
        if self.result is None:
            raise RefitError("There is no fit to export; fit the motion first.")
        return self._timed(self.result)

    @property
    def source(self) -> Motion:
        """The motion that was fitted; raises RefitError where it is not at hand."""
        if self.motion is None:
            raise RefitError("The motion that the fit was made from is needed, and is not at hand.")
        return self._timed(self.motion)

    @property
    def known_rate(self) -> float | None:
        """Frames a second: what was said for the export, else what is known of the fit or its motion."""
        if self.frame_rate is not None:
            return self.frame_rate
        told = (self.result, self.motion)
        return next((one.frame_rate for one in told if one is not None and one.frame_rate), None)

    def _timed(self, one: Timed) -> Timed:
        rate = self.known_rate
        self._check(one, rate)
        return one if one.frame_rate == rate else replace(one, frame_rate=rate)

    def _check(self, one: FitResult | Motion, rate: float | None) -> None:
        """Nobody who reads such files would take another rate, or such a shape."""
        if rate is not None and not 0 < rate < MOST_RATE:
            raise RefitError(
                f"The frame rate is {rate:g}, expected frames a second above 0 and below {MOST_RATE:g}."
            )
        shapes = [one.betas]
        if one.frame_betas is not None:
            own = one.frame_betas[self.frames]
            fitted = getattr(one, "fitted", None)
            # A frame that is not fitted may have none.
            shapes.append(
                own if fitted is None else np.where(fitted[self.frames, None] | ~np.isnan(own), own, 0)
            )
        for betas in shapes:
            wrong = betas[~(np.abs(betas) <= MOST_SIGMAS)]
            if wrong.size:
                raise RefitError(
                    f"The betas hold {wrong.flat[0]:.3g}, expected numbers of at most {MOST_SIGMAS} in size."
                )

    def of(self, role: str) -> tuple[Motion, BodyModel]:
        """The motion and the body of the ``'fit'`` or of the ``'source'``; raises RefitError where there is
        none."""
        if role == "fit":
            return self.fit.as_motion(), self.bodies.target
        return self.source, self.bodies.source


def _no(_settings: Settings) -> bool:
    return False


def _stem(stem: str, _settings: Settings) -> str:
    return stem


@dataclass(frozen=True)
class ExportFormat:
    """One format: what people read of it, what it asks and needs, and what writes it.

    Attributes:
        name: unique; preferences remember it, and folders are named after it.
        suffix: of its files, ``'.npz'``.
        title: in the list of formats.
        words: below the title, in three or four words, with the suffix.
        about: what is in it and what it is good for, one or two sentences.
        icon: its name in the family of icons that the window uses.
        ranges: which frames may be chosen; none where it is the frame shown.
        options: what is asked besides, in this order.
        needs_fit: there is nothing to write without one; takes the settings.
        keeps_places: frames that are not fitted keep their place; otherwise they are left out.
        is_folder: many files in a new folder, not one file.
        is_result: what is written is the fit itself, and opens again.
        stem: takes the motion's name and gives the file's, without suffix.
        size: about how many bytes; takes what there is, the number of frames and the settings.
        write: writes it, whole or not at all, and gives what people should know of the file, in sentences,
            or nothing. Raises RefitError, or Stopped once ``job.stop`` is set. None for what is drawn.
    """

    name: str
    suffix: str
    title: str
    words: str
    about: str
    icon: str
    size: Callable[[Any, int, Settings], int]
    write: Callable[[ExportJob], str | None] | None
    ranges: tuple[RangeName, ...] = ("all", "selection", "current")
    options: tuple[Option, ...] = ()
    needs_fit: Callable[[Settings], bool] | bool = True
    keeps_places: Callable[[Settings], bool] = _no
    is_folder: Callable[[Settings], bool] = _no
    is_result: bool = False
    stem: Callable[[str, Settings], str] = _stem

    def asks_fit(self, settings: Settings) -> bool:
        """There is nothing to write without a fit."""
        return self.needs_fit(settings) if callable(self.needs_fit) else self.needs_fit
