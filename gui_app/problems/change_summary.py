"""What the last change brought, by body part; look at both, keep it or take it back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gui_app.document.actions import Actions
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.history import History
from gui_app.history.comparison import BeforeFit
from gui_app.problems.model import ProblemDesk
from gui_app.problems.rows import change_role
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change, set_sheet
from gui_app.style.theme import SMALL_PIXELS, icon, tabular
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.labels import QuietLine
from gui_app.widgets.text import frames_words, plain_tip

COLUMNS = 3
HOLD_TIP = "Hold to see the bodies, their colours and the numbers as they were before  ({keys})"
TIP = "Mean v2v error in the frames that have changed, before → now, millimetres"


class LastChange(QFrame):
    """Hidden where there is nothing to compare."""

    def __init__(
        self,
        document: Document,
        activity: Activity,
        history: History,
        before: BeforeFit,
        desk: ProblemDesk,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._activity = document, activity
        self._history, self._before, self._desk = history, before, desk
        self._actions = actions
        self.low = False
        set_sheet(self, "LastChange { border-top: 1px solid $LINE; }")
        self.title = QuietLine(self)
        self.hold = _button("eye", "", self)
        keys = actions.hold_before.shortcut().toString()
        self.hold.setToolTip(HOLD_TIP.format(keys=keys))
        self.hold.pressed.connect(self._on_pressed)
        self.hold.released.connect(self._on_released)
        self.take_back = _button("arrow-counter-clockwise", "", self)
        self.take_back.clicked.connect(history.undo)
        self.keep = _button("checks", "Keep the last change, and compare no longer", self)
        self.keep.clicked.connect(desk.keep)
        # They stand with what else can be done, so that a low window has room for them.
        self.buttons = QWidget(self)
        line = QHBoxLayout(self.buttons)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(2)
        for button in (self.hold, self.take_back, self.keep):
            line.addWidget(button)
        self.parts = QWidget(self)
        grid = QGridLayout(self.parts)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(1)
        self.figures: list[QLabel] = []
        for place in range(2 * COLUMNS):
            label = QLabel(self.parts)
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setToolTip(TIP)
            set_sheet(label, f"font-size: {SMALL_PIXELS}px;")
            tabular(label)
            grid.addWidget(label, place // COLUMNS, place % COLUMNS)
            self.figures.append(label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 5, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.title)
        column.addWidget(self.parts)
        soon = Coalescer(self.refresh, self)
        for signal in (desk.changed, before.changed, history.changed, activity.run_changed):
            signal.connect(soon.ask)
        on_theme_change(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Shows what has changed since the last fit, or nothing."""
        earlier, shown = self._desk.earlier, self._document.result
        found = self._before.comparison
        there = earlier is not None and shown is not None and found is not None
        there = there and not self._activity.run.active
        self.setVisible(there and not self.low)
        self.buttons.setVisible(there)
        if earlier is None or shown is None or found is None:
            return
        from core.problems.changes import WHOLE, part_changes

        changes = part_changes(earlier, shown, found.frames)
        whole = changes.pop(WHOLE, None)
        step = self._history.undo_name
        words = f"{frames_words(len(found))} · mean {whole.before:.1f} → {whole.now:.1f} mm" if whole else ""
        self.title.set_words(words)
        self.title.setToolTip(plain_tip(step[:1].upper() + step[1:]))
        self.take_back.setToolTip(plain_tip(f"Take back {step}  (Ctrl+Z)"))
        for label, (part, change) in zip(self.figures, changes.items(), strict=False):
            role = change_role(change.before - change.now)
            label.setText(
                f"<span style='color:{colours.TEXT_SECONDARY}'>{part}</span>&nbsp; "
                f"<span style='color:{colours.of(role)}'>{change.before:.1f} → {change.now:.1f}</span>"
            )
        for label in self.figures[len(changes) :]:
            label.clear()

    def set_low(self, low: bool) -> None:
        """Without the figures: the table needs the room, and the status bar has them too."""
        if low != self.low:
            self.low = low
            self.refresh()

    @Slot()
    def _on_pressed(self) -> None:
        if self._actions.hold_before.isEnabled():
            self._actions.hold_before.setChecked(True)

    @Slot()
    def _on_released(self) -> None:
        self._actions.hold_before.setChecked(False)


def _button(icon_name: str, tip: str, parent: QWidget) -> QToolButton:
    button = QToolButton(parent)
    button.setIcon(icon(icon_name))
    button.setToolTip(tip)
    button.setStyleSheet("padding: 5px 6px;")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
