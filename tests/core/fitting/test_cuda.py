"""The same fit on a CUDA device."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.errors import RefitError
from core.files.builtin_files import default_motion
from core.files.motions.load_motion import load_motion
from core.fitting.devices import device_of_fit, pick_device
from core.fitting.run import FitRun
from core.model.fit_result import FitResult


def fit_on(device: str) -> FitResult:
    run = FitRun(load_motion(default_motion()).cut(0, 300), load_bodies(), device=device, threads=1)
    for _ in run:
        pass
    return run.result()


@pytest.mark.gpu
def test_a_gpu_gives_the_same_result() -> None:
    here, there = fit_on("cpu"), fit_on("cuda")
    assert np.abs(here.mean_mm - there.mean_mm).max() < 0.01
    assert np.abs(here.max_mm - there.max_mm).max() < 0.1


def test_a_gpu_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto").type == "cpu"
    with pytest.raises(RefitError, match="no CUDA device"):
        pick_device("cuda")


@pytest.mark.parametrize("there", [True, False])
def test_a_frame_is_fitted_again_where_its_fit_was_made(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert device_of_fit({"device": "cuda:0"}) == ("cuda" if there else "cpu")
    assert device_of_fit({"device": "cpu"}) == device_of_fit({}) == "cpu"
