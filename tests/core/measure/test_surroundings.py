"""Floor, reach and path of a motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.correspond.load_bodies import bodies_for
from core.errors import FileError
from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.measure.surroundings import smooth_path, surroundings


def test_a_walk_stands_on_the_floor_and_moves_on() -> None:
    motion = load_motion(next(path for path in builtin_motions() if path.name == "walk_poses.npz")).cut(0, 60)
    body = bodies_for(motion).source
    around = surroundings(motion, body, 30.0)
    assert around.path.shape == (60, 3)
    assert 1.2 < around.height < 2.2
    assert 0.2 < around.reach < 1.5
    raised = replace(motion, trans=motion.trans + np.array([0, 0, 2], np.float32))
    assert surroundings(raised, body, 30.0).floor == pytest.approx(around.floor + 2, abs=1e-4)
    with pytest.raises(FileError):
        surroundings(replace(motion, poses=np.full_like(motion.poses, np.nan)), body, 30.0)


def test_the_path_has_no_gaps() -> None:
    motion = load_motion(builtin_motions()[0]).cut(0, 20)
    trans = motion.trans.copy()
    trans[4:7] = np.nan
    motion = replace(motion, trans=trans)
    path = smooth_path(motion, np.flatnonzero(motion.finite_frames()), 30.0)
    assert np.isfinite(path).all()
