"""The chosen joint in the plot: its distance between source and fit over time, and a chip that names it."""

from __future__ import annotations

from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from gui_app.document.inspect_selection import Inspection
from gui_app.document.playback import Playback
from gui_app.inspect.joints.series import JointMotion
from gui_app.scene.picking import joint_words
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change, set_sheet
from gui_app.style.theme import tabular
from gui_app.timeline.time_axis import add_curve

TIP = "Distance of this joint between source and fit over time, mm. A click lets the joint go"
GAP = 4


class JointCurve(QObject):
    """One curve and one chip at the place ``at`` of the plot; ``changed`` asks the plot to draw them."""

    changed = Signal()

    def __init__(
        self,
        playback: Playback,
        inspection: Inspection,
        motion: JointMotion,
        plot: pg.PlotItem,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._playback, self._inspection, self._motion = playback, inspection, motion
        self._values: np.ndarray | None = None
        self.curve = add_curve(plot)
        self.curve.setZValue(4)
        self.chip = QToolButton(parent)
        set_sheet(
            self.chip,
            "QToolButton { background: $RAISED; color: $WEIGHT; border-radius: 5px; border: 1px solid $LINE;"
            " padding: 1px 6px; font-size: 11px; }",
        )
        self.chip.setToolTip(TIP)
        tabular(self.chip)
        self.chip.clicked.connect(self._let_go)
        self.chip.hide()
        motion.changed.connect(self.changed)
        inspection.looks_changed.connect(self._on_looks)
        playback.frame_changed.connect(self._show_words)
        self._shown: tuple[bool, object] = (False, None)
        on_theme_change(self._on_theme)

    @Slot()
    def _on_theme(self) -> None:
        self.curve.setPen(pg.mkPen(colours.WEIGHT, width=1))

    @property
    def top(self) -> np.ndarray:
        """What the axis has to hold."""
        return np.empty(0) if self._values is None else self._values

    @property
    def room(self) -> int:
        """How far the chip pushes what stands beside it, pixels."""
        return 0 if self.chip.isHidden() else self.chip.width() + GAP

    def draw(self, allowed: bool) -> None:
        """Shows the curve where the axis is in millimetres and a joint is looked at."""
        looked_at = self._inspection.active and self._inspection.joint is not None
        values = self._motion.error() if allowed and looked_at else None
        self._values = None if values is None else values.astype(float)
        self.curve.setData(np.arange(len(self.top)), self.top)
        self._shown = (self._inspection.active, self._inspection.joint)
        self.chip.setVisible(self._values is not None)
        self._show_words()

    def words_of(self, frame: int) -> str:
        """For the readout at a frame, '' where there is no curve."""
        if self._values is None or self._inspection.joint is None:
            return ""
        name = escape(joint_words(self._inspection.joint.name))
        return f"<span style='color:{colours.WEIGHT}'>{name}</span> {_number(self._values[frame])} mm"

    @Slot()
    def _show_words(self, *_: object) -> None:
        if self._values is None or self._inspection.joint is None:
            return
        # The widest number keeps the chip, and those beside it, where they are.
        name, most = joint_words(self._inspection.joint.name), np.nanmax(self._values, initial=0.0)
        self.chip.setText(f"{name}  {_number(most)} mm")
        width = self.chip.sizeHint().width()
        here = self._values[min(self._playback.frame, len(self._values) - 1)]
        self.chip.setText(f"{name}  {_number(here)} mm")
        self.chip.resize(width, self.chip.sizeHint().height())

    @Slot()
    def _on_looks(self) -> None:
        if (self._inspection.active, self._inspection.joint) != self._shown:
            self.changed.emit()

    @Slot()
    def _let_go(self, *_: object) -> None:
        self._inspection.choose_joint(None)


def _number(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else "–"
