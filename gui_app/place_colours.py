"""A place on the body as a colour: cool on the left, warm on the right, another hue at every height."""

from __future__ import annotations

import numpy as np

from gui_app import colours
from gui_app.ramp import oklab_to_srgb

# Oklab hues in degrees from the feet up, evenly spaced; between them lies what is no counterpart: violet.
LEFT_HUES = (262.0, 230.0, 200.0, 158.0)
RIGHT_HUES = (-8.0, 26.0, 54.0, 92.0)
CHROMA, LIGHTNESS = 0.122, 0.70
# How much lighter hands and front are, and how far down in hue the hands.
TO_HANDS, TO_FRONT, HANDS_DOWN = 0.12, 0.03, 0.25
# The legs, close to the middle, are to be told apart as well as the arms.
SIDE_STEEPNESS = 13.0


def place_colours(place: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(V, 3) uint8 by ``place``, (V, 3) on the source's rest pose (see `BodyShape`); violet where a vertex is
    not ``valid``, (V,) bool."""
    side, up, front = place.astype(np.float64).clip(-1.0, 1.0).T
    up = up - HANDS_DOWN * np.abs(side)
    left = (1 + np.tanh(SIDE_STEEPNESS * side)) / 2
    ab = left[:, None] * _hue(LEFT_HUES, up) + (1 - left[:, None]) * _hue(RIGHT_HUES, up)
    lightness = LIGHTNESS + TO_HANDS * np.abs(side) + TO_FRONT * front
    result = np.round(oklab_to_srgb(np.column_stack((lightness, ab))) * 255).astype(np.uint8)
    result[~valid] = colours.rgb(colours.INVALID_SKIN)
    return result


def _hue(hues: tuple[float, ...], up: np.ndarray) -> np.ndarray:
    angle = np.radians(np.interp(up, np.linspace(-1, 1, len(hues)), hues))
    return CHROMA * np.stack((np.cos(angle), np.sin(angle)), axis=-1)
