"""Which frames to fit: all, the one shown, the selected ones, or those with a problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gui_app.analysis import Analysis
from gui_app.state import AppState
from gui_app.words import frames_words, which_frames

NO_SELECTION = "Select frames on the timeline first"
NOT_ANALYSED = "Problem frames are known once a fit has been looked through"
NO_PROBLEMS = "No frame of this fit has a problem"


@dataclass(frozen=True, eq=False)
class Scope:
    """``what`` to fit in words, ``'frames 120–180'``, and the ids of these frames, None for all."""

    what: str
    frames: np.ndarray | None = None


def all_frames() -> Scope:
    """The whole motion."""
    return Scope("all frames")


def frame_shown(state: AppState) -> Scope:
    """The frame on the screen alone."""
    return Scope(f"frame {state.frame}", np.array([state.frame]))


def selected(state: AppState) -> Scope | None:
    """The selected frames, None without a selection."""
    if state.selection is None:
        return None
    first, last = state.selection
    return Scope(which_frames(first, last), np.arange(first, last + 1))


def problems(state: AppState) -> Scope | None:
    """The problem frames of the fit shown, None where there are none or they are not known."""
    found = _found(state)
    if found is None or not len(found.frames):
        return None
    frames = np.array(found.frames)
    return Scope(frames_words(len(frames)).replace("frame", "problem frame"), frames)


def why_no_problems(state: AppState) -> str:
    """Why there are no problem frames to fit; empty where there are some."""
    found = _found(state)
    if found is None:
        return NOT_ANALYSED
    return "" if len(found.frames) else NO_PROBLEMS


def _found(state: AppState) -> Analysis | None:
    """What was found out about the fit shown, None where the figures belong to another one."""
    found, shown = state.analysis, state.result
    # Another frame rate makes another object with the same poses.
    return found if found is not None and shown is not None and found.result.poses is shown.poses else None
