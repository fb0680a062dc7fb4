"""The thread beside the brush: prepares what painting needs, and fits the frame shown again and again."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from core.errors import RefitError

if TYPE_CHECKING:
    from core.fitting.quick_refit import QuickRefit, Refit
    from core.geometry.mesh_graph import MeshGraph
    from core.geometry.mirror import MirrorMap
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class MaskTools:
    """What the tools need to know of a pair of bodies, more of it from one step to the next.

    Attributes:
        bodies: with any mask.
        graph: of the target's skin.
        mirror: left against right of the target.
        regions: `core.geometry.regions.region_masks` of the target; empty while they are not known.
        source_regions: of the source, likewise.
        complete: nothing is left to find.
    """

    bodies: BodyPair
    graph: MeshGraph
    mirror: MirrorMap
    regions: dict[str, np.ndarray] = field(default_factory=dict)
    source_regions: dict[str, np.ndarray] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True, eq=False)
class RefitRequest:
    """A frame to be fitted again with a mask, and with weights of single vertices or None."""

    motion: Motion
    bodies: BodyPair
    result: FitResult
    frame: int
    valid: np.ndarray
    weights: np.ndarray | None = None


def find_tools(bodies: BodyPair, known: MaskTools | None) -> MaskTools:
    """The next piece of what painting needs, so that a frame need not wait for all, with what was known."""
    from core.geometry.mesh_graph import MeshGraph
    from core.geometry.mirror import mirror_map
    from core.geometry.regions import region_masks

    if known is None:
        graph = MeshGraph(bodies.target.faces, bodies.target.v_template)
        graph.brush(0, 0.0)
        return MaskTools(bodies, graph, mirror_map(bodies.target))
    if not known.regions:
        return replace(known, regions=region_masks(bodies.target, known.graph))
    source = MeshGraph(bodies.source.faces, bodies.source.v_template)
    return replace(known, source_regions=region_masks(bodies.source, source), complete=True)


class Refitting:
    """Fits a frame again and again, in the thread; what it takes to begin is kept from one to the next."""

    def __init__(self) -> None:
        self._quick: QuickRefit | None = None

    def refit(self, request: RefitRequest) -> Refit | None:
        """The frame fitted again; None where that cannot be done, as a mask that is too small says when it
        is made."""
        try:
            return self._quick_of(request).refit(request.frame, request.valid, request.weights)
        except RefitError as error:
            log.info("Frame %d was not fitted again: %s", request.frame, error)
            return None

    def warm_up(self, request: RefitRequest) -> None:
        """Prepares what the first stroke would otherwise wait for."""
        self._quick_of(request)

    def _quick_of(self, request: RefitRequest) -> QuickRefit:
        from core.fitting.quick_refit import QuickRefit

        if self._quick is None or not _of_same_fit(self._quick, request):
            self._quick = QuickRefit(request.motion, request.bodies, request.result)
        return self._quick


def _of_same_fit(quick: QuickRefit, request: RefitRequest) -> bool:
    # Measured anew a fit is another object with the same parameters.
    one, other = quick.result, request.result
    return (
        quick.motion is request.motion
        and quick.bodies.target is request.bodies.target
        and quick.bodies.correspondence.matrix is request.bodies.correspondence.matrix
        and one.poses is other.poses
        and one.betas is other.betas
    )
