"""All six directions between SMPL, SMPL-H and SMPL-X: fitted, written, read, and from the command line."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from core.commands.cli import main
from core.correspond.load_bodies import bodies_for, reversed_bodies
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import FAMILY_LABEL, JOINT_NAMES
from core.model.motion import Motion
from core.outputs.describe import describe_file
from core.outputs.results import load_result, save_result
from tests.variants import NAMES, body_pair, strengthened

FRAMES = 4
FAMILIES = ("smpl", "smplh", "smplx")
DIRECTIONS = list(permutations(FAMILIES, 2))
# What the sources' fingers cost where one of the two bodies has none: SMPL's stay flat, the others' relaxed.
MOST_MM = {pair: 4.5 if "smpl" in pair else 2.5 for pair in DIRECTIONS}


def fit(motion: Motion, pair: BodyPair) -> FitResult:
    run = FitRun(motion, pair, FitSettings(shape_frames=FRAMES), device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


@pytest.fixture(scope="module")
def sources() -> dict[str, Motion]:
    """The same short motion in each family; in SMPL-X with a face that moves, which the others lack."""
    original = load_motion(default_motion()).cut(300, 300 + FRAMES)
    rng = np.random.default_rng(1)
    poses = {family: np.zeros((FRAMES, len(names), 3), np.float32) for family, names in JOINT_NAMES.items()}
    for family, names in JOINT_NAMES.items():
        for joint, name in enumerate(names):
            if name in JOINT_NAMES["smplh"]:
                poses[family][:, joint] = original.poses[:, JOINT_NAMES["smplh"].index(name)]
    poses["smplx"][:, JOINT_NAMES["smplx"].index("jaw"), 0] = 0.15
    expression = rng.normal(scale=0.7, size=(FRAMES, 10)).astype(np.float32)
    return {
        family: replace(
            original,
            family=family,
            poses=poses[family],
            betas=rng.normal(scale=0.5, size=10).astype(np.float32),
            expression=expression if family == "smplx" else None,
        )
        for family in FAMILIES
    }


@pytest.fixture(scope="module")
def results(sources: dict[str, Motion]) -> dict[tuple[str, str], FitResult]:
    return {
        (source, target): fit(sources[source], bodies_for(sources[source], target=target))
        for source, target in DIRECTIONS
    }


@pytest.mark.parametrize(("source", "target"), DIRECTIONS)
def test_every_direction_is_fitted(
    results: dict[tuple[str, str], FitResult], sources: dict[str, Motion], source: str, target: str
) -> None:
    result = results[source, target]
    assert result.family == target
    assert result.poses.shape == (FRAMES, len(JOINT_NAMES[target]), 3)
    assert not result.partial
    assert result.fitted.all()
    assert result.converged.all()
    for values in (result.poses, result.transl, result.betas, result.part_mm, result.max_mm):
        assert np.isfinite(values).all()
    assert result.summary()["mean"] < MOST_MM[source, target]
    assert result.part_means()[3] < (14 if "smpl" in (source, target) else 2)  # hands
    assert np.abs(result.transl - sources[source].trans).max() < 0.3
    assert result.builtin
    assert result.provenance["source_body"]["family"] == source
    assert result.provenance["target_body"]["family"] == target


@pytest.mark.parametrize(("source", "target"), [("smplh", "smpl"), ("smpl", "smplh")])
def test_on_one_topology_body_and_legs_nearly_vanish(
    results: dict[tuple[str, str], FitResult], source: str, target: str
) -> None:
    head, torso, _, _, legs, feet = results[source, target].part_means()
    assert max(head, torso, legs, feet) < 1.5


def test_expression_of_the_source_moves_what_is_met(sources: dict[str, Motion]) -> None:
    pair = bodies_for(sources["smplx"], target="smplh")
    silent = replace(sources["smplx"], expression=np.zeros((FRAMES, 10), np.float32))
    run, plain = fit(sources["smplx"], pair), fit(silent, pair)
    assert np.abs(run.part_mm[:, 0] - plain.part_mm[:, 0]).max() > 0.05
    # A face is no reason for hands to move.
    assert np.abs(run.part_mm[:, 3] - plain.part_mm[:, 3]).max() < 0.1


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if "dense" in name else ()) for name in NAMES[1:]]
)
def test_harder_bodies_on_the_way_to_smplh(sources: dict[str, Motion], name: str) -> None:
    pair = reversed_bodies(body_pair(name))
    result = fit(sources["smplx"], pair)
    assert result.fitted.all()
    assert result.summary()["mean"] < 3


def test_strong_correctives_between_smplh_and_smpl(sources: dict[str, Motion]) -> None:
    pair = bodies_for(sources["smplh"], target="smpl")
    hard = replace(pair, source=strengthened(pair.source), target=strengthened(pair.target))
    assert fit(sources["smplh"], hard).summary()["mean"] < 6


@pytest.mark.parametrize(("source", "target"), DIRECTIONS)
def test_every_result_is_read_again(
    results: dict[tuple[str, str], FitResult], tmp_path: Path, source: str, target: str
) -> None:
    result, path = results[source, target], tmp_path / "out.npz"
    save_result(path, result)
    again, motion = load_result(path), load_motion(path)
    assert again.family == motion.family == target
    for name in ("poses", "transl", "betas", "expression", "mean_mm", "part_mm", "converged"):
        np.testing.assert_array_equal(getattr(again, name), getattr(result, name))
    np.testing.assert_array_equal(motion.poses, result.poses)
    assert motion.frame_rate == result.frame_rate
    assert motion.notes == ()
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["poses"].shape == (FRAMES, 3 * len(JOINT_NAMES[target]))
        assert ("expression" in arrays) == (target == "smplx")
    rows = dict(describe_file(path))
    assert rows["Kind"] == f"Refit result, {FAMILY_LABEL[target]}"
    assert rows["Fitted"] == f"{FRAMES} of {FRAMES} frames, {FRAMES} converged"


def test_there_and_back_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "walk_poses.npz"
    arrays = dict(np.load(default_motion()))
    arrays["poses"], arrays["trans"] = arrays["poses"][:FRAMES], arrays["trans"][:FRAMES]
    np.savez(source, **arrays)
    steps = (
        (source, "smplx", "walk_stageii.npz"),
        (tmp_path / "walk_stageii.npz", "smplh", "walk_smplh.npz"),
        (tmp_path / "walk_stageii.npz", "smpl", "walk_smpl.npz"),
    )
    for file, family, name in steps:
        arguments = ["convert", str(file), "-o", str(tmp_path), "--to", family, "--threads", "1"]
        assert main(arguments) == 0
        assert f"to {FAMILY_LABEL[family]}" in capsys.readouterr().out
        assert load_motion(tmp_path / name).family == family
        assert load_result(tmp_path / name).source_name == file.name
        assert main(["info", str(tmp_path / name)]) == 0
        assert f"Refit result, {FAMILY_LABEL[family]}" in capsys.readouterr().out
        stamp = (tmp_path / name).stat().st_mtime_ns
        assert main(arguments) == 0
        assert "is done already" in capsys.readouterr().out
        assert (tmp_path / name).stat().st_mtime_ns == stamp
    back, original = load_motion(tmp_path / "walk_smplh.npz"), load_motion(source)
    assert back.frame_rate == original.frame_rate
    assert np.abs(back.trans - original.trans).max() < 0.1
