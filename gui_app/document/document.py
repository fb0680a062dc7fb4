"""What is open: the motion, its fit, what counts in it, and whether a file has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.problems.thresholds import ProblemThresholds
from core.session.inputs import inputs_of
from gui_app.document.document_snapshot import DocumentSnapshot
from gui_app.document.saved_fits import OPENED, FiledFits
from gui_app.widgets.text import FALLBACK_RATE

if TYPE_CHECKING:
    from core.model.fit_result import FitResult
    from core.problems.accepted import Accepted
    from core.session.marker import Marker
    from gui_app.document.analysis import Analysis
    from gui_app.document.opened import Opened


class Document(QObject):
    """The open motion with its fit.

    Attributes:
        opened: the motion with its bodies, None before the first.
        snapshot: all of it that can be undone; the properties of the same names read it.
        analysis: what was found out about the fit; None while it is not known.
        thresholds: from when on a frame is a problem.

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
    markers_changed = Signal()
    saved_changed = Signal()
    analysis_changed = Signal()
    thresholds_changed = Signal()
    trial_changed = Signal()
    settling = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.opened: Opened | None = None
        self.snapshot = DocumentSnapshot()
        self.analysis: Analysis | None = None
        self.thresholds = ProblemThresholds()
        self._filed = FiledFits()
        self._lost_beside: Callable[[], tuple[str, ...]] = tuple

    @property
    def frames(self) -> int:
        """Number of frames of the open motion, 0 without one."""
        return len(self.opened.motion) if self.opened else 0

    @property
    def result(self) -> FitResult | None:
        """The fit, None without one."""
        return self.snapshot.result

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Files of the motion and the bodies, which nothing is to be written over; the fit's own may be."""
        if self.opened is None:
            return ()
        return inputs_of(self.opened.bodies, self.opened.motion, self.result)

    @property
    def given_rate(self) -> float | None:
        """Frames a second that the user gave, None where nothing was given."""
        return self.snapshot.given_rate

    @property
    def accepted(self) -> tuple[Accepted, ...]:
        """The problems that are accepted as they are."""
        return self.snapshot.accepted

    @property
    def valid(self) -> np.ndarray | None:
        """(V,) bool: which vertices of the fit's body count; None without a motion."""
        return self.snapshot.valid

    @property
    def weights(self) -> np.ndarray | None:
        """(V,) how much each vertex of the fit's body counts in fits; None for all alike."""
        return self.snapshot.weights

    @property
    def markers(self) -> tuple[Marker, ...]:
        """Moments with names, by frame."""
        return self.snapshot.markers

    @property
    def has_rate(self) -> bool:
        """The frame rate is known, from the file or from the user."""
        of_file = self.opened.motion.frame_rate if self.opened is not None else None
        return self.given_rate is not None or of_file is not None

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

    def set_opened(self, opened: Opened) -> None:
        """Another motion takes the place of what was open."""
        self.motion_leaving.emit()
        self.opened = opened
        self.snapshot = opened.without_fit()
        self.analysis = None
        # What was left of another person keeps its own.
        self._filed = FiledFits() if opened.filed is None else opened.filed
        if opened.filed is None:
            self._filed.begin(self.snapshot, in_a_file=not opened.left_over)
        self.motion_changed.emit()
        self.motion_ready.emit()
        self.analysis_changed.emit()
        self.saved_changed.emit()
        if opened.result is not None:
            self.set_result(opened.result, None)
            if not opened.left_over and opened.filed is None:
                self.file(opened.file or OPENED, opened.result, self.accepted, self.valid, self.weights)

    def set_result(
        self, result: FitResult | None, changed: np.ndarray | None, *, by_itself: bool = False
    ) -> None:
        """A fit, or a fuller one, or None for none; ``changed`` are the frames that differ from the last,
        None for all; ``by_itself`` where opening the motion again makes the same one."""
        self.restore(replace(self.snapshot, result=result), changed)
        if by_itself:
            self._filed.add_by_itself(self.snapshot)
            self.saved_changed.emit()

    @property
    def saved(self) -> bool:
        """Nothing that the user did would be lost by leaving now; asks the disk whether its files are there
        still."""
        return not self.loses_work

    @property
    def loses_work(self) -> bool:
        """Something that the user did is in no file: leaving now would lose it."""
        return bool(self.lost)

    @property
    def loses_shown(self) -> bool:
        """So is something of what is shown."""
        return self.opened is not None and self._filed.loses(self.snapshot)

    @property
    def lost(self) -> tuple[str, ...]:
        """Names of what leaving now would lose work of."""
        shown = (self.opened.name,) if self.opened is not None and self.loses_shown else ()
        return shown + self._lost_beside()

    @property
    def filed(self) -> FiledFits:
        """What of the open motion is in files."""
        return self._filed

    def keep_beside(self, lost: Callable[[], tuple[str, ...]]) -> None:
        """Work is kept of others than what is shown; ``lost`` names those of whom none has a file."""
        self._lost_beside = lost

    def set_mask(self, valid: np.ndarray) -> None:
        """Other vertices (V,) bool of the fit's body count in fits and errors from now on.

        Raises:
            RefitError: nothing could be fitted with them.
        """
        opened = self.opened
        if opened is not None and not np.array_equal(valid, opened.valid):
            self._use(opened.with_valid(valid))
            self.mask_changed.emit()
            self.saved_changed.emit()

    def set_weights(self, weights: np.ndarray | None) -> None:
        """Vertices of the fit's body count by these weights (V,) in fits from now on; None for all alike.

        Raises:
            RefitError: they are no weights of this body.
        """
        before = self.opened
        if before is not None:
            self._use(before.with_weights(weights))
            if self.opened is not before:
                self.mask_changed.emit()
                self.saved_changed.emit()

    def set_accepted(self, accepted: tuple[Accepted, ...]) -> None:
        """The problems that are accepted as they are."""
        if accepted != self.accepted:
            self.snapshot = replace(self.snapshot, accepted=accepted)
            self._tell_accepted()
            self.saved_changed.emit()

    def set_markers(self, markers: tuple[Marker, ...]) -> None:
        """The moments with names, by frame."""
        if markers != self.markers:
            self.snapshot = replace(self.snapshot, markers=markers)
            self.markers_changed.emit()
            self.saved_changed.emit()

    def give_rate(self, rate: float) -> None:
        """The user says how many frames a second a file without a frame rate has."""
        if not self.wants_rate or rate == self.given_rate:
            return
        self.snapshot = replace(self.snapshot, given_rate=rate).at_its_rate()
        if self.result is not None:
            self.saved_changed.emit()
        self.rate_changed.emit()

    def restore(self, snapshot: DocumentSnapshot, changed: np.ndarray | None) -> None:
        """Puts all that can be undone in place at once, and then tells of what is another; ``changed`` are
        the frames in which the fit differs, None for all.

        Raises:
            RefitError: nothing could be fitted with its mask.
        """
        before, opened = self.snapshot, self.opened
        if opened is None:
            return
        masked = opened.masked_as(snapshot)
        self.result_leaving.emit()
        self.snapshot = snapshot.at_its_rate()
        self._use(masked)
        masked.posed.set_result(self.result, changed)
        if self.opened is not opened:
            self.mask_changed.emit()
        if self.accepted != before.accepted:
            self._tell_accepted()
        if self.given_rate != before.given_rate:
            self.rate_changed.emit()
        if self.markers != before.markers:
            self.markers_changed.emit()
        self.result_changed.emit(changed)
        self.saved_changed.emit()

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
        """The fit shown is in the file ``path``; all that there is is in one that is not named."""
        result, valid = self.result, self.valid
        if path is not None and result is not None and self.opened is not None:
            from core.measure.vertex_mask import measured_mask

            # Of a mask painted a moment ago the file knows nothing yet.
            valid = measured_mask(result, self.opened.bodies.correspondence)
        markers = self.markers if path is None else None
        self.file(path or OPENED, result, self.accepted, valid, self.weights, markers)

    def file_mask(self, path: Path) -> None:
        """The mask is in a file of its own."""
        self._filed.add_mask(path, self.valid)
        self.saved_changed.emit()

    def file_weights(self, path: Path) -> None:
        """The weights of the vertices are in a file of their own."""
        self._filed.add_weights(path, self.weights)
        self.saved_changed.emit()

    def file(
        self,
        path: Path,
        result: FitResult | None,
        accepted: tuple[Accepted, ...] = (),
        valid: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        markers: tuple[Marker, ...] | None = None,
    ) -> None:
        """A fit that there is, or was, is in a file now, with what was accepted of it, its mask (V,) and the
        weights (V,) of its vertices; or mask and weights alone. Of a session with its markers."""
        if result is not None:
            self._filed.add(path, result, valid)
        self._filed.add_mask(path, valid)
        self._filed.add_weights(path, weights)
        self._filed.accepted, self._filed.weights = accepted, weights
        if markers is not None:
            self._filed.markers = markers
        self.saved_changed.emit()

    def _use(self, opened: Opened) -> None:
        """The open motion with other vertices that count, or other weights of them."""
        self.opened = opened
        weights = opened.bodies.correspondence.weights
        self.snapshot = replace(self.snapshot, valid=opened.valid, weights=weights)

    def _tell_accepted(self) -> None:
        if self.analysis is not None:
            self.set_analysis(self.analysis.with_accepted(self.accepted))
