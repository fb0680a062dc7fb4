"""Joint sets put together by hand; SMPL's joints of a fit as points of its skin."""

from __future__ import annotations

import numpy as np
import pytest

from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.inspection.joint_series import JointSeries, fitted_motion
from core.inspection.joint_set import (
    KINDS,
    JointSet,
    SetMember,
    joints_of_set,
    members_of_kind,
    moved,
    with_members,
    with_name,
    without,
)
from core.inspection.smpl_joints import smpl_joint_errors, smpl_joints_of_fit
from tests.core.clip_fits import fitted_clip


def test_members_of_every_kind_are_joints_of_the_body() -> None:
    pair = load_bodies()
    counts = {}
    for body in (pair.source, pair.target):
        for kind in KINDS:
            members = members_of_kind(body, kind)
            counts[body.family, kind] = len(members)
            whole = with_members(JointSet("all", body.family, ()), members)
            assert len(joints_of_set(whole, body)) == len(members)
    assert [counts["smplx", kind] for kind in KINDS] == [24, 55, 11, 10, 51]
    assert [counts["smplh", kind] for kind in KINDS] == [24, 52, 11, 10, 0]


def test_members_come_once_and_names_differ() -> None:
    start = JointSet("mine", "smplx", (SetMember("a", vertex=3), SetMember("b", joint="pelvis")))
    more = with_members(
        start, (SetMember("pelvis", joint="pelvis"), SetMember("a", vertex=4), SetMember("a", vertex=5))
    )
    assert more.names == ("a", "b", "a 2", "a 3")
    assert with_name(more, 0, " first ").names == ("first", "b", "a 2", "a 3")
    assert with_name(more, 0, "a").names == more.names
    for name in ("", "b"):
        with pytest.raises(RefitError):
            with_name(more, 0, name)
    assert without(more, (0, 2)).names == ("b", "a 3")
    assert moved(more, (0,), 2).names == ("b", "a", "a 2", "a 3")
    assert moved(more, (3, 1), 0).names == ("b", "a 3", "a", "a 2")
    assert moved(more, (0, 1), 4).names == ("a 2", "a 3", "a", "b")


def test_smpl_joints_of_a_fit_as_points_of_its_skin() -> None:
    motion, bodies, result = fitted_clip("dance", 40, 44)
    joints = smpl_joints_of_fit(bodies)
    found = JointSeries(bodies.target, joints).over(fitted_motion(result))
    expected = smpl_joint_errors(motion, bodies, result).joints
    assert np.nanmax(np.abs(found - expected)) < 1e-4
    assert (np.isfinite(found) == np.isfinite(expected)).all()
