"""Writing the fit to a file."""

from __future__ import annotations

from pathlib import Path

from core.errors import RefitError
from gui_app.preferences import Preferences
from gui_app.state import AppState


def save_fit(state: AppState, path: Path, preferences: Preferences) -> bool:
    """Saves ``state.result``; a sentence says how it went. True if it is saved.

    ``path`` may exist: whoever asks for it has agreed to that.
    """
    from core.files.results import save_result

    if state.result is None:
        return False
    if path.suffix != ".npz":
        path = path.with_name(path.name + ".npz")
    try:
        save_result(path, state.result, overwrite=True)
    except RefitError as error:
        state.fail(str(error))
        return False
    preferences.folder = str(path.parent)
    state.set_saved()
    state.say(f"Saved {path.name}")
    return True
