"""The panel of problems: what stands out, where and why, what is accepted, and what a fit has mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QAction, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.model.joints import PARTS
from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.document.problem_text import no_problems_words, problems_words
from gui_app.document.state import AppState
from gui_app.problems.change_summary import LastChange
from gui_app.problems.fix_page import FixPage
from gui_app.problems.fix_trial import Fixing
from gui_app.problems.model import ProblemDesk
from gui_app.problems.rows import ANY, Filter, GroupButton
from gui_app.problems.selection import ProblemChoice
from gui_app.problems.table import ProblemTable
from gui_app.problems.thresholds import ThresholdLine
from gui_app.problems.verdicts import ProblemVerdicts
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import icon, tabular
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.buttons import action_button, allow
from gui_app.widgets.cards import SHEET
from gui_app.widgets.docks import PanelBody, PanelDock
from gui_app.widgets.panels import PANEL

if TYPE_CHECKING:
    from core.problems.detect import Problem

# Why a problem is accepted: a line to type in, and the button beside it.

HINT = "Why it can stay as it is"


class ProblemNote(QWidget):
    """``given`` carries a note that was typed and ended by Return."""

    given = Signal(str)

    def __init__(self, accept: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._of: tuple[object, ...] = ()
        self.text = QLineEdit(self)
        self.text.setAccessibleName("Note")
        self.text.setPlaceholderText(HINT)
        self.text.setToolTip("Return accepts the chosen problems with this note; it is kept in the session")
        self.text.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.text.setMaxLength(400)
        self.text.returnPressed.connect(self._on_return)
        self.button = action_button(accept, self, words=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)

    def show_note(self, note: str, of: tuple[object, ...]) -> None:
        """The note of what is chosen; what somebody types stays until something else is chosen."""
        if of != self._of or not self.text.hasFocus():
            self._of = of
            if self.text.text() != note and not (self.text.hasFocus() and self.text.isModified()):
                self.text.setText(note)

    @Slot()
    def _on_return(self) -> None:
        self.text.setModified(False)
        self.given.emit(self.text.text().strip())
        self.text.clearFocus()


# The buttons that fit the frames of the chosen problems again.


class RefitRow(QWidget):
    """One with the recipe of the Stages panel, one with several strategies; ``below`` has room for more."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = actions.refit_rows
        self.button: QToolButton = action_button(self._action, self, words=True)
        self.button.setProperty("primary", True)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.left_out = QLabel(self)
        self.left_out.setTextFormat(Qt.TextFormat.PlainText)
        self.left_out.setProperty("role", "secondary")
        self.left_out.hide()
        row, self.below = QHBoxLayout(), QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.button, 1)
        row.addWidget(action_button(actions.fix_rows, self, words=True))
        self.below.addWidget(self.left_out, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addLayout(self.below)
        self._action.changed.connect(self._darken)
        self._darken()

    def say(self, words: str) -> None:
        """Why some of the chosen frames are not fitted; '' where all are."""
        self.left_out.setText(words)
        self.left_out.setVisible(bool(words))

    @Slot()
    def _darken(self) -> None:
        # On the accent colour; in menus the same action has a light icon.
        role = "ON_ACCENT" if self._action.isEnabled() else "TEXT_DISABLED"
        self.button.setIcon(icon("lightning", role))


WIDTH, LEAST_WIDTH, LEAST_HEIGHT = 468, 350, 236
# In a low window the table needs the room itself.
LEAST_FOR_SLIDER, LEAST_FOR_PARTS = 240, 340
NO_MOTION = "Frames that stand out appear here, where they are and why.\n\nOpen a motion: Ctrl+O"
NO_FIT = "Frames that stand out appear here, where they are and why.\n\nFit first: Ctrl+Return"
FITTING = "Problem frames are looked for once the fit is over"
LOOKING = "Looking for problem frames…"
MORE = "A threshold further to the left finds more"
NO_MATCH = "No row matches what is asked for above"
KINDS = (
    ("Any cause", ANY), ("Failed fit", "failed fit"), ("Model gap", "model gap"), ("Source", "source"),
    ("Open", "open"), ("Accepted", "accepted"), ("Mended", "mended"),
)  # fmt: skip
ANYWHERE = (("Any part", ANY), *((part.capitalize(), part) for part in PARTS), ("Whole body", "whole body"))


class ProblemsPanel(PanelBody):
    """``sought`` tells a problem that somebody wants to see; ``head`` stands in the dock's title."""

    sought = Signal(object)

    def __init__(
        self,
        state: AppState,
        desk: ProblemDesk,
        verdicts: ProblemVerdicts,
        choice: ProblemChoice,
        last: LastChange,
        fixing: Fixing,
        preferences: Preferences,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__((WIDTH, 460), (LEAST_WIDTH, LEAST_HEIGHT), parent)
        self._state, self._desk, self._verdicts, self._choice = state, desk, verdicts, choice
        self.refit, self.last, self._fixing = RefitRow(actions, self), last, fixing
        self.refit.below.addWidget(last.buttons, 0, Qt.AlignmentFlag.AlignRight)
        self.setAutoFillBackground(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        set_sheet(self, SHEET)
        self.head = QLabel(self)
        self.head.setProperty("role", "secondary")
        self.head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        tabular(self.head)
        self.search = QLineEdit(self)
        self.search.setAccessibleName("Find problems")
        self.search.setPlaceholderText("Find")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Rows with all of these words, in any column")
        self.search.setMinimumWidth(50)
        self.search.textChanged.connect(self._on_filter)
        self.kind = _choice(KINDS, "Rows with this cause", self)
        self.part = _choice(ANYWHERE, "Rows of this part", self)
        for box in (self.kind, self.part):
            box.currentIndexChanged.connect(self._on_filter)
        above = QHBoxLayout()
        above.setSpacing(6)
        above.addWidget(self.search, 1)
        above.addWidget(self.kind)
        above.addWidget(self.part)
        self.groups = GroupButton(preferences, self)
        above.addWidget(self.groups)
        self.thresholds = ThresholdLine(state.document, self)
        self.table = ProblemTable(self)
        self.table.sought.connect(self._on_sought)
        self.table.chosen.connect(self._on_chosen)
        self.table.group(self.groups.by)
        self.groups.chosen.connect(self.table.group)
        self.nothing = _sentence(self)
        self._middle = QStackedWidget(self)
        self._middle.addWidget(self.table)
        self._middle.addWidget(self.nothing)
        self.note = ProblemNote(actions.accept, self)
        self.note.given.connect(self._on_note)
        full = QWidget(self)
        self.column = QVBoxLayout(full)
        self.column.setContentsMargins(10, 4, 8, 8)
        self.column.setSpacing(6)
        self.column.addLayout(above)
        self.column.addWidget(self.thresholds)
        self.column.addWidget(self._middle, 1)
        for widget in (self.note, self.refit, self.last):
            self.column.addWidget(widget)
        self.empty = _sentence(self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(full)
        self.fixes = FixPage(state.activity, fixing, self)
        self._stack.addWidget(self.fixes)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self.note.text.textChanged.connect(self._on_typed)
        choice.changed.connect(self._present_note)
        self._soon = Coalescer(self.refresh, self)
        for signal in (
            desk.changed, fixing.changed, state.document.motion_changed, state.document.analysis_changed,
            state.document.result_changed, state.activity.run_changed, state.playback.frame_changed,
        ):  # fmt: skip
            signal.connect(self._soon.ask)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """The problems are judged while somebody looks."""
        super().showEvent(event)
        self._verdicts.want(True)
        self._on_typed(self.note.text.text())
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody wants to know, and what is chosen cannot be seen."""
        super().hideEvent(event)
        self._verdicts.want(False)
        self._choice.typed = ""
        self._choice.choose(())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the table needs the room itself."""
        super().resizeEvent(event)
        self.thresholds.setVisible(self.height() >= LEAST_FOR_SLIDER)
        self.last.set_low(self.height() < LEAST_FOR_PARTS)

    @Slot()
    def refresh(self) -> None:
        """Shows everything as it is now."""
        state, analysis = self._state, self._state.document.analysis
        if not self.isVisible():
            return
        empty = NO_MOTION if state.document.opened is None else NO_FIT if not state.document.has_fit else ""
        if not empty and analysis is None:
            empty = FITTING if state.activity.run.active else LOOKING
        self._stack.setCurrentIndex(2 if self._fixing.open else 0 if empty else 1)
        self.empty.setText(empty)
        self.head.setText("" if analysis is None or empty else self._count_words())
        if not empty:
            self.table.model_.set_rows(self._desk.rows)
            self._show_rows()
        self._choice.choose(self.table.selected)

    def _count_words(self) -> str:
        assert self._state.document.analysis is not None
        words = [problems_words(len(self._state.document.analysis.frames))]
        for status in ("accepted", "mended"):
            count = sum(row.status == status for row in self._desk.rows)
            words += [f"{count} {status}"] if count else []
        return " · ".join(words)

    def _show_rows(self) -> None:
        shown = bool(self.table.model_.rows)
        self._middle.setCurrentIndex(0 if shown else 1)
        none = f"{no_problems_words(self._state.document.thresholds)}.\n\n{MORE}"
        self.nothing.setText(NO_MATCH if self._desk.rows else none)
        allow(self.note.text, "" if shown else "There is no problem in the list")
        self.note.setEnabled(shown)
        self.table.viewport().update()

    @Slot()
    def _present_note(self) -> None:
        self.refit.say(self._choice.left_out)
        self.note.show_note(self._choice.note, tuple(row.key for row in self._choice.open_rows))

    @Slot(str)
    def _on_typed(self, words: str) -> None:
        self._choice.typed = words.strip() if self.isVisible() else ""

    @Slot()
    def _on_filter(self, *_: object) -> None:
        self.table.model_.set_filter(
            Filter(self.search.text(), str(self.kind.currentData()), str(self.part.currentData()))
        )
        self._show_rows()

    @Slot()
    def _on_chosen(self) -> None:
        rows = self.table.selected
        self._choice.choose(rows)
        if rows:
            self.thresholds.show_threshold(rows[0].problem)

    @Slot(object)
    def _on_sought(self, problem: Problem) -> None:
        self.sought.emit(problem)

    @Slot(str)
    def _on_note(self, note: str) -> None:
        self._choice.accept(note)


def _choice(entries: tuple[tuple[str, str], ...], tip: str, parent: QWidget) -> QComboBox:
    box = QComboBox(parent)
    for words, value in entries:
        box.addItem(words, value)
    box.setToolTip(tip)
    box.setAccessibleName(tip)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    with QSignalBlocker(box):
        box.setCurrentIndex(0)
    return box


def _sentence(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setProperty("role", "secondary")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setContentsMargins(28, 0, 28, 0)
    label.setMinimumWidth(1)
    return label


# The panel of problems beside the bodies, hidden until it is asked for.


class ProblemsDock(PanelDock):
    """Stands on the right; the stages, with which problems are fitted again, on the left."""

    def __init__(self, panel: ProblemsPanel, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(PANEL["problems"], actions.problems, parent)
        self.panel = panel
        self.hold(panel, [panel.head])
