"""The pages of the parameters panel that are rows of numbers: shape, expression and translation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gui_app.parameters.editing import Edit, Editing, Kind
from gui_app.parameters.rows import METRES, SIGMA, ParameterRows, Unit
from gui_app.style.theme import SMALL_PIXELS
from gui_app.widgets.docks import scrolled

if TYPE_CHECKING:
    from core.model.frame_parameters import FrameParameters

# Models have up to 300 of them; those further down hardly show.
MOST_COEFFICIENTS = 20
AXES = ("x", "y", "z")
SHAPE_TIP = (
    "Shape coefficient {number} in standard deviations (σ). Source and fit have shape spaces of their own: "
    "equal numbers are not equal shapes"
)
EXPRESSION_TIP = "Expression coefficient {number} in standard deviations (σ)"
TRANSLATION_TIP = (
    "{axis} of the translation in the source's own world, metres. At rest the pelvises of two bodies lie "
    "apart, so that equal numbers are not quite equal places"
)


@dataclass(frozen=True, eq=False)
class Shown:
    """What a page shows of a frame.

    Attributes:
        now: parameters of the fit, with what is being edited.
        before: those of the fit before it was edited.
        source: parameters of the source.
        joints: (J,) the source's joint for each of the fit's, or -1.
        shared: all frames have one shape.
    """

    now: FrameParameters
    before: FrameParameters
    source: FrameParameters
    joints: np.ndarray
    shared: bool


class Page(QWidget):
    """Shows ``kind`` of the parameters of a frame, and hands on what is done to them."""

    kind: Kind

    def __init__(self, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editing = editing
        self._shown: Shown | None = None

    def show_frame(self, shown: Shown, free: bool) -> None:
        """Shows a frame; ``free`` where it can be edited."""
        raise NotImplementedError


class RowsPage(Page):
    """One row a number, scrolled where there is no room for all."""

    unit: Unit
    attribute: str
    name: str

    def __init__(self, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(editing, parent)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.note.setProperty("role", "secondary")
        self.note.setStyleSheet(f"font-size: {SMALL_PIXELS}px;")
        self.rows = ParameterRows(self.unit)
        self.rows.edited.connect(self._on_edited)
        self.rows.finished.connect(editing.finish)
        self.rows.reset.connect(self._on_reset)
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(8)
        column.addWidget(self.note)
        column.addWidget(self.rows)
        column.addStretch(1)
        area = scrolled(inside, self)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(area)

    def _names(self, count: int) -> tuple[list[str], list[str]]:
        """Names and tooltips of the rows."""
        raise NotImplementedError

    def _note(self, shown: Shown) -> str:
        """What is to be known of these numbers."""
        raise NotImplementedError

    def show_frame(self, shown: Shown, free: bool) -> None:
        """Shows a frame; ``free`` where it can be edited."""
        self._shown = shown
        now = getattr(shown.now, self.attribute)
        count = min(len(now), MOST_COEFFICIENTS)
        if len(self.rows) != count:
            self.rows.set_rows(*self._names(count))
        note = self._note(shown)
        if self.note.text() != note:
            self.note.setText(note)
        before, source = (
            wide(getattr(of, self.attribute), count, missing)
            for of, missing in ((shown.before, 0.0), (shown.source, np.nan))
        )
        self.rows.show_numbers(now[:count].tolist(), before.tolist(), source.tolist(), free)

    @Slot(int, float)
    def _on_edited(self, row: int, number: float) -> None:
        self._set(row, number, "edit of", True)

    @Slot(int)
    def _on_reset(self, row: int) -> None:
        if self._shown is not None:
            before = getattr(self._shown.before, self.attribute)
            self._set(row, float(before[row]) if row < len(before) else 0.0, "reset of", False)

    def _set(self, row: int, number: float, verb: str, goes_on: bool) -> None:
        from core.model.frame_parameters import ParameterChange

        if self._shown is None:
            return
        numbers = getattr(self._shown.now, self.attribute).copy()
        numbers[row] = number
        what, key = self._step(row)
        edit = Edit(self.kind, f"{verb} {what}", key if goes_on else None)
        change = ParameterChange(**{self.attribute: numbers})
        (self._editing.change if goes_on else self._editing.make)(edit, change)

    def _step(self, row: int) -> tuple[str, str]:
        """What the history calls a row, and by which key edits become one step."""
        return f"{self.name} {row + 1}", f"{self.name} {row}"


class ShapePage(RowsPage):
    """Betas, of all frames where they share them."""

    kind: Kind = "shape"
    unit, attribute, name = SIGMA, "betas", "shape"

    def _names(self, count: int) -> tuple[list[str], list[str]]:
        numbers = range(1, count + 1)
        return [f"β {number}" for number in numbers], [SHAPE_TIP.format(number=number) for number in numbers]

    def _note(self, shown: Shown) -> str:
        if not shown.shared:
            return "Of this frame alone, as each has its own"
        return "Shared: an edit changes all frames"

    def _step(self, row: int) -> tuple[str, str]:
        shared = self._shown is None or self._shown.shared
        return ("the shape", "shape") if shared else super()._step(row)


class ExpressionPage(RowsPage):
    """Expression coefficients of the frame."""

    kind: Kind = "expression"
    unit, attribute, name = SIGMA, "expression", "expression"

    def _names(self, count: int) -> tuple[list[str], list[str]]:
        numbers = range(1, count + 1)
        tips = [EXPRESSION_TIP.format(number=number) for number in numbers]
        return [f"ψ {number}" for number in numbers], tips

    def _note(self, shown: Shown) -> str:
        if not len(shown.now.expression):
            return "This body has no expression"
        if not len(shown.source.expression):
            return "The source says nothing about the face"
        return "Of this frame alone"


class TranslationPage(RowsPage):
    """Where the body stands."""

    kind: Kind = "translation"
    unit, attribute, name = METRES, "transl", "translation"

    def _names(self, count: int) -> tuple[list[str], list[str]]:
        return list(AXES), [TRANSLATION_TIP.format(axis=axis) for axis in AXES]

    def _note(self, shown: Shown) -> str:
        return "Of this frame, in the source's own world"

    def _step(self, row: int) -> tuple[str, str]:
        return "translation", f"translation {row}"


def wide(numbers: np.ndarray, count: int, missing: float) -> np.ndarray:
    """The first ``count`` numbers, with ``missing`` where there are fewer."""
    out = np.full(count, missing)
    out[: len(numbers)] = numbers[:count]
    return out
