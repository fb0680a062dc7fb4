"""Whether a correspondence leads from a mesh of a topology of its own to a body.

The mesh has no joints to lay the body by, and may be in any pose: so the body's skin is laid, joint by joint,
onto the points that its vertices correspond to. Where these are of another order, no piece of it fits.
"""

from __future__ import annotations

import numpy as np

from core.files.bodies.enclosed import signed_volume
from core.geometry.edge_lengths import edge_lengths
from core.geometry.laid_by_skin import laid_by_skin
from core.model.body import BodyModel
from core.model.correspondence import Correspondence

FAR_SHARE = 0.06
"""Of the body's longest side, some 10 cm: further from where its skin is laid, a vertex is led astray."""

MOST_ASTRAY = 0.2
"""Share of the vertices that count; more of them are no body."""

MOST_TORN = 0.8
"""Of the body's own edges, in its own size: half of them must keep their length and direction within this."""


def judge_mesh(correspondence: Correspondence, source: BodyModel, target: BodyModel) -> tuple[str, str]:
    """As `core.files.bodies.correspondence_check.judge`."""
    valid, total = correspondence.valid, int(correspondence.valid.sum())
    led = np.asarray(correspondence.matrix.astype(np.float64) @ source.v_template.astype(np.float64))
    laid, size = laid_by_skin(target, led, valid)
    edges = target.faces[:, :2]
    edges = edges[valid[edges].all(1)]
    if not np.isfinite(size) or not size or not len(edges):
        return "leads all vertices to one point", ""
    side = float(np.ptp(target.v_template, axis=0).max()) * size
    away = np.linalg.norm(led - laid, axis=1)
    astray = int((away[valid] > FAR_SHARE * side).sum())
    torn = (led - laid)[edges[:, 0]] - (led - laid)[edges[:, 1]]
    edge = size * edge_lengths(target.v_template, edges)
    off = float(np.median(np.linalg.norm(torn, axis=1) / np.maximum(edge, 1e-12)))
    if astray > MOST_ASTRAY * total or off > MOST_TORN:
        return (
            f"does not lead from the {source.name} to {target.name}: {astray} of {total} vertices lie more "
            f"than {100 * FAR_SHARE * side:.0f} cm from where the skin of their joint fits; is it for meshes "
            "in another order, or another topology?",
            "",
        )
    faces = target.faces[valid[target.faces].all(1)]
    if signed_volume(led, faces) * signed_volume(target.v_template.astype(np.float64), faces) < 0:
        return "leads to a mirror image of the body: left and right are exchanged", ""
    if not astray:
        return "", ""
    name = correspondence.path.name if correspondence.path else "The correspondence"
    return "", (
        f"{name} leads {astray} of {total} vertices more than {100 * FAR_SHARE * side:.0f} cm from where the "
        "skin of their joint fits; a mask can leave them out."
    )
