"""What the window says beside the bodies: the status bar, one sentence about what went wrong, and a line
of progress."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStatusBar, QToolButton, QWidget

from core.shown_text import shown
from gui_app.app.assumed_note import AssumedNote
from gui_app.document.actions import Actions
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.fit.device_choice import DeviceButton, DeviceChoice
from gui_app.fit.text import status_words
from gui_app.style import colours
from gui_app.style.theme import icon, refresh_style, tabular
from gui_app.widgets.labels import GivingWay, IconLabel
from gui_app.widgets.notes_button import NotesButton
from gui_app.widgets.text import building_words, frames_words, path_tip, person_name
from gui_app.widgets.wrapped_label import WrappedLabel

BUILTIN_TIP = (
    "These bodies come with Refit, under a free licence. They have the layout of SMPL, SMPL-H and SMPL-X "
    "but not their shape space: choose a folder of licensed models in the Bodies menu for results to publish."
)


class Status(QStatusBar):
    """One line; nothing in it blinks."""

    def __init__(
        self,
        document: Document,
        activity: Activity,
        actions: Actions,
        devices: DeviceChoice,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._activity = document, activity
        self._before = ""
        self.setSizeGripEnabled(False)
        self.bodies = QLabel("", self)
        self.bodies.setProperty("role", "chip")
        self.words = GivingWay(self)
        self.words.setContentsMargins(10, 0, 0, 0)
        self.notes = NotesButton(self)
        self.motion = QLabel("", self)
        self.motion.setContentsMargins(0, 0, 12, 0)
        for label in (self.bodies, self.motion):
            label.setTextFormat(Qt.TextFormat.PlainText)
        tabular(self.words)
        self.addWidget(self.bodies)
        self.addWidget(self.words, 1)
        self.assumed = AssumedNote(document, actions, self)
        self.addPermanentWidget(self.assumed)
        self.addPermanentWidget(self.notes)
        self.device = DeviceButton(devices, activity, self)
        self.addPermanentWidget(self.device)
        self.addPermanentWidget(self.motion)
        self.bodies.hide()
        document.motion_changed.connect(self.words.clear)
        document.motion_changed.connect(self._on_motion)
        document.rate_changed.connect(self._on_motion)
        document.result_changed.connect(self._on_notes)
        activity.opening_changed.connect(self._on_opening)
        activity.run_changed.connect(self._on_run)
        activity.said.connect(self.words.setText)
        activity.over.connect(self._on_over)

    @Slot()
    def _on_motion(self) -> None:
        self._before = ""
        opened = self._document.opened
        if opened is None:
            return
        builtin = opened.bodies.builtin
        self.bodies.setText(opened.bodies.label)
        self.bodies.setToolTip(BUILTIN_TIP if builtin else path_tip(opened.bodies.folder))
        self.bodies.setProperty("kind", "builtin" if builtin else "licensed")
        refresh_style(self.bodies)
        self.bodies.show()
        self._on_notes()
        frames = len(opened.motion)
        rate = f"{self._document.rate:g} fps" if self._document.has_rate else "no frame rate"
        person = opened.motion.reading.person
        who = "" if person is None else f"{shown(person_name(person))} · "
        self.motion.setText(f"{who}{frames_words(frames)} · {rate}")

    @Slot()
    def _on_notes(self) -> None:
        opened, result = self._document.opened, self._document.result
        notes = opened.notes if opened else ()
        if opened is not None and result is not None:
            from core.measure.counted_vertices import NOTE, recorded_held_hands
            from core.measure.far_rows import far_rows_note, recorded_far_rows

            notes = (*notes, NOTE) if recorded_held_hands(result.provenance) else notes
            far = recorded_far_rows(result.provenance, opened.bodies.target.num_vertices)
            notes = (*notes, far_rows_note(len(far))) if len(far) else notes
        self.notes.set_notes(notes)

    @Slot()
    def _on_opening(self) -> None:
        if self._activity.opening:
            if not self.words.text().startswith("Opening "):  # another file, instead of the one before
                self._before = self.words.text()
            self.words.setText(f"Opening {self._activity.opening}…{building_words(self._activity.building)}")
        elif self.words.text().startswith("Opening "):
            self.words.setText(self._before)

    @Slot(str)
    def _on_over(self, sentence: str) -> None:
        if self.words.text() == sentence:
            self.words.clear()

    @Slot()
    def _on_run(self) -> None:
        run = self._activity.run
        if run.active:
            self.words.setText(status_words(run))


# One sentence about what went wrong, above the bodies, until it is dismissed.


class MessageBar(QFrame):
    """Hidden while there is nothing to say.

    A motion that opens takes the old complaint away. A fit that failed is told as long as it is shown, again
    after a complaint that took its place, unless this has been dismissed.
    """

    def __init__(self, document: Document, activity: Activity, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._activity = document, activity
        self._failure = ""
        # A fit that is edited or measured again keeps the time of its run: it is no other failure.
        self._seconds = 0.0
        self._dismissed = False
        self.setProperty("role", "message")
        sign = IconLabel(icon("warning-circle", "ERROR"), 18, self)
        self.words = WrappedLabel(self)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._dismiss = QToolButton(self)
        self._dismiss.setIcon(icon("x", "TEXT_SECONDARY"))
        self._dismiss.setToolTip("Dismiss")
        self._dismiss.setAccessibleName("Dismiss")
        self._dismiss.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._dismiss.clicked.connect(self._on_dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(sign)
        row.addWidget(self.words, 1)
        row.addWidget(self._dismiss)
        self.hide()
        activity.failed.connect(self.show_sentence)
        document.motion_changed.connect(self._on_motion)
        for signal in (document.result_changed, activity.run_changed):
            signal.connect(self._on_fit)

    @Slot(str)
    def show_sentence(self, sentence: str) -> None:
        """Shows a sentence in place of the last one."""
        self.words.setText(sentence)
        self.show()

    @Slot()
    def _on_dismiss(self) -> None:
        sentence = _sentence(self._failure)
        if self._failure and not self._dismissed and self.words.text() != sentence:
            self.show_sentence(sentence)
            return
        self._dismissed = True
        self.hide()

    @Slot()
    def _on_motion(self) -> None:
        self._failure = ""
        self.hide()

    @Slot()
    def _on_fit(self, *_: object) -> None:
        if self._activity.run.active:
            return
        result = self._document.result
        failure, seconds = ("", 0.0) if result is None else (result.failure, result.seconds)
        if failure == self._failure and seconds == self._seconds:
            return
        if failure:
            self._dismissed = False
            self.show_sentence(_sentence(failure))
        elif self.words.text() == _sentence(self._failure):
            self.hide()
        self._failure, self._seconds = failure, seconds


def _sentence(failure: str) -> str:
    return shown(f"This fit failed: {failure}.")


# A thin line under the toolbar that fills while a fit runs or a file is read.

HEIGHT = 3
LEAST_SHARE = 0.015


class ProgressLine(QWidget):
    """Takes its room even when there is nothing to show, so that nothing jumps."""

    def __init__(self, activity: Activity, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._activity = activity
        self.setFixedHeight(HEIGHT)
        activity.run_changed.connect(self._on_change)
        activity.opening_changed.connect(self._on_change)

    @Slot()
    def _on_change(self) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints how much is done."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.BACKGROUND))
        run = self._activity.run
        if run.active:
            share = max(run.share, LEAST_SHARE)
            colour = colours.ACCENT if run.phase == "running" else colours.TEXT_DISABLED
        elif self._activity.opening:
            share, colour = max(self._activity.building or 0.0, LEAST_SHARE), colours.ACCENT
        else:
            return
        painter.fillRect(QRectF(0, 0, self.width() * share, HEIGHT), QColor(colour))
