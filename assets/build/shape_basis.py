"""Shape and expression bases from sampled sliders; betas are distributed as N(0, 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from base import N_BODY, Base
from phenotype import morph, sample
from tpose import tpose

N_SAMPLES = 360
# One expression each: face units and weights at coefficient 1.
EXPRESSIONS: list[dict[str, float]] = [
    {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5},
    {
        "mouthLowerDownLeft": 0.5,
        "mouthLowerDownRight": 0.5,
        "mouthUpperUpLeft": 0.4,
        "mouthUpperUpRight": 0.4,
    },
    {"browInnerUp": 0.6, "browOuterUpLeft": 0.5, "browOuterUpRight": 0.5},
    {"browDownLeft": 0.6, "browDownRight": 0.6},
    {"mouthPucker": 0.5},
    {"mouthFrownLeft": 0.6, "mouthFrownRight": 0.6},
    {"eyeBlinkLeft": 0.3, "eyeBlinkRight": 0.3},
    {"cheekPuff": 0.5},
    {"mouthLeft": 0.4},
    {"noseSneerLeft": 0.6, "noseSneerRight": 0.6},
]


@dataclass
class Bodies:
    """Sampled base bodies in T-pose and what drives them."""

    verts: np.ndarray  # (N, 19158, 3) float32
    drivers: np.ndarray  # (N, 3) stature, weight, gender: zero mean, unit variance, uncorrelated


def sample_bodies(base: Base, seed: int, spread: float, n: int = N_SAMPLES) -> Bodies:
    """Draw bodies; the seed and the spread of local sliders make each model's space its own."""
    sliders = sample(np.random.default_rng(seed), n, spread)
    verts = np.stack([tpose(base, morph(base, s)).astype(np.float32) for s in sliders])
    stature = np.ptp(verts[:, :N_BODY, 1], axis=1)
    columns = np.stack([stature, *np.array([[s.weight, s.gender] for s in sliders]).T], axis=1)
    return Bodies(verts, _independent(columns))


def _independent(columns: np.ndarray) -> np.ndarray:
    """Standardised columns (N, k), each without what the earlier ones explain."""
    out: list[np.ndarray] = []
    for c in (columns - columns.mean(0)).T:
        for done in out:
            c = c - done * (c @ done) / (done @ done)
        out.append(c / c.std())
    return np.stack(out, axis=1)


def shape_space(
    bodies: Bodies, rows: sp.csr_matrix, mirror: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Template (V, 3) and shape directions (V, 3, count) in metres per unit beta.

    The first three directions follow stature, weight and gender (the latter at equal stature); the
    others are principal components of what remains, each scaled by its standard deviation.
    """
    n = len(bodies.verts)
    flip = np.array([-1.0, 1.0, 1.0])
    data = np.stack([rows @ v.astype(np.float64) for v in bodies.verts])
    data = 0.5 * (data + data[:, mirror] * flip)
    template = data.mean(0)
    x = (data - template).reshape(n, -1)
    lead = np.linalg.lstsq(bodies.drivers, x, rcond=None)[0]
    rest = x - bodies.drivers @ lead
    values, vectors = np.linalg.eigh(rest @ rest.T)
    order = np.argsort(values)[::-1][: count - len(lead)]
    comps = (vectors[:, order].T @ rest) / np.sqrt(n)
    comps *= np.sign(comps[np.arange(len(comps)), np.argmax(np.abs(comps), axis=1)])[:, None]
    dirs = np.concatenate([lead, comps]).reshape(count, -1, 3)
    return template, np.moveaxis(dirs, 0, 2)


def expression_space(base: Base, rows: sp.csr_matrix) -> np.ndarray:
    """Expression directions (V, 3, 10) in metres; the head is not turned by the T-pose."""
    out = []
    for units in EXPRESSIONS:
        delta = sum(w * base.target(f"faceunits01/targets/faceunits/{n}.target") for n, w in units.items())
        out.append(rows @ delta)
    return np.stack(out, axis=2)
