"""A bar above the bodies in which one of several people is chosen; hidden where there is but one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QMenu, QWidget

from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.state import AppState
from gui_app.people.desk import PeopleDesk
from gui_app.people.fit_all import FitAllPeople
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import SMALL_PIXELS
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.buttons import action_button, quiet_button
from gui_app.widgets.labels import QuietLine
from gui_app.widgets.text import menu_words, person_name

if TYPE_CHECKING:
    from core.files.motions.load_motion import Person

MOST_WIDTH, LEAST_WIDTH = 330, 130
"""Pixels of the choice, and of the whole bar."""
ROOM_FOR_ALL = 230
"""Pixels below which only the choice and the way to the next person are left."""
MOST_ROWS = 12
STYLE = f"""
PeopleRow {{ background: $PANEL; border-bottom: 1px solid $LINE; }}
QComboBox {{ font-size: {SMALL_PIXELS}px; padding: 1px 6px; }}
QToolButton {{ padding: 2px; }}
"""


class PeopleRow(QFrame):
    """Stands above the view, which has the keyboard again after a choice."""

    def __init__(
        self, state: AppState, desk: PeopleDesk, fits: FitAllPeople, actions: Actions, view: QWidget
    ) -> None:
        super().__init__(view.parentWidget())
        self._state, self._desk, self._fits, self._view = state, desk, fits, view
        self._listed: tuple[Person, ...] = ()
        set_sheet(self, STYLE)
        self.choice = QComboBox(self)
        self.choice.setAccessibleName("Person")
        self.choice.setToolTip("Who of the people in the file is shown and fitted")
        self.choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.choice.setMaxVisibleItems(MOST_ROWS)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.choice.setMinimumWidth(60)
        self.choice.setMaximumWidth(MOST_WIDTH)
        self.choice.activated.connect(self._on_choice)
        self.words = QuietLine(self, wants=True)
        self.cancel = quiet_button("x", "Fit nobody else", self, 20)
        self.cancel.clicked.connect(fits.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 6, 2)
        row.setSpacing(2)
        row.addWidget(action_button(actions.previous_person, self))
        row.addWidget(self.choice)
        self._spare = [action_button(action, self) for action in (actions.other_people, actions.fit_people)]
        for button in (action_button(actions.next_person, self), *self._spare):
            row.addWidget(button)
        row.addSpacing(6)
        row.addWidget(self.words)
        row.addWidget(self.cancel)
        row.addStretch(1)
        # Words and buttons give way before the window becomes wider.
        self.setMinimumWidth(LEAST_WIDTH)
        self.words.hide()
        self.cancel.hide()
        self.hide()
        desk.changed.connect(self._on_change)
        self._soon = Coalescer(self._on_fit, self)
        for signal in (state.activity.run_changed, state.document.result_changed):
            signal.connect(self._soon.ask)
        fits.changed.connect(self._on_fits)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the choice is left."""
        super().resizeEvent(event)
        for button in self._spare:
            button.setVisible(self.width() >= ROOM_FOR_ALL)

    @Slot()
    def _on_change(self) -> None:
        people, chosen = self._desk.people, self._desk.shown
        if people != self._listed:
            self._listed = people
            self.choice.clear()
            for person in people:
                self.choice.addItem(person_words(person), person.name)
            widest = max(
                (self.choice.fontMetrics().horizontalAdvance(person_words(p)) for p in people), default=0
            )
            self.choice.view().setMinimumWidth(widest + 40)
        means = self._desk.means()
        for index, person in enumerate(people):
            mean = f" · {means[person.name]:.1f} mm" if person.name in means else ""
            self.choice.setItemText(index, f"{person_words(person)}{mean}")
        self.choice.setCurrentIndex(-1 if chosen is None else people.index(chosen))
        self.setVisible(chosen is not None)

    @Slot()
    def _on_fit(self) -> None:
        # A fit that is over, undone or changed has another mean.
        if not self._state.activity.run.active and not self.isHidden():
            self._on_change()

    @Slot()
    def _on_fits(self) -> None:
        self.words.set_words(self._fits.words)
        going = self._fits.going
        self.words.setVisible(going)
        self.cancel.setVisible(going)

    @Slot(int)
    def _on_choice(self, index: int) -> None:
        self._desk.go_to(self.choice.itemData(index))
        self._view.setFocus()


class PeopleMenu(QMenu):
    """The people of the file in the View menu; its line is hidden where there is but one."""

    def __init__(self, desk: PeopleDesk, actions: Actions, parent: QWidget) -> None:
        super().__init__("People", parent)
        self._desk = desk
        self.addActions(
            [actions.next_person, actions.previous_person, actions.other_people, actions.fit_people]
        )
        self.addSeparator()
        self._lines: list[QAction] = []
        self.aboutToShow.connect(self._fill)
        desk.changed.connect(self._on_change)
        self._on_change()

    @Slot()
    def _on_change(self) -> None:
        self.menuAction().setVisible(self._desk.shown is not None)

    @Slot()
    def _fill(self) -> None:
        for line in self._lines:
            self.removeAction(line)
            line.deleteLater()
        self._lines = []
        chosen = self._desk.shown
        for person in self._desk.people[:MOST_ROWS]:
            line = QAction(menu_words(person_words(person)), self)
            line.setCheckable(True)
            line.setChecked(person is chosen)
            line.setData(person.name)
            line.triggered.connect(self._on_line)
            self.addAction(line)
            self._lines.append(line)

    @Slot()
    def _on_line(self) -> None:
        line = self.sender()
        if isinstance(line, QAction):
            self._desk.go_to(line.data())


def person_words(person: Person) -> str:
    """``Person 1 · 6 frames``."""
    return f"{person_name(shown(person.name or ''))} · {person.words}"
