"""The row above two fits side by side: which fit is the second, how far both are apart, and the way back."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.playback import Playback
from gui_app.document.view import View
from gui_app.history.distances import Distances
from gui_app.history.side_by_side import SideBySide, fit_pieces, step_words
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import tabular
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.buttons import MenuButton, action_button, quiet_button
from gui_app.widgets.labels import QuietLine
from gui_app.widgets.text import menu_words, plain_tip

if TYPE_CHECKING:
    from core.measure.fit_distance import FitDistance

NOT_KNOWN = "how far they are apart is being measured…"
RUNNING = "how far they are apart is measured once the fit is over"
NOTHING_SHARED = "no frame is fitted in both"
SAME = "both are the same in every frame"
CHOOSE_TIP = "Compare with another fit of the history, or of a file"
LEAVE_TIP = "Show the fit alone again  (V or Esc)"
MOST_LETTERS = 26
ROOM_FOR_WORDS = 640
"""Pixels."""


def distance_words(found: FitDistance) -> str:
    """``apart: mean 1.3, p95 4.0, max 12.4 mm, most in frame 137``."""
    whole, largest = found.summary(), found.largest
    if not whole["frames"]:
        return NOTHING_SHARED
    if largest is None:
        return SAME
    figures = f"apart: mean {whole['mean']:.1f}, p95 {whole['p95']:.1f}, max {whole['max']:.1f} mm"
    return f"{figures}, most in frame {largest}" if len(found.mean_mm) > 1 else figures


class CompareBar(QFrame):
    """There while two fits are compared."""

    def __init__(
        self,
        view: View,
        playback: Playback,
        beside: SideBySide,
        distances: Distances,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._view, self._playback, self._beside, self._distances = view, playback, beside, distances
        self._actions = actions
        self.setObjectName("compareBar")
        set_sheet(self, "#compareBar { background: $PANEL; border-bottom: 1px solid $LINE; }")
        with_ = QLabel("Compared with", self)
        with_.setProperty("role", "secondary")
        self.other = MenuButton("", "git-diff", CHOOSE_TIP, self)
        self.other.menu().aboutToShow.connect(self._fill)
        self.words = QuietLine(self)
        self.here = QLabel(self)
        tabular(self.here)
        self._with, self._largest = with_, action_button(actions.largest_difference, self, words=True)
        self.leave = quiet_button("x", LEAVE_TIP, self)
        self.leave.clicked.connect(beside.end)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 6, 2)
        row.setSpacing(8)
        row.addWidget(with_)
        row.addWidget(self.other)
        row.addWidget(action_button(actions.swap_fits, self))
        row.addWidget(self.words, 1)
        row.addWidget(self.here)
        row.addWidget(self._largest)
        row.addWidget(self.leave)
        self.setVisible(view.second is not None)
        self._soon = Coalescer(self._show, self)
        view.second_changed.connect(self._on_second)
        for signal in (distances.changed, playback.frame_changed):
            signal.connect(self._soon.ask)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, words that icons and tips say as well give way."""
        super().resizeEvent(event)
        style = Qt.ToolButtonStyle
        wide = self.width() >= ROOM_FOR_WORDS
        self._with.setVisible(wide)
        self._largest.setToolButtonStyle(style.ToolButtonTextBesideIcon if wide else style.ToolButtonIconOnly)

    @Slot()
    def _on_second(self) -> None:
        self.setVisible(self._view.second is not None)
        self._soon.ask()

    @Slot()
    def _show(self) -> None:
        second, found = self._view.second, self._distances.found
        if second is None:
            return
        name = shown(second.name)
        short = name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"
        self.other.set_words(menu_words(short))
        self.other.setAccessibleName(f"Compared with {name}")
        lines = [" · ".join(fit_pieces(second.result, name)), "" if second.file is None else str(second.file)]
        self.other.setToolTip(plain_tip("\n".join(line for line in (*lines, CHOOSE_TIP) if line)))
        if found is not None:
            self.words.set_words(distance_words(found))
        else:
            self.words.set_words(RUNNING if self._beside.running else NOT_KNOWN)
        self.words.setToolTip(plain_tip(self.words.words))
        here = math.nan if found is None else float(found.mean_mm[self._playback.frame])
        self.here.setText("" if math.isnan(here) else f"here {here:.1f} mm")

    @Slot()
    def _fill(self) -> None:
        menu = self.other.menu()
        menu.clear()
        group = QActionGroup(menu)
        choices, second = self._beside.choices, self._view.second
        for step in choices:
            action = menu.addAction(menu_words(" · ".join(fit_pieces(step.result, step_words(step)))))
            action.triggered.connect(partial(self._beside.begin_with, step))
            self._tick(action, group, self._beside.is_second(step.result))
        if second is not None and not any(self._beside.is_second(step.result) for step in choices):
            action = menu.addAction(menu_words(" · ".join(fit_pieces(second.result, second.name))))
            self._tick(action, group, True)
        menu.addSeparator()
        menu.addActions([self._actions.compare_file, self._actions.compare_recipe])

    def _tick(self, action: QAction, group: QActionGroup, ticked: bool) -> None:
        action.setCheckable(True)
        group.addAction(action)
        with QSignalBlocker(action):
            action.setChecked(ticked)
