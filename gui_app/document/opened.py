"""What one opened file brought."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.shown_text import shown
from gui_app.document.document_snapshot import DocumentSnapshot
from gui_app.document.saved_fits import FiledFits
from gui_app.scene.subject import SceneDescription

if TYPE_CHECKING:
    from core.fitting.posed_frames import PosedFrames
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion
    from core.problems.accepted import Accepted
    from core.session.marker import Marker
    from core.session.session import Session


@dataclass(frozen=True, eq=False)
class Opened:
    """A motion with its bodies, ready to be shown.

    Attributes:
        motion: the source.
        bodies: for source and fit.
        posed: both, frame by frame.
        subject: what the scene needs to know.
        builtin_motion: the motion comes with Refit.
        file: what was opened, the motion or the fit; None where there is no file.
        result: the fit, where one was opened.
        session: all that was left, where a session was opened.
        left_over: ``file`` is what Refit kept for the case that it ends unexpectedly, none of the user's.
        given_rate: frames a second that the user said, where the file does not.
        frame: to show first; None for the first one, or the one that a session was left at.
        listed: its place in a list, that of its result below the list's folder: it is one of many, and not
            to be remembered by itself; '' for all else.
        listed_fit: the file of its fit in that list, whatever of it is open; None where there is none.
        beside: another person of the file that was open: what was done for the one before is kept.
        filed: what of it is in files, where one comes back to it; None where it is opened.
    """

    motion: Motion
    bodies: BodyPair
    posed: PosedFrames
    subject: SceneDescription
    builtin_motion: bool
    file: Path | None = None
    result: FitResult | None = None
    session: Session | None = None
    left_over: bool = False
    given_rate: float | None = None
    frame: int | None = None
    listed: str = ""
    listed_fit: Path | None = None
    beside: bool = False
    filed: FiledFits | None = None

    @property
    def name(self) -> str:
        """File name of the motion, with the person where the file has several; as it may be shown."""
        return shown(self.motion.label)

    @property
    def valid(self) -> np.ndarray:
        """(V,) bool: which vertices of the fit's body count in fits and errors."""
        return self.bodies.correspondence.valid

    @cached_property
    def finite(self) -> np.ndarray:
        """(T,) bool: the frames whose source has finite numbers; the others cannot be fitted."""
        return self.motion.finite_frames()

    def with_valid(self, valid: np.ndarray) -> Opened:
        """The same with another mask; the frames posed already are kept.

        Raises:
            RefitError: nothing could be fitted with it.
        """
        bodies = self.bodies.with_valid(valid)
        if bodies is self.bodies:
            return self
        self.posed.set_bodies(bodies)
        fit = replace(self.subject.fit, valid=bodies.correspondence.valid)
        return replace(self, bodies=bodies, subject=replace(self.subject, fit=fit))

    def with_weights(self, weights: np.ndarray | None) -> Opened:
        """The same with other weights of single vertices in fits; the frames posed already are kept.

        Raises:
            RefitError: they are no weights of this body.
        """
        bodies = self.bodies.with_weights(weights)
        if bodies is self.bodies:
            return self
        self.posed.set_bodies(bodies)
        return replace(self, bodies=bodies)

    def masked_as(self, snapshot: DocumentSnapshot) -> Opened:
        """The same with the mask and the weights that there were.

        Raises:
            RefitError: nothing could be fitted with them.
        """
        if snapshot.valid is None:
            return self
        masked = self if np.array_equal(snapshot.valid, self.valid) else self.with_valid(snapshot.valid)
        return masked.with_weights(snapshot.weights)

    def without_fit(self) -> DocumentSnapshot:
        """What a document is before the fit that was opened is shown."""
        rate = None if self.motion.frame_rate else self.given_rate
        if self.result is not None and not self.motion.frame_rate:
            rate = self.result.frame_rate
        accepted: tuple[Accepted, ...] = ()
        markers: tuple[Marker, ...] = ()
        if self.session is not None:
            now = self.session.now
            rate, accepted, markers = now.rate, now.accepted, now.markers
        weights = self.bodies.correspondence.weights
        return DocumentSnapshot(None, rate, accepted, self.valid, weights, markers)

    @property
    def stem(self) -> str:
        """The name without its ending, for the names of other files."""
        return file_stem(self.motion.name, self.motion.reading.person)

    def motion_at(self, rate: float | None) -> Motion:
        """The motion, with another frame rate where one is given."""
        return self.motion if rate is None else replace(self.motion, frame_rate=rate)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was assumed or left out, of the motion and of the bodies; to be shown."""
        return tuple(dict.fromkeys(map(shown, (*self.motion.notes, *self.bodies.notes))))


def file_stem(name: str, person: str | None) -> str:
    """How names of files begin that are made of a motion, or of one of several people in it."""
    stem = Path(name).stem.removesuffix("_poses")
    return stem if person is None else f"{stem}_{person.replace('/', '-')}"
