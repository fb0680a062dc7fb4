"""How far two correspondences between the same bodies are apart, in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from core.body import BodyModel
from core.correspondence import Correspondence
from core.correspondence_check import looked_at
from core.files.transfer import read_correspondence
from core.inspection.correspondence_rows import CorrespondenceComparison, compare_correspondences
from core.joints import PARTS

LIMITS_MM = (1, 5, 20)
"""Vertices that differ by more than these are counted."""

_PERCENTILES = (50, 95, 99)
_WORST = 20


def difference_from_file(
    path: str | Path, source: BodyModel, target: BodyModel, correspondence: Correspondence
) -> dict[str, Any]:
    """Compares a correspondence with the one in a file, which comes second.

    Returns:
        `difference_document`, with ``with``, the file, and ``notes`` on it. One that no fit could be made
        with is compared all the same, and a note says so.

    Raises:
        FileError: the file cannot be read, or does not fit these bodies.
    """
    other = read_correspondence(
        path,
        source_vertices=source.num_vertices,
        target_vertices=target.num_vertices,
        mask_expected=False,
    )
    other, _ = looked_at(other, source, target)
    found = compare_correspondences(source, correspondence, other)
    return {"with": str(path), "notes": list(other.notes), **difference_document(target, found)}


def difference_document(target: BodyModel, found: CorrespondenceComparison) -> dict[str, Any]:
    """A comparison as plain numbers and text: distances are between the points of the source that both give.

    Args:
        target: the body that both lead to.
        found: the comparison.
    """
    distance, part = found.distance_mm, target.vertex_part
    both = np.isfinite(distance)
    # NaN sorts to the end, behind all numbers.
    worst = [int(vertex) for vertex in np.argsort(-distance)[:_WORST] if distance[vertex] > 0]
    return {
        "same": bool(found.same),
        "vertices": len(distance),
        "both": int(both.sum()),
        "over_mm": {str(limit): _over(distance, limit) for limit in LIMITS_MM},
        "distance_mm": _figures(distance),
        "parts": {
            name: {
                "both": int((both & (part == index)).sum()),
                "over_mm": {str(limit): _over(distance[part == index], limit) for limit in LIMITS_MM},
                "distance_mm": _figures(distance[part == index]),
            }
            for index, name in enumerate(PARTS)
        },
        "only_first": found.only_first.tolist(),
        "only_second": found.only_second.tolist(),
        "valid_differs": found.valid_differs.tolist(),
        "worst": [
            {
                "vertex": vertex,
                "mm": float(distance[vertex]),
                "part": PARTS[part[vertex]],
                "joint": target.joint_names[int(target.weights[vertex].argmax())],
            }
            for vertex in worst
        ],
    }


def _over(distance: np.ndarray, limit: float) -> int:
    with np.errstate(invalid="ignore"):
        return int((distance > limit).sum())


def _figures(distance: np.ndarray) -> dict[str, float | None]:
    known = distance[np.isfinite(distance)]
    figures: dict[str, float | None] = {"mean": float(known.mean()) if len(known) else None}
    for percentile in _PERCENTILES:
        figures[f"p{percentile}"] = float(np.percentile(known, percentile)) if len(known) else None
    return {**figures, "max": float(known.max()) if len(known) else None}
