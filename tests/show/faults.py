"""A dance with faults whose places are known: some in its file, as captures have them, some in its fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.correspond.load_bodies import bodies_for
from core.files.motions.load_motion import load_motion
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from tests.show import drive

FILE = "dance_with_faults.npz"
SOURCE, FAILED = "source", "failed fit"
JUMP_M = 0.05 * np.array([0.6, 0.6, 0.53])


@dataclass(frozen=True)
class Fault:
    """What is planted, in which frames, the part whose distance tells of it, and what it is to be called."""

    name: str
    first: int
    last: int
    part: str
    kind: str

    @property
    def frames(self) -> np.ndarray:
        """Ids of its frames."""
        return np.arange(self.first, self.last + 1)


WILD, LEAP = Fault("wild right hand", 130, 139, "hands", SOURCE), Fault("jump", 300, 300, "", SOURCE)
HAND = Fault("scrambled left hand", 75, 84, "hands", FAILED)
STANDS_OFF = Fault("5 cm elsewhere", 227, 227, "", FAILED)
FEET = Fault("trembling feet", 341, 348, "feet", FAILED)
FAULTS = (HAND, WILD, STANDS_OFF, LEAP, FEET)


def fingers(names: Sequence[str], side: str) -> list[int]:
    """The finger joints of one hand."""
    return [i for i, name in enumerate(names) if name.startswith(f"{side}_") and name[-1] in "123"]


def faulty_file(folder: Path) -> Path:
    """The dance with what real captures have: a hand that goes wild, and a jump; as a file in a folder."""
    clip = drive.clip("dance")
    names = bodies_for(load_motion(clip)).source.joint_names
    with np.load(clip) as archive:
        arrays = {key: archive[key] for key in archive.files}
    poses, trans = arrays["poses"].copy(), arrays["trans"].copy()
    turned = poses.reshape(len(poses), -1, 3)
    hand = np.ix_(WILD.frames, fingers(names, "right"))
    turned[hand] += np.random.default_rng(5).normal(0, 0.9, turned[hand].shape)
    trans[LEAP.frames] += JUMP_M
    target = folder / FILE
    np.savez(target, **{**arrays, "poses": poses, "trans": trans})
    return target


def spoilt(result: FitResult, bodies: BodyPair) -> FitResult:
    """The fit with a scrambled hand, a frame that stands elsewhere, and trembling feet; not yet measured."""
    generator, names = np.random.default_rng(3), bodies.target.joint_names
    poses, transl = result.poses.copy(), result.transl.copy()
    feet = [names.index("left_ankle"), names.index("right_ankle")]
    for fault, joints, radians in ((HAND, fingers(names, "left"), 0.5), (FEET, feet, 0.12)):
        noise = generator.normal(0, radians, (len(fault.frames), len(joints), 3))
        poses[np.ix_(fault.frames, joints)] += noise.astype(np.float32)
    transl[STANDS_OFF.frames] += JUMP_M.astype(np.float32)
    return replace(result, poses=poses, transl=transl)
