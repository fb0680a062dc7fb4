"""The fit of a file, whichever kind of file Refit wrote it to, to be compared with those of a motion."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import FileError
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.outputs.results import is_result, load_result
from core.outputs.sessions import is_session, load_session
from core.session.fit_beside import as_beside, check_beside


def load_fit_beside(path: Path, motion: Motion, bodies: BodyPair) -> FitResult:
    """The fit of a result, or the one that a session was left at, to be compared with those of ``motion``.

    Raises:
        FileError: the file cannot be read, holds no fit, or none that can be compared with them.
    """
    if os.path.isdir(path):
        raise FileError(path, "is a folder, expected a fit (.npz) or a session (.refit)")
    if is_session(path):
        found = load_session(path).now.result
        if found is None or not found.fitted.any():
            raise FileError(path, "is a session without a fit where it was left: there is nothing to compare")
    elif is_result(path):
        found = load_result(path)
    else:
        raise FileError(
            path, "is neither a fit that Refit has written (.npz) nor a session (.refit): nothing to compare"
        )
    check_beside(path, found, motion, bodies)
    return as_beside(found, motion)
