"""Each setting of a stage does what its help says, on whole bodies; and see `test_setting_effect`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from core.fitting.recipe.setting_rules import SETTINGS
from core.fitting.recipe.settings import FitSettings
from core.fitting.stage.initial_pose import source_pose
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import FACE_JOINTS, LEFT_HAND, PARTS, RIGHT_HAND
from core.model.motion import Motion
from tests.core.fitting.judged import clip, fit, joints_named, judged, run
from tests.variants import body_pair

BASE = FitSettings(tolerance=1e-5)
EXPRESSIVE = replace(BASE, expression="shared")
# Radians that rounding turns.
STILL = 5e-6
BODY = ("left_knee", "right_knee", "spine2", "left_elbow", "right_elbow")


def pair() -> BodyPair:
    return body_pair("built-in")


@lru_cache
def motion() -> Motion:
    """Of a person with a shape, at rest in no frame."""
    betas = np.random.default_rng(3).normal(size=16).astype(np.float32)
    return replace(clip("dance", 100, 3), betas=betas)


@lru_cache(maxsize=64)
def fitted(settings: FitSettings = BASE) -> FitResult:
    return fit(motion(), pair(), settings)


@lru_cache(maxsize=64)
def terms(settings: FitSettings, of: FitSettings = BASE) -> dict[str, float]:
    """The terms of the objective ``of`` some settings where the fit with others ends, less their weights."""
    objective, state = judged(motion(), pair(), of, fitted(settings))
    with torch.no_grad():
        return {name: float(value) for name, value in objective.terms(state).items()}


def turned(settings: FitSettings, away_from: np.ndarray | None = None) -> np.ndarray:
    """(T, J) radians away from the source's pose, or another one."""
    start = source_pose(motion(), pair(), np.arange(3)) if away_from is None else away_from
    found = Rotation.from_rotvec(fitted(settings).poses.reshape(-1, 3))
    away = found * Rotation.from_rotvec(np.broadcast_to(start, (3, 55, 3)).reshape(-1, 3)).inv()
    return away.magnitude().reshape(3, -1)


def of(**changes: Any) -> FitSettings:
    return replace(BASE, **changes)


def stage() -> None:
    moved = of(stage="translation")
    assert turned(moved).max() < STILL
    assert not fitted(moved).betas.any()
    assert (fitted(moved).transl != motion().trans).all()
    both = of(edge_weight=1.0)
    assert terms(of(stage="edge"), both)["edge"] < terms(BASE, both)["edge"]
    assert terms(BASE, both)["vertex"] < terms(of(stage="edge"), both)["vertex"]


def iterations() -> None:
    held, left = of(shape="fixed", tolerance=1e-10), []
    for most in (1, 2, 4):
        _, steps = run(motion(), pair(), replace(held, iterations=most), betas=fitted().betas)
        assert steps[-1].steps <= most
        left.append(steps[-1].objective)
    assert left[0] > left[1] > left[2]


def tolerance() -> None:
    values = [sum(terms(of(tolerance=value)).values()) for value in (0.1, 1e-3, 1e-7)]
    assert values[0] >= values[1] >= values[2]
    assert values[0] > values[2]


def vertex_weight() -> None:
    light, heavy = terms(of(vertex_weight=0.02)), terms(of(vertex_weight=50.0))
    assert heavy["vertex"] < terms(BASE)["vertex"] < light["vertex"]
    assert light["pose prior"] < terms(BASE)["pose prior"] < heavy["pose prior"]


def edge_weight() -> None:
    both = of(edge_weight=1.0)
    assert terms(of(edge_weight=20.0), both)["edge"] < terms(both, both)["edge"] < terms(BASE, both)["edge"]


def part_weights() -> None:
    for index in range(len(PARTS)):
        weights = tuple(30.0 if part == index else 1.0 for part in range(len(PARTS)))
        heavier = fitted(of(part_weights=weights)).part_means()
        assert heavier[index] < 0.97 * fitted().part_means()[index], PARTS[index]


def robust_scale() -> None:
    """Millimetres: far above what any part is off it does nothing, far below it lets go."""
    far, near = of(robust="huber", robust_scale=1000.0), of(robust="huber", robust_scale=0.5)
    assert np.abs(fitted(far).poses - fitted().poses).max() < 2e-3
    assert terms(near)["vertex"] > 1.001 * terms(BASE)["vertex"]
    # It lets go of the part that is furthest off.
    worst = int(np.argmax(fitted().part_means()))
    assert fitted(near).part_means()[worst] > fitted().part_means()[worst]


def free_joints(name: str, *joints: str) -> Callable[[], None]:
    def check() -> None:
        places = joints_named(pair(), *joints)
        free, held = of(**{name: True}), of(**{name: False})
        assert turned(held)[:, places].max() < STILL
        assert turned(free)[:, places].max() > 1e-4
        if name in ("free_jaw", "free_eyes"):
            others = set(FACE_JOINTS).difference(joints)
            assert turned(free)[:, joints_named(pair(), *others)].max() < STILL

    return check


def shape() -> None:
    own = fitted(of(shape="per-frame")).frame_betas
    assert own is not None
    assert (np.ptp(own, axis=0) > 0).all()
    assert fitted().frame_betas is None
    assert fitted().betas.all()
    assert not fitted(of(shape="fixed")).betas.any()
    betas = np.linspace(1, -1, 10, dtype=np.float32)
    held = fit(motion(), pair(), of(shape="fixed"), betas=betas)
    np.testing.assert_array_equal(held.betas, betas)


def expression() -> None:
    assert not fitted().expression.any()
    alike = fitted(EXPRESSIVE).expression
    assert alike.all()
    assert (alike == alike[:1]).all()
    assert (np.ptp(fitted(of(expression="per-frame")).expression, axis=0) > 0).all()


def pose_prior() -> None:
    most = [turned(of(pose_prior=weight)).max() for weight in (1e-3, 0.1, 10.0)]
    assert most[0] > most[1] > most[2]
    assert most[2] < 0.3 * most[0]


def pose_prior_to() -> None:
    strong = {to: of(pose_prior=1.0, pose_prior_to=to) for to in ("source", "zero", "previous")}
    rest = np.zeros((1, 55, 3))
    # All but the root, of which a rest pose says nothing.
    far = {to: np.linalg.norm(turned(settings, rest)[:, 1:]) for to, settings in strong.items()}
    assert far["zero"] < 0.7 * min(far["source"], far["previous"])
    near = {to: np.linalg.norm(turned(settings)) for to, settings in strong.items()}
    assert near["source"] < 0.5 * min(near["zero"], near["previous"])
    change = {
        to: np.abs(np.diff(fitted(settings).poses[:, 1:], axis=0)).sum() for to, settings in strong.items()
    }
    assert change["previous"] < change["source"]


def jaw_prior() -> None:
    jaw = joints_named(pair(), "jaw")
    angles = [turned(of(free_jaw=True, jaw_prior=weight))[:, jaw].max() for weight in (1e-3, 0.1, 10.0)]
    assert angles[0] > angles[1] > angles[2]
    assert angles[2] < 0.2 * angles[0]


def eyes_prior() -> None:
    eyes = joints_named(pair(), *FACE_JOINTS[1:])
    angles = [turned(of(free_eyes=True, eyes_prior=weight))[:, eyes].max() for weight in (1e-5, 1e-2, 10.0)]
    assert angles[0] > angles[1] > angles[2]


def shape_prior() -> None:
    sizes = [np.linalg.norm(fitted(of(shape_prior=weight)).betas) for weight in (1e-3, 0.1, 10.0)]
    assert sizes[0] > sizes[1] > sizes[2]


def expression_prior() -> None:
    settings = [replace(EXPRESSIVE, expression_prior=weight) for weight in (1e-3, 0.1, 10.0)]
    sizes = [np.linalg.norm(fitted(each).expression) for each in settings]
    assert sizes[0] > sizes[1] > sizes[2]


def smoothness() -> None:
    smooth = of(smoothness=1.0)
    rough, calm = terms(BASE, smooth)["smoothness"], terms(smooth, smooth)["smoothness"]
    assert calm < 0.5 * rough
    offset = [fitted(each).transl - motion().trans for each in (BASE, smooth)]
    assert np.abs(np.diff(offset[1], axis=0)).max() < np.abs(np.diff(offset[0], axis=0)).max()


def shape_frames() -> None:
    alone = fit(motion().cut(0, 1), pair(), BASE)
    np.testing.assert_allclose(fitted(of(shape_frames=1)).betas, alone.betas, atol=1e-4)
    assert np.abs(fitted().betas - alone.betas).max() > 1e-3


def num_betas() -> None:
    few = fitted(of(num_betas=4)).betas
    assert few[:4].all()
    assert not few[4:].any()


def num_expression() -> None:
    few = fitted(replace(EXPRESSIVE, num_expression=3)).expression
    assert few[:, :3].all()
    assert not few[:, 3:].any()


CHECKS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        stage, iterations, tolerance, vertex_weight, edge_weight, part_weights, robust_scale, shape,
        expression, pose_prior, pose_prior_to, jaw_prior, eyes_prior, shape_prior, expression_prior,
        smoothness, shape_frames, num_betas, num_expression,
    )
}  # fmt: skip
CHECKS |= {
    "free_global_orient": free_joints("free_global_orient", "pelvis"),
    "free_body": free_joints("free_body", *BODY),
    "free_left_hand": free_joints("free_left_hand", *LEFT_HAND),
    "free_right_hand": free_joints("free_right_hand", *RIGHT_HAND),
    "free_jaw": free_joints("free_jaw", "jaw"),
    "free_eyes": free_joints("free_eyes", *FACE_JOINTS[1:]),
}


def weighed(name: str, high: float) -> Callable[[], None]:
    """The heavier a term weighs, the smaller it becomes, seen through the same weight."""

    def check() -> None:
        settings = {weight: of(**{name: weight}) for weight in (0.1 * high, high)}
        (called,) = set(terms(BASE, settings[high])) - set(terms(BASE))
        values = [terms(each, settings[high])[called] for each in (BASE, *settings.values())]
        assert values[0] > 1.1 * values[1] > 1.1 * values[2] > 0

    return check


# Weights of terms that are off at first and have no check of their own.
CHECKS |= {
    name: weighed(name, item.metadata["range"][1])
    for name, item in SETTINGS.items()
    if item.metadata["term"] and item.default == 0 and name not in CHECKS
}
ELSEWHERE = {"order": "test_stages", "robust": "test_stage_freedom", "robust_by": "test_other_optima"}
ELSEWHERE |= {"free_transl": "test_root_stays"}


def test_every_setting_is_looked_at() -> None:
    assert {*CHECKS, *ELSEWHERE} == {item.name for item in fields(FitSettings)}


@pytest.mark.parametrize("name", CHECKS)
def test_it_does(name: str) -> None:
    CHECKS[name]()
