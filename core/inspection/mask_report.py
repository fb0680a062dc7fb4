"""What a mask of valid vertices does to a fit: what counts, what drops out, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
from scipy import sparse

from core.geometry.mesh_graph import MeshGraph
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence
from core.model.joints import FAMILY_LABEL, PARTS


class Reason(IntEnum):
    """Why a vertex does not count."""

    VALID = 0
    NO_COUNTERPART = 1
    LEFT_OUT = 2
    TAKEN_OUT = 3


@dataclass(frozen=True, eq=False)
class MaskReport:
    """Figures of a mask over V vertices, E edges and J joints.

    Attributes:
        valid: number of vertices that count.
        invalid: number of those that do not.
        part_valid, part_total: (len(PARTS),) the same by body part.
        edges: (E, 2) ids.
        edge_dropped: (E,) bool: an end does not count, so that the edge has no part in an edge stage.
        joint_share: (J,) share of the |weights| of each joint's support on vertices that do not count.
    """

    valid: int
    invalid: int
    part_valid: np.ndarray
    part_total: np.ndarray
    edges: np.ndarray
    edge_dropped: np.ndarray
    joint_share: np.ndarray

    @property
    def joints_touched(self) -> np.ndarray:
        """Ids of the joints whose support is not wholly valid."""
        return np.flatnonzero(self.joint_share > 0)


def mask_report(body: BodyModel, valid: np.ndarray, graph: MeshGraph) -> MaskReport:
    """Figures of a mask.

    Args:
        body: the target.
        valid: (V,) bool.
        graph: of its faces.
    """
    size, whole = _supports(body)
    touched = size @ (~valid).astype(np.float64)
    count = len(PARTS)
    return MaskReport(
        valid=int(valid.sum()),
        invalid=int((~valid).sum()),
        part_valid=np.bincount(body.vertex_part[valid], minlength=count),
        part_total=np.bincount(body.vertex_part, minlength=count),
        edges=graph.edges,
        edge_dropped=~(valid[graph.edges[:, 0]] & valid[graph.edges[:, 1]]),
        joint_share=np.divide(touched, whole, out=np.zeros_like(whole), where=whole > 0),
    )


@lru_cache(maxsize=2)
def _supports(body: BodyModel) -> tuple[sparse.csr_matrix, np.ndarray]:
    """(J, V) |weights| of the joints' supports and (J,) their sums; kept, as masks are looked at often."""
    size = sparse.csr_matrix(np.abs(body.J_regressor), dtype=np.float64)
    return size, np.asarray(size.sum(1)).ravel()


def invalid_reasons(correspondence: Correspondence, valid: np.ndarray | None = None) -> np.ndarray:
    """(V,) `Reason` of each vertex.

    Args:
        correspondence: as it was read, or painted since.
        valid: (V,) bool as painted since; None for the correspondence's. A vertex that it puts back is VALID
            if it has a counterpart.
    """
    own = correspondence.own
    painted = correspondence.valid if valid is None else valid
    empty = ~correspondence.filled
    out = np.full(len(own), Reason.VALID, dtype=np.uint8)
    out[~painted] = Reason.TAKEN_OUT
    out[~painted & ~own] = Reason.LEFT_OUT
    out[empty] = Reason.NO_COUNTERPART
    return out


def why_invalid(
    bodies: BodyPair,
    vertex: int,
    reason: int,
    regions: Mapping[str, np.ndarray],
    source_regions: Mapping[str, np.ndarray],
) -> str:
    """One sentence on why a target vertex does not count, as far as that is known.

    Args:
        bodies: the pair.
        vertex: id.
        reason: of `invalid_reasons`.
        regions: `core.geometry.regions.region_masks` of the target.
        source_regions: of the source.
    """
    correspondence = bodies.correspondence
    source = FAMILY_LABEL[bodies.source.family]
    if reason == Reason.VALID:
        return f"Vertex {vertex} counts."
    if reason == Reason.TAKEN_OUT:
        return f"Vertex {vertex} is excluded by hand."
    place = next((name for name, mask in regions.items() if mask[vertex]), None)
    there = ""
    if place:
        lacks = f", which the {source} body does not have" if place not in source_regions else ""
        there = f", in the {place}{lacks},"
    if reason == Reason.NO_COUNTERPART:
        file = f" in {correspondence.path.name}" if correspondence.path else ""
        return f"Vertex {vertex}{there} has no counterpart on {source}: its row{file} is empty."
    file = f" {correspondence.mask_path.name}" if correspondence.mask_path else ""
    return f"Vertex {vertex}{there} is excluded by the mask file{file}."
