"""Tables of what a joint is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.files.atomic import atomic_write
from core.inspection.support import Support

TITLES = ("vertex", "weight", "share_percent", "distance_mm", "valid")


def support_rows(support: Support, least_share: float = 0.0) -> list[tuple[str, ...]]:
    """Cells of the vertices that have at least a share of the weight, the largest first.

    A cell is empty where a distance is not known, or nothing says whether a vertex is valid.
    """
    rows: list[tuple[str, ...]] = []
    for row in np.flatnonzero(support.share >= least_share):
        distance = support.distance_mm[row]
        rows.append(
            (
                str(support.vertices[row]),
                f"{support.weights[row]:.8g}",
                f"{100 * support.share[row]:.4f}",
                f"{distance:.4f}" if np.isfinite(distance) else "",
                "" if support.valid is None else "yes" if support.valid[row] else "no",
            )
        )
    return rows


def write_support_table(
    path: str | Path, support: Support, least_share: float = 0.0, *, overwrite: bool = False
) -> None:
    """Writes one line a vertex: vertex, weight, share_percent, distance_mm, valid.

    Args:
        path: the file.
        support: of a joint in one pose.
        least_share: vertices with a smaller share of the weight are left out.
        overwrite: replace a file that is there.

    Raises:
        FileError: it cannot be written, or exists and ``overwrite`` is False.
    """
    with atomic_write(path, overwrite=overwrite) as file:
        for row in (TITLES, *support_rows(support, least_share)):
            file.write((",".join(row) + "\n").encode())
