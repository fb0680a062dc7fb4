"""Fits of an earlier version: done already, and measured with the motion as it was read then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import refit
import tests
from core.commands.cli import main
from core.files.builtin_files import builtin_motions
from core.fitting.recipe.recipe import ACCURATE, FAST, Recipe
from core.model.fit_result import FitResult
from core.outputs.results import in_file_world, load_result, save_result
from core.outputs.sessions import load_session
from tests.core.clip_files import cut_arrays
from tests.core.conftest import said

FAR = (40_000.0, -7000.0, 12.0)
CONVERT = ["convert", "--threads", "1", "--preset", "fast"]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A short motion, kilometres from the origin."""
    arrays = cut_arrays(builtin_motions()[0], slice(4))
    path = tmp_path / "far_poses.npz"
    np.savez(path, **(arrays | {"trans": arrays["trans"] + np.array(FAR)}))
    return path


def as_before(path: Path, failure: str = "") -> FitResult:
    """Writes a fit as the first version did, which knew neither of origins nor of one of today's settings."""
    made = load_result(path)
    source = {key: made.provenance["source"][key] for key in ("file", "path", "sha256", "start", "frames")}
    recipe = made.provenance["recipe"]
    stages = [{key: one[key] for key in one if key != "acceleration"} for one in recipe["stages"]]
    told = made.provenance | {"source": source | {"notes": []}, "recipe": recipe | {"stages": stages}}
    old = replace(
        made, transl=in_file_world(made).astype(np.float32), provenance=told, failure=failure or made.failure
    )
    save_result(path, old, overwrite=True)
    return load_result(path)


def test_a_setting_that_a_recipe_lacks_has_its_default() -> None:
    fit = load_result(Path(tests.__path__[0]) / "written_by_0_1" / "stroll_stageii.npz")
    stored = fit.provenance["recipe"]
    assert "acceleration" not in stored["stages"][0]
    made = Recipe.from_dict(stored)
    assert made.is_told_by(stored, 10)
    stages = (replace(made.stages[0], acceleration=1.0), *made.stages[1:])
    assert not replace(made, stages=stages).is_told_by(stored, 10)
    assert not ACCURATE.is_told_by(FAST.as_dict(), 10)
    assert not ACCURATE.is_told_by({**ACCURATE.as_dict(), "stages": [{"of_to_morrow": 1}]}, 10)
    assert not any(ACCURATE.is_told_by(one, 10) for one in (None, 3, {"stages": 3}, {"stages": [3]}))


def test_more_betas_than_the_body_has_are_as_good_as_what_it_has() -> None:
    """Earlier versions asked for 16 at most."""
    stages = tuple(replace(stage, num_betas=16) for stage in ACCURATE.stages)
    earlier = replace(ACCURATE, stages=stages).as_dict()
    assert ACCURATE.is_told_by(earlier, 10)
    assert ACCURATE.is_told_by(earlier, 16)
    assert not ACCURATE.is_told_by(earlier, 300)


def test_it_is_done_already(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "far_stageii.npz"
    arguments = [*CONVERT, str(clip), "-o", str(output)]
    assert main(arguments) == 0
    as_before(output)
    kept = output.read_bytes()
    capsys.readouterr()
    assert main(arguments) == 0
    assert "is done already" in said(capsys)
    assert output.read_bytes() == kept
    assert main([*arguments, "--set", "vertex.acceleration=1"]) == 1
    assert "was made with other settings" in said(capsys)


def test_it_is_measured_where_it_lies(clip: Path, tmp_path: Path) -> None:
    output, report = tmp_path / "far_stageii.npz", tmp_path / "report.json"
    arguments = [*CONVERT, str(clip), "-o", str(output)]
    assert main(arguments) == 0
    near = load_result(output)
    old, motion = as_before(output), refit.load_motion(clip)
    assert motion.origin is not None
    # Of float32 so far away a few millimetres are left.
    assert np.abs(refit.measure(old, motion).mean_mm - near.mean_mm).max() < 5
    assert not [one for one in refit.find_problems(old, motion) if one.value > 1000]
    again = refit.refit_frames(old, motion, [1], progress=False)
    assert np.abs(again.transl - old.transl).max() < 0.05
    assert again.mean_mm[1] < near.mean_mm[1] + 5

    asked = ["--retry-failed", "--problems", "--check", "--session", "--report", str(report)]
    assert main([*arguments, *asked]) == 0
    (told,) = json.loads(report.read_text())["inputs"]
    assert told["status"] == "skipped"
    judged = [frame["mean_mm"] for one in told["problems"] for frame in one["judged"]]
    assert max(judged, default=0) < 20
    assert told["check"]["mapped_back_mm"]["mean"] < 20
    session = load_session(output.with_suffix(".refit"))
    assert session.motion is not None
    assert session.now.result is not None
    assert np.abs(session.motion.trans - session.now.result.transl).max() < 1


def test_a_failed_one_is_made_anew(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "far_stageii.npz"
    arguments = [*CONVERT, str(clip), "-o", str(output)]
    assert main(arguments) == 0
    assert as_before(output, "mean 9 mm").failed
    assert main([*arguments, "--retry-failed", "--problems"]) == 0
    assert not load_result(output).failed
    assert refit.measure(load_result(output), refit.load_motion(clip)).mean_mm.max() < 20


def test_the_gender_is_of_the_bodies(clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was not kept where the file has one, although the one that was said chose the bodies."""
    output = tmp_path / "far_stageii.npz"
    arguments = [*CONVERT, str(clip), "-o", str(output), "--gender", "male"]
    assert main(arguments) == 0
    assert load_result(output).provenance["source"]["reading"] == {"gender": "male"}
    as_before(output)
    capsys.readouterr()
    assert main(arguments) == 0
    assert "is done already" in said(capsys)
    assert main([*arguments, "--frame-rate", "12"]) == 1
    assert "holds another fit" in said(capsys)
