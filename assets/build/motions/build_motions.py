"""Write the built-in motions: AMASS SMPL+H .npz files in assets/motions.

python build_motions.py [--clips FOLDER]   (FOLDER holds humanoid3d_*.txt; default: from pybullet_data)
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import zipfile
from pathlib import Path

import deepmimic
import numpy as np
import range_of_motion
from rotations import quantize
from skeleton import load_body

ASSETS = Path(__file__).resolve().parents[2]
MODEL = ASSETS / "bodies" / "smplh" / "neutral" / "model.npz"
FPS = 60.0

# file name: (clip, cycles, seconds of shoulder smoothing, first betas); betas in standard deviations
CLIPS = {
    "walk": ("walk", 5, 0.08, (0.6, -0.4, 0.3, 0.2)),
    "dance": ("dance_b", 3, 0.03, (-0.5, 0.6, -0.3, 0.4)),
    "cartwheel": ("cartwheel", 1, 0.03, (-0.3, -0.6, 0.5, -0.2)),
    "spinkick": ("spinkick", 1, 0.02, (0.4, 0.3, -0.6, 0.3)),
    "backflip": ("backflip", 1, 0.03, (-0.2, 0.2, 0.4, -0.5)),
}
SLIDING = {"dance"}
"""Clips whose recorded root drifts against the feet."""
ON_HANDS = {"cartwheel"}
"""Clips whose hands bear on the ground."""
RANGE_OF_MOTION_BETAS = (0.2, -0.3, 0.15, 0.1)


def all_betas(first: tuple[float, ...]) -> np.ndarray:
    """Sixteen shape parameters (16,), exact in float32: the first ones given, the others drawn.

    Each clip gets a person of its own rather than the average one, which would be too easy to fit.
    """
    seed = [round(1000 * (value + 10)) for value in first]
    betas = np.random.default_rng(seed).normal(size=16)
    betas[: len(first)] = first
    return np.round(betas * 64) / 64


def save(path: Path, poses: np.ndarray, trans: np.ndarray, betas: np.ndarray) -> None:
    """Write one motion; the same input gives the same bytes."""
    if not (np.isfinite(poses).all() and np.isfinite(trans).all()):
        raise ValueError(f"{path.name}: values that are not finite")
    arrays = {
        "poses": quantize(poses),
        "trans": quantize(trans),
        "betas": betas,
        "dmpls": np.zeros((len(poses), 8), np.float32),
        "gender": np.array("neutral"),
        "mocap_framerate": np.array(FPS),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            archive.writestr(info, buffer.getvalue(), zipfile.ZIP_DEFLATED, 9)
    print(f"{path.name:32} {len(poses):5} frames {path.stat().st_size / 1024:7.0f} KB")


def packaged_clips() -> Path:
    """Folder of the clips in the installed pybullet_data package."""
    found = importlib.util.find_spec("pybullet_data")
    if found is None or found.origin is None:
        raise SystemExit("pybullet_data is not installed: pip install -r requirements.txt, or give --clips")
    return Path(found.origin).parent / "data" / "motions"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, help="folder with humanoid3d_*.txt")
    parser.add_argument("--out", type=Path, default=ASSETS / "motions")
    options = parser.parse_args()
    clips = options.clips or packaged_clips()
    options.out.mkdir(parents=True, exist_ok=True)

    betas = all_betas(RANGE_OF_MOTION_BETAS)
    poses, trans = range_of_motion.build(load_body(MODEL, betas))
    save(options.out / "range_of_motion_poses.npz", poses, trans, betas)
    for name, (clip, cycles, arm_smoothing, first) in CLIPS.items():
        betas = all_betas(first)
        body = load_body(MODEL, betas)
        source = clips / f"humanoid3d_{clip}.txt"
        poses, trans = deepmimic.convert(
            source, body, cycles, arm_smoothing, name in SLIDING, name in ON_HANDS
        )
        save(options.out / f"{name}_poses.npz", poses, trans, betas)


if __name__ == "__main__":
    main()
