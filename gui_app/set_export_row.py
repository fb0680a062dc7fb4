"""The last line of the page of joint sets: writes their places over the motion, and says how that goes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui_app.live_theme import dress
from gui_app.preferences import Preferences
from gui_app.saving import Kind, Place, ask_where
from gui_app.set_export import SetExport
from gui_app.state import AppState
from gui_app.theme import icon, tabular
from gui_app.words import frames_words, plain_tip

FILES = {
    ".npz": ("NumPy arrays (.npz)…", "joints (frames × joints × 3) in metres and their names"),
    ".csv": ("Table (.csv)…", "a line a frame and joint, metres"),
}
TIP = "Write where these joints are in every frame of the motion; only the vertices they need are posed"
NO_MOTION = "There is nothing to follow: add joints, or fit this motion"


class SetExportRow(QWidget):
    """``wanted`` tells the ending of the file that is asked for."""

    wanted = Signal(str)

    def __init__(
        self, state: AppState, export: SetExport, preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._export, self._preferences = export, preferences
        self._possible = False
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        for suffix, (words, tip) in FILES.items():
            action = self.menu.addAction(words)
            action.setToolTip(tip)
            action.triggered.connect(partial(self._want, suffix))
        self.button = QToolButton(self)
        self.button.setText("Export motion ▾")
        self.button.setIcon(icon("export", "TEXT_SECONDARY"))
        self.button.setIconSize(QSize(16, 16))
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setMenu(self.menu)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setStyleSheet(
            "QToolButton { padding: 4px 6px; } QToolButton::menu-indicator { image: none; }"
        )
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        dress(self.words, "color: $TEXT_SECONDARY; font-size: 11px;")
        tabular(self.words)
        self.cancel = QToolButton(self)
        self.cancel.setIcon(icon("x", "TEXT_SECONDARY"))
        self.cancel.setIconSize(QSize(14, 14))
        self.cancel.setFixedSize(24, 24)
        self.cancel.setStyleSheet("padding: 2px;")
        self.cancel.setToolTip("Stop writing; nothing of the file is left")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.cancel.clicked.connect(export.cancel)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(3)
        dress(
            self.bar,
            "QProgressBar { background: $LINE; border: none; border-radius: 1px; }"
            "QProgressBar::chunk { background: $ACCENT; border-radius: 1px; }",
        )
        policy = self.bar.sizePolicy()
        # The list above keeps its place when a file is written.
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.button)
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.bar)
        column.addLayout(row)
        export.changed.connect(self._on_change)
        export.failed.connect(state.failed)
        export.said.connect(state.said)
        self._on_change()

    def refresh(self, possible: bool) -> None:
        """``possible``: there are joints, and a motion that they go along with."""
        self._possible = possible
        self._on_change()

    def ask(self, name: str, suffix: str) -> Place | None:
        """Where a file is to be written."""
        kind = Kind("Export the joints over the motion", FILES[suffix][0].split(" (")[0], suffix)
        folder = Path(self._preferences.text("set_folder", self._preferences.folder) or Path.home())
        place = ask_where(self.window(), folder / name, kind)
        if place is not None:
            self._preferences.store("set_folder", str(place.path.parent))
        return place

    def _want(self, suffix: str, *_: object) -> None:
        self.wanted.emit(suffix)

    @Slot()
    def _on_change(self) -> None:
        export = self._export
        self.button.setVisible(not export.active)
        self.button.setEnabled(self._possible)
        self.button.setToolTip(TIP if self._possible else NO_MOTION)
        self.cancel.setVisible(export.active)
        self.cancel.setEnabled(not export.stopping)
        self.bar.setVisible(export.active)
        words = export.words
        if export.active:
            self.bar.setRange(0, export.total)
            self.bar.setValue(export.done)
            if not export.stopping:
                words += f"\n{export.done:,} of {frames_words(export.total)}"
        self.words.setText(words)
        self.words.setToolTip(plain_tip(words))
