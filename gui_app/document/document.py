"""What is open: the motion, its fit, what counts in it, and whether a file has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.problems.thresholds import ProblemThresholds
from gui_app.document.saved_fits import FiledFits
from gui_app.widgets.text import FALLBACK_RATE

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from core.problems.accepted import Accepted
    from gui_app.document.analysis import Analysis
    from gui_app.document.opened import Opened


class Document(QObject):
    """The open motion with its fit.

    Attributes:
        opened: the motion with its bodies, None before the first.
        result: the fit, None without one.
        given_rate: frames a second that the user gave, None where nothing was given.
        accepted: the problems that are accepted as they are.
        analysis: what was found out about the fit; None while it is not known.
        thresholds: from when on a frame is a problem.
        saved: a file has the fit, or there is none.
        filed: the fits that are in files.

    ``motion_leaving``: another motion is about to come. ``motion_changed``: it is there. ``motion_ready``:
    everybody has taken it up. ``result_leaving``: another fit is about to come. ``result_changed``: it is
    there, differing in the frames whose ids it carries, None for all. ``trial_changed``: what is being edited
    shows another pose. ``settling``: what is being edited has to become part of the fit now.
    """

    motion_leaving = Signal()
    motion_changed = Signal()
    motion_ready = Signal()
    result_leaving = Signal()
    result_changed = Signal(object)
    rate_changed = Signal()
    mask_changed = Signal()
    saved_changed = Signal()
    analysis_changed = Signal()
    thresholds_changed = Signal()
    trial_changed = Signal()
    settling = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.opened: Opened | None = None
        self.result: FitResult | None = None
        self.given_rate: float | None = None
        self.accepted: tuple[Accepted, ...] = ()
        self.analysis: Analysis | None = None
        self.thresholds = ProblemThresholds()
        self.saved = True
        self.filed = FiledFits()
        self._filed_accepted: tuple[Accepted, ...] = ()

    @property
    def frames(self) -> int:
        """Number of frames of the open motion, 0 without one."""
        return len(self.opened.motion) if self.opened else 0

    @property
    def valid(self) -> np.ndarray | None:
        """(V,) bool: which vertices of the fit's body count; None without a motion."""
        return self.opened.valid if self.opened is not None else None

    @property
    def weights(self) -> np.ndarray | None:
        """(V,) how much each vertex of the fit's body counts in fits; None for all alike."""
        return self.opened.bodies.correspondence.weights if self.opened is not None else None

    @property
    def has_rate(self) -> bool:
        """The frame rate is known, from the file or from the user."""
        return self.given_rate is not None or (
            self.opened is not None and self.opened.motion.frame_rate is not None
        )

    @property
    def wants_rate(self) -> bool:
        """A motion is open whose file does not say how many frames a second it has."""
        return self.opened is not None and not self.opened.motion.frame_rate

    @property
    def has_fit(self) -> bool:
        """There is a fit, of one frame at least."""
        return self.result is not None and bool(self.result.fitted.any())

    @property
    def rate(self) -> float:
        """Frames a second to play at."""
        if self.given_rate is not None:
            return self.given_rate
        if self.opened is not None and self.opened.motion.frame_rate:
            return self.opened.motion.frame_rate
        return FALLBACK_RATE

    @property
    def worth_asking(self) -> bool:
        """Closing now would lose a fit that a fresh start would not make again by itself."""
        opened = self.opened
        if opened is None or self.saved:
            return False
        used = opened.bodies.correspondence
        return not opened.builtin_motion or used.painted or used.weights is not None

    def set_opened(self, opened: Opened) -> None:
        """Another motion takes the place of what was open."""
        self.motion_leaving.emit()
        self.opened = opened
        self.given_rate = None if opened.motion.frame_rate else opened.given_rate
        if opened.result is not None and not opened.motion.frame_rate:
            self.given_rate = opened.result.frame_rate
        if opened.session is not None:
            self.given_rate = opened.session.now.rate
        self.result = None
        self.saved = True
        self.filed.clear()
        self.analysis = None
        self.accepted = opened.session.now.accepted if opened.session is not None else ()
        self._filed_accepted = self.accepted
        self.motion_changed.emit()
        self.motion_ready.emit()
        self.analysis_changed.emit()
        self.saved_changed.emit()
        if opened.result is not None:
            self.set_result(opened.result, None)
            if not opened.left_over:
                self.set_saved(opened.file)

    def set_result(self, result: FitResult | None, changed: np.ndarray | None) -> None:
        """A fit, or a fuller one, or None for none; ``changed`` are the frames that differ from the last,
        None for all."""
        if self.opened is None:
            return
        if result is not None and self.given_rate is not None and result.frame_rate != self.given_rate:
            result = replace(result, frame_rate=self.given_rate)
        self.result_leaving.emit()
        self.result = result
        self.opened.posed.set_result(result, changed)
        self.saved = self._is_filed()
        self.result_changed.emit(changed)
        self.saved_changed.emit()

    def set_mask(self, valid: np.ndarray) -> None:
        """Other vertices (V,) bool of the fit's body count in fits and errors from now on.

        Raises:
            RefitError: nothing could be fitted with them.
        """
        opened = self.opened
        if opened is None or np.array_equal(valid, opened.valid):
            return
        self.opened = opened.with_valid(valid)
        self.saved = self._is_filed()
        self.mask_changed.emit()
        self.saved_changed.emit()

    def set_weights(self, weights: np.ndarray | None) -> None:
        """Vertices of the fit's body count by these weights (V,) in fits from now on; None for all alike.

        Raises:
            RefitError: they are no weights of this body.
        """
        opened = self.opened
        if opened is None:
            return
        self.opened = opened.with_weights(weights)
        if self.opened is not opened:
            self.mask_changed.emit()

    def restore(
        self,
        result: FitResult | None,
        rate: float | None,
        changed: np.ndarray | None,
        valid: np.ndarray | None = None,
        accepted: tuple[Accepted, ...] = (),
        weights: np.ndarray | None = None,
    ) -> None:
        """Goes back to a fit, a given frame rate, a mask with weights and accepted problems that there were
        before."""
        if valid is not None:
            self.set_mask(valid)
            self.set_weights(weights)
        self.set_accepted(accepted)
        if rate != self.given_rate:
            self.given_rate = rate
            self.rate_changed.emit()
        self.set_result(result, changed)

    def set_accepted(self, accepted: tuple[Accepted, ...]) -> None:
        """The problems that are accepted as they are."""
        if accepted == self.accepted:
            return
        self.accepted = accepted
        self.saved = self._is_filed()
        if self.analysis is not None:
            self.set_analysis(self.analysis.with_accepted(accepted))
        self.saved_changed.emit()

    def give_rate(self, rate: float) -> None:
        """The user says how many frames a second a file without a frame rate has."""
        if not self.wants_rate or rate == self.given_rate:
            return
        self.given_rate = rate
        if self.result is not None:
            self.result = replace(self.result, frame_rate=rate)
            self.saved = self._is_filed()
            self.saved_changed.emit()
        self.rate_changed.emit()

    def set_analysis(self, analysis: Analysis | None) -> None:
        """What was found out about the fit shown; None while it is not known."""
        self.analysis = analysis
        self.analysis_changed.emit()

    def set_thresholds(self, thresholds: ProblemThresholds) -> None:
        """From when on a frame is a problem."""
        if thresholds != self.thresholds:
            self.thresholds = thresholds
            self.thresholds_changed.emit()

    def settle(self) -> None:
        """What is being edited becomes part of the fit, as something is about to use it."""
        self.settling.emit()

    def set_saved(self, path: Path | None = None) -> None:
        """The fit shown is in a file, ``path`` where that is known."""
        if self.result is not None and self.opened is not None:
            from core.measure.vertex_mask import measured_mask

            # Of a mask painted a moment ago the file knows nothing yet.
            mask = measured_mask(self.result, self.opened.bodies.correspondence)
            self.filed.add(path, self.result, mask)
        self._filed_accepted = self.accepted
        self.saved = True
        self.saved_changed.emit()

    def file(self, path: Path, result: FitResult, accepted: tuple[Accepted, ...] = ()) -> None:
        """A fit that there is, or was, is in a file now, with what was accepted of it."""
        self.filed.add(path, result)
        self._filed_accepted = accepted
        known = self.result is None or self.filed.hold(self.result)
        self.saved = known and self.accepted == accepted
        self.saved_changed.emit()

    def _is_filed(self) -> bool:
        """A file has the fit shown, and what is accepted of it."""
        if self.result is None:
            return True
        return self.filed.hold(self.result, self.valid) and self.accepted == self._filed_accepted
