"""A core set of the skin: few vertices that say how the correctives change the data term near a pose.

The data term of a frame is D(X, f) = 1/2 |U X + C(X, f) - T|^2_L, with X the stacked world rotations and root
position, f the pose features and C the pose correctives. Without C it is a quadratic of X with the constant
second derivative H = U^T L U. Let D_c and H_c be the same over a core set, a tenth of the mesh or so, each of
its vertices weighing as much as those nearest to it. Around a pose (X_0, f_0) the model

    M(X, f) = D(X_0, f_0) + D_c(X, f) - D_c(X_0, f_0)
            + <D_X - D_c,X, X - X_0> + <D_f - D_c,f, f - f_0> + 1/2 <X - X_0, (H - H_c) (X - X_0)>

with the derivatives at (X_0, f_0), has D's value and gradient there. All that is linear in X it has exactly,
wherever X goes; only how the correctives change from f_0 on is taken from the core set. This is the first
order consistency of approximation models (Alexandrov et al., A trust-region framework for managing the use of
approximation models in optimization, 1998): where M's first step is none, D is stationary. Terms beside the
data term see no vertex, and stay as they are.

Where dense correctives are strong they undo much of what a joint does, and what is left is a small
difference: with J_0^T J_0 from all of the skin and the rest from few vertices, M falls without end along it.
There H - H_c is left out, and the core set has more vertices, so that all of M's second derivative comes from
the same ones; the matrix that steps on it go by has nothing from elsewhere either (`core_jacobian`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.objective import Evaluation, FitSkin, Shape, evaluation
from core.fitting.objective.skin_gradient import SkinGradient
from core.fitting.objective.term import Posed, Terms
from core.fitting.solver.skin_products import NormalMatrix

# Vertices of a core set, and at least so many of each patch of the skin; and where dense correctives are
# strong.
VERTICES, LEAST_OF_PATCH = 1000, 12
DENSE_VERTICES, DENSE_LEAST = 1500, 40
# Metres that a full change of the skinning weights counts as: what moves alike is near.
WEIGHTS_APART = 0.15


def core_weights(skin: FitSkin, vertices: int = 0, least: int = 0) -> np.ndarray:
    """(V,) float32 weights of the body's vertices in the core set, 0 for those not in it.

    Of each patch it takes vertices far from each other in the rest shape and in skinning weights (farthest
    point sampling, Gonzalez 1985); what a vertex of the skin weighs goes to the nearest of them.

    Args:
        skin: with its metric.
        vertices: about so many in all; 0: as many as steps on poses need.
        least: of each patch, where it has so many; 0: likewise.
    """
    usual = (DENSE_VERTICES, DENSE_LEAST) if skin.patches.strong else (VERTICES, LEAST_OF_PATCH)
    vertices, least = vertices or usual[0], least or usual[1]
    body, weights = skin.body, skin.metric.vertex_weights.flatten().cpu().numpy()
    out = np.zeros(body.num_vertices, dtype=np.float32)
    for patch in skin.patches.patches:
        ids = skin.vertices[patch.rows]
        count = min(len(ids), max(least, round(vertices * len(ids) / len(skin.vertices))))
        places = np.concatenate((body.v_template[ids], WEIGHTS_APART * body.weights[ids]), 1)
        chosen, nearest = _far_apart(places[:, places.any(0)].astype(np.float32), count)
        np.add.at(out, ids[chosen[nearest]], weights[patch.rows])
    return out


def _far_apart(places: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(count,) rows of (r, k) places, each as far from those before as can be, and (r,) which of them is
    nearest to each row."""
    chosen = np.empty(count, dtype=int)
    nearest, distance = np.zeros(len(places), dtype=int), np.full(len(places), np.inf)
    # The first is the one furthest from the middle.
    new = int(np.square(places - places.mean(0)).sum(1).argmax())
    for index in range(count):
        chosen[index] = new
        apart = np.square(places - places[new]).sum(1)
        closer = apart < distance
        nearest[closer] = index
        distance = np.where(closer, apart, distance)
        new = int(distance.argmax())
    return chosen, nearest


class CoreSet:
    """The core set of one skin and mask.

    Args:
        skin: with a `Metric.local` metric.
        weights: as `core_weights` gives them.

    Attributes:
        skin: the vertices of the core set alone.
        normal: its normal matrices.
        rows: (C,) where they lie in the whole skin.
    """

    def __init__(self, skin: FitSkin, weights: np.ndarray) -> None:
        self.skin = FitSkin(skin.body, weights, skin.coefficients)
        self.normal = NormalMatrix(self.skin)
        place = np.full(skin.body.num_vertices, -1)
        place[skin.vertices] = np.arange(len(skin.vertices))
        self.rows = torch.as_tensor(place[self.skin.vertices], device=skin.body.device)

    def at(self, shape: Shape, normal: Tensor) -> CoreShape:
        """The core set at a shape of the whole skin, whose (K, K) H is ``normal``."""
        own, lacking = self.skin.shape(shape.betas), normal.clone()
        if self.skin.patches.strong:
            return CoreShape(self.skin, own, self.rows, torch.zeros_like(lacking))
        for patch, basis in zip(self.skin.patches.patches, own.bases, strict=True):
            weighted = basis * self.skin.metric.vertex_weights[patch.rows, :, 0]
            lacking[patch.columns[:, None], patch.columns] -= weighted.T @ basis
        return CoreShape(self.skin, own, self.rows, lacking)


@dataclass(frozen=True, eq=False)
class CoreShape:
    """A core set at one shape.

    Attributes:
        skin: its vertices alone.
        shape: of these.
        rows: (C,) where they lie in the whole skin.
        lacking: (K, K) H - H_c; nothing where dense correctives are strong.
    """

    skin: FitSkin
    shape: Shape
    rows: Tensor
    lacking: Tensor


class CoreModel:
    """M of n frames; see the module.

    Args:
        core: at the shape that the frames share.
        at: n frames that it is made around.
        energy: (n,) D there, square metres.
        back: its derivatives there.
        targets: (C, 3, n) of the core set, metres.
    """

    def __init__(
        self, core: CoreShape, at: Posed, energy: Tensor, back: SkinGradient, targets: Tensor
    ) -> None:
        self.core, self.at, self.targets = core, at, targets
        own_energy, _, _, own = core.skin.derivatives(at, core.shape, targets)
        self.energy = energy - own_energy
        self.by_stacked = back.by_stacked - own.by_stacked
        self.by_features = back.by_features - own.by_features

    def evaluate(self, at: Posed, terms: Terms) -> Evaluation:
        """M and other terms with their gradient; the residual is that of the core set."""
        energy, residual, _, back = self.core.skin.derivatives(at, self.core.shape, self.targets)
        away, turned = at.stacked - self.at.stacked, at.features - self.at.features
        lacking = (self.core.lacking @ away.flatten(1)).view_as(away)
        energy = energy + self.energy + (self.by_features * turned).sum(0)
        energy = energy + ((self.by_stacked + 0.5 * lacking) * away).sum((0, 1))
        back.by_stacked += self.by_stacked + lacking
        back.by_features += self.by_features
        return evaluation(at, energy, residual, back, terms)
