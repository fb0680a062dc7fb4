"""What each step of a history was and brought."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from core.fitting.recipe.recipe import FAST
from core.fitting.run import FitRun
from core.measure.fit_comparison import run_entries
from tests.core.clip_fits import fitted_clip


def test_fits_edits_and_steps_that_change_nothing_are_told_apart() -> None:
    motion, pair, clean = fitted_clip("walk", 0, 30)
    poses, mean = clean.poses.copy(), clean.mean_mm.copy()
    poses[7, 20] += 0.4
    mean[7] += 3
    edited = replace(clean, poses=poses, mean_mm=mean)
    run = FitRun(motion, pair, FAST, frames=np.arange(6, 9), start=edited, device="cpu", threads=1)
    for _ in run:
        pass
    again = run.result()
    steps = (
        ("", None),
        ("fit of all frames", clean),
        ("edit of left wrist", edited),
        ("acceptance of frame 7", edited),
        ("fit of frames 6–8", again),
    )
    began, first, edit, accepted, last = run_entries(steps)
    assert (began.frames, began.mean_mm, began.recipe) == (0, None, "")
    assert math.isnan(began.whole_mm)
    assert (first.frames, first.recipe, first.stages) == (30, "accurate", ("vertex",))
    assert first.seconds == clean.seconds
    assert first.mean_mm is not None
    assert math.isnan(first.mean_mm.before)
    assert (edit.frames, edit.recipe, edit.seconds) == (1, "", 0)
    assert edit.mean_mm is not None
    assert round(edit.mean_mm.now - edit.mean_mm.before, 3) == 3
    assert (accepted.frames, accepted.mean_mm) == (0, None)
    assert accepted.whole_mm == edit.whole_mm
    assert last.recipe == "fast"
    assert last.frames == 3
    assert last.mean_mm is not None
    assert last.mean_mm.now < last.mean_mm.before
