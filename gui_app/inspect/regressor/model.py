"""Another J_regressor in place of a body's own: opened, edited by hand, undone, saved. For looking only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from core.errors import RefitError
from gui_app.document.inspect_selection import BODIES, Inspection
from gui_app.document.state import AppState
from gui_app.document.undo_stack import Undoable, UndoStack
from gui_app.scene.picking import BodyName, joint_words
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.files.bodies.regressors import RegressorFile
    from core.geometry.mirror import MirrorMap
    from core.inspection.regressor import RegressorComparison, RegressorStatistics
    from core.model.body import BodyModel

# Reads J_regressors and measures them, in a thread of its own.

UNEXPECTED = "The regressor could not be read because of an unexpected error; details are in the log"
NOT_MEASURED = "The regressor could not be measured; details are in the log"


@dataclass(frozen=True, eq=False)
class RegressorFigures:
    """Figures of a matrix, and against the body's own where it is another."""

    model: BodyModel
    matrix: np.ndarray
    statistics: RegressorStatistics
    comparison: RegressorComparison | None


def read(path: Path, model: BodyModel) -> RegressorFile:
    """A file for a body."""
    from core.files.bodies.regressors import read_regressor

    return read_regressor(path, model)


class RegressorMeasure:
    """Measures in the thread; left and right of a body are found once."""

    def __init__(self) -> None:
        self._mirror: tuple[BodyModel, MirrorMap] | None = None

    def figures(self, model: BodyModel, matrix: np.ndarray) -> RegressorFigures:
        """Of a matrix (J, V)."""
        from core.geometry.mirror import mirror_map
        from core.inspection.regressor import compare_regressors, regressor_statistics

        if self._mirror is None or self._mirror[0] is not model:
            self._mirror = (model, mirror_map(model))
        statistics = regressor_statistics(model, matrix, self._mirror[1])
        own = model.J_regressor
        comparison = None if matrix is own else compare_regressors(model, own, matrix)
        return RegressorFigures(model, matrix, statistics, comparison)


MOST_STEPS = 30


@dataclass(frozen=True, eq=False)
class RegressorStep:
    """What led here, the matrix in place of the body's own or None, and the file that it began with."""

    name: str = ""
    matrix: np.ndarray | None = None
    file: str = ""
    edited: bool = False


class Regressors(Undoable):
    """Of the body that is listed. ``changed``: another matrix. ``measured``: its figures are known.

    ``editing``: weights can be typed in tables.
    """

    changed = Signal()
    measured = Signal()

    def __init__(self, state: AppState, inspection: Inspection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._inspection = state, inspection
        self.editing = False
        self._stacks: dict[BodyName, tuple[BodyModel, UndoStack[RegressorStep]]] = {}
        self._figures: dict[int, RegressorFigures] = {}
        self._wanted: object = None
        self._measure = RegressorMeasure()
        self._thread = JobThread("regressor", self, state.activity.fail)
        state.document.motion_changed.connect(self._on_motion)

    @Slot(bool)
    def set_editing(self, editing: bool) -> None:
        """Weights can be typed."""
        if editing != self.editing:
            self.editing = editing
            self.changed.emit()

    @property
    def now(self) -> RegressorStep:
        """What is looked at."""
        stack = self._stack()
        return RegressorStep() if stack is None else stack.now

    @property
    def matrix(self) -> np.ndarray | None:
        """(J, V) that is looked at; None without a motion."""
        model = self._inspection.model(self._inspection.body)
        return (
            None if model is None else self.now.matrix if self.now.matrix is not None else model.J_regressor
        )

    def figures(self) -> tuple[RegressorStatistics, RegressorComparison | None] | None:
        """Of what is looked at, and against the body's own; None while they are measured."""
        model, matrix = self._inspection.model(self._inspection.body), self.matrix
        if model is None or matrix is None or self._thread.closed:
            return None
        found = self._figures.get(id(matrix))
        if found is not None and found.matrix is matrix and found.model is model:
            return found.statistics, found.comparison
        if self._wanted is not matrix:
            self._wanted = matrix
            job = self._thread.job(self._keep_figures, unexpected=NOT_MEASURED)
            job.start(self._measure.figures, model, matrix)
        return None

    def open(self, path: Path) -> None:
        """Reads a regressor for the body listed; what comes of it is told later."""
        model = self._inspection.model(self._inspection.body)
        if model is not None and not self._thread.closed:
            add = partial(self._add_opened, model, self._inspection.body)
            self._thread.job(add, unexpected=UNEXPECTED).start(read, path, model)

    @Slot()
    def use_own(self) -> None:
        """Back to the body's own, as a step."""
        if self.now.matrix is not None:
            self._make(RegressorStep("going back to the body's own regressor"))

    def set_weight(self, joint: int, vertex: int, weight: float) -> None:
        """One weight of one joint; zero takes the vertex out."""
        from core.inspection.regressor import with_weight

        name = self._name(joint)
        self._edit(
            f"weight of vertex {vertex} in {name}", lambda old: with_weight(old, joint, vertex, weight)
        )

    def renormalise(self, joint: int) -> None:
        """Scales the weights of a joint so that they sum to one."""
        from core.inspection.regressor import renormalised

        self._edit(f"renormalising {self._name(joint)}", lambda old: renormalised(old, joint))

    def save(self, path: Path, replace: bool) -> bool:
        """Writes what is looked at to a file of its own, never over a model; a sentence says how it went."""
        from core.files.bodies.regressors import write_regressor

        if self.matrix is None:
            return False
        try:
            write_regressor(path, self.matrix, overwrite=replace)
        except RefitError as error:
            self._state.activity.fail(str(error))
            return False
        self._state.activity.say(f"Saved {path.name}")
        return True

    def _stack(self) -> UndoStack[RegressorStep] | None:
        """The steps of the body that is listed; None without a motion."""
        body = self._inspection.body
        model = self._inspection.model(body)
        if model is None:
            return None
        if body not in self._stacks or self._stacks[body][0] is not model:
            self._stacks[body] = (model, UndoStack(RegressorStep(), most=MOST_STEPS))
        return self._stacks[body][1]

    def _name(self, joint: int) -> str:
        model = self._inspection.model(self._inspection.body)
        return "" if model is None else joint_words(model.joint_names[joint])

    def _edit(self, step: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
        matrix, now = self.matrix, self.now
        if matrix is None:
            return
        try:
            after = change(np.asarray(matrix, np.float32))
        except RefitError as error:
            self._state.activity.fail(str(error))
            return
        if not np.array_equal(after, matrix):
            self._make(RegressorStep(step, after, now.file, edited=True))

    def _make(self, step: RegressorStep) -> None:
        stack = self._stack()
        if stack is not None:
            stack.add(step)
            self._announce(f"{step.name[:1].upper()}{step.name[1:]}")

    def _announce(self, words: str) -> None:
        self._state.activity.say(words)
        self._inspection.set_regressor(self._inspection.body, self.now.matrix)
        self.changed.emit()

    @Slot()
    def _on_motion(self) -> None:
        """What was made for a body stays with it, and with no other."""
        for body in BODIES:
            known = self._stacks.get(body)
            if known is not None and known[0] is not self._inspection.model(body):
                del self._stacks[body]
                self._inspection.set_regressor(body, None)
        self._figures.clear()
        self._wanted = None
        self.changed.emit()

    def _add_opened(self, model: BodyModel, body: BodyName, found: RegressorFile) -> None:
        # Meanwhile another motion may have come.
        if self._inspection.model(body) is not model:
            return
        self._inspection.set_body(body)
        self._make(RegressorStep(f"opening {found.path.name}", found.matrix, found.path.name))
        if found.notes:
            self._state.activity.say(" ".join(found.notes))

    def _keep_figures(self, found: RegressorFigures) -> None:
        if len(self._figures) > MOST_STEPS:
            self._figures.clear()
        self._figures[id(found.matrix)] = found
        self.measured.emit()
