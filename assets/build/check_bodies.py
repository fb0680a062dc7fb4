"""Check the built-in bodies: formats, symmetry, topology, joints; render them in four poses.

Needs the application's environment (smplx, torch, pyvista): `python assets/build/check_bodies.py`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
import smplx
import torch
from hands import FIST_DEGREES, left_hand, right_hand
from smplx.vertex_ids import vertex_ids

BODIES = Path(__file__).resolve().parents[1] / "bodies"
COUNTS = {"smplh": (6890, 13776, 52, 459), "smplx": (10475, 20908, 55, 486)}
BODY_INDEX = {"hip": (0, 1), "knee": (3, 4), "spine1": (2,), "spine2": (5,), "spine3": (8,), "ankle": (6, 7),
              "collar": (12, 13), "shoulder": (15, 16), "elbow": (17, 18), "wrist": (19, 20)}  # fmt: skip


def paths(root: Path) -> dict[str, Path]:
    """The two model files."""
    return {"smplh": root / "smplh/neutral/model.npz", "smplx": root / "smplx/SMPLX_NEUTRAL.npz"}


def load(root: Path) -> dict[str, torch.nn.Module]:
    """Both bodies through the smplx package."""
    p = paths(root)
    options = {"use_pca": False, "flat_hand_mean": True, "num_betas": 10}
    return {
        "smplh": smplx.SMPLH(str(p["smplh"]), ext="npz", **options),
        "smplx": smplx.SMPLX(str(p["smplx"]), ext="npz", **options),
    }


def poses() -> dict[str, dict[str, np.ndarray]]:
    """Named poses: body (63,) and both hands (45,), axis-angle in radians."""

    def body(**turns: tuple[tuple[float, float, float], ...]) -> np.ndarray:
        out = np.zeros((21, 3))
        for part, vecs in turns.items():
            for i, v in zip(BODY_INDEX[part], vecs, strict=True):
                out[i] = np.deg2rad(v)
        return out.ravel()

    rest = {"body_pose": np.zeros(63), "left_hand_pose": np.zeros(45), "right_hand_pose": np.zeros(45)}
    fist = {"left_hand_pose": left_hand(FIST_DEGREES), "right_hand_pose": right_hand(FIST_DEGREES)}
    up = body(collar=((0, 0, 20), (0, 0, -20)), shoulder=((0, 0, 62), (0, 0, -62)))
    down = body(
        collar=((0, 0, -5), (0, 0, 5)), shoulder=((0, 0, -62), (0, 0, 62)), elbow=((0, -15, 0), (0, 15, 0))
    )
    squat = body(
        hip=((-105, 0, 12), (-105, 0, -12)), knee=((125, 0, 0), (125, 0, 0)),
        ankle=((-25, 0, 0), (-25, 0, 0)),
        spine1=((12, 0, 0),), shoulder=((0, -75, -5), (0, 75, 5)),
    )  # fmt: skip
    bent = body(
        elbow=((0, -120, 0), (0, 120, 0)),
        wrist=((70, 0, 0), (0, 0, 60)),
        shoulder=((30, 0, -30), (30, 0, 30)),
    )
    return {
        "tpose": rest,
        "arms_up": rest | {"body_pose": up},
        "arms_down": rest | {"body_pose": down},
        "squat": rest | {"body_pose": squat},
        "bent": rest | {"body_pose": bent},
        "fist": rest | fist,
    }


def pose(model: torch.nn.Module, values: dict[str, np.ndarray], **more: torch.Tensor) -> np.ndarray:
    """Posed vertices (V, 3)."""
    args = {k: torch.tensor(v, dtype=torch.float32)[None] for k, v in values.items()}
    with torch.no_grad():
        return model(**args, **more).vertices[0].numpy()


def edge_report(tris: np.ndarray) -> tuple[int, int]:
    """Boundary edges, and V - E + F of the mesh; fails on a non-manifold or inconsistent edge."""
    edges = np.concatenate([tris[:, [0, 1]], tris[:, [1, 2]], tris[:, [2, 0]]]).astype(np.int64)
    assert len(np.unique(edges, axis=0)) == len(edges), "an edge is used twice in one direction"
    both, times = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    assert times.max() <= 2
    return int((times == 1).sum()), int(tris.max()) + 1 - len(both) + len(tris)


def check_file(kind: str, path: Path) -> dict[str, np.ndarray]:
    """Counts, sums, symmetry and topology of one file."""
    with np.load(path, allow_pickle=False) as data:
        a = {k: data[k] for k in data.files}
    v, f, j, p = COUNTS[kind]
    wanted = {
        "v_template": (v, 3), "f": (f, 3), "weights": (v, j), "J_regressor": (j, v),
        "posedirs": (v, 3, p), "kintree_table": (2, j), "hands_meanl": (45,), "hands_componentsr": (45, 45),
    }  # fmt: skip
    for name, shape in wanted.items():
        assert a[name].shape == shape, name
    assert all(np.isfinite(x).all() for x in a.values() if x.dtype.kind == "f")
    for name, axis in (("weights", 1), ("J_regressor", 1)):
        assert a[name].min() >= 0, name
        assert np.abs(a[name].sum(axis) - 1).max() < 1e-4, name
    entries = (a["J_regressor"] > 0).sum(1)
    at = a["v_template"]
    pairs = {tuple(x) for x in at.tolist()}
    lonely = sum((-x, y, z) not in pairs for x, y, z in at.tolist())
    boundary, euler = edge_report(a["f"])
    height = float(np.ptp(at[:, 1]))
    dense = (a["posedirs"] != 0).mean()
    print(f"{kind}: height {height:.3f} m, not mirrored {lonely}, boundary edges {boundary}, euler {euler}")
    most = (a["weights"] > 0).sum(1).max()
    print(f"  joints a vertex <= {most}, regressor entries {entries.min()}-{entries.max()}")
    print(f"  posedirs non-zero {dense:.2%}, largest {np.abs(a['posedirs']).max() * 1e3:.1f} mm a unit")
    assert lonely == 0
    if kind == "smplh":
        assert boundary == 0
        assert euler == 2
    scale = np.sqrt((a["shapedirs"].astype(float) ** 2).sum(1).mean(0)) * 1e3
    print("  rms of shape directions (mm):", np.round(scale, 1))
    for b in (-2.0, 2.0):
        tall = at + b * a["shapedirs"][:, :, 0]
        print(f"  height at beta0 = {b:+.0f}: {np.ptp(tall[:, 1]):.3f} m")
    return a


def check_joints(kind: str, a: dict[str, np.ndarray]) -> None:
    """Regressed joints lie inside the rings they come from, near the same place at any shape."""
    rng = np.random.default_rng(0)
    names = a["joint_names"].tolist()
    rest = a["J_regressor"] @ a["v_template"]
    for n in (
        "pelvis",
        "left_hip",
        "left_knee",
        "spine1",
        "spine3",
        "neck",
        "head",
        "left_shoulder",
        "left_wrist",
    ):
        print(f"  {n:14s} {np.round(rest[names.index(n)], 3)}")
    worst = 0.0
    for _ in range(20):
        shape = a["v_template"] + a["shapedirs"][:, :, :10] @ rng.normal(size=10)
        joints = a["J_regressor"] @ shape
        worst = max(worst, float(np.abs(joints[0] - rest[0]).max()))
    print(f"  pelvis moves by up to {worst * 1e3:.1f} mm over 20 random shapes")


def special_report(kind: str, a: dict[str, np.ndarray]) -> None:
    """Where the keypoint vertices are."""
    for name, i in vertex_ids[kind].items():
        print(f"  {name:10s} {np.round(a['v_template'][i], 3)}")


def render(models: dict[str, torch.nn.Module], out: str) -> None:
    """Pictures of both bodies in every pose."""
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    import pyvista as pv

    cameras = {
        "tpose": [
            ((0, -0.25, 0), (0, 0, 1), 2.0), ((0.15, 0.12, 0), (0.3, 0.1, 1), 0.5),
            ((0, 0.42, 0.1), (0.3, 0, 1), 0.22), ((0.75, 0.2, 0), (0, 1, 0.2), 0.3),
        ],
        "arms_up": [
            ((0, 0, 0), (0, 0, 1), 2.2), ((0.15, 0.2, 0), (0.5, 0.2, 1), 0.6),
            ((0.15, 0.2, 0), (0.3, 0.2, -1), 0.6),
        ],
        "arms_down": [
            ((0, -0.25, 0), (0, 0, 1), 2.0), ((0.15, 0.15, 0), (0.6, 0.2, 1), 0.6),
            ((0.15, 0.15, 0), (0.4, 0.2, -1), 0.6),
        ],
        "squat": [
            ((0, -0.4, 0.2), (0, 0, 1), 1.8), ((0, -0.4, 0.2), (1, 0.1, 0.2), 1.8),
            ((0.1, -0.3, 0), (0.5, 0.4, 1), 0.7),
        ],
        "bent": [
            ((0, 0, 0), (0, 0.2, 1), 1.6), ((0.4, 0.1, 0.1), (0.5, 0.6, 1), 0.7),
            ((-0.4, 0.1, 0.1), (-0.5, 0.6, 1), 0.7),
        ],
        "fist": [
            ((0.72, 0.2, 0), (0, 0, 1), 0.25), ((0.72, 0.2, 0), (1, -0.4, 0.4), 0.25),
            ((0.72, 0.2, 0), (0, -1, 0.1), 0.25), ((-0.72, 0.2, 0), (0, 1, 0.1), 0.25),
        ],
    }  # fmt: skip
    for name, values in poses().items():
        views = cameras[name]
        plot = pv.Plotter(
            off_screen=True, shape=(2, len(views)), window_size=(520 * len(views), 1000), border=False
        )
        for row, model in enumerate(models.values()):
            tris = np.asarray(model.faces).astype(np.int64)
            mesh = pv.PolyData(pose(model, values), np.c_[np.full(len(tris), 3), tris].ravel())
            for col, (focus, towards, span) in enumerate(views):
                plot.subplot(row, col)
                plot.set_background("white")
                plot.add_mesh(mesh, color="#c9a58a" if row == 0 else "#8fb3c9", smooth_shading=True)
                d = np.array(towards, float) / np.linalg.norm(towards)
                up = (0, 1, 0) if abs(d[1]) < 0.9 else (0, 0, -1)
                plot.camera_position = [tuple(np.array(focus) + 4 * d), focus, up]
                plot.camera.parallel_projection = True
                plot.camera.parallel_scale = span / 2
        plot.screenshot(f"{out}_{name}.png")
        plot.close()


def main() -> None:
    """Run every check and draw the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=Path, default=BODIES)
    parser.add_argument("--pictures", default=str(Path(tempfile.gettempdir()) / "bodies"), help="prefix")
    args = parser.parse_args()
    for kind, path in paths(args.bodies).items():
        arrays = check_file(kind, path)
        check_joints(kind, arrays)
        special_report(kind, arrays)
    models = load(args.bodies)
    for kind, model in models.items():
        result = model()
        print(kind, "through the package:", tuple(result.vertices.shape), tuple(result.joints.shape))
    render(models, args.pictures)


if __name__ == "__main__":
    main()
