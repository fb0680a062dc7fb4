"""Two fits of one motion in one: what a cancelled run reached, on top of what was there before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.measure.counted_vertices import same_skin
from core.measure.fit_failure import judged
from core.measure.vertex_mask import kept
from core.model.fit_result import FitResult, shapes

# Betas and expression of two runs that solved the same shape differ by less than this.
SAME_SHAPE = 1e-5


def is_partial(fitted: np.ndarray, asked: np.ndarray, wanted_before: np.ndarray) -> bool:
    """A run left frames out.

    Args:
        fitted: (T,) bool, frames with a fit.
        asked: ids of the frames that the last run was to fit.
        wanted_before: ids of the frames that runs before it were to fit and did not finish.
    """
    return not (fitted[asked].all() and fitted[wanted_before].all())


def merged(earlier: FitResult, later: FitResult, reached: np.ndarray) -> FitResult | None:
    """``later`` in the frames that its run reached, ``earlier`` in all others.

    A frame whose fit was cut short keeps the better of the two. The caller knows whether it is partial.

    Args:
        earlier: a fit of the same motion.
        later: what a run has reached so far.
        reached: ids of the frames that the run has fitted.

    Returns:
        None where the two do not share a shape, or have figures over other vertices: a body that changes its
        shape from one frame to the next would be wrong, and so would be figures of two kinds.
    """
    take = np.zeros(len(later), dtype=bool)
    take[reached] = True
    take &= later.fitted
    cut_short = take & earlier.fitted & ~later.converged
    take[cut_short] = later.mean_mm[cut_short] <= earlier.mean_mm[cut_short]
    if not _share_shape(earlier, later, take):
        return None
    if (earlier.fitted & ~take).any() and not same_skin(earlier, later):
        return None
    rows: dict[str, Any] = {name: values.copy() for name, values in earlier.by_frame().items()}
    for name, values in later.by_frame().items():
        rows[name][take] = values[take]
    if rows.get("frame_betas") is not None:
        rows["betas"], rows["frame_betas"] = shapes(rows["frame_betas"], rows["fitted"])
    provenance = later.provenance
    if "correspondence" in provenance and (earlier.fitted & ~take).any():
        provenance = kept(provenance, earlier)
    return judged(later, provenance=provenance, **rows)


def _share_shape(earlier: FitResult, later: FitResult, take: np.ndarray) -> bool:
    """Frames of both can stand side by side: the shape and expression that frames share are the same.

    Args:
        earlier: the one fit.
        later: the other.
        take: (T,) bool, the frames wanted of ``later``.
    """
    if earlier.expression.shape != later.expression.shape:
        return False
    before, after = earlier.frame_betas, later.frame_betas
    if before is not None or after is not None:
        return before is not None and after is not None and before.shape == after.shape
    if earlier.betas.shape != later.betas.shape:
        return False
    if not np.allclose(earlier.betas, later.betas, rtol=0, atol=SAME_SHAPE):
        return False
    kept = earlier.expression[earlier.fitted & ~take]
    new = later.expression[take]
    if not len(kept) or not len(new) or _differs(kept) or _differs(new):
        return True
    return bool(np.allclose(kept[0], new[0], rtol=0, atol=SAME_SHAPE))


def _differs(rows: np.ndarray) -> bool:
    return bool((rows != rows[:1]).any())
