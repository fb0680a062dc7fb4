"""The thread beside the brush: prepares what painting needs, and fits the frame shown again and again."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError
from gui_app.tasks.worker_thread import pose_on_one_thread

if TYPE_CHECKING:
    from core.fitting.quick_refit import QuickRefit
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

    number: int
    motion: Motion
    bodies: BodyPair
    result: FitResult
    frame: int
    valid: np.ndarray
    weights: np.ndarray | None = None


class MaskWorker(QObject):
    """Lives in a thread of its own. Tools come a piece at a time, so that a frame need not wait for all."""

    prepared = Signal(object)
    refitted = Signal(object, object)
    failed = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._quick: QuickRefit | None = None

    @Slot(object, object)
    def prepare(self, bodies: BodyPair, known: MaskTools | None) -> None:
        """Finds the next piece of what painting needs, and tells it together with what was known."""
        from core.geometry.mesh_graph import MeshGraph
        from core.geometry.mirror import mirror_map
        from core.geometry.regions import region_masks

        try:
            if known is None:
                graph = MeshGraph(bodies.target.faces, bodies.target.v_template)
                graph.brush(0, 0.0)
                found = MaskTools(bodies, graph, mirror_map(bodies.target))
            elif not known.regions:
                found = replace(known, regions=region_masks(bodies.target, known.graph))
            else:
                source = MeshGraph(bodies.source.faces, bodies.source.v_template)
                regions = region_masks(bodies.source, source)
                found = replace(known, source_regions=regions, complete=True)
        except Exception:
            log.exception("The tools of the mask could not be prepared for %s", bodies.label)
            return
        self.prepared.emit(found)

    @Slot(object)
    def refit(self, request: RefitRequest) -> None:
        """Fits a frame again, and says once how it went."""
        try:
            pose_on_one_thread()
            quick = self._quick_of(request)
            self.refitted.emit(request, quick.refit(request.frame, request.valid, request.weights))
        except RefitError as error:
            self.failed.emit(request, str(error))
        except Exception:
            log.exception("Frame %d could not be fitted again", request.frame)
            self.failed.emit(request, "The frame could not be fitted again; details are in the log")

    @Slot(object)
    def warm_up(self, request: RefitRequest) -> None:
        """Prepares what the first stroke would otherwise wait for."""
        try:
            pose_on_one_thread()
            self._quick_of(request)
        except Exception:
            # The first stroke will say so.
            log.exception("Fitting frame %d again could not be prepared", request.frame)

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
