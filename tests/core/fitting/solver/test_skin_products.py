"""Products of the skin with itself, from blocks and from rows, with few coefficients and with many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from core.fitting.objective.objective import FitSkin, Weighing
from core.fitting.objective.patches import stack
from core.fitting.objective.pose import Pose
from core.fitting.solver import skin_products
from core.fitting.solver.skin_products import NormalMatrix, SkinStatistics, Statistics
from core.model.skinning import rotation_matrices
from tests.core.fitting.random_body import random_body

FRAMES = 5
METRICS = {
    "vertices": Weighing(),
    "edges": Weighing(vertex=0.0, edge=1.0),
    "both": Weighing(edge=0.5),
    "robust by part": Weighing(edge=0.5, loss="huber"),
    "robust by vertex": Weighing(edge=0.5, loss="huber", by_vertex=True),
    "robust on one part": Weighing(loss="huber"),
}


class Case:
    """A random skin, poses, and weights of a robust loss."""

    def __init__(self, weighing: Weighing) -> None:
        body, generator = random_body(0), torch.Generator().manual_seed(1)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        weights = np.random.default_rng(1).random(body.num_vertices)
        if weighing == METRICS["robust on one part"]:
            weights[body.vertex_part != body.vertex_part[0]] = 0
        self.skin = FitSkin(body, weights, np.arange(body.num_betas), weighing, torch.float64)
        assert len(self.skin.edges) > 10
        self.shape = self.skin.shape(normal(body.num_betas))
        world = rotation_matrices(normal(FRAMES, body.num_joints, 3))
        self.pose = Pose(world, normal(FRAMES, 3))
        self.own = normal(FRAMES, body.num_betas)
        self.robust_weights: Tensor | None = None
        if weighing.loss != "none":
            count = len(self.skin.vertices) if weighing.by_vertex else self.skin.metric.group_count
            self.robust_weights = torch.rand(count, FRAMES, generator=generator, dtype=torch.float64)

    def statistics(self, own: bool) -> Statistics:
        """Of all frames, with coefficients of their own or with one shape."""
        pose = replace(self.pose, betas=self.own) if own else self.pose
        found = SkinStatistics(self.skin, NormalMatrix(self.skin), self.shape)
        return found.of(pose, self.robust_weights, True)


@pytest.fixture(autouse=True)
def few_frames_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skin_products, "FRAMES_AT_ONCE", 2)


@pytest.mark.parametrize("metric", METRICS)
def test_many_coefficients_are_as_few(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(METRICS[metric])
    few = case.statistics(own=True)
    monkeypatch.setattr(skin_products, "MOST_IN_BLOCKS", 0)
    many = case.statistics(own=True)
    for name in ("normal", "products", "squares"):
        one, other = getattr(few, name), getattr(many, name)
        assert one.shape == other.shape
        assert torch.allclose(one, other, atol=1e-9), name


@pytest.mark.parametrize("few", [FRAMES, FRAMES - 1])
@pytest.mark.parametrize("metric", METRICS)
def test_one_shape_is_as_the_same_for_each_frame(
    metric: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skin_products, "FEW_FRAMES", few)
    case = Case(METRICS[metric])
    case.own = case.shape.betas.expand(FRAMES, -1)
    each, shared = case.statistics(own=True), case.statistics(own=False)
    assert each.squares is not None
    assert each.products is not None
    assert torch.allclose(shared.normal.expand_as(each.normal), each.normal, atol=1e-9)
    assert torch.allclose(shared.products, each.products, atol=1e-9)
    assert torch.allclose(shared.squares, each.squares.sum(0), atol=1e-9)


@pytest.mark.parametrize("few", [FRAMES, FRAMES - 1])
def test_few_frames_that_share_a_shape_make_no_products_of_all_coefficients(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, derivatives = [], NormalMatrix.derivatives
    monkeypatch.setattr(skin_products, "FEW_FRAMES", few)
    monkeypatch.setattr(NormalMatrix, "derivatives", lambda *given: asked.append(1) or derivatives(*given))
    Case(METRICS["vertices"]).statistics(own=False)
    assert bool(asked) == (few < FRAMES)


def test_no_block_of_many_coefficients_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would take gigabytes."""
    monkeypatch.setattr(skin_products, "MOST_IN_BLOCKS", 0)
    monkeypatch.setattr(NormalMatrix, "blocks", property(lambda _: pytest.fail("blocks are made")))
    for weighing in METRICS.values():
        for own in (True, False):
            Case(weighing).statistics(own)


def test_squares_are_those_of_moved_vertices() -> None:
    case = Case(METRICS["vertices"])
    stacked = stack(case.pose.world, case.pose.root)
    moved = torch.cat(
        [
            torch.einsum("zrc,cin->zrin", patch.basis[1:], stacked[patch.columns])
            for patch in case.skin.patches.patches
        ],
        1,
    )
    expected = torch.einsum("zrin,r,yrin->zy", moved, case.skin.metric.vertex_weights[:, 0, 0], moved)
    assert torch.allclose(case.statistics(own=False).squares, expected, atol=1e-9)
