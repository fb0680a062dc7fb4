"""The foot of the library: what fits its clips, and how far that is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from gui_app.library.clip_fits import ClipFits, far_words
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import icon
from gui_app.widgets.labels import QuietLine

SHEET = """
QProgressBar { background: $LINE; border: none; border-radius: 2px; max-height: 4px; }
QProgressBar::chunk { background: $ACCENT; border-radius: 2px; }
"""


class FitRow(QWidget):
    """``chosen`` and ``waiting`` tell which button was pressed."""

    chosen = Signal()
    waiting = Signal()

    def __init__(self, fits: ClipFits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fits = fits
        set_sheet(self, SHEET)
        self.fit_chosen = QPushButton("Fit selected", self)
        self.fit_chosen.setIcon(icon("lightning"))
        self.fit_chosen.setToolTip(
            "Fit the selected clips behind the window, with the recipe of the Stages panel"
        )
        self.fit_chosen.clicked.connect(self.chosen)
        self.fit_waiting = QPushButton("Fit all that wait", self)
        self.fit_waiting.setToolTip(
            "Fit all listed clips that have no fit, behind the window, with the recipe of the Stages panel"
        )
        self.fit_waiting.clicked.connect(self.waiting)
        self.words = QuietLine(self)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.cancel = QPushButton("Cancel", self)
        self.cancel.setIcon(icon("x-circle"))
        self.cancel.setToolTip("Stop fitting clips; those that are finished stay")
        self.cancel.clicked.connect(fits.cancel)
        idle, busy = QWidget(self), QWidget(self)
        row = QHBoxLayout(idle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.fit_chosen, 1)
        row.addWidget(self.fit_waiting, 1)
        told = QVBoxLayout()
        told.setSpacing(2)
        told.addWidget(self.words)
        told.addWidget(self.bar)
        row = QHBoxLayout(busy)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addLayout(told, 1)
        row.addWidget(self.cancel)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(idle)
        self._stack.addWidget(busy)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        fits.changed.connect(self._show)
        self.tell(0, 0)
        self._show()

    def sizeHint(self) -> QSize:
        """One row of buttons."""
        return QSize(300, self.cancel.sizeHint().height())

    def tell(self, chosen: int, waiting: int) -> None:
        """How many clips are selected, and how many of those listed wait."""
        self.fit_chosen.setEnabled(chosen > 0)
        self.fit_chosen.setText(f"Fit {chosen:,} selected" if chosen > 1 else "Fit selected")
        self.fit_waiting.setEnabled(waiting > 0)
        self.fit_waiting.setText(f"Fit {waiting:,} waiting" if waiting else "Fit waiting")

    @Slot()
    def _show(self) -> None:
        fits = self._fits
        self._stack.setCurrentIndex(int(fits.going))
        if fits.going:
            figures = fits.figures
            self.words.set_words(far_words(fits))
            self.bar.setRange(0, 0 if figures is None else figures.clips)
            self.bar.setValue(0 if figures is None else figures.done)
            self.cancel.setEnabled(not fits.ending)
