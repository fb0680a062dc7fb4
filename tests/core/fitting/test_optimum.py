"""Fits end where an independent optimiser on the `smplx` package's layers would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.files.builtin_files import builtin_motions, default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.stage.initial_pose import source_pose
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import FACE_JOINTS
from core.model.motion import Motion
from core.model.posing import posed
from tests import variants
from tests.smplx_layers import Objective

SETTINGS = FitSettings()


def spread_frames(motion: Motion, count: int) -> Motion:
    chosen = np.linspace(0, len(motion) - 1, count).round().astype(int)
    return replace(motion, poses=motion.poses[chosen], trans=motion.trans[chosen])


def fit(motion: Motion, pair: BodyPair, settings: FitSettings = SETTINGS) -> FitResult:
    run = FitRun(motion, pair, settings, device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


def yardstick(motion: Motion, pair: BodyPair, folder: Path) -> Objective:
    vertices, _ = posed(motion, pair.source, slice(None))
    prior = source_pose(motion, pair, np.arange(len(motion)))
    return Objective(
        pair.target,
        folder,
        pair.correspondence.apply(torch.as_tensor(vertices)),
        pair.correspondence.valid,
        torch.as_tensor(prior),
        SETTINGS.pose_prior,
        SETTINGS.shape_prior,
        FACE_JOINTS,
    )


def mean_mm(objective: Objective, poses: torch.Tensor, transl: torch.Tensor, betas: torch.Tensor) -> float:
    return 1000 * float(objective.distances(poses, transl, betas).mean())


def check_optimum(motion: Motion, pair: BodyPair, folder: Path, iterations: int) -> None:
    result = fit(motion, pair)
    assert result.converged.all()
    objective = yardstick(motion, pair, folder)
    betas = np.pad(result.betas, (0, pair.target.num_betas - len(result.betas)))
    ours = [torch.as_tensor(value).double() for value in (result.poses, result.transl, betas)]
    before, after, *polished = objective.polish(*ours, iterations)
    assert after <= before
    assert before - after < 1e-3 * before, f"polished from {before} to {after}"
    assert abs(mean_mm(objective, *polished) - result.mean_mm.mean()) < 0.02


@pytest.mark.parametrize("name", ["dense correctives", "other shape basis", variants.MANY_BETAS])
def test_no_independent_optimiser_gets_lower(name: str, tmp_path: Path) -> None:
    clip = next(path for path in builtin_motions() if path.stem == "dance_poses")
    check_optimum(spread_frames(load_motion(clip), 2), variants.body_pair(name), tmp_path, iterations=12)


@pytest.mark.slow
@pytest.mark.parametrize("name", variants.NAMES)
@pytest.mark.parametrize("clip", [path.stem for path in builtin_motions()])
def test_no_independent_optimiser_gets_lower_on_any_clip(clip: str, name: str, tmp_path: Path) -> None:
    path = next(path for path in builtin_motions() if path.stem == clip)
    check_optimum(spread_frames(load_motion(path), 24), variants.body_pair(name), tmp_path, iterations=150)


@pytest.mark.slow
def test_an_independent_optimiser_from_scratch_ends_no_lower(tmp_path: Path) -> None:
    pair = load_bodies()
    motion = spread_frames(load_motion(default_motion()), 2)
    result = fit(motion, pair)
    objective = yardstick(motion, pair, tmp_path)
    start = torch.as_tensor(source_pose(motion, pair, np.arange(len(motion)))).double()
    _, scratch, *_ = objective.polish(
        start, torch.as_tensor(motion.trans).double(), torch.zeros(10, dtype=torch.float64), 3000
    )
    with torch.no_grad():
        ours = float(
            objective.value(
                *(torch.as_tensor(value).double() for value in (result.poses, result.transl, result.betas))
            )
        )
    assert ours < 1.001 * scratch


@pytest.mark.parametrize("family", ["smplx", "smplh"])
def test_a_body_is_recovered_from_its_own_skin(family: str) -> None:
    """With one body on both sides the optimum is known: the source's own parameters, at no distance."""
    pair = load_bodies(source=family, target=family)
    rng = np.random.default_rng(0)
    clip = spread_frames(load_motion(default_motion()), 3)
    poses = np.zeros((3, pair.source.num_joints, 3), dtype=np.float32)
    poses[:, :22] = clip.poses[:, :22]
    betas = rng.normal(size=pair.source.num_betas).astype(np.float32)
    motion = Motion(family=family, poses=poses, trans=clip.trans, betas=betas)
    result = fit(motion, pair, FitSettings(pose_prior=1e-7, shape_prior=1e-8, tolerance=1e-5))
    assert result.mean_mm.max() < 0.05
    assert np.abs(result.transl - motion.trans).max() < 2e-4
    assert np.abs(result.betas - betas).max() < 0.01
    assert np.abs(result.poses[:, :22] - poses[:, :22]).max() < 5e-3
