"""Files of several people in the forms of the tools, made of built-in motions."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from tests.core.clip_files import PELVIS, Y_UP, clip_arrays, turned_to
from tests.core.files.containers.joblib_writer import joblib_bytes

APART = 1.2
"""Metres between one person and the next."""
HIPS = (0.0, -0.09, 0.0)
"""From the pelvis to the middle of the hips at rest, nearly."""


def beside(clip: str, frames: slice, place: int) -> dict[str, Any]:
    """A built-in motion, some steps to the side."""
    arrays = clip_arrays(clip, frames)
    return arrays | {"trans": arrays["trans"] + (APART * place, 0.0, 0.0)}


def wham_file(path: Path, *people: tuple[str, slice, int]) -> Path:
    """As WHAM writes it: people by their track, each a clip, some of its frames, and at which of the video
    the first of them is."""
    held = {}
    for place, (clip, frames, first) in enumerate(people):
        arrays = turned_to(beside(clip, frames, place), Y_UP)
        count = len(arrays["poses"])
        poses = np.concatenate([arrays["poses"][:, :66], np.zeros((count, 6))], axis=1)
        hips = Y_UP.apply(np.add(PELVIS, HIPS))
        held[place] = {
            "pose_world": poses.astype(np.float32),
            "trans_world": (arrays["trans"] + hips).astype(np.float32),
            "pose": poses.astype(np.float32),
            "trans": arrays["trans"].astype(np.float32),
            "betas": np.tile(arrays["betas"][:10], (count, 1)).astype(np.float32),
            "frame_ids": np.arange(count) + first,
        }
    path.write_bytes(joblib_bytes(held))
    return path


def interhuman_file(path: Path, *people: tuple[str, slice]) -> Path:
    """As InterHuman writes it: two people in pieces of a pose."""
    held: dict[str, Any] = {"mocap_framerate": 59.94}
    for place, (clip, frames) in enumerate(people):
        arrays = beside(clip, frames, place)
        held[f"person{place + 1}"] = {
            "root_orient": arrays["poses"][:, :3],
            "pose_body": arrays["poses"][:, 3:66],
            "trans": arrays["trans"],
            "betas": arrays["betas"][None, :10],
            "gender": "neutral",
        }
    path.write_bytes(pickle.dumps(held))
    return path


def bedlam_file(path: Path, *people: tuple[str, slice, str, range]) -> Path:
    """As BEDLAM writes it: a row for every person in every image; each is a clip, some of its frames, the
    sequence, and in which of its images they are seen."""
    rows: dict[str, list[Any]] = {key: [] for key in ("pose_world", "trans_world", "shape", "imgname", "sub")}
    for place, (clip, frames, sequence, images) in enumerate(people):
        # Down is where y grows.
        arrays = turned_to(beside(clip, frames, place), Y_UP.from_euler("x", 90, degrees=True))
        rows["pose_world"] += list(arrays["poses"])
        rows["trans_world"] += list(arrays["trans"])
        rows["shape"] += [arrays["betas"][:10]] * len(images)
        rows["imgname"] += [f"{sequence}/{sequence}_{number:04d}.png" for number in images]
        rows["sub"] += [f"rp_{place}"] * len(images)
    np.savez(path, **{key: np.array(values) for key, values in rows.items()})
    return path
