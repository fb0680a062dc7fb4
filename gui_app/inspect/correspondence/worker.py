"""Builds, reads, looks through, compares and writes correspondences, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError
from gui_app.tasks.worker_thread import pose_on_one_thread

if TYPE_CHECKING:
    from core.correspond.build import BuildReport
    from core.correspond.build_settings import BuildSettings
    from core.model.body_pair import BodyPair
    from core.model.correspondence import Correspondence

log = logging.getLogger(__name__)

UNEXPECTED = "because of an unexpected error; details are in the log"


@dataclass(frozen=True, eq=False)
class BuildRequest:
    """Two bodies to build a correspondence from; set ``cancelled`` to have it given up."""

    bodies: BodyPair
    settings: BuildSettings
    cancelled: threading.Event


@dataclass(frozen=True, eq=False)
class SaveRequest:
    """A correspondence to write; ``replace`` where the user agreed to lose what is there."""

    path: Path
    correspondence: Correspondence
    report: BuildReport | None
    replace: bool


class _Cancelled(Exception):
    """What is built is not wanted any more."""


class CorrespondenceWorker(QObject):
    """Lives in the thread."""

    progressed = Signal(object, float)
    built = Signal(object, object, object)
    stopped = Signal(object, str)
    opened = Signal(object, object)
    looked = Signal(object, object)
    compared = Signal(object, object, object)
    saved = Signal(object)
    failed = Signal(str)

    @Slot(object)
    def build(self, request: BuildRequest) -> None:
        """Builds, and says once how it went."""
        from core.correspond.build import build_correspondence

        def tell(share: float) -> None:
            if request.cancelled.is_set():
                raise _Cancelled
            self.progressed.emit(request, share)

        bodies = request.bodies
        try:
            pose_on_one_thread()
            found, report = build_correspondence(bodies.source, bodies.target, request.settings, tell)
            self.built.emit(request, found, report)
        except _Cancelled:
            self.stopped.emit(request, "")
        except RefitError as error:
            self.stopped.emit(request, str(error))
        except Exception:
            log.exception("Building a correspondence stopped")
            self.stopped.emit(request, f"The correspondence could not be built {UNEXPECTED}")

    @Slot(object, object)
    def open(self, bodies: BodyPair, path: Path) -> None:
        """Reads a file for two bodies. With one that no fit could be made with, it says why not."""
        from core.files.bodies.correspondence_check import looked_at
        from core.files.bodies.correspondences import read_correspondence

        vertices = bodies.source.num_vertices, bodies.target.num_vertices
        try:
            found = read_correspondence(
                path, source_vertices=vertices[0], target_vertices=vertices[1], mask_expected=False
            )
            found, sentence = looked_at(found, bodies.source, bodies.target)
            self.opened.emit(bodies, found)
            if sentence:
                self.failed.emit(f"{sentence[:-1]}; no fit can be made with it.")
        except RefitError as error:
            self.failed.emit(str(error))
        except Exception:
            log.exception("Reading %s stopped", path)
            self.failed.emit(f"{path}: cannot be read {UNEXPECTED}")

    @Slot(object, object)
    def look(self, bodies: BodyPair, correspondence: Correspondence) -> None:
        """Looks through the rows."""
        from core.inspection.correspondence_report import correspondence_report

        try:
            report = correspondence_report(replace(bodies, correspondence=correspondence))
            self.looked.emit(correspondence, report)
        except Exception:
            log.exception("Looking through a correspondence stopped")
            self.failed.emit(f"The correspondence could not be looked through {UNEXPECTED}")

    @Slot(object, object, object)
    def compare(self, bodies: BodyPair, first: Correspondence, second: Correspondence) -> None:
        """How far two are apart."""
        from core.inspection.correspondence_rows import compare_correspondences

        try:
            self.compared.emit(first, second, compare_correspondences(bodies.source, first, second))
        except Exception:
            log.exception("Comparing two correspondences stopped")
            self.failed.emit(f"The correspondences could not be compared {UNEXPECTED}")

    @Slot(object)
    def save(self, request: SaveRequest) -> None:
        """Writes a file of its own; a body model, or anything else that is none, stays as it is."""
        from core.files.bodies.correspondences import check_replaceable, write_correspondence

        distance = None if request.report is None else request.report.distance_mm
        try:
            check_replaceable(request.path)
            write_correspondence(request.path, request.correspondence, distance, overwrite=request.replace)
            self.saved.emit(request.path)
        except RefitError as error:
            self.failed.emit(str(error))
        except Exception:
            log.exception("Writing %s stopped", request.path)
            self.failed.emit(f"{request.path}: cannot be written {UNEXPECTED}")
