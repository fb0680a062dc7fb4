"""Which vertices a fit was made with, and which its errors are over: told in its provenance, read again.

A mask that the models' files give needs no more than their checksum. One that was painted is told in full, so
that the fit can be opened and measured anywhere; so are weights that single vertices were given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.measure.fit_failure import judged, kept_short
from core.measure.frame_errors import measured
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence, same_weights
from core.model.fit_result import FitResult
from core.model.motion import Motion

MEASURED_AT_ONCE = 16
"""Frames measured between two calls of ``on_progress``."""

MOST_VERTICES = 1_000_000
"""More than any body has: a file that claims so many is not believed."""

LEAST_WEIGHT, MOST_WEIGHT = 1e-3, 1e3
"""Weights of single vertices beyond these are not believed either."""

_FIGURES = ("mean", "median", "p95", "max", "part")
_MADE, _OVER, _KEPT = "painted_mask", "errors_over", "kept_frames"


def told_mask(correspondence: Correspondence) -> dict[str, Any] | None:
    """A painted mask in plain json values; None for the one that the files give, without weights.

    Returns:
        ``vertices``, how many the body has, ``left_out``, [first, last] ids of runs that do not count, and,
        where there are weights, ``weights``, [first, last, weight] of runs that do not weigh 1.
    """
    weights = correspondence.weights
    if not correspondence.painted and weights is None:
        return None
    stored: dict[str, Any] = {
        "vertices": len(correspondence.valid),
        "left_out": [[first, last] for first, last in _runs(~correspondence.valid)],
    }
    if weights is not None:
        runs = [
            [first, last, float(value)]
            for value in np.unique(weights[weights != 1])
            for first, last in _runs(weights == value)
        ]
        stored["weights"] = sorted(runs)
    return stored


def _runs(which: np.ndarray) -> list[tuple[int, int]]:
    """First and last ids of what is True in a row."""
    ids = np.flatnonzero(which)
    runs = np.split(ids, np.flatnonzero(np.diff(ids) > 1) + 1) if len(ids) else []
    return [(int(run[0]), int(run[-1])) for run in runs]


def measured_mask(result: FitResult, correspondence: Correspondence) -> np.ndarray:
    """(V,) bool: the vertices that the errors of a fit are over; the files' own where it names no others."""
    stored = result.provenance.get(_OVER, _table(result).get(_MADE))
    return _read(stored, correspondence)


def made_weights(result: FitResult, correspondence: Correspondence) -> np.ndarray | None:
    """(V,) float32: the weights of single vertices that a fit was made with; None for all alike."""
    return _read_weights(_table(result).get(_MADE), len(correspondence.valid))


def made_with(result: FitResult, correspondence: Correspondence) -> bool:
    """All frames of a fit were made with the mask and the weights of ``correspondence``."""
    stored = [_table(result).get(_MADE), *_table(result).get(_KEPT, [])]
    return all(
        np.array_equal(_read(one, correspondence), correspondence.valid)
        and same_weights(_read_weights(one, len(correspondence.valid)), correspondence.weights)
        for one in stored
    )


def same_masks(one: FitResult, other: FitResult) -> bool:
    """Two fits were made with the same masks and weights, and are measured over the same."""
    return one.provenance.get(_OVER) == other.provenance.get(_OVER) and all(
        _table(one).get(name) == _table(other).get(name) for name in (_MADE, _KEPT)
    )


def with_measured_mask(bodies: BodyPair, result: FitResult) -> BodyPair:
    """The bodies with the mask that the errors of a fit are over.

    Raises:
        RefitError: nothing counts in that mask.
    """
    return bodies.with_valid(measured_mask(result, bodies.correspondence))


def painted_words(result: FitResult) -> str:
    """``painted, 8,946 of 10,475 vertices valid``: the mask that the errors are over; nothing for that of the
    models' files. ``512 with weights ×0.5 to ×4`` is added where some have weights of their own."""
    stored = result.provenance.get(_OVER, _table(result).get(_MADE))
    if not isinstance(stored, dict) or not isinstance(stored.get("vertices"), int):
        return ""
    valid = _counted(stored, stored["vertices"])
    words = f"painted, {int(valid.sum()):,} of {len(valid):,} vertices valid"
    weights = _read_weights(_table(result).get(_MADE), stored["vertices"])
    if weights is not None:
        some = weights[weights != 1]
        words += f", {len(some):,} with weights ×{some.min():g} to ×{some.max():g}"
    return words


def kept(stored: dict[str, Any], start: FitResult) -> dict[str, Any]:
    """A run's provenance that says with which masks the frames kept from ``start`` were made and measured,
    and whether they were to converge.
    """
    stored = kept_short(stored, start)
    theirs, ours = _table(start), stored["correspondence"]
    others = [mask for mask in (theirs.get(_MADE), *theirs.get(_KEPT, [])) if mask != ours[_MADE]]
    if others:
        # In the order in which they came, each once.
        once = [mask for index, mask in enumerate(others) if mask not in others[:index]]
        stored = stored | {"correspondence": ours | {_KEPT: once}}
    over = start.provenance.get(_OVER, theirs.get(_MADE))
    return stored | {_OVER: over} if over != ours[_MADE] else stored


def measured_with(
    motion: Motion,
    bodies: BodyPair,
    result: FitResult,
    on_progress: Callable[[int, int], None] | None = None,
) -> FitResult:
    """The same fit with its errors over the mask of ``bodies``, whichever they were over before.

    The parameters are shared with ``result``; the provenance says over which vertices the errors are.

    Args:
        motion: the source.
        bodies: that it was fitted with.
        result: the fit.
        on_progress: told the frames measured and their total, again and again; what it raises ends the
            measuring.

    Raises:
        RefitError: the fit belongs to another motion or another body.
    """
    values = {name: getattr(result, f"{name}_mm").copy() for name in _FIGURES}
    frames = np.flatnonzero(result.fitted)
    for start in range(0, len(frames), MEASURED_AT_ONCE):
        some = frames[start : start + MEASURED_AT_ONCE]
        span = slice(int(some[0]), int(some[-1]) + 1)
        # Cut out, as what is measured looks at the whole of a motion first.
        piece = result.take(np.arange(span.start, span.stop))
        found = measured(motion.cut(span.start, span.stop), bodies, piece, some - span.start)
        for name in _FIGURES:
            values[name][some] = getattr(found, name)
        if on_progress:
            on_progress(start + len(some), len(frames))
    stored = {key: value for key, value in result.provenance.items() if key != _OVER}
    mask = told_mask(bodies.correspondence)
    if mask != _table(result).get(_MADE):
        stored[_OVER] = mask
    return judged(result, provenance=stored, **{f"{name}_mm": rows for name, rows in values.items()})


def _table(result: FitResult) -> dict[str, Any]:
    table = result.provenance.get("correspondence")
    return table if isinstance(table, dict) else {}


def _read(stored: Any, correspondence: Correspondence) -> np.ndarray:
    """(V,) bool; the files' own where nothing is told, or of another body."""
    vertices = len(correspondence.valid)
    if not isinstance(stored, dict) or stored.get("vertices") != vertices:
        return correspondence.own
    return _counted(stored, vertices) & correspondence.filled


def _counted(stored: dict[str, Any], vertices: int) -> np.ndarray:
    """(vertices,) bool of a mask that is told."""
    mask = np.ones(max(0, min(vertices, MOST_VERTICES)), dtype=bool)
    runs = stored.get("left_out")
    for run in runs if isinstance(runs, list) else []:
        if isinstance(run, list) and len(run) == 2 and all(isinstance(end, int) for end in run):
            mask[max(run[0], 0) : max(run[1] + 1, 0)] = False
    return mask


def _read_weights(stored: Any, vertices: int) -> np.ndarray | None:
    """(vertices,) float32 of what is told; None where nothing is, or of another body."""
    runs = stored.get("weights") if isinstance(stored, dict) and stored.get("vertices") == vertices else None
    if not isinstance(runs, list) or not 0 < vertices <= MOST_VERTICES:
        return None
    weights = np.ones(vertices, dtype=np.float32)
    for run in runs:
        if not isinstance(run, list) or len(run) != 3 or not all(isinstance(end, int) for end in run[:2]):
            continue
        if isinstance(run[2], int | float) and LEAST_WEIGHT <= run[2] <= MOST_WEIGHT:
            weights[max(run[0], 0) : max(run[1] + 1, 0)] = run[2]
    return None if bool((weights == 1).all()) else weights
