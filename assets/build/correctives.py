"""Pose correctives: sparse offsets that bring linear skinning towards dual-quaternion skinning."""

from __future__ import annotations

import numpy as np
from rotations import axis_angle, skin_dual, skin_linear

STRENGTH = 0.8  # full dual-quaternion skinning bulges
LARGEST = 0.012  # metres


def _pose(rot: np.ndarray, joints: np.ndarray, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World rotations (J, 3, 3) and shifts (J, 3) of local rotations, rest space to posed space."""
    world, at = np.zeros_like(rot), np.zeros_like(joints)
    for j, p in enumerate(parents):
        if p < 0:
            world[j], at[j] = rot[j], joints[j]
        else:
            world[j] = world[p] @ rot[j]
            at[j] = at[p] + world[p] @ (joints[j] - joints[p])
    return world, at - np.einsum("jik,jk->ji", world, joints)


def _limit(name: str) -> float:
    """Largest sampled angle in radians."""
    part = name.split("_")[-1]
    big = {"hip": 110, "knee": 120, "shoulder": 90, "elbow": 130, "wrist": 80}
    return float(np.deg2rad(big.get(part, 85 if part[-1] in "123" and "spine" not in part else 45)))


def correctives(
    verts: np.ndarray,
    weights: np.ndarray,
    joints: np.ndarray,
    parents: np.ndarray,
    names: list[str],
    mirror: np.ndarray,
    joint_mirror: np.ndarray,
    seed: int,
    density: float = 0.018,
) -> np.ndarray:
    """Pose directions (V, 3, 9 (J - 1)) in metres for the entries of R - I, row-major."""
    rng = np.random.default_rng(seed)
    count = len(names)
    out = np.zeros((len(verts), 3, count - 1, 9))
    for j in range(1, count):
        skip = ("jaw", "left_eye_smplhf", "left_collar")  # the collar is fitted with its shoulder
        if names[j].startswith("right") or names[j] in skip:
            continue
        group = [j] if not names[j].endswith("shoulder") else [j, int(parents[j])]
        tree = np.zeros(count, bool)
        for k in range(count):
            tree[k] = k in group or (parents[k] >= 0 and tree[parents[k]])
        part = weights[:, tree].sum(1)
        touched = (part > 0.01) & (part < 0.99) | (weights[:, group].max(1) > 0.01) & (part > 0.01)
        ids = np.flatnonzero(touched & (weights.max(1) < 0.995))
        features, offsets = [], []
        for _ in range(36 * len(group)):
            rot = np.tile(np.eye(3), (count, 1, 1))
            for g in group:
                axis = rng.normal(size=3)
                axis /= np.linalg.norm(axis)
                rot[g] = axis_angle(axis * rng.uniform(0, _limit(names[g])))
            world, shift = _pose(rot, joints, parents)
            line, mats = skin_linear(verts[ids], weights[ids], world, shift)
            dual = skin_dual(verts[ids], weights[ids], world, shift)
            inv = np.linalg.inv(mats + 0.02 * np.eye(3))
            offsets.append(np.einsum("nij,nj->ni", inv, dual - line))
            features.append(np.concatenate([(rot[g] - np.eye(3)).ravel() for g in group]))
        x, y = np.array(features), np.array(offsets).reshape(len(features), -1)
        coef = np.linalg.solve(x.T @ x + 0.05 * len(x) * np.eye(x.shape[1]), x.T @ y)
        got = (x @ coef).reshape(len(x), len(ids), 3)
        peak = np.linalg.norm(got, axis=2).max(0)
        scale = STRENGTH * np.minimum(1.0, LARGEST / np.maximum(STRENGTH * peak, 1e-9))
        coef = coef.reshape(len(group), 9, len(ids), 3) * scale[:, None]
        for g, part_coef in zip(group, coef, strict=True):
            out[ids, :, g - 1] += np.moveaxis(part_coef, 0, 2)
    out = _mirror_sides(out, names, mirror, joint_mirror)
    flat = out.reshape(len(verts), 3, -1)
    keep = int(density * flat.size)
    floor = np.partition(np.abs(flat).ravel(), flat.size - keep)[flat.size - keep]
    return np.where(np.abs(flat) >= floor, flat, 0.0)


def _mirror_sides(
    out: np.ndarray, names: list[str], mirror: np.ndarray, joint_mirror: np.ndarray
) -> np.ndarray:
    """Copy the left joints to the right, make the middle joints symmetric."""
    sign = np.array([-1.0, 1.0, 1.0])
    entry = np.outer(sign, sign).ravel()  # how R - I changes under the mirror
    flipped = out[mirror] * sign[None, :, None, None] * entry
    res = out.copy()
    for j in range(1, len(names)):
        k = joint_mirror[j]
        if k == j:
            res[:, :, j - 1] = 0.5 * (out[:, :, j - 1] + flipped[:, :, j - 1])
        elif names[j].startswith("right"):
            res[:, :, j - 1] = flipped[:, :, k - 1]
    return res
