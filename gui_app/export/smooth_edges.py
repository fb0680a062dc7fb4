"""Smooth edges in a picture that was drawn without: away from the window's thread, and of edges alone.

FXAA 3.11 (T. Lottes, FXAA, NVIDIA 2009; the numbers are those of its quality path), on the few pixels that
are edges. Drawn in software, the graphics library's own goes over every pixel and takes as long as all the
rest.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LEAST_CONTRAST, RELATIVE_CONTRAST = 21, 8
"""Of 255, where edges begin to be seen, and the inverse of the share of the brightest neighbour."""
SUBPIXEL = 0.75
REACH = 12
"""Pixels that an edge is followed to either side."""


def smoothed(picture: np.ndarray) -> np.ndarray:
    """(height, width, 3) bytes, with every edge as even as it is seen.

    Args:
        picture: (height, width, 3) bytes.
    """
    height, width = picture.shape[:2]
    # Green stands for brightness, as FXAA has it where time counts.
    luma = np.pad(picture[..., 1], REACH + 1, mode="edge")
    row = luma.shape[1]
    inside = slice(REACH + 1, -REACH - 1)
    centre, flat = luma[inside, inside], luma.ravel()
    around = [
        luma[REACH + 1 + dy : REACH + 1 + dy + height, REACH + 1 + dx : REACH + 1 + dx + width]
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1))
    ]
    high, low = centre.copy(), centre.copy()
    for other in around:
        np.maximum(high, other, out=high)
        np.minimum(low, other, out=low)
    contrast = high - low
    edges = np.flatnonzero(contrast > np.maximum(high // RELATIVE_CONTRAST, LEAST_CONTRAST))
    if not len(edges):
        return picture
    y, x = np.divmod(edges, width)
    at = (y + REACH + 1) * row + x + REACH + 1

    def seen(places: np.ndarray) -> np.ndarray:
        return flat.take(places).astype(np.float32)

    m, n, s, w, e = (seen(at + step) for step in (0, -row, row, -1, 1))
    nw, ne, sw, se = (seen(at + step) for step in (-row - 1, -row + 1, row - 1, row + 1))
    across = 2 * np.abs(n + s - 2 * m) + np.abs(ne + se - 2 * e) + np.abs(nw + sw - 2 * w)
    along = 2 * np.abs(w + e - 2 * m) + np.abs(nw + ne - 2 * n) + np.abs(sw + se - 2 * s)
    level = across >= along
    before, after = np.where(level, n, w), np.where(level, s, e)
    steep = np.maximum(np.abs(before - m), np.abs(after - m))
    to_before = np.abs(before - m) >= np.abs(after - m)
    side = np.where(level, row, 1) * np.where(to_before, -1, 1)
    middle = (m + np.where(to_before, before, after)) / 2
    share = _subpixel(m, 2 * (n + s + w + e) + nw + ne + sw + se, contrast.ravel()[edges])
    np.maximum(share, _to_end(seen, at, side, np.where(level, 1, row), m, middle, steep / 4), out=share)
    colours = picture.reshape(-1, 3)
    # What is beyond the rim is the rim.
    step = np.where(level, width, 1) * np.where(to_before, -1, 1)
    other = np.clip(edges + step, 0, height * width - 1)
    own, share = colours[edges].astype(np.float32), share[:, None]
    found = np.array(picture)
    found.reshape(-1, 3)[edges] = np.rint(own + share * (colours[other] - own)).astype(np.uint8)
    return found


def _subpixel(middle: np.ndarray, weighed: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """How far single pixels give way to those around them."""
    share = np.clip(np.abs(weighed / 12 - middle) / contrast, 0, 1)
    share = (3 - 2 * share) * share * share
    return share * share * SUBPIXEL


def _to_end(
    seen: Callable[[np.ndarray], np.ndarray],
    at: np.ndarray,
    side: np.ndarray,
    step: np.ndarray,
    own: np.ndarray,
    middle: np.ndarray,
    least: np.ndarray,
) -> np.ndarray:
    """How far a pixel gives way to the one beyond the edge: the more, the nearer the edge's end is."""
    far = np.full((2, len(at)), REACH, dtype=np.float32)
    ends = np.zeros((2, len(at)), dtype=np.float32)
    for way, sign in enumerate((-1, 1)):
        going = np.arange(len(at))
        for reach in range(1, REACH + 1):
            places = at[going] + sign * reach * step[going]
            found = (seen(places) + seen(places + side[going])) / 2 - middle[going]
            ends[way, going] = found
            over = np.abs(found) >= least[going]
            far[way, going[over]] = reach
            going = going[~over]
            if not len(going):
                break
    nearer = far[0] < far[1]
    end = np.where(nearer, ends[0], ends[1])
    share = 0.5 - np.minimum(far[0], far[1]) / (far[0] + far[1])
    return np.where((end < 0) != (own < middle), share, 0).astype(np.float32)
