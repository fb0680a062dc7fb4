"""A pair of bodies in the layout of licensed models that nothing was tuned on, made from the built-in ones.

Both bodies get a rest surface of their own, which no shape brings onto the other's, dense correctives that
differ between them, 300 shape coefficients, a regressor with weights below zero and hands that are not flat
at their mean. Everything is smooth over the surface, as scans of people make it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.model.body import BodyModel
from core.model.body_pair import BodyPair

NUM_BETAS = 300
# Pose correctives at pose features of 0.3 rms, and by how much the rest surface is moved; millimetres rms.
CORRECTIVES_MM, SURFACE_MM = 3.4, 9.0
# How a gender's mean shape differs from the neutral one, in the first of the built-in betas.
BUILDS = {"neutral": (0.0, 0.0, 0.0), "female": (-0.9, 1.2, -0.8), "male": (0.8, -1.0, 1.0)}


def harsher(pair: BodyPair, gender: str = "neutral") -> BodyPair:
    """The pair with both bodies made harsher, each in its own way; another template for each gender."""
    return replace(pair, source=_harsher(pair.source, gender), target=_harsher(pair.target, gender))


def _harsher(body: BodyModel, gender: str) -> BodyModel:
    rng = np.random.default_rng([*body.family.encode(), *gender.encode()])
    rest = body.v_template.astype(np.float64)
    build = np.array(BUILDS[gender])
    template = rest + body.shapedirs[..., : len(build)] @ build
    template = template + 1e-3 * SURFACE_MM * _waves(rest, rng, 12, 12.0).sum(2) / np.sqrt(18)
    hands_mean = None
    if body.hands_mean is not None:
        hands_mean = 1.5 * body.hands_mean + rng.normal(scale=0.1, size=body.hands_mean.shape)
        hands_mean = hands_mean.astype(body.hands_mean.dtype)
    features = body.posedirs.shape[2]
    dense = 1e-3 * CORRECTIVES_MM / (0.3 * np.sqrt(features / 2)) * _waves(rest, rng, features, 6.0)
    return replace(
        body,
        gender=gender,
        v_template=template.astype(np.float32),
        shapedirs=np.concatenate((body.shapedirs, _finer_shapes(body, rest, rng)), 2),
        posedirs=body.posedirs + dense.astype(np.float32),
        J_regressor=_with_weights_below_zero(body, rng),
        hands_mean=hands_mean,
        sha256=f"{body.sha256} harsher {gender}",
    )


def _waves(points: np.ndarray, rng: np.random.Generator, count: int, scale: float) -> np.ndarray:
    """(V, 3, count) random waves over (V, 3) points, of ``scale`` radians a metre."""
    argument = points @ rng.normal(scale=scale, size=(3, count))
    phases = rng.uniform(0, 2 * np.pi, size=(3, count))
    return np.stack([np.cos(argument + phase) for phase in phases], 1)


def with_many_betas(body: BodyModel) -> BodyModel:
    """The body with 300 shape coefficients, and nothing else of the harsher ones."""
    rng = np.random.default_rng([*body.family.encode(), NUM_BETAS])
    finer = _finer_shapes(body, body.v_template.astype(np.float64), rng)
    shapedirs = np.concatenate((body.shapedirs, finer), 2)
    return replace(body, shapedirs=shapedirs, sha256=f"{body.sha256} many betas")


def _finer_shapes(body: BodyModel, rest: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(V, 3, b) the coefficients that are missing, ever finer and ever smaller: 1.5 mm to 0.1 mm."""
    which = np.arange(body.num_betas, NUM_BETAS)
    waves = [_waves(rest, rng, 1, 3.0 + 0.05 * index)[..., 0] for index in which]
    sizes = 1.5e-3 * (1 + 0.05 * (which - which[0])) ** -1.0
    return (np.stack(waves, 2) * sizes).astype(body.shapedirs.dtype)


def _with_weights_below_zero(body: BodyModel, rng: np.random.Generator) -> np.ndarray:
    """The regressor with small weights of either sign on vertices around each joint, which sum to nothing."""
    regressor = body.J_regressor.copy()
    for row in regressor:
        near = np.argsort(((body.v_template - row @ body.v_template) ** 2).sum(1))[:40]
        weights = rng.normal(scale=4e-3, size=len(near))
        row[near] += (weights - weights.mean()).astype(row.dtype)
    return regressor
