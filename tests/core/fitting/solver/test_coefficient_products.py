"""Products kept by pairs of coefficients give the matrices that summing over the vertices gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.fitting.objective.objective import FitSkin, Weighing
from core.fitting.solver import coefficient_products
from core.fitting.solver.coefficient_products import CoefficientProducts, KeptNormalMatrix
from core.fitting.solver.skin_products import NormalMatrix
from tests import variants


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REFIT_CACHE", str(tmp_path))
    return tmp_path / "prepared"


def skin_of(name: str, **weighing: Any) -> FitSkin:
    pair = variants.body_pair(name)
    weights = np.where(pair.correspondence.valid, 1, 0).astype(np.float32)
    weights[::7] *= 3
    return FitSkin(pair.target, weights, np.arange(5), Weighing(**weighing))


def everything(normal: NormalMatrix) -> list[torch.Tensor]:
    betas = torch.tensor([0.4, -1.2, 0.3, 2.0, -0.7])
    columns = torch.randn(normal.width, 20, generator=torch.Generator().manual_seed(1))
    outer = (columns @ columns.T)[None]
    return [normal.at(betas), normal.derivatives(betas), normal.squares(outer)]


@pytest.mark.parametrize("name", variants.NAMES)
def test_they_are_those_of_the_vertices(name: str, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skin = skin_of(name)
    expected = everything(NormalMatrix(skin))
    everything(KeptNormalMatrix(skin))
    assert not kept.exists(), "few questions are not worth it"
    monkeypatch.setattr(coefficient_products, "WORTH_PAIRS", 4)
    normal = KeptNormalMatrix(skin)
    before = normal.nbytes
    everything(normal)
    found = everything(normal)
    assert normal.nbytes > before
    assert len(list(kept.iterdir())) == 1
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        assert (one - other).abs().max() < 2e-6 * other.abs().max()


def test_the_next_process_reads_them(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CoefficientProducts.of(skin_of("built-in"), make=False) is None
    made = CoefficientProducts.of(skin_of("built-in"), make=True)
    read = CoefficientProducts.of(skin_of("built-in"), make=False)
    assert made is not None
    assert read is not None
    assert read.values.equal(made.values)
    # From the first question on.
    normal = KeptNormalMatrix(skin_of("built-in"))
    monkeypatch.setattr(NormalMatrix, "rows", lambda self: pytest.fail("summed over the vertices"))
    everything(normal)


def test_skins_that_come_and_go_and_other_metrics_keep_none(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coefficient_products, "WORTH_PAIRS", 1)
    skin = skin_of("built-in")
    painted = np.where(variants.body_pair("built-in").correspondence.valid, 0.5, 0).astype(np.float32)
    others = [
        skin.weighed(painted),
        skin_of("built-in", edge=0.5),
        skin_of("built-in", loss="huber"),
        skin_of("built-in", loss="huber", by_vertex=True),
    ]
    for other in others:
        everything_but_squares(KeptNormalMatrix(other))
    assert not kept.exists()
    everything(KeptNormalMatrix(skin))
    assert kept.exists()


def everything_but_squares(normal: NormalMatrix) -> None:
    normal.at(torch.zeros(5))
    normal.derivatives(torch.zeros(5))
