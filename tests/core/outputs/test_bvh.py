"""Exported BVH, read back by another library and by the rules of the format: joints, angles, times, units."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bvhio
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from core.errors import RefitError
from core.geometry.up_axis import turned
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.model.posing import posed
from core.outputs.bvh import BVH, ORDER, euler_angles, even_grid, held
from core.outputs.export_format import ExportJob
from tests.core.clip_fits import bodies, clip, fitted_clip
from tests.core.outputs.test_gltf import face_motion

TENTH_MM = 1e-4


class Bvh:
    """A file, read by the rules."""

    def __init__(self, path: Path) -> None:
        words = path.read_text().split()
        self.names, self.parents, self.offsets, self.channels, open_ = [], [], [], [], []
        at = 0
        while words[at] != "MOTION":
            if words[at] in ("ROOT", "JOINT"):
                self.parents.append(open_[-1] if open_ else -1)
                self.names.append(words[at + 1])
                open_.append(len(self.names) - 1)
            elif words[at] == "End":
                open_.append(-1)
            elif words[at] == "OFFSET" and open_[-1] >= 0:
                self.offsets.append([float(word) for word in words[at + 1 : at + 4]])
            elif words[at] == "CHANNELS":
                self.channels.append(words[at + 2 : at + 2 + int(words[at + 1])])
            elif words[at] == "}":
                open_.pop()
            at += 1
        count = int(words[at + 2])
        self.frame_time = float(words[at + 5])
        self.rows = np.array(words[at + 6 :], float).reshape(count, -1)

    def joints(self, frame: int) -> dict[str, np.ndarray]:
        """Where each joint is."""
        row, at, places, turns = self.rows[frame], 0, [], []
        for parent, offset, channels in zip(self.parents, self.offsets, self.channels, strict=True):
            place, turn = np.array(offset), Rotation.identity()
            for channel in channels:
                if channel.endswith("position"):
                    place["XYZ".index(channel[0])] = row[at]
                else:
                    turn = turn * Rotation.from_euler(channel[0].lower(), row[at], degrees=True)
                at += 1
            places.append(place if parent < 0 else places[parent] + turns[parent].apply(place))
            turns.append(turn if parent < 0 else turns[parent] * turn)
        assert at == len(row)
        return dict(zip(self.names, places, strict=True))


def exported(
    path: Path,
    motion: Motion,
    pair: BodyPair,
    frames: np.ndarray,
    result: FitResult | None = None,
    **settings: str,
) -> tuple[Bvh, str]:
    settings = settings if result is not None else {"skeleton": "source", **settings}
    said = BVH.write(ExportJob(path, "walk", frames, motion, pair, result, settings=settings))
    return Bvh(path), said


def apart(file: Bvh, frame: int, joints: np.ndarray, names: tuple[str, ...]) -> float:
    there = file.joints(frame)
    assert set(there) == set(names)
    return float(max(np.abs(there[name] - place).max() for name, place in zip(names, joints, strict=True)))


@pytest.mark.parametrize(("up_axis", "up"), [("z", "y"), ("y", "y"), ("-y", "y"), ("z", "z")])
def test_joints_are_refits(up_axis: str, up: str, tmp_path: Path) -> None:
    motion, pair, result = fitted_clip("walk", 0, 12)
    result = replace(result, up_axis=up_axis)
    file, said = exported(tmp_path / "a.bvh", motion, pair, np.arange(12), result, bvh_up=up)
    joints = turned(posed(result.as_motion(), pair.target, np.arange(12))[1], up_axis, up)
    for frame in (0, 5, 11):
        assert apart(file, frame, joints[frame], pair.target.joint_names) < TENTH_MM
    assert file.frame_time == pytest.approx(1 / motion.frame_rate, rel=1e-7)
    assert file.offsets[0] == [0, 0, 0]
    assert said == f"Joints in metres, {up} up."
    assert sum(len(channels) == 6 for channels in file.channels) == 1


def test_another_library_reads_the_same(tmp_path: Path) -> None:
    motion, body = clip("spinkick", 0, 40), bodies("built-in").source
    exported(tmp_path / "a.bvh", motion, bodies("built-in"), np.arange(40))
    root = bvhio.readAsHierarchy(str(tmp_path / "a.bvh"))
    joints = turned(posed(motion, body, np.arange(40))[1], "z", "y")
    for frame in (0, 20, 39):
        root.loadPose(frame)
        found = {joint.Name: np.array(joint.PositionWorld) for joint, _, _ in root.layout()}
        for name, place in zip(body.joint_names, joints[frame], strict=True):
            assert np.abs(found[name] - place).max() < TENTH_MM


def test_joints_that_move_with_the_face_have_positions(tmp_path: Path) -> None:
    motion, body = face_motion()
    pair = replace(bodies("built-in"), source=body)
    file, _ = exported(tmp_path / "a.bvh", motion, pair, np.arange(4))
    joints = turned(posed(motion, body, np.arange(4))[1], motion.up_axis, "y")
    for frame in range(4):
        assert apart(file, frame, joints[frame], body.joint_names) < TENTH_MM
    assert len(file.channels[file.names.index("jaw")]) == 6


def test_centimetres_and_every_third_frame(tmp_path: Path) -> None:
    motion, pair, body = clip("walk", 0, 9), bodies("built-in"), bodies("built-in").source
    frames = np.arange(0, 9, 3)
    file, said = exported(tmp_path / "a.bvh", motion, pair, frames, unit="cm")
    joints = 100 * turned(posed(motion, body, frames)[1], "z", "y")
    assert apart(file, 2, joints[2], body.joint_names) < 100 * TENTH_MM
    assert file.frame_time == pytest.approx(3 / motion.frame_rate, rel=1e-7)
    assert "centimetres" in said


def test_one_frame_and_no_frame_rate(tmp_path: Path) -> None:
    motion = replace(clip("walk", 0, 3), frame_rate=None)
    file, said = exported(tmp_path / "a.bvh", motion, bodies("built-in"), np.array([1]))
    assert (len(file.rows), file.frame_time) == (1, pytest.approx(1 / 30))
    assert "written at 30 frames a second" in said


def test_far_from_the_origin_nothing_is_lost(tmp_path: Path) -> None:
    near, pair = clip("walk", 0, 2), bodies("built-in")
    far = replace(near, origin=(500_000.0, 4_123_456.0, 100.0))
    one, said = exported(tmp_path / "a.bvh", far, pair, np.arange(2))
    other, _ = exported(tmp_path / "b.bvh", near, pair, np.arange(2))
    assert np.array_equal(one.rows, other.rows)
    assert "from the origin 500000, 100, -4123456 m" in said


def test_uneven_frames_keep_their_times(tmp_path: Path) -> None:
    motion, pair, body = clip("walk", 0, 9), bodies("built-in"), bodies("built-in").source
    file, said = exported(tmp_path / "a.bvh", motion, pair, np.array([0, 2, 8]))
    assert file.frame_time == pytest.approx(2 / motion.frame_rate, rel=1e-7)
    assert len(file.rows) == 5
    joints = turned(posed(motion, body, np.array([0, 2, 2, 2, 8]))[1], "z", "y")
    for frame in range(5):
        assert apart(file, frame, joints[frame], body.joint_names) < TENTH_MM
    assert "2 frames are between those asked for" in said
    assert even_grid(np.array([3])).tolist() == [3]


def test_frames_without_a_pose_keep_the_one_before(tmp_path: Path) -> None:
    motion = clip("walk", 0, 5)
    poses = motion.poses.copy()
    poses[[0, 3]] = np.nan
    file, said = exported(tmp_path / "a.bvh", replace(motion, poses=poses), bodies("built-in"), np.arange(5))
    assert len(file.rows) == 5
    assert np.array_equal(file.rows[0], file.rows[1])
    assert np.array_equal(file.rows[3], file.rows[2])
    assert "2 frames have no pose" in said
    assert held(np.arange(10, 14), np.array([False, True, False, True])).tolist() == [11, 11, 11, 13]
    poses[:] = np.nan
    with pytest.raises(RefitError, match="nothing to export"):
        exported(tmp_path / "b.bvh", replace(motion, poses=poses), bodies("built-in"), np.arange(5))
    assert not (tmp_path / "b.bvh").exists()


def test_angles_do_not_jump_and_give_the_rotation() -> None:
    # Through straight up, where one of the angles is free, and around twice.
    turn = np.linspace(0, 720, 200)
    rotations = Rotation.from_euler("xz", np.stack((turn, turn / 3), 1), degrees=True)
    quaternions = rotations.as_quat()[:, None]
    angles = euler_angles(quaternions)
    assert np.abs(np.diff(angles, axis=0)).max() < 10
    back = Rotation.from_euler(ORDER, angles[:, 0], degrees=True)
    assert (back * rotations.inv()).magnitude().max() < 1e-6
    halves = [euler_angles(quaternions[:90])]
    halves.append(euler_angles(quaternions[90:], halves[0][-1]))
    assert np.array_equal(np.concatenate(halves), angles)
