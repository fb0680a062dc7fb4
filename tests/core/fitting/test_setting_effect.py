"""A setting changes a fit, or a sentence says why it does not: one of both, for each of them."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from core.errors import RefitError
from core.fitting.recipe.recipe import Recipe
from core.fitting.recipe.setting_rules import HELD, OF_JOINTS, SETTINGS, no_effect, with_value
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference import published
from core.fitting.run import FitRun
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from tests.core.fitting.both_objectives import clip, small_pair

ALL_FREE = FitSettings(
    free_jaw=True, free_eyes=True, expression="shared", robust="huber", robust_scale=300, iterations=4,
    pose_prior=0.01, num_betas=3, num_expression=2,
)  # fmt: skip
PUBLISHED = replace(ALL_FREE, shape="per-frame", expression="per-frame", iterations=1)
STAGES: dict[str, tuple[FitSettings, str]] = {
    "plain": (FitSettings(iterations=4, num_betas=3), "gauss-newton"),
    "all free": (ALL_FREE, "gauss-newton"),
    "own": (replace(ALL_FREE, shape="per-frame", expression="per-frame"), "gauss-newton"),
    "shape held": (replace(ALL_FREE, shape="fixed"), "gauss-newton"),
    "all held": (replace(ALL_FREE, shape="fixed", expression="off", pose_prior=0), "gauss-newton"),
    "joints held": (replace(ALL_FREE, **dict.fromkeys(HELD, False), robust="none"), "gauss-newton"),
    "edge": (replace(ALL_FREE, stage="edge"), "gauss-newton"),
    "translation": (replace(ALL_FREE, stage="translation", robust="none", tolerance=1e-9), "gauss-newton"),
    "published": (PUBLISHED, "l-bfgs"),
    "published edge": (replace(PUBLISHED, stage="edge"), "l-bfgs"),
}
OTHERS: dict[str, tuple[Any, ...]] = {
    "iterations": (1,),
    "tolerance": (0.1,),
    "order": ("chain",),
    "vertex_weight": (0.1,),
    "edge_weight": (3.0,),
    "part_weights": ((1.0, 4.0, 0.3, 1.0, 6.0, 1.0),),
    "robust": ("none", "geman-mcclure"),
    "robust_by": ("vertex",),
    "robust_scale": (40.0,),
    "shape": ("shared", "per-frame", "fixed"),
    "expression": ("off", "shared", "per-frame"),
    "pose_prior": (1.0,),
    "pose_prior_to": ("zero", "previous"),
    "jaw_prior": (5.0,),
    "eyes_prior": (5.0,),
    "shape_prior": (5.0,),
    "expression_prior": (5.0,),
    "shape_frames": (1,),
    "num_betas": (1,),
    "num_expression": (1,),
}
# A weight without a line of its own.
OTHERS |= {name: (10.0,) for name, item in SETTINGS.items() if item.metadata["term"] and name not in OTHERS}
FREE = tuple(item.name for item in fields(FitSettings) if item.name.startswith("free_"))


@lru_cache
def pair() -> BodyPair:
    return small_pair()


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "LBFGS_STEPS", 5)


@lru_cache(maxsize=32)
def fitted(settings: FitSettings, method: str) -> FitResult:
    motion = replace(clip(3), betas=np.linspace(-1, 1, 10, dtype=np.float32))
    run = FitRun(motion, pair(), Recipe((settings,), method=method), device="cpu", threads=1)
    for _ in run:
        pass
    return run.result()


def apart(one: FitResult, other: FitResult) -> float:
    motions = one.as_motion(), other.as_motion()
    betas = [np.broadcast_to(motion.betas_of(slice(None)), (3, len(motion.betas))) for motion in motions]
    off = [
        np.abs(getattr(one, name) - getattr(other, name)).max() for name in ("poses", "transl", "expression")
    ]
    width = max(each.shape[1] for each in betas)
    wide = [np.pad(each, ((0, 0), (0, width - each.shape[1]))) for each in betas]
    return float(max(*off, np.abs(wide[0] - wide[1]).max()))


def test_every_setting_is_looked_at() -> None:
    assert {*OTHERS, *FREE, "stage"} == {item.name for item in fields(FitSettings)}


def test_what_is_of_joints_says_so_where_they_are_held() -> None:
    assert set(HELD) == set(FREE) & set(OF_JOINTS)
    of_joints = set(OF_JOINTS) - set(HELD)
    still = replace(ALL_FREE, **dict.fromkeys(HELD, False))
    assert [name for name in of_joints if not no_effect(still, name)] == []
    for freed_by in HELD:
        of_these = {name for name in of_joints if SETTINGS[name].metadata["freed_by"] == freed_by}
        silent = {name for name in of_joints if no_effect(replace(ALL_FREE, **{freed_by: False}), name)}
        assert of_these <= silent, freed_by
        assert "pose_prior" not in silent, freed_by
    assert {SETTINGS[name].metadata["freed_by"] for name in SETTINGS} <= {"", *HELD}


# Radians, metres or standard deviations.
MOST_NOISE, LEAST_EFFECT = 2e-4, 1e-3
# Settings that are silent elsewhere are looked at in these.
LOUD = ("all free", "published")
CASES = [
    pytest.param(stage, name, marks=pytest.mark.slow if stage == "published" and not said else ())
    for stage, (settings, method) in STAGES.items()
    for name in (*OTHERS, *FREE)
    for said in [no_effect(settings, name, method)]
    if (stage in LOUD or said) and (stage, name) != ("published", "order")
]
# Steps enough for these to show.
PATIENT = ("tolerance", "pose_prior_to")
# Without an effect these still change sums in their last digits, which every step makes more of.
ROUNDED = ("num_betas",)


@pytest.mark.parametrize(("stage", "name"), CASES)
def test_it_changes_a_fit_or_says_why_not(stage: str, name: str) -> None:
    settings, method = STAGES[stage]
    if name in PATIENT and method == "gauss-newton":
        settings = replace(settings, iterations=12)
    said = no_effect(settings, name, method)
    others = OTHERS.get(name, (False if getattr(settings, name) is None else not getattr(settings, name),))
    known = [with_value(settings, name, value) for value in others]
    for changed in [each for each in known if each is not None and each != settings]:
        if method != "gauss-newton" and (changed.coupled or "shared" in (changed.shape, changed.expression)):
            with pytest.raises(RefitError, match="each frame on its own"):
                fitted(changed, method)
            continue
        few = said and name in ROUNDED
        before, after = (replace(each, iterations=1) if few else each for each in (settings, changed))
        off = apart(fitted(before, method), fitted(after, method))
        # Sums in another order differ in their last digits.
        assert (off < MOST_NOISE) if said else (off > LEAST_EFFECT), (
            f"{name} = {getattr(changed, name)}: {off}"
        )
