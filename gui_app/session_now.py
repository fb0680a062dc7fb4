"""What is open now, as a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from gui_app.fit_worker import covers_more
from gui_app.history import History
from gui_app.recipe_desk import RecipeDesk
from gui_app.session_view import show_view, view_of
from gui_app.state import AppState
from gui_app.viewport import Viewport

if TYPE_CHECKING:
    from core.session import Session, SessionStep

UNFINISHED = "unfinished fit"


class SessionNow(QObject):
    """Takes the session that there is at a moment; nothing in it changes afterwards."""

    def __init__(
        self, state: AppState, history: History, recipes: RecipeDesk, viewport: Viewport, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state, self._history, self._recipes, self._viewport = state, history, recipes, viewport

    def look_as(self, session: Session) -> None:
        """Of a session that is open: its recipe is on the desk, and it is looked at as it was left."""
        show_view(session.view, self._state, self._viewport)
        self._recipes.lay(session.view.get("recipe"))

    def take(self, *, with_motion: bool = True, most_bytes: int | None = None) -> Session | None:
        """The session, None while nothing is open.

        Args:
            with_motion: the motion itself goes along, not only the name of its file.
            most_bytes: the oldest steps are left out beyond this size in memory.
        """
        from core.session import Session, SessionStep, SourceFile

        opened = self._state.opened
        if opened is None:
            return None
        steps = [
            SessionStep(m.result, m.rate, m.step, m.changed, m.accepted, m.valid, m.weights)
            for m in self._history.moments
        ]
        at = self._history.at
        if self._state.run.active and self._state.result is not steps[at].result:
            # A run that goes on has shown frames already: a step that is not over.
            steps = steps[: at + 1]
            state, earlier = self._state, steps[at].result
            steps.append(
                SessionStep(
                    state.result,
                    state.given_rate,
                    UNFINISHED,
                    None,
                    state.accepted,
                    state.valid,
                    state.weights,
                )
            )
            # As where a run is cancelled, an earlier fit of more frames stays; redo has what was finished.
            if earlier is None or state.result is None or not covers_more(earlier, state.result):
                at += 1
        if most_bytes is not None:
            first = min(_first_kept(steps, most_bytes), at)
            steps, at = steps[first:], at - first
        motion = opened.motion if with_motion else None
        view = {**view_of(self._state, self._viewport), "recipe": self._recipes.as_dict()}
        return Session(SourceFile.of(opened.motion), motion, tuple(steps), at, view)


def _first_kept(steps: list[SessionStep], most_bytes: int) -> int:
    """Index of the oldest step that is kept if all together may take ``most_bytes``."""
    seen: set[int] = set()
    size = 0
    for index in range(len(steps) - 1, -1, -1):
        result = steps[index].result
        for values in () if result is None else vars(result).values():
            if isinstance(values, np.ndarray) and id(values) not in seen:
                seen.add(id(values))
                size += values.nbytes
        if size > most_bytes:
            return index + 1
    return 0
