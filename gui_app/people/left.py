"""One person of a file as they were left, while another one is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gui_app.document.document import Document
from gui_app.document.document_snapshot import DocumentSnapshot
from gui_app.document.opened import Opened
from gui_app.session.snapshot import SessionNow

if TYPE_CHECKING:
    from pathlib import Path

    from core.model.fit_result import FitResult
    from core.session.session import Session


@dataclass(frozen=True, eq=False)
class Left:
    """All that was done for a person, to be shown again.

    Attributes:
        opened: the motion with its bodies, mask and weights, with the session that it was left in.
        session: fits, history and what was accepted.
        snapshot: what was shown of it.
    """

    opened: Opened
    session: Session
    snapshot: DocumentSnapshot

    @property
    def loses_work(self) -> bool:
        """Something that the user did for the person is in no file."""
        return self.opened.filed is not None and self.opened.filed.loses(self.snapshot)

    @property
    def mean_mm(self) -> float | None:
        """Of the fit's frames; None without one."""
        return mean_of(self.snapshot.result)

    def file(self, path: Path) -> None:
        """The fit is in a file of its own now, with the mask that it was made with."""
        from core.measure.vertex_mask import measured_mask

        filed, now = self.opened.filed, self.snapshot
        if filed is not None and now.result is not None:
            valid = measured_mask(now.result, self.opened.bodies.correspondence)
            filed.add(path, now.result, valid)
            filed.add_mask(path, valid)
            filed.add_weights(path, now.weights)
            filed.accepted, filed.weights = now.accepted, now.weights

    def at(self, frame: int) -> Opened:
        """To be shown at a frame."""
        return replace(self.opened, frame=frame)


def leave(document: Document, now: SessionNow) -> Left | None:
    """Who is shown, as they are left now; None while nothing is open.

    What a fit that nobody asked for has reached is not kept: it begins anew once somebody comes back.
    """
    from core.fitting.posed_frames import PosedFrames

    opened, session = document.opened, now.take(unfinished=document.loses_shown, alone=True)
    if opened is None or session is None:
        return None
    snapshot = replace(document.snapshot, result=session.now.result)
    opened = replace(
        opened,
        # Without the frames that were posed, which take far more memory than all else.
        posed=PosedFrames(opened.motion, opened.bodies),
        result=session.now.result,
        session=session,
        beside=True,
        filed=document.filed,
    )
    return Left(opened, session, snapshot)


def mean_of(result: FitResult | None) -> float | None:
    """Millimetres, over the frames that are fitted; None where none is."""
    return None if result is None or not result.fitted.any() else result.summary()["mean"]
