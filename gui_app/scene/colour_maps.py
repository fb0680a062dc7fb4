"""Colours of a skin: the error in millimetres as a ramp, body parts, and places on the body."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gui_app.scene.subject import BodyShape
from gui_app.style import colours

DEFAULT_RANGE_MM = 20.0
STEPS = 256

# Oklab lightness, chroma and hue (degrees) that the ramp passes through.
_PATHS: dict[colours.Theme, np.ndarray] = {
    "dark": np.array(
        [
            (0.690, 0.000, 25.0),
            (0.655, 0.085, 22.0),
            (0.670, 0.170, 33.0),
            (0.765, 0.165, 58.0),
            (0.870, 0.165, 86.0),
            (0.970, 0.120, 106.0),
        ]
    ),
    "light": np.array(
        [
            (0.800, 0.000, 25.0),
            (0.760, 0.085, 24.0),
            (0.660, 0.170, 27.0),
            (0.540, 0.195, 27.0),
            (0.420, 0.165, 24.0),
            (0.280, 0.100, 18.0),
        ]
    ),
}


def oklab_to_srgb(lab: np.ndarray) -> np.ndarray:
    """Oklab (…, 3) to sRGB in 0..1; Björn Ottosson, "A perceptual color space for image processing"."""
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        ],
        axis=-1,
    ).clip(0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def ramp(theme: colours.Theme | None = None) -> np.ndarray:
    """(256, 3) uint8 colours, equal steps of perceived difference from first to last."""
    return _ramp(theme or colours.theme)


@lru_cache(maxsize=2)
def _ramp(theme: colours.Theme) -> np.ndarray:
    path = _PATHS[theme]
    knots = np.linspace(0.0, 1.0, len(path))
    fine = np.linspace(0.0, 1.0, 4096)
    lightness, chroma, hue = (np.interp(fine, knots, path[:, column]) for column in range(3))
    angle = np.radians(hue)
    lab = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1)
    length = np.concatenate([[0.0], np.linalg.norm(np.diff(lab, axis=0), axis=1).cumsum()])
    even = np.interp(np.linspace(0.0, length[-1], STEPS), length, fine)
    spaced = np.stack([np.interp(even, fine, lab[:, column]) for column in range(3)], axis=-1)
    return np.round(oklab_to_srgb(spaced) * 255).astype(np.uint8)


def error_colours(
    error_mm: np.ndarray, range_mm: float, out: np.ndarray, theme: colours.Theme | None = None
) -> None:
    """Writes each error's colour into ``out`` (V, 3) uint8; NaN, not compared, becomes a quiet violet."""
    invalid = np.isnan(error_mm)
    step = np.where(invalid, 0.0, error_mm) * ((STEPS - 1) / max(range_mm, 1e-6))
    out[:] = ramp(theme)[step.clip(0, STEPS - 1).astype(np.intp)]
    out[invalid] = colours.rgb(colours.of("INVALID_QUIET", theme))


# A place on the body as a colour: cool on the left, warm on the right, another hue at every height.

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


# Colours of a body's vertices that do not change from frame to frame.


def plain_colours(size: int, colour: str) -> np.ndarray:
    """(size, 3) uint8: one colour all over."""
    return np.tile(np.array(colours.rgb(colour), np.uint8), (size, 1))


def part_colours(shape: BodyShape) -> np.ndarray:
    """(V, 3) uint8: a colour for each body part, in the order of `core.model.joints.PARTS`."""
    palette = np.array([colours.rgb(colour) for colour in colours.PARTS], np.uint8)
    return palette[shape.part]


def invalid_colours(valid: np.ndarray, colour: str) -> np.ndarray:
    """(V, 3) uint8: violet where a vertex is not ``valid``, (V,) bool, ``colour`` elsewhere."""
    result = plain_colours(len(valid), colour)
    result[~valid] = colours.rgb(colours.INVALID_SKIN)
    return result
