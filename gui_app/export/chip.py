"""In the status bar while the export dialog is closed: how far an export is; a click opens the dialog."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from gui_app.export.controller import ExportController
from gui_app.export.dialog import ExportDialog
from gui_app.export.text import progress_words
from gui_app.style.theme import icon, tabular
from gui_app.widgets.text import plain_tip


class ExportChip(QToolButton):
    """Hidden unless something is being exported."""

    def __init__(
        self, exporting: ExportController, dialog: ExportDialog, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._exporting, self._dialog = exporting, dialog
        self.setIcon(icon("export"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setStyleSheet("QToolButton { padding: 0 8px; font-size: 12px; }")
        tabular(self)
        self.clicked.connect(self._open)
        exporting.changed.connect(self._on_change)
        dialog.installEventFilter(self)
        self._on_change()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The dialog opens or closes."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._on_change()
        return super().eventFilter(watched, event)

    @Slot()
    def _open(self) -> None:
        self._dialog.open_for()

    @Slot()
    def _on_change(self) -> None:
        status = self._exporting.status
        if status.total:
            self.setText(f"Exporting {100 * status.done // status.total} %")
        else:
            self.setText("Exporting…")
        self.setToolTip(plain_tip(f"{progress_words(status)}\nClick to see or stop it"))
        self.setVisible(status.active and not self._dialog.isVisible())
