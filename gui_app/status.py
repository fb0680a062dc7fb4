"""The status bar: which bodies are in use, what the fit is doing, and what happened last."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from gui_app.run_words import status_words
from gui_app.state import AppState
from gui_app.theme import refresh_style, tabular
from gui_app.words import building_words, frames_words, plain_tip

BUILTIN_TIP = (
    "These bodies come with Refit, under a free licence. They have the layout of SMPL-H and SMPL-X but not "
    "their shape space: choose a folder of licensed models in the Bodies menu for results to publish."
)


class Status(QStatusBar):
    """One line; nothing in it blinks."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._before = ""
        self.setSizeGripEnabled(False)
        self.bodies = QLabel("", self)
        self.bodies.setProperty("role", "chip")
        self.words = QLabel("", self)
        self.words.setContentsMargins(10, 0, 0, 0)
        self.notes = QLabel("", self)
        self.motion = QLabel("", self)
        self.motion.setContentsMargins(0, 0, 12, 0)
        for label in (self.bodies, self.words, self.notes, self.motion):
            label.setTextFormat(Qt.TextFormat.PlainText)
        tabular(self.words)
        self.addWidget(self.bodies)
        self.addWidget(self.words, 1)
        self.addPermanentWidget(self.notes)
        self.addPermanentWidget(self.motion)
        self.bodies.hide()
        state.motion_changed.connect(self.words.clear)
        state.motion_changed.connect(self._on_motion)
        state.rate_changed.connect(self._on_motion)
        state.result_changed.connect(self._on_notes)
        state.opening_changed.connect(self._on_opening)
        state.run_changed.connect(self._on_run)
        state.said.connect(self.words.setText)

    @Slot()
    def _on_motion(self) -> None:
        self._before = ""
        opened = self._state.opened
        if opened is None:
            return
        builtin = opened.bodies.builtin
        self.bodies.setText(opened.bodies.label)
        self.bodies.setToolTip(BUILTIN_TIP if builtin else plain_tip(str(opened.bodies.folder)))
        self.bodies.setProperty("kind", "builtin" if builtin else "licensed")
        refresh_style(self.bodies)
        self.bodies.show()
        self._on_notes()
        frames = len(opened.motion)
        rate = f"{self._state.rate:g} fps" if self._state.has_rate else "no frame rate"
        self.motion.setText(f"{frames_words(frames)} · {rate}")

    @Slot()
    def _on_notes(self) -> None:
        notes, result = self._state.opened.notes if self._state.opened else (), self._state.result
        if result is not None:
            from core.counted_vertices import NOTE, hands_told

            notes = (*notes, NOTE) if hands_told(result.provenance) else notes
        self.notes.setText("" if not notes else f"{len(notes)} note{'s' if len(notes) > 1 else ''}")
        self.notes.setToolTip(plain_tip("\n".join(f"• {note}" for note in notes)))
        self.notes.setContentsMargins(0, 0, 14 if notes else 0, 0)

    @Slot()
    def _on_opening(self) -> None:
        if self._state.opening:
            if not self.words.text().startswith("Opening "):  # another file, instead of the one before
                self._before = self.words.text()
            self.words.setText(f"Opening {self._state.opening}…{building_words(self._state.building)}")
        elif self.words.text().startswith("Opening "):
            self.words.setText(self._before)

    @Slot()
    def _on_run(self) -> None:
        run = self._state.run
        if run.active:
            self.words.setText(status_words(run))
