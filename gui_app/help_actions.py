"""The sheets of the Help menu: keys, versions and the log."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QDialog, QWidget

from gui_app.actions import Actions
from gui_app.dialogs import About, Shortcuts
from gui_app.recent_log import LogSheet
from gui_app.state import AppState


class HelpActions(QObject):
    """Opens each of them over the window."""

    def __init__(self, state: AppState, actions: Actions, window: QWidget) -> None:
        super().__init__(window)
        self._state, self._window = state, window
        actions.shortcuts.triggered.connect(self._show_shortcuts)
        actions.about.triggered.connect(self._show_about)
        actions.log.triggered.connect(self._show_log)

    @Slot()
    def _show_shortcuts(self) -> None:
        _show(Shortcuts(self._window))

    @Slot()
    def _show_about(self) -> None:
        _show(About(self._state, self._window))

    @Slot()
    def _show_log(self) -> None:
        _show(LogSheet(self._window))


def _show(sheet: QDialog) -> None:
    sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    sheet.show()
