"""Rows of the correspondence that lead far off are found at the fit's own end, told, and left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.fitting import run as run_module
from core.fitting.objective.objective import FitSkin
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.stage.far_off import leave_out
from core.fitting.stage.partial_result import ResultTable
from core.fitting.stage.stage_problem import StageProblem
from core.measure import far_rows as far_rows_module
from core.measure.far_rows import FAR_ROWS, MOST_FAR, far_rows, far_rows_note, recorded_far_rows
from core.measure.frame_errors import measured
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.outputs.describe import describe_file
from core.outputs.results import load_result, save_result
from tests.core.fitting.judged import CLIPS, clip, fit, run, spread
from tests.variants import HARSHER, NAMES, body_pair

FEW = FitSettings(shape_frames=8)
ROWS = 45


def with_moved_rows(pair: BodyPair, rows: np.ndarray, seed: int = 0) -> BodyPair:
    """The pair with the rows of these vertices exchanged for those of vertices anywhere on the body."""
    valid = np.flatnonzero(pair.correspondence.valid)
    order = np.arange(pair.target.num_vertices)
    order[rows] = np.random.default_rng(seed).choice(valid, len(rows))
    matrix = pair.correspondence.matrix[order]
    return replace(pair, correspondence=replace(pair.correspondence, matrix=matrix))


def scattered(pair: BodyPair, seed: int = 0) -> np.ndarray:
    valid = np.flatnonzero(pair.correspondence.valid)
    return np.sort(np.random.default_rng(seed + 100).choice(valid, ROWS, replace=False))


def side_by_side(pair: BodyPair) -> np.ndarray:
    """A patch of a thigh."""
    valid, places = np.flatnonzero(pair.correspondence.valid), pair.target.v_template
    middle = places[pair.target.weights[:, pair.target.joint_names.index("left_hip")].argmax()]
    return np.sort(valid[np.linalg.norm(places[valid] - middle, axis=1).argsort()[:ROWS]])


def without(pair: BodyPair, rows: np.ndarray) -> BodyPair:
    valid = pair.correspondence.valid.copy()
    valid[rows] = False
    return pair.with_valid(valid)


@pytest.fixture(scope="module")
def motion() -> Motion:
    return clip("walk", 0, 24)


@pytest.fixture(scope="module")
def moved() -> BodyPair:
    pair = body_pair("built-in")
    return with_moved_rows(pair, scattered(pair))


@pytest.fixture(scope="module")
def found(motion: Motion, moved: BodyPair) -> FitResult:
    return fit(motion, moved, FEW)


def check(motion: Motion, pair: BodyPair, rows: np.ndarray, settings: FitSettings = FEW) -> FitResult:
    result, steps = run(motion, with_moved_rows(pair, rows), settings)
    left_out = recorded_far_rows(result.provenance)
    assert set(left_out) <= set(rows)
    # The others lead near.
    assert len(left_out) >= ROWS - 3
    assert [step.note for step in steps if step.note] == [far_rows_note(len(left_out))]
    masked = fit(motion, without(with_moved_rows(pair, rows), left_out), settings)
    assert result.converged.all()
    assert np.abs(result.mean_mm - masked.mean_mm).max() < 0.02
    return result


@pytest.mark.parametrize("where", [scattered, side_by_side])
def test_frames_end_where_they_would_without_those_rows(motion: Motion, where) -> None:  # type: ignore[no-untyped-def]
    pair = body_pair("built-in")
    result = check(motion, pair, where(pair))
    assert np.abs(result.mean_mm - fit(motion, pair, FEW).mean_mm).max() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("variant", NAMES)
@pytest.mark.parametrize("name", CLIPS)
def test_they_do_on_any_body(name: str, variant: str, seed: int) -> None:
    pair = body_pair(variant)
    check(spread(clip(name), 24), pair, scattered(pair, seed))


def test_left_in_they_would_lead_frames_astray(
    motion: Motion, moved: BodyPair, found: FitResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "shows_rows", lambda *_: False)
    left_in = fit(motion, moved, FEW)
    assert FAR_ROWS not in left_in.provenance
    assert np.abs(left_in.mean_mm - found.mean_mm).max() > 1


def test_a_fit_that_is_near_everywhere_is_not_posed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    near, pair, posed = clip("walk", 0, 8), body_pair("built-in"), []
    value_and_residuals = FitSkin.value_and_residuals

    def counted(self: FitSkin, *given: Any) -> Any:
        posed.append(1)
        return value_and_residuals(self, *given)

    monkeypatch.setattr(FitSkin, "value_and_residuals", counted)
    for most_mm, times in ((None, 0), (0.1, 1)):
        if most_mm is not None:
            monkeypatch.setattr(far_rows_module, "OVER_MM", most_mm)
        table, problem = ended(near, pair)
        posed.clear()
        assert leave_out(problem, np.arange(8), table) == ""
        assert len(posed) == times


def ended(motion: Motion, pair: BodyPair) -> tuple[ResultTable, StageProblem]:
    """Where a run has ended, and its stage."""
    one = FitRun(motion, pair, FEW, device="cpu", threads=1)
    for _ in one:
        pass
    return one._table, one._problem(FEW, "source")


def test_other_settings_leave_them_out_too(motion: Motion, moved: BodyPair) -> None:
    stages = Recipe((FitSettings(stage="translation"), FitSettings(shape="fixed")))
    for recipe in (stages, replace(FEW, robust="huber")):
        result = fit(motion.cut(0, 6), moved, recipe)
        assert len(recorded_far_rows(result.provenance)) >= ROWS - 3


def test_figures_are_over_the_other_rows(
    motion: Motion, moved: BodyPair, found: FitResult, tmp_path: Path
) -> None:
    assert found.max_mm.max() < 50
    some = np.array([3, 17])
    again = measured(motion, moved, found, some)
    assert np.allclose(again.mean, found.mean_mm[some], atol=1e-3)
    assert np.allclose(again.max, found.max_mm[some], atol=1e-2)
    save_result(tmp_path / "fit.npz", found)
    kept = load_result(tmp_path / "fit.npz")
    assert np.array_equal(recorded_far_rows(kept.provenance), recorded_far_rows(found.provenance))
    count = len(recorded_far_rows(found.provenance))
    words = dict(describe_file(tmp_path / "fit.npz"))["Left out"]
    assert words == f"{count} rows of the correspondence, found far off"


def test_chosen_frames_leave_out_what_the_fit_has(motion: Motion, moved: BodyPair, found: FitResult) -> None:
    again = FitRun(
        motion, moved, replace(FEW, shape="fixed"), frames=np.array([5]), start=found, device="cpu", threads=1
    )
    assert not any(step.note for step in again)
    result = again.result()
    assert result.provenance[FAR_ROWS] == found.provenance[FAR_ROWS]
    assert abs(result.mean_mm[5] - found.mean_mm[5]) < 0.02


@pytest.mark.parametrize("name", CLIPS)
def test_no_built_in_clip_has_any(name: str) -> None:
    result = fit(spread(clip(name), 4), body_pair("built-in"), FEW)
    assert FAR_ROWS not in result.provenance


@pytest.mark.slow
@pytest.mark.parametrize("variant", [*NAMES, *HARSHER])
@pytest.mark.parametrize("name", CLIPS)
def test_no_clip_has_any_on_any_body(name: str, variant: str) -> None:
    result = fit(spread(clip(name), 12), body_pair(variant), FEW)
    assert FAR_ROWS not in result.provenance


def test_what_is_off_as_a_whole_is_not_for_single_rows() -> None:
    rng = np.random.default_rng(0)
    places = rng.random((1000, 3))
    distance = np.full((4, 1000), 5.0) + rng.random((4, 1000))
    many, few = distance.copy(), distance.copy()
    many[:, : int(2 * MOST_FAR * 1000)] = 200
    few[:, :9] = 200
    few[0, 20] = 900
    moved = places + 0.3 * np.sign(rng.normal(size=places.shape))
    assert not len(far_rows(many, places, moved))
    assert far_rows(few, places, moved).tolist() == list(range(9))
    assert not len(far_rows(few, places, places))
    hand = distance + 60 * (places[:, 0] > 0.8)
    assert not len(far_rows(hand, places, places))


@pytest.mark.parametrize("told", [None, 3, [1, "2"], [-1], [True], [20000], [0.5]])
def test_a_provenance_that_tells_something_else_is_not_believed(told: object) -> None:
    assert not len(recorded_far_rows({FAR_ROWS: told}, 10475))
