"""What is being opened, in the middle of the view."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtWidgets import QLabel, QWidget

from core.shown_text import shown
from gui_app.document.activity import Activity
from gui_app.style.live_theme import set_sheet
from gui_app.tasks.coalesce import Later
from gui_app.widgets.text import building_words

# What is read sooner would only make it flash.
DELAY_MS = 200
MARGIN = 24


class OpeningNote(QLabel):
    """Lies on top of ``view`` while a file is read, what was open behind it."""

    def __init__(self, activity: Activity, view: QWidget) -> None:
        super().__init__(view)
        self._activity, self._view = activity, view
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        set_sheet(
            self,
            "background: $RAISED; border: 1px solid $LINE; border-radius: 9px; padding: 10px 18px;"
            " font-weight: 600;",
        )
        self.hide()
        self._delay = Later(self._appear, self, DELAY_MS)
        view.installEventFilter(self)
        activity.opening_changed.connect(self._on_opening)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays in the middle of the view."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        most = max(self._view.width() - 2 * MARGIN, 1)
        width = min(self.fontMetrics().horizontalAdvance(self.text()) + 48, most)
        self.resize(width, self.heightForWidth(width))
        self.move((self._view.width() - width) // 2, (self._view.height() - self.height()) // 2)

    @Slot()
    def _appear(self) -> None:
        if self._activity.opening:
            self._place()
            self.raise_()
            self.show()

    @Slot()
    def _on_opening(self) -> None:
        if not self._activity.opening:
            self._delay.stop()
            self.hide()
            return
        words = f"Opening {shown(self._activity.opening)}…{building_words(self._activity.building)}"
        if words != self.text():
            self.setText(words)
            if self.isVisible():
                self._place()
        if not self.isVisible() and not self._delay.isActive():
            self._delay.start()
