"""Joint sets changed by hand: every function gives a new set, the old one stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from core.body import BodyModel
from core.errors import RefitError
from core.inspection.joint_set import JointSet, SetMember
from core.inspection.joints import body_joints, vertex_joint_ids

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
KINDS = ("SMPL's 24 joints", "Joints of the chain", "Nose, eyes, ears and feet", "Finger tips", "Landmarks")
"""What `members_of_kind` knows, in the order people look for them."""


def members_of_kind(body: BodyModel, kind: str) -> tuple[SetMember, ...]:
    """All joints of a body of one of `KINDS`, under their own names; none where the body has none.

    SMPL's 24 joints have SMPL's names; its hands are the joints where the middle fingers start. Nose, eyes,
    ears and feet are the vertex joints that the `smplx` package takes for OpenPose's.
    """
    if kind == KINDS[0]:
        from core.inverse import SMPL_JOINTS, chain_ids

        names = [body.joint_names[joint] for joint in chain_ids(body)]
        return tuple(SetMember(name, joint=own) for name, own in zip(SMPL_JOINTS, names, strict=True))
    if kind == KINDS[1]:
        return tuple(SetMember(name, joint=name) for name in body.joint_names)
    if kind == KINDS[4]:
        return tuple(
            SetMember(one.name, joint=one.name) for one in body_joints(body) if one.kind == "landmark"
        )
    wants_tips = kind == KINDS[3]
    return tuple(
        SetMember(name, joint=name)
        for name in vertex_joint_ids(body.family)
        if name.endswith(FINGERS) == wants_tips
    )


def with_members(joint_set: JointSet, members: Iterable[SetMember]) -> JointSet:
    """More members at the end. Those that are there already are left out; a name taken gets a number."""
    out = list(joint_set.members)
    there = {(member.joint, member.vertex) for member in out}
    names = set(joint_set.names)
    for member in members:
        if (member.joint, member.vertex) in there:
            continue
        name, number = member.name, 2
        while name in names:
            name, number = f"{member.name} {number}", number + 1
        out.append(replace(member, name=name))
        there.add((member.joint, member.vertex))
        names.add(name)
    return replace(joint_set, members=tuple(out))


def with_name(joint_set: JointSet, member: int, name: str) -> JointSet:
    """One member under another name.

    Raises:
        RefitError: the name is empty, or another member has it.
    """
    name = name.strip()
    if not name:
        raise RefitError("A joint of a set needs a name.")
    if name in (other for place, other in enumerate(joint_set.names) if place != member):
        raise RefitError(f"The set has a joint '{name}' already; choose another name.")
    members = list(joint_set.members)
    members[member] = replace(members[member], name=name)
    return replace(joint_set, members=tuple(members))


def without(joint_set: JointSet, members: Iterable[int]) -> JointSet:
    """All members but these."""
    gone = set(members)
    kept = tuple(member for place, member in enumerate(joint_set.members) if place not in gone)
    return replace(joint_set, members=kept)


def moved(joint_set: JointSet, members: Iterable[int], to: int) -> JointSet:
    """Some members, in their order, put before the one that is at ``to``; at the end where there is none."""
    chosen = sorted(set(members))
    order = [place for place in range(len(joint_set.members)) if place not in chosen]
    at = int(np.searchsorted(order, to))
    order[at:at] = chosen
    return replace(joint_set, members=tuple(joint_set.members[place] for place in order))
