"""What a run tells of its stages."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.correspond.load_bodies import bodies_for
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.stage.progress import Progress
from core.fitting.stage_reports import MOST_POINTS, StageReport, StageReports

EDGE, VERTEX = FitSettings(stage="edge", iterations=3), FitSettings(iterations=4)


def told(run: FitRun) -> tuple[StageReport, ...]:
    reports = StageReports(0.0)
    for number, progress in enumerate(run, 1):
        reports.see(progress, float(number))
    return reports.reports()


def test_before_and_after_by_stage() -> None:
    motion = load_motion(default_motion()).cut(0, 6)
    bodies = bodies_for(motion, None)
    run = FitRun(motion, bodies, Recipe((EDGE, VERTEX)), threads=1, device="cpu", measure_start=True)
    edge, vertex = told(run)
    first = run.result()
    assert (edge.kind, vertex.kind) == ("edge", "vertex")
    assert edge.over
    assert vertex.over
    assert edge.before_mm > 5
    assert vertex.before_mm == edge.now_mm
    assert vertex.now_mm == pytest.approx(first.mean_mm.mean(), rel=1e-5)
    assert 0 < edge.steps <= 2 * EDGE.iterations
    assert edge.objective[-1] <= edge.objective[0]
    assert edge.frames_done == edge.frames_total == 6

    # A stage alone, on one frame, goes on from the fit: what it starts from is that frame's error.
    alone = Recipe((EDGE,), start="current")
    again = FitRun(
        motion, bodies, alone, frames=np.array([3]), start=first, threads=1, device="cpu", measure_start=True
    )
    (only,) = told(again)
    assert only.before_mm == pytest.approx(float(first.mean_mm[3]), rel=1e-4)
    assert only.now_mm == pytest.approx(float(again.result().mean_mm[3]), rel=1e-5)
    assert len(only.objective) > only.steps
    assert list(only.objective) == sorted(only.objective, reverse=True)


def test_frame_after_frame_through_all_stages() -> None:
    reports = StageReports(0.0)
    now = 0.0
    for frame in range(2):
        for index, kind in enumerate(("edge", "vertex")):
            for step, mm in enumerate((8.0, 4.0 + frame), 1):
                now += 1.0
                reports.see(
                    Progress("pose", step, frame, 2, 1.0, mm, kind=kind, index=index, steps=step), now
                )
        done = Progress("pose", 2, frame + 1, 2, 1.0, 3.0, np.array([frame]), "vertex", 1, steps=2)
        reports.see(done, now)
    edge, vertex = reports.reports()
    assert edge.now_mm == 4.5
    assert edge.seconds == vertex.seconds == 4.0
    assert vertex.now_mm == 3.0
    assert vertex.over
    assert math.isnan(edge.before_mm)


def test_what_has_converged_stays_where_it_is() -> None:
    reports = StageReports(0.0)
    for first, trace in ((0, (4.0, 2.0)), (2, (8.0, 4.0, 3.0))):
        frames = np.arange(first, first + 2)
        reports.see(Progress("pose", 1, first + 2, 4, 1.0, 1.0, frames, steps=1, trace=trace), 0.0)
    assert reports.reports()[0].objective == (6.0, 3.0, 2.5)


def test_long_runs_keep_few_points() -> None:
    reports = StageReports(0.0)
    for step in range(1000):
        reports.see(Progress("shape", step, 0, 1, 1.0, 1.0, steps=step), 0.0)
    assert len(reports.reports()[0].objective) <= MOST_POINTS
    assert not reports.reports()[0].over
