"""Where and why: the problem frames, and what is worst in the frame on show, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from gui_app.document.frame_scopes import frame_shown, why_no_problems
from gui_app.document.problem_text import body_part, kind_colour, no_problems_words, problems_words
from gui_app.document.state import AppState
from gui_app.problems.popup_list import ProblemList
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change, set_sheet
from gui_app.style.theme import icon
from gui_app.tasks.coalesce import Coalescer
from gui_app.widgets.buttons import action_button, allow
from gui_app.widgets.labels import ElidedLabel
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.problems.detect import Problem
    from gui_app.document.actions import Actions

# Metres around the worst vertex: on one hand, not between both.
RADIUS = {"head": 0.2, "torso": 0.36, "arms": 0.26, "hands": 0.18, "legs": 0.36, "feet": 0.2}
LEAST_WIDTH, ROOM_FOR_WORDS = 170, 120
NO_PART = "Which part is worst is known once this frame is fitted"
LOOKING = "finding problems…"
LIST_TIP = "Problem frames, where they are and why; a click on one goes there"


class WhyBar(QFrame):
    """A slim row under the 3D view; ``part`` is the body part that it speaks of."""

    def __init__(self, state: AppState, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._action = actions.show_part
        self.part = ""
        self._presented = ("", "", "")
        self.setObjectName("whyBar")
        set_sheet(self, "#whyBar { border-bottom: 1px solid $LINE; }")
        self.problems = QToolButton(self)
        self.problems.setProperty("role", "problems")
        self.problems.setToolTip(LIST_TIP)
        self.problems.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.problems.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.problems.clicked.connect(self.open_list)
        self.words = ElidedLabel(self)
        self.show_part = action_button(actions.show_part, self, words=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 3, 10, 3)
        row.setSpacing(3)
        for widget in (
            self.problems,
            action_button(actions.previous_problem, self),
            action_button(actions.next_problem, self),
        ):
            row.addWidget(widget)
        row.addSpacing(10)
        row.addWidget(self.words, 1)
        row.addWidget(self.show_part)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # The posed frame is asked for once, however often the frame has moved.
        soon = Coalescer(self._show_summary, self)
        for signal in (
            state.document.motion_changed,
            state.playback.frame_changed,
            state.document.result_changed,
            state.document.analysis_changed,
            state.view.peek_changed,
        ):
            signal.connect(soon.ask)
        for signal in (
            state.document.motion_changed,
            state.document.result_changed,
            state.document.analysis_changed,
            state.activity.run_changed,
        ):
            signal.connect(self._count)
        on_theme_change(self._on_theme)

    def minimumSizeHint(self) -> QSize:
        """What does not fit is left out."""
        return QSize(LEAST_WIDTH, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shows as much as there is room for."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        row = self.layout()
        assert row is not None
        for button in (self.show_part, self.problems):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for button, words in ((self.show_part, ROOM_FOR_WORDS), (self.problems, 0)):
            row.invalidate()
            if row.sizeHint().width() + words <= self.width():
                break
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    @Slot()
    def _on_theme(self) -> None:
        self._count()
        self._show_summary()

    @Slot()
    def open_list(self) -> None:
        """Opens the list of problem stretches."""
        if self._state.document.analysis is not None and self._state.document.analysis.stretches:
            ProblemList(self._state.playback, self._state.document.analysis, self).open_above(self.problems)

    @Slot()
    def _count(self, *_: object) -> None:
        state, analysis = self._state, self._state.document.analysis
        if analysis is None:
            looking = state.document.has_fit and not state.activity.run.active
            self._present(LOOKING if looking else "problem frames", "warning", colours.TEXT_DISABLED)
        elif not analysis.stretches:
            self._present(problems_words(0), "check-circle", colours.GOOD)
        else:
            count = len(analysis.frames)
            words = problems_words(count) if count else "off throughout"
            grave = any(kind_colour(s[0].kind) == colours.ERROR for s in analysis.stretches)
            self._present(f"{words} ▾", "warning", colours.ERROR if grave else colours.WARNING)
        found = analysis is None or bool(analysis.stretches)
        tip = LIST_TIP if found else no_problems_words(analysis.thresholds) if analysis is not None else ""
        tip = tip if analysis is not None else why_no_problems(self._state.document)
        self.problems.setToolTip(plain_tip(tip))
        self.problems.setEnabled(analysis is not None and found)

    def _present(self, words: str, icon_name: str, colour: str) -> None:
        # While a fit runs, its signals come many times a second and change nothing here.
        if (words, icon_name, colour) != self._presented:
            self._presented = (words, icon_name, colour)
            self.problems.setText(words)
            self.problems.setIcon(icon(icon_name, colour))
            self._make_room()

    @Slot()
    def _show_summary(self) -> None:
        state = self._state
        self.part = ""
        opened, result = state.document.opened, state.view.shown
        if opened is None or result is None or state.playback.frame >= len(result):
            self._say("", colours.TEXT_DISABLED, "Where a fit is off, and why, is said here")
            return
        frame = state.playback.frame
        if not result.fitted[frame]:
            words = frame_shown(state).why_not or f"Frame {frame} is not fitted"
            self._say("", colours.TEXT_DISABLED, words)
            return
        problem = self._problem_at(frame) if state.view.peeked is None else None
        parts = result.part_mm[frame]
        worst = int(np.nanargmax(parts)) if np.isfinite(parts).any() else -1
        said = []
        if worst >= 0:
            from core.model.joints import PARTS

            self.part = PARTS[worst]
            said.append(f"worst part: {PARTS[worst]}, mean {parts[worst]:.1f} mm")
        if problem is not None:
            self.part = body_part(problem) or self.part
        said.append(self._vertex_words(frame))
        figures = " · ".join(words for words in said if words)
        if problem is None:
            self._say("", colours.TEXT_DISABLED, f"Frame {frame} · {figures}")
            return
        reason = problem.reason[:1].upper() + problem.reason[1:]
        elsewhere = "" if problem.frame == frame else f" (frame {problem.frame})"
        self._say(reason + elsewhere, kind_colour(problem.kind), figures)

    def place(self, part: str | None = None) -> tuple[np.ndarray, float] | None:
        """Where to look, metres in the motion's world, and how far around: the worst vertex of ``part``, None
        for the one that it speaks of."""
        from core.model.joints import PARTS

        opened = self._state.document.opened
        picture = opened.posed.frame(self._state.playback.frame) if opened is not None else None
        if opened is None or picture is None or picture.fit_vertices is None or picture.error_mm is None:
            return None
        part = part or self.part
        if not part:
            return None
        of_part = opened.bodies.target.vertex_part == PARTS.index(part)
        error = np.where(of_part, picture.error_mm, np.nan)
        if not np.isfinite(error).any():
            return None
        vertex = int(np.nanargmax(error))
        # Far enough away to see the source's part too where the fit's is far off.
        return picture.fit_vertices[vertex], max(RADIUS[part], 1.5e-3 * float(error[vertex]))

    def _vertex_words(self, frame: int) -> str:
        from core.model.joints import PARTS

        opened = self._state.document.opened
        error = opened.posed.frame(frame).error_mm if opened is not None else None
        if opened is None or error is None or not np.isfinite(error).any():
            return ""
        vertex = int(np.nanargmax(error))
        part = PARTS[int(opened.bodies.target.vertex_part[vertex])]
        return f"worst vertex: {error[vertex]:.1f} mm ({part}, {vertex})"

    def _problem_at(self, frame: int) -> Problem | None:
        """What is most telling of the frame; of its stretch where it is one of the frames between."""
        analysis = self._state.document.analysis
        if analysis is None:
            return None
        stretch = analysis.place_at(frame)
        if stretch is None:
            return analysis.throughout[0] if analysis.throughout else None
        return next((problem for problem in stretch if frame in problem.frames), stretch[0])

    def _say(self, reason: str, colour: str, figures: str) -> None:
        self._action.setIconText(f"Show {self.part}" if self.part else "Show")
        allow(self._action, "" if self.part else NO_PART)
        self.words.set_words(reason, colour, figures)
        self._make_room()
