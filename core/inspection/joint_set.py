"""A set of joints of one's own: joints and any vertices of a body, in an order and with names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.body import BodyModel
from core.errors import RefitError
from core.inspection.feeds import check_vertex
from core.inspection.joints import BodyJoint, body_joints, find_joint
from core.joints import FAMILY_LABEL


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
