"""A whole skin as one patch, for devices: a few products with many zeros in place of many without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from core.fitting.objective.patches import Patch
from core.fitting.objective.smooth_correctives import Correctives


def one_patch(patches: Sequence[Patch], joints: int) -> Patch:
    """All vertices of the patches, in their order, with all columns, joints and pose features.

    Args:
        patches: that cover a skin one after the other.
        joints: of the body.
    """
    first = patches[0]
    like, count = first.basis, patches[-1].rows.stop
    width, features = 3 * joints + 1, 9 * (joints - 1)
    basis = like.new_zeros(len(like), count, width)
    weights, directions = like.new_zeros(count, joints), like.new_zeros(count, 3, features)
    for patch in patches:
        basis[:, patch.rows, patch.columns] = patch.basis
        weights[patch.bent, patch.holders] = patch.weights
        directions[patch.bent, :, patch.features] = patch.directions.view(len(patch.weights), 3, -1)
    device = like.device
    every, flat = torch.arange(features, device=device), directions.flatten(0, 1)
    return replace(
        first,
        rows=slice(0, count),
        columns=torch.arange(width, device=device),
        basis=basis,
        holders=torch.arange(joints, device=device),
        weights=weights,
        features=every,
        directions=flat,
        correctives=Correctives.plain(every, flat),
    )
