"""What a fit is doing, on a strip that floats above the floor of the 3D view while it runs."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Slot
from PySide6.QtGui import QAction, QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from gui_app.document.activity import Activity
from gui_app.fit.text import count_words, stage_words, time_left
from gui_app.style import colours
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import SMALL_PIXELS, tabular
from gui_app.tasks.coalesce import Later
from gui_app.widgets.buttons import action_button
from gui_app.widgets.sparkline import Sparkline

HEIGHT = 38
BOTTOM = BESIDE = 8
RADIUS = 9.0
LINE = 2.0
# A run that is over sooner would only make it flash.
DELAY_MS = 250
# What each label says at its widest, and in which letters.
WIDEST = (
    ("Solving the shape", "font-weight: 600;"),
    ("10,000 of 10,000 frames", "color: $TEXT_SECONDARY;"),
    ("88.8 mm", "color: $TEXT;"),
    ("about 88 min", "color: $TEXT_SECONDARY;"),
)


class RunStrip(QWidget):
    """Lies on top of ``view``, so that nothing else moves when it comes and goes."""

    def __init__(self, activity: Activity, cancel: QAction, view: QWidget) -> None:
        super().__init__(view)
        self._activity = activity
        self._view = view
        self.stage, self.count, self.mean, self.left = (self._label(*widest) for widest in WIDEST)
        for label in (self.stage, self.count):
            label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.mean.setToolTip("Mean v2v error of what is fitted so far")
        self.left.setToolTip("Time left, estimated from the frames fitted so far")
        self.sparkline = Sparkline(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 6, 0)
        row.setSpacing(10)
        for widget in (self.stage, self.count, self.sparkline, self.mean, self.left):
            row.addWidget(widget)
        row.addWidget(action_button(cancel, self, words=True))
        self.setFixedHeight(HEIGHT)
        self.hide()
        self._delay = Later(self._appear, self, DELAY_MS)
        view.installEventFilter(self)
        activity.run_changed.connect(self._on_run)
        cancel.changed.connect(self._on_button)

    def _label(self, widest: str, letters: str) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        set_sheet(label, f"{letters} font-size: {SMALL_PIXELS}px;")
        tabular(label)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label.ensurePolished()
        label.setFixedWidth(label.fontMetrics().horizontalAdvance(widest) + 4)
        return label

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays at the bottom of the view."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _make_room(self) -> None:
        """In a narrow view less is said, the curve first, rather than one word over another."""
        row = self.layout()
        assert row is not None
        giving_way = (self.sparkline, self.left, self.mean, self.count)
        for part in giving_way:
            part.show()
        for part in giving_way:
            row.invalidate()
            if row.sizeHint().width() <= self._view.width() - 2 * BESIDE:
                break
            part.hide()

    def _place(self) -> None:
        self._make_room()
        width = min(self.sizeHint().width(), self._view.width() - 2 * BESIDE)
        self.resize(width, HEIGHT)
        self.move((self._view.width() - width) // 2, self._view.height() - HEIGHT - BOTTOM)

    @Slot()
    def _on_button(self) -> None:
        # Its words become longer when it is pressed.
        if self.isVisible():
            self._place()

    @Slot()
    def _appear(self) -> None:
        if self._activity.run.active:
            self._place()
            self.raise_()
            self.show()

    @Slot()
    def _on_run(self) -> None:
        run = self._activity.run
        if not run.active:
            self._delay.stop()
            self.hide()
            return
        if not self.isVisible() and not self._delay.isActive():
            self._delay.start()
        self.stage.setText(stage_words(run))
        self.count.setText(count_words(run))
        self.mean.setText("" if math.isnan(run.mean_mm) else f"{run.mean_mm:.1f} mm")
        self.left.setText(time_left(run.seconds_left) if run.phase == "running" else "")
        self.sparkline.set_values(run.trace)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the strip, and how much is done along its lower edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.fillPath(outline, QColor(colours.RAISED))
        run = self._activity.run
        if run.frames_done:
            painter.save()
            painter.setClipPath(outline)
            colour = colours.ACCENT if run.phase == "running" else colours.TEXT_DISABLED
            done = QRectF(0, self.height() - LINE - 1, self.width() * run.share, LINE)
            painter.fillRect(done, QColor(colour))
            painter.restore()
        painter.setPen(QPen(QColor(colours.LINE), 1))
        painter.drawPath(outline)
