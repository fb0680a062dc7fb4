"""Rows of a correspondence that are wrong, seen by what a fit leaves of them.

A row that names another place of the source's skin pulls its vertex there in every frame. The fit cannot
follow, and what is left of that vertex stands out from what is left of the skin around it, however far apart
two bodies may be otherwise. Such rows are taken out of the pull and told in the fit's provenance, so that
whoever fits a few of its frames again leaves out the same. No figure is over them: how far they are off says
nothing of the fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FAR_ROWS = "far_rows"
"""Key of a fit's provenance: ids of the target vertices whose rows it left out."""

OVER_MM, OVER_SPREADS = 25.0, 12.0
"""A row is far off where its distance is over that of the skin around by both, millimetres and robust
standard deviations."""

MOST_VERTICES = 1_000_000
"""More than any body has: a file that names one beyond is not believed."""

NO_ROWS = np.empty(0, dtype=int)
"""Nothing to leave out."""

AROUND = 48
"""Vertices that are the skin around one."""

MOST_FAR = 0.05
"""Where more of the rows are far off, it is not for single rows: none is taken out."""

# A robust standard deviation, of a median absolute deviation; and the least that is believed, mm.
_SPREAD, _LEAST_SPREAD = 1.4826, 1.0


def far_rows(distance_mm: np.ndarray, places: np.ndarray, counterparts: np.ndarray) -> np.ndarray:
    """Which vertices stand out from the skin around them over all frames, and by their rows too.

    Args:
        distance_mm: (n, V) distances of n frames of a fit.
        places: (V, 3) metres, the vertices at rest.
        counterparts: (V, 3) metres, where their rows lead on the source at rest.

    Returns:
        Places of those vertices, ascending; none where they are too many.
    """
    count = len(places)
    # Most fits end here: nothing is over everything.
    candidates = stand_out(distance_mm)
    if not len(candidates) or count <= AROUND:
        return NO_ROWS
    usual, found = np.median(distance_mm, 0), np.zeros(count, dtype=bool)
    # Few fits have any, and need not wait for it.
    from scipy.spatial import KDTree

    _, around = KDTree(places).query(places[candidates], min(AROUND + 1, count))
    while True:
        # Several side by side hide each other: those at the edge are found first.
        others = ~found[around] & (around != candidates[:, None])
        some = ~found[candidates] & others.any(1)
        if not some.any():
            break
        chosen, near, others = candidates[some], around[some], others[some]
        middle, spread = _middle_and_spread(usual[near], others)
        over = usual[chosen] - middle
        far = (over > OVER_MM) & (over > OVER_SPREADS * np.maximum(spread, _LEAST_SPREAD))
        # A finger that the fit got wrong stands out as well, but its rows lead where those around do.
        led, lies = (
            1000 * np.linalg.norm(at[chosen] - _middle(at[near], others[..., None]), axis=1)
            for at in (counterparts, places)
        )
        far &= led > OVER_MM + 2 * lies
        if not far.any():
            break
        found[chosen[far]] = True
    return np.flatnonzero(found) if found.sum() <= MOST_FAR * count else NO_ROWS


def stand_out(distance_mm: np.ndarray) -> np.ndarray:
    """Those of V whose distance is over what any row far off has, in most of n frames, from (n, V); what is
    no number counts as over."""
    return np.flatnonzero(2 * (~(distance_mm <= OVER_MM)).sum(0) > len(distance_mm))


def _middle(values: np.ndarray, which: np.ndarray) -> np.ndarray:
    """(n, ...) medians of (n, k, ...) values over those of the k that ``which`` names."""
    return np.asarray(np.nanmedian(np.where(which, values, np.nan), 1))


def _middle_and_spread(values: np.ndarray, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of (n, k) values, and their robust standard deviations."""
    middle = _middle(values, which)
    return middle, _SPREAD * _middle(np.abs(values - middle[:, None]), which)


def recorded_far_rows(provenance: dict[str, Any], vertices: int = MOST_VERTICES) -> np.ndarray:
    """Ids of the rows that a fit's provenance says were left out, of a body of so many vertices; none where
    it names any other."""
    stored = provenance.get(FAR_ROWS)
    if not isinstance(stored, list) or not all(type(row) is int and 0 <= row < vertices for row in stored):
        return NO_ROWS
    return np.unique(np.array(stored, dtype=int))


def without_rows(weights: np.ndarray | None, rows: np.ndarray, vertices: int) -> np.ndarray | None:
    """(V,) weights of so many vertices with some at 0, or as they are where there are none to leave out."""
    if not len(rows):
        return weights
    weights = np.ones(vertices, dtype=np.float32) if weights is None else weights.copy()
    weights[rows] = 0
    return weights


def far_rows_note(count: int) -> str:
    """What is said of a fit that has left out so many rows."""
    rows = f"{count:,} rows of the correspondence lead" if count > 1 else "A row of the correspondence leads"
    those = "They were" if count > 1 else "It was"
    return (
        f"{rows} far from where the skin around goes. {those} left out, of the figures too, and the frames "
        "fitted once more; a mask can leave such rows out from the start."
    )
