"""The chosen joint over the motion in a few numbers: here, on average, and where it is worst."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from gui_app.document.document import Document
from gui_app.document.inspect_selection import Inspection
from gui_app.document.playback import Playback
from gui_app.inspect.joints.series import JointMotion
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import tabular
from gui_app.widgets.labels import NO_NUMBER

WAIT = "…"
HEADS = ("here", "mean", "max, at frame")
TITLES = (
    ("source to fit, mm", "Between this joint of the source and of the fit, millimetres"),
    (
        "regressor to chain, mm",
        "Between the joint by J_regressor of the posed mesh and the joint of the chain, on the body listed, "
        "millimetres",
    ),
)
WHY = "They differ: the regressor is made for the rest pose; skinning and correctives move its vertices."
ERROR, REGRESSED = 0, 1
FIGURE_SPACE = "\u2007"
SMALL = "color: $TEXT_SECONDARY; font-size: 11px;"


class _Row(NamedTuple):
    title: QLabel
    here: QLabel
    mean: QLabel
    worst: QToolButton


class JointLines(QWidget):
    """A row for the distance between both bodies, and one for that between regressor and chain."""

    def __init__(
        self,
        document: Document,
        playback: Playback,
        inspection: Inspection,
        motion: JointMotion,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._playback = document, playback
        self._inspection, self._motion = inspection, motion
        self._room = True
        self._frames: list[int | None] = [None, None]
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 2, 0, 2)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(0, 1)
        self._heads = [QLabel(words, self) for words in HEADS]
        for column, head in enumerate(self._heads, 1):
            set_sheet(head, SMALL)
            self._grid.addWidget(head, 0, column, Qt.AlignmentFlag.AlignRight)
        self.rows = tuple(self._add_row(number) for number in (ERROR, REGRESSED))
        self.why = QLabel(WHY, self)
        self.why.setWordWrap(True)
        set_sheet(self.why, SMALL)
        self.why.setMinimumWidth(1)
        # Lists give way to its two lines, and not the other way round.
        self.why.ensurePolished()
        self.why.setMinimumHeight(2 * self.why.fontMetrics().lineSpacing())
        self._grid.addWidget(self.why, 3, 0, 1, 4)

    def _add_row(self, number: int) -> _Row:
        words, tip = TITLES[number]
        row = _Row(QLabel(words, self), QLabel(self), QLabel(self), QToolButton(self))
        row.title.setProperty("role", "secondary")
        row.worst.setCursor(Qt.CursorShape.PointingHandCursor)
        row.worst.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_sheet(
            row.worst,
            "QToolButton { padding: 0; border: none; background: transparent; color: $ACCENT; }"
            "QToolButton:hover { text-decoration: underline; background: transparent; }"
            "QToolButton:disabled { color: $TEXT; }",
        )
        row.worst.clicked.connect(partial(self._go, number))
        for column, widget in enumerate(row):
            tabular(widget)
            widget.setToolTip(tip)
            side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
            self._grid.addWidget(widget, number + 1, column, side)
        return row

    def give_room(self, room: bool) -> None:
        """Whether there is room for the sentence; without, it is a tooltip."""
        self._room = room
        self.why.setVisible(room and not self.rows[REGRESSED].title.isHidden())

    def refresh(self) -> None:
        """Everything, after another joint or another fit."""
        from core.inspection.joint_errors import series_figures
        from core.inspection.regressed_joints import WHY_DIFFERENT

        shared, of_chain = self._applies()
        for number, applies in ((ERROR, shared), (REGRESSED, of_chain)):
            row, values = self.rows[number], self._values(number)
            for widget in row:
                widget.setVisible(applies)
            found = None if values is None else series_figures(values)
            nothing = WAIT if values is None and not self._motion.failed else NO_NUMBER
            self._frames[number] = None if found is None else found.frame
            row.mean.setText(nothing if found is None else _mm(found.mean))
            row.worst.setText(nothing if found is None else self._worst(found.largest, found.frame))
            row.worst.setEnabled(found is not None)
            tip = TITLES[number][1] if found is None else f"Go to frame {found.frame}, where it is largest"
            row.worst.setToolTip(tip)
        for widget in self.rows[REGRESSED][:3]:
            widget.setToolTip(f"{TITLES[REGRESSED][1]}\n\n{WHY_DIFFERENT}")
        self.give_room(self._room)
        self.setVisible(shared or of_chain)
        self.refresh_frame()

    def refresh_frame(self) -> None:
        """The numbers of the frame on show."""
        for number, row in enumerate(self.rows):
            values = self._values(number)
            if values is None:
                row.here.setText(row.mean.text())
            else:
                row.here.setText(_mm(values[min(self._playback.frame, len(values) - 1)]))

    def _worst(self, largest: float, frame: int) -> str:
        # Of one width, so that the millimetres stand below each other.
        return f"{_mm(largest)}  at {str(frame).ljust(len(str(self._document.frames)), FIGURE_SPACE)}"

    def _applies(self) -> tuple[bool, bool]:
        """Whether the joint is there on both bodies, and whether the one listed is of the chain."""
        inspection = self._inspection
        if not self._document.has_fit:
            return False, False
        ours = inspection.found(inspection.body)
        both = inspection.found("source") is not None and inspection.found("fit") is not None
        return both, ours is not None and ours.kind == "kinematic"

    def _values(self, number: int) -> np.ndarray | None:
        return self._motion.error() if number == ERROR else self._motion.regressed()

    @Slot()
    def _go(self, number: int, *_: object) -> None:
        frame = self._frames[number]
        if frame is not None:
            self._playback.go_to(frame)


def _mm(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else NO_NUMBER
