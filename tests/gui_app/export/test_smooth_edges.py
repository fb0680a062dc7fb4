"""Edges of films: as even as if every pixel had many samples, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest

from gui_app.export.smooth_edges import smoothed

SIZE, SAMPLES = 96, 8


def slanted(samples: int, slope: float) -> np.ndarray:
    """Half a picture bright, below a slanted line; (96, 96, 3) bytes, with samples a pixel and side."""
    y, x = (np.mgrid[: SIZE * samples, : SIZE * samples] + 0.5) / samples
    bright = (y > 20.2 + slope * x).reshape(SIZE, samples, SIZE, samples).mean((1, 3))
    return np.rint(30 + 190 * bright[..., None] * np.array([1.0, 0.8, 0.6])).astype(np.uint8)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("slope", [0.12, 0.3, 0.55])
def test_a_slanted_edge_is_nearly_as_with_many_samples(slope: float, turned: bool) -> None:
    jagged, even = slanted(1, slope), slanted(SAMPLES, slope)
    if turned:
        jagged, even = jagged.swapaxes(0, 1).copy(), even.swapaxes(0, 1).copy()
    kept = jagged.copy()
    found = smoothed(jagged)
    assert np.array_equal(jagged, kept)
    before, after = (np.abs(each.astype(int) - even).sum() for each in (jagged, found))
    assert after < 0.55 * before
    # Only what touches the edge is another.
    assert 0 < (found != jagged).any(2).sum() < 4 * SIZE


def test_what_has_no_edge_is_as_it_was() -> None:
    ramp = np.repeat(np.linspace(0, 255, SIZE).astype(np.uint8)[None, :, None], 3, axis=2)
    ramp = np.repeat(ramp, SIZE, axis=0)
    assert np.array_equal(smoothed(ramp), ramp)


def test_edges_at_the_rim_are_no_trouble() -> None:
    picture = np.zeros((7, 9, 3), np.uint8)
    picture[0], picture[:, -1] = 255, 255
    assert smoothed(picture).shape == picture.shape
    assert smoothed(np.full((1, 1, 3), 200, np.uint8)).item(0) == 200
