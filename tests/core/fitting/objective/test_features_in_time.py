"""Features of frames in a row as few columns: right to the tolerance, and only where that pays."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting.objective.patches import LEAST_FRAMES, RANKS, TOLERANCE, in_time
from core.model.body import pose_features
from core.model.skinning import rotation_matrices

LONG = [path for path in builtin_motions() if len(load_motion(path)) >= LEAST_FRAMES]


@pytest.mark.parametrize("path", LONG, ids=[path.stem for path in LONG])
def test_real_motions_need_few_columns(path: Path) -> None:
    features = pose_features(rotation_matrices(torch.as_tensor(load_motion(path).poses[:256])))
    columns, mixed = in_time(features)
    assert mixed is not None
    assert columns.shape[1] in RANKS
    assert float((columns @ mixed - features).abs().max()) <= 1.1 * TOLERANCE


def test_what_does_not_move_smoothly_is_left_alone() -> None:
    poses = torch.randn(256, 52, 3, generator=torch.Generator().manual_seed(0))
    features = pose_features(rotation_matrices(poses))
    columns, mixed = in_time(features)
    assert columns is features
    assert mixed is None


def test_few_frames_are_left_alone() -> None:
    features = torch.zeros(459, LEAST_FRAMES - 1)
    assert in_time(features)[1] is None
