"""Small files in the exact form of each source."""

from __future__ import annotations

import collections
import io
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from tests.core.files.containers.joblib_writer import joblib_bytes


def three_dpw(frames: tuple[int, ...] = (6, 4), **changes: Any) -> dict[str, Any]:
    """A sequence of 3DPW with so many frames for each person."""
    random = np.random.default_rng(5)
    contents: dict[str, Any] = {
        "sequence": "downtown_walking_00",
        "poses": [random.normal(scale=0.2, size=(count, 72)) for count in frames],
        "trans": [random.normal(size=(count, 3)) for count in frames],
        "betas": [random.normal(size=10) for _ in frames],
        "genders": ["m", "f", "m"][: len(frames)],
        "poses_60Hz": [np.zeros((2 * count, 72)) for count in frames],
        "cam_poses": np.tile(np.eye(4), (max(frames), 1, 1)),
        "campose_valid": [np.ones(count, bool) for count in frames],
        "texture_maps": [[] for _ in frames],
    }
    return contents | changes


def wham(ids: tuple[int, ...] = (0, 2), frames: int = 5, **changes: Any) -> dict[int, dict[str, Any]]:
    """WHAM's result with these people."""
    random = np.random.default_rng(6)
    results: dict[int, dict[str, Any]] = collections.defaultdict(dict)
    for person in ids:
        results[person] = {
            "pose": random.normal(scale=0.2, size=(frames, 72)).astype(np.float32),
            "trans": random.normal(size=(frames, 3)).astype(np.float32),
            "pose_world": random.normal(scale=0.2, size=(frames, 72)).astype(np.float32),
            "trans_world": random.normal(size=(frames, 3)).astype(np.float32),
            "betas": random.normal(size=(frames, 10)).astype(np.float32),
            "verts": np.zeros((frames, 20, 3), np.float32),
            "frame_ids": np.arange(frames) + 3,
            **changes,
        }
        results[person] = {key: value for key, value in results[person].items() if value is not None}
    return results


def rotations(count: int, seed: int) -> np.ndarray:
    """(count, 3, 3) float32 rotation matrices, none of them far from none."""
    vectors = np.random.default_rng(seed).normal(scale=0.3, size=(count, 3))
    return Rotation.from_rotvec(vectors).as_matrix().astype(np.float32)


def phalp_body(seed: int) -> dict[str, np.ndarray]:
    """One entry of ``smpl``."""
    return {
        "global_orient": rotations(1, seed),
        "body_pose": rotations(23, seed + 100),
        "betas": np.random.default_rng(seed).normal(size=10).astype(np.float32),
    }


def phalp(
    tracks: tuple[tuple[int, ...], ...] = ((1, 4), (1,), (), (4, 1), (1, 4)),
) -> dict[str, dict[str, Any]]:
    """A tracker's result: who is seen in each frame."""
    results = {}
    for index, seen in enumerate(tracks):
        results[f"img/{index:06d}.jpg"] = {
            "time": index,
            "shot": 0,
            "tid": list(seen),
            "tracked_ids": list(seen),
            "tracked_time": [0] * len(seen),
            "bbox": [np.zeros(4) for _ in seen],
            "smpl": [phalp_body(10 * index + track) for track in seen],
            "camera": [np.array([0.1, 0.2, 30.0 + index], np.float32) for _ in seen],
            "mask": [[{"size": [4, 4], "counts": b"PPYo1"}] for _ in seen],
        }
    return results


def phalp_bytes(results: Any) -> bytes:
    """As the tracker writes it."""
    return joblib_bytes(results, "zlib")


def gvhmr(frames: int = 5, **changes: Any) -> dict[str, Any]:
    """GVHMR's result, before its arrays are tensors."""
    random = np.random.default_rng(7)

    def one() -> dict[str, np.ndarray]:
        return {
            "body_pose": random.normal(scale=0.2, size=(frames, 63)).astype(np.float32),
            "betas": np.tile(random.normal(size=10).astype(np.float32), (frames, 1)),
            "global_orient": random.normal(scale=0.2, size=(frames, 3)).astype(np.float32),
            "transl": random.normal(size=(frames, 3)).astype(np.float32),
        }

    results = {
        "smpl_params_global": one(),
        "smpl_params_incam": one(),
        "K_fullimg": np.tile(np.eye(3, dtype=np.float32), (frames, 1, 1)),
        "net_outputs": {"static_conf_logits": np.zeros((1, frames, 6), np.float32)},
    }
    return {key: value for key, value in (results | changes).items() if value is not None}


def torch_bytes(contents: Any) -> bytes:
    """As ``torch.save`` writes it, arrays as tensors."""
    import torch

    def tensors(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: tensors(item) for key, item in value.items()}
        if isinstance(value, np.ndarray):
            return value.tolist() if value.dtype.kind in "US" else torch.as_tensor(value)
        return value

    out = io.BytesIO()
    torch.save(tensors(contents), out)
    return out.getvalue()


def bedlam(**changes: Any) -> dict[str, np.ndarray]:
    """BEDLAM's labels: two people in one sequence, one of them with a gap, and one in another."""
    rows = [("seq_000000", "rp_aaron", n) for n in (0, 5, 15, 20)]
    rows += [("seq_000000", "rp_carla", n) for n in (0, 5, 10)]
    rows += [("seq_000001", "rp_aaron", n) for n in (5, 0)]
    random, count = np.random.default_rng(8), len(rows)
    shapes = {"rp_aaron": random.normal(size=11), "rp_carla": random.normal(size=11)}
    extrinsics = np.tile(np.eye(4), (count, 1, 1))
    extrinsics[:, :3, 3] = (0.0, 0.0, 7.0)
    labels = {
        "imgname": np.array([f"{folder}/{folder}_{n:04d}.png" for folder, _, n in rows]),
        "sub": np.array([subject for _, subject, _ in rows]),
        "gender": np.array(["male" if subject == "rp_aaron" else "female" for _, subject, _ in rows]),
        "shape": np.array([shapes[subject] for _, subject, _ in rows]),
        "pose_world": random.normal(scale=0.2, size=(count, 165)),
        "pose_cam": random.normal(scale=0.2, size=(count, 165)),
        "trans_world": random.normal(size=(count, 3)),
        "trans_cam": random.normal(size=(count, 3)),
        "cam_ext": extrinsics,
        "cam_int": np.tile(np.eye(3), (count, 1, 1)),
    }
    return {key: value for key, value in (labels | changes).items() if value is not None}


def motion_x(frames: int = 5) -> np.ndarray:
    """A motion of Motion-X: standing along y."""
    rows = np.random.default_rng(9).normal(scale=0.2, size=(frames, 322)).astype(np.float32)
    rows[:, 312:322] = rows[0, 312:322]
    return rows


def npy_bytes(array: np.ndarray) -> bytes:
    """As ``np.save`` writes it."""
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def npz_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    """As ``np.savez`` writes it."""
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()
