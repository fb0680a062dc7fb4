"""Reads J_regressors and measures them, in a thread of its own."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError

if TYPE_CHECKING:
    from core.body import BodyModel
    from core.inspection.mirror import MirrorMap
    from core.inspection.regressor_statistics import RegressorComparison, RegressorStatistics

log = logging.getLogger(__name__)

UNEXPECTED = "The regressor could not be read because of an unexpected error; details are in the log"
NOT_MEASURED = "The regressor could not be measured; details are in the log"


@dataclass(frozen=True, eq=False)
class RegressorReply:
    """Figures of a matrix, and against the body's own where it is another."""

    model: BodyModel
    matrix: np.ndarray
    statistics: RegressorStatistics
    comparison: RegressorComparison | None


class RegressorWorker(QObject):
    """Lives in the thread; left and right of a body are found once."""

    opened = Signal(object, str, object)
    failed = Signal(str)
    measured = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._mirror: tuple[BodyModel, MirrorMap] | None = None

    @Slot(object, str, object)
    def open(self, model: BodyModel, body: str, path: Path) -> None:
        """Reads a file for a body."""
        from core.files.regressors import read_regressor

        try:
            self.opened.emit(model, body, read_regressor(path, model))
        except RefitError as error:
            self.failed.emit(str(error))
        except Exception:
            log.exception("Reading %s stopped", path)
            self.failed.emit(UNEXPECTED)

    @Slot(object, object)
    def measure(self, model: BodyModel, matrix: np.ndarray) -> None:
        """Figures of a matrix."""
        from core.inspection.mirror import mirror_map
        from core.inspection.regressor_statistics import compare_regressors, regressor_statistics

        try:
            if self._mirror is None or self._mirror[0] is not model:
                self._mirror = (model, mirror_map(model))
            statistics = regressor_statistics(model, matrix, self._mirror[1])
            own = model.J_regressor
            comparison = None if matrix is own else compare_regressors(model, own, matrix)
        except Exception:
            log.exception("Measuring a regressor stopped")
            self.failed.emit(NOT_MEASURED)
            return
        self.measured.emit(RegressorReply(model, matrix, statistics, comparison))
