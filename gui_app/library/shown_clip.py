"""The clip that is open while clips are fitted behind the window: it is said, and shown as it is then."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.shown_text import shown
from gui_app.document.state import AppState
from gui_app.files.open_actions import OpenActions

if TYPE_CHECKING:
    from core.catalogue.catalogue import Clip


class ShownClip:
    """Follows what is open.

    Args:
        state: of the window.
        files: opens the fit that has come.
    """

    def __init__(self, state: AppState, files: OpenActions) -> None:
        self._state, self._files = state, files

    def words_before(self, results: Path, clips: Sequence[Clip]) -> str:
        """What fitting clips again means for the one that is open; '' where none of them is.

        Args:
            results: folder of the fits.
            clips: that would be fitted.
        """
        opened = self._state.document.opened
        if opened is None or not any(self._is_open(results / one.output, Path(one.source)) for one in clips):
            return ""
        name = shown(opened.name)
        if opened.session is not None:
            return f"{name} is open here as its session, which stays as it is."
        if self._is_worked_on():
            return f"{name} is open here, with work that is in no file: that stays as it is."
        return f"{name} is open here, and is shown anew once it is fitted."

    def was_fitted(self, output: Path, source: Path) -> None:
        """There is a new fit.

        Args:
            output: its file.
            source: the motion.
        """
        opened = self._state.document.opened
        if opened is None or self._state.activity.opening or not self._is_open(output, source):
            return
        # What is being edited becomes part of the work.
        self._state.document.settle()
        what = f"{opened.name} was fitted behind the window"
        if opened.session is not None:
            self._state.activity.say(f"{what}; its session, which is open, stays as it is")
        elif self._is_worked_on():
            self._state.activity.say(f"{what}; what is open here stays, and is in no file")
        else:
            self._state.activity.say(f"{what}, and is shown as it is now")
            frame = self._state.playback.frame
            self._files.open_one(output, frame=frame, listed=opened.listed, listed_fit=output)

    def _is_worked_on(self) -> bool:
        return self._state.document.loses_work or self._state.activity.run.active

    def _is_open(self, output: Path, source: Path) -> bool:
        """What is shown is this fit, its session, or the motion as a clip of the list."""
        from core.outputs.sessions import SUFFIX as SESSION

        opened = self._state.document.opened
        if opened is None or opened.file is None:
            return False
        if opened.file in (output, output.with_suffix(SESSION)):
            return True
        is_it = opened.listed and output.as_posix().endswith(f"/{opened.listed}")
        return bool(is_it) and opened.file == source
