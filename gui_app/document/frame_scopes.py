"""Which frames to fit: all, the one shown, the selected ones, or those with a problem."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from gui_app.document.analysis import Analysis
from gui_app.document.document import Document
from gui_app.document.state import AppState
from gui_app.widgets.text import frames_words, which_frames

NO_SELECTION = "Select frames on the timeline first"
NOT_ANALYSED = "Problem frames are known once a fit has been looked through"
NO_PROBLEMS = "No frame of this fit has a problem"


@dataclass(frozen=True, eq=False)
class Scope:
    """Frames to fit.

    Attributes:
        what: they in words, ``'frames 120–180'``.
        frames: their ids, None for all.
        left_out: ids of those that were meant too and cannot be fitted: their source is not finite.
    """

    what: str
    frames: np.ndarray | None = None
    left_out: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=int))

    @property
    def left_out_words(self) -> str:
        """``5 frames have no finite numbers in the source``; empty where none is left out."""
        if not len(self.left_out):
            return ""
        one = len(self.left_out) == 1
        which = f"Frame {self.left_out[0]} has" if one else f"{frames_words(len(self.left_out))} have"
        return f"{which} no finite numbers in the source"

    @property
    def why_not(self) -> str:
        """Why nothing of it can be fitted; empty where something can."""
        return "" if self.frames is None or len(self.frames) else self.left_out_words


def fittable(document: Document, scope: Scope) -> Scope:
    """The same without the frames that cannot be fitted."""
    if document.opened is None:
        return scope
    finite = document.opened.finite
    asked = np.arange(len(finite)) if scope.frames is None else scope.frames
    good = finite[asked]
    if good.all():
        return scope
    every = scope.frames is None and bool(good.any())
    return replace(scope, frames=None if every else asked[good], left_out=asked[~good])


def all_frames() -> Scope:
    """The whole motion."""
    return Scope("all frames")


def frame_shown(state: AppState) -> Scope:
    """The frame on the screen alone."""
    return fittable(state.document, Scope(f"frame {state.playback.frame}", np.array([state.playback.frame])))


def selected(state: AppState) -> Scope | None:
    """The selected frames, None without a selection."""
    if state.playback.selection is None:
        return None
    first, last = state.playback.selection
    return fittable(state.document, Scope(which_frames(first, last), np.arange(first, last + 1)))


def problems(document: Document) -> Scope | None:
    """The problem frames of the fit shown, None where there are none or they are not known."""
    found = _found(document)
    if found is None or not len(found.frames):
        return None
    scope = fittable(document, Scope("", np.array(found.frames)))
    count = len(found.frames) if scope.frames is None or scope.why_not else len(scope.frames)
    return replace(scope, what=frames_words(count).replace("frame", "problem frame"))


def why_no_problems(document: Document) -> str:
    """Why there are no problem frames to fit; empty where there are some."""
    found = _found(document)
    if found is None:
        return NOT_ANALYSED
    return "" if len(found.frames) else NO_PROBLEMS


def _found(document: Document) -> Analysis | None:
    """What was found out about the fit shown, None where the figures belong to another one."""
    found, shown = document.analysis, document.result
    # Another frame rate makes another object with the same poses.
    return found if found is not None and shown is not None and found.result.poses is shown.poses else None
