"""Vertex order: the indices tools use for nose, eyes, ears, finger tips, toes, heels must land there."""

from __future__ import annotations

import numpy as np

# Vertex numbers in the public keypoint conventions of the two topologies.
SLOTS: dict[str, dict[str, int]] = {
    "smplh": {
        "nose": 332, "left_eye": 2800, "right_eye": 6260, "left_ear": 583, "right_ear": 4071,
        "left_thumb": 2746, "left_index": 2319, "left_middle": 2445, "left_ring": 2556, "left_pinky": 2673,
        "right_thumb": 6191, "right_index": 5782, "right_middle": 5905, "right_ring": 6016,
        "right_pinky": 6133, "left_big_toe": 3216, "left_small_toe": 3226, "left_heel": 3387,
        "right_big_toe": 6617, "right_small_toe": 6624, "right_heel": 6787,
    },
    "smplx": {
        "nose": 9120, "left_eye": 9448, "right_eye": 9929, "left_ear": 6, "right_ear": 616,
        "left_thumb": 5361, "left_index": 4933, "left_middle": 5058, "left_ring": 5169, "left_pinky": 5286,
        "right_thumb": 8079, "right_index": 7669, "right_middle": 7794, "right_ring": 7905,
        "right_pinky": 8022, "left_big_toe": 5770, "left_small_toe": 5780, "left_heel": 8846,
        "right_big_toe": 8463, "right_small_toe": 8474, "right_heel": 8635,
    },
}  # fmt: skip


def special_points(
    verts: np.ndarray,
    weights: np.ndarray,
    names: list[str],
    mirror: np.ndarray,
    eye: np.ndarray,
    skin: np.ndarray,
) -> dict[str, int]:
    """Vertex of each keypoint; `eye` (3,) is the front of the left eyeball, `skin` (V,) the visible skin."""

    def best(score: np.ndarray, mask: np.ndarray) -> int:
        return int(np.argmax(np.where(mask, score, -np.inf)))

    def of(*joints: str) -> np.ndarray:
        return weights[:, [names.index(j) for j in joints]].sum(1) > 0.5

    left = verts[:, 0] > 1e-6
    head = of("head") & skin
    out = {"nose": best(verts[:, 2], head & (verts[:, 0] == 0) & (verts[:, 1] < eye[1]))}
    out["left_eye"] = int(np.argmin(np.linalg.norm(verts - eye, axis=1)))
    out["left_ear"] = best(verts[:, 0], head)
    for finger in ("index", "middle", "ring", "pinky"):
        out[f"left_{finger}"] = best(verts[:, 0], of(f"left_{finger}3"))
    out["left_thumb"] = best(verts @ [0.75, -0.45, 0.5], of("left_thumb3"))
    foot = left & of("left_foot", "left_ankle")
    toes = verts[foot & of("left_foot"), 0]
    inner = verts[:, 0] < toes.min() + 0.25 * np.ptp(toes)
    outer = verts[:, 0] > toes.max() - 0.16 * np.ptp(toes)
    out["left_big_toe"] = best(verts[:, 2], foot & inner)
    out["left_small_toe"] = best(verts[:, 2], foot & outer)
    out["left_heel"] = best(-verts[:, 2] - verts[:, 1], foot & (verts[:, 1] < verts[foot, 1].min() + 0.03))
    for name in list(out):
        if name.startswith("left"):
            out[name.replace("left", "right")] = int(mirror[out[name]])
    return out


def arrange(count: int, special: dict[str, int], slots: dict[str, int]) -> np.ndarray:
    """Order (V,) such that `old[order]` has every special vertex in its slot; the rest stays put."""
    order = np.arange(count)
    where = np.arange(count)
    for name, slot in slots.items():
        a, b = where[special[name]], slot
        va, vb = order[a], order[b]
        order[a], order[b] = vb, va
        where[va], where[vb] = b, a
    assert all(order[s] == special[n] for n, s in slots.items())
    return order
