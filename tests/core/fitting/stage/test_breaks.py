"""Frames on either side of a jump that is not the source's are tried from the other side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.solver import linear_solve, normal_equations
from core.fitting.stage import stage
from core.fitting.stage.breaks import at_breaks
from core.model.skinning import rotation_matrices
from tests.core.fitting.judged import clip, fit, run
from tests.core.fitting.test_jumps import cut
from tests.variants import HARSHER, body_pair

HELD = FitSettings(shape="fixed")


def test_both_sides_of_a_break_are_found() -> None:
    turns = np.zeros((6, 3, 3), dtype=np.float32)
    turns[2:, 1, 0] = 1.2
    turns[5, 2, 2] = 0.8
    found = at_breaks(np.array([3, 4, 9, 10, 11, 12]), rotation_matrices(torch.as_tensor(turns)))
    assert list(found) == [4, 9]
    assert not len(at_breaks(np.array([7]), rotation_matrices(torch.as_tensor(turns[:1]))))


def test_they_keep_the_best_of_what_they_are_tried_from(monkeypatch: pytest.MonkeyPatch) -> None:
    # Steps that know how the residuals bend the objective leave no break here.
    monkeypatch.setattr(normal_equations, "bent", lambda matrix, _: matrix)
    monkeypatch.setattr(linear_solve, "FURTHEST", 10.0)
    whole, pair = cut(), body_pair(HARSHER[0])
    motion = replace(whole, poses=whole.poses[44:50], trans=whole.trans[44:50])
    with monkeypatch.context() as patched:
        patched.setattr(stage, "in_lots", lambda *_: iter(()))
        before = FitRun(motion, pair, HELD, device="cpu", threads=1)
        list(before)
    after = FitRun(motion, pair, HELD, device="cpu", threads=1)
    steps = list(after)
    was, now = before._table.energy, after._table.energy
    assert (now <= was * (1 + 5e-4)).all()
    assert (now < was * (1 - 1e-3)).any()
    told = [step for step in steps if step.stage == "pose"]
    assert [step.frames_done for step in told][-1] == len(motion), "frames that come back are counted once"
    assert told[-1].objective == pytest.approx(float(now.mean()), rel=1e-5)


def test_ordinary_bodies_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[int]()
    across = stage.PoseStage._across
    monkeypatch.setattr(stage.PoseStage, "_across", lambda *given: asked.append(1) or across(*given))
    fit(clip("dance", 0, 80), body_pair("built-in"), FitSettings(shape_frames=8))
    run(cut(), body_pair("strong correctives"), FitSettings(shape_frames=8))
    assert asked == []
