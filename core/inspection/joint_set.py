"""A set of joints of one's own: joints and any vertices of a body, in an order and with names; and
changing one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from core.errors import RefitError
from core.inspection.vertex_feeds import check_vertex
from core.model.body import BodyModel
from core.model.body_joints import BodyJoint, body_joints, find_joint, vertex_joint_ids
from core.model.joints import FAMILY_LABEL


@dataclass(frozen=True)
class SetMember:
    """One joint of a set.

    Attributes:
        name: what it is called in the set.
        joint: name of a joint that the body has, of any kind; or None for a vertex.
        vertex: id of a vertex; or None for a joint.
    """

    name: str
    joint: str | None = None
    vertex: int | None = None

    def __post_init__(self) -> None:
        if (self.joint is None) == (self.vertex is None):
            raise ValueError("a member is either a joint or a vertex")


@dataclass(frozen=True)
class JointSet:
    """Joints in an order.

    Attributes:
        name: of the set.
        family: the bodies it is for. A set for SMPL-H serves SMPL as well where it names vertices and shared
            joints only, and the other way round: they have one skin.
        members: at least one, of different names.
    """

    name: str
    family: str
    members: tuple[SetMember, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the members in their order."""
        return tuple(member.name for member in self.members)


def joints_of_set(joint_set: JointSet, body: BodyModel) -> tuple[BodyJoint, ...]:
    """The members as joints of a body, under their names in the set.

    Kinematic joints keep their index in the chain; picked vertices have the index -1.

    Raises:
        RefitError: the set is for another family, or names a joint or vertex that the body does not have.
    """
    if (joint_set.family == "smplx") != (body.family == "smplx"):
        raise RefitError(
            f"The joint set '{joint_set.name}' is for {FAMILY_LABEL[joint_set.family]}, "
            f"but the body is {FAMILY_LABEL[body.family]}."
        )
    known = body_joints(body)
    joints = []
    for member in joint_set.members:
        if member.joint is not None:
            found = find_joint(body, known, member.joint)
            joints.append(
                BodyJoint(found.index, member.name, found.kind, found.parent, found.vertices, found.weights)
            )
        elif member.vertex is not None:
            check_vertex(body, member.vertex)
            parent = int(body.weights[member.vertex].argmax())
            joints.append(BodyJoint(-1, member.name, "vertex", parent, np.array([member.vertex]), np.ones(1)))
    return tuple(joints)


# Joint sets changed by hand: every function gives a new set, the old one stays.

FINGERS = ("thumb", "index", "middle", "ring", "pinky")
KINDS = ("SMPL's 24 joints", "Joints of the chain", "Nose, eyes, ears and feet", "Finger tips", "Landmarks")
"""What `members_of_kind` knows, in the order people look for them."""


def members_of_kind(body: BodyModel, kind: str) -> tuple[SetMember, ...]:
    """All joints of a body of one of `KINDS`, under their own names; none where the body has none.

    SMPL's 24 joints have SMPL's names; its hands are the joints where the middle fingers start. Nose, eyes,
    ears and feet are the vertex joints that the `smplx` package takes for OpenPose's.
    """
    if kind == KINDS[0]:
        from core.measure.map_back import SMPL_JOINTS, chain_ids

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
