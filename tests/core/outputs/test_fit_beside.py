"""A fit in a file, to be laid beside those of the motion that is open: taken, or refused in one sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import FileError
from core.files.builtin_files import builtin_motions
from core.measure.fit_distance import fit_distance
from core.model.fit_result import FitResult
from core.outputs.fit_beside import load_fit_beside
from core.outputs.results import save_result
from core.outputs.sessions import save_session
from core.session.fit_beside import as_beside, check_beside
from core.session.session import Session, SessionStep, SourceFile
from tests.core.clip_fits import fitted_clip

FRAMES = 40
FILE = Path("other.npz")


def told(result: FitResult, key: str, **changes: Any) -> FitResult:
    """The fit, that says otherwise how it was made."""
    return replace(result, provenance={**result.provenance, key: {**result.provenance[key], **changes}})


def test_a_result_and_the_fit_a_session_was_left_at_are_taken(tmp_path: Path) -> None:
    motion, bodies, fit = fitted_clip("walk", 0, FRAMES)
    later = replace(fit, transl=fit.transl + np.float32(0.01))
    save_result(tmp_path / "fit.npz", fit)
    steps = (SessionStep(), SessionStep(fit, name="fit of all frames"), SessionStep(later, name="an edit"))
    save_session(tmp_path / "work.refit", Session(SourceFile.of(motion), motion, steps, at=2))
    assert np.array_equal(load_fit_beside(tmp_path / "fit.npz", motion, bodies).poses, fit.poses)
    found = load_fit_beside(tmp_path / "work.refit", motion, bodies)
    assert np.array_equal(found.transl, later.transl)


def test_what_cannot_be_compared_is_said_in_one_sentence() -> None:
    motion, bodies, fit = fitted_clip("walk", 0, FRAMES)
    check_beside(FILE, fit, motion, bodies)
    other_body = replace(told(fit, "target_body", sha256="0" * 64, built_in=False), gender="female")
    elsewhere = replace(told(fit, "source", sha256="1" * 64), source_name="dance.npz")
    refused = (
        ("is a fit of SMPL-H, and those of walk_poses.npz are of SMPL-X: ", replace(fit, family="smplh")),
        (r"was made with SMPL-X \(female, licensed\), not with the SMPL-X \(neutral, built-in\)", other_body),
        ("has 39 frames, and walk_poses.npz has 40: ", fit.take(np.arange(39))),
        ("is a fit of another part of walk_poses.npz: it begins at frame 7", told(fit, "source", start=7)),
        ("is a fit of person b of walk_poses.npz", told(fit, "source", reading={"person": "b"})),
        ("is a fit of dance.npz, not of walk_poses.npz", elsewhere),
    )
    for sentence, other in refused:
        with pytest.raises(FileError, match=f"^other.npz: {sentence}"):
            check_beside(FILE, other, motion, bodies)


def test_how_it_was_made_makes_no_difference() -> None:
    motion, bodies, fit = fitted_clip("walk", 0, FRAMES)
    # Another source body, another correspondence, a copy of the motion's file with a key more.
    other = told(fit, "source_body", sha256="2" * 64, gender="male")
    other = told(told(other, "correspondence", sha256="3" * 64), "source", sha256="4" * 64)
    check_beside(FILE, other, motion, bodies)
    check_beside(FILE, replace(fit, provenance={}), motion, bodies)


def test_positions_from_another_origin_lie_where_those_of_the_motion_do() -> None:
    motion, bodies, fit = fitted_clip("walk", 0, FRAMES)
    other = told(replace(fit, transl=fit.transl - np.float32([3, 0, 1])), "source", origin=[3.0, 0.0, 1.0])
    moved = as_beside(other, motion)
    assert fit_distance(bodies.target, fit, moved).max_mm.max() < 0.01
    assert moved.as_motion().origin == motion.origin


def test_files_that_hold_no_fit_are_refused(tmp_path: Path) -> None:
    motion, bodies, _ = fitted_clip("walk", 0, FRAMES)
    walk = next(path for path in builtin_motions() if path.name == "walk_poses.npz")
    with pytest.raises(FileError, match="is neither a fit that Refit has written"):
        load_fit_beside(walk, motion, bodies)
    with pytest.raises(FileError, match="is a folder, expected a fit"):
        load_fit_beside(tmp_path, motion, bodies)
    save_session(tmp_path / "bare.refit", Session(SourceFile.of(motion), motion, (SessionStep(),)))
    with pytest.raises(FileError, match="is a session without a fit where it was left"):
        load_fit_beside(tmp_path / "bare.refit", motion, bodies)
