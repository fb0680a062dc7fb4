"""Motions, fits and files shown in the window, beside the program that goes on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError, RefitError
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.motion import Motion
from refit._arguments import AnyBodies, bodies_in, expect, motion_and_bodies, motion_of, path_of
from refit._window import Asked, Window, begin, why_no_window


def view(
    what: Motion | FitResult | str | os.PathLike[str],
    fit: FitResult | str | os.PathLike[str] | None = None,
    bodies: AnyBodies | None = None,
    *,
    mask: Any = None,
    frame: int | None = None,
    joint: str | None = None,
) -> Window:
    """Opens the window on a motion and its fit, and returns once it is there; the program goes on.

    The window is a process of its own, so it works in notebooks and in scripts, with Qt in use or not, and
    stays open when the program ends. It has a copy of what is given: work done in it is kept by saving it
    there. Nothing is fitted by itself, unless a path alone is given, which opens as ``refit FILE`` does.

    Args:
        what: a motion, a fit whose motion is found where it was, or the path of a motion, fit or session.
        fit: of that motion, or its path; None for the motion alone.
        bodies: as in `measure`; of a motion without a fit as in `fit`.
        mask: the target's vertices that count, in place of the fit's: (V,) booleans, ids, or a file of
            either.
        frame: to show first.
        joint: of the fit's body or the source's, to look at, ``'left_elbow'``.

    Returns:
        A `Window`: ``wait()`` until it is closed, ``show(frame)``, ``close()``, ``is_open``.

    Raises:
        RefitError: there is no display or no Qt, the window does not start, the bodies or the motion of the
            fit are not found, or an argument is none of what it may be.
    """
    if reason := why_no_window():
        raise RefitError(reason)
    if isinstance(what, str | os.PathLike) and fit is None and bodies is None and mask is None:
        path = path_of("what", what)
        if not os.path.exists(path):
            raise FileError(path, "there is no such file")
        return begin(Asked(path.absolute(), frame=_frame_of(frame, None), joint=joint), path.name)
    shown = _shown(what, fit, bodies, mask)
    return begin(
        Asked(
            shown.write,
            models=_models_of(shown.pair),
            frame=_frame_of(frame, len(shown.motion)),
            joint=_joint_of(joint, shown.pair),
        ),
        shown.motion.label,
    )


@dataclass(frozen=True, eq=False)
class _Shown:
    """A motion with its bodies, whose mask is what counts, and its fit."""

    motion: Motion
    pair: BodyPair
    fit: FitResult | None

    def write(self, folder: Path) -> Path:
        """All of it as a session in a folder."""
        from core.measure.vertex_mask import made_weights
        from core.outputs.sessions import SUFFIX, save_session
        from core.session.session import Session, SessionStep, SourceFile

        found = self.pair.correspondence
        weights = found.weights if self.fit is None else made_weights(self.fit, found)
        step = SessionStep(self.fit, valid=found.valid, weights=weights)
        source, target = SourceFile.of(self.motion), self.pair.target.family
        path = folder / f"handed_over{SUFFIX}"
        save_session(path, Session(source, self.motion, (step,), target=target))
        return path


def _shown(what: object, fit: object, bodies: AnyBodies | None, mask: object) -> _Shown:
    from core.measure.vertex_mask import measured_with
    from core.session.bodies_of_fit import bodies_of

    what, fit = _read("what", what), _read("fit", fit)
    if isinstance(what, FitResult):
        if fit is not None:
            raise RefitError("what and fit are both fits, expected a motion and its fit.")
        what, fit = _motion_of(what), what
    motion = expect("what", what, Motion)
    if fit is None:
        motion, pair = motion_and_bodies(motion, bodies)
        return _Shown(motion, _masked(pair, mask), None)
    result = expect("fit", fit, FitResult)
    if len(result) != len(motion):
        raise RefitError(f"The fit has {len(result)} frames, but {motion.name} has {len(motion)}.")
    pair = bodies_of(result, bodies_in(bodies))
    motion = motion_of(result, motion, pair)
    masked = _masked(pair, mask)
    if masked is not pair and result.fitted.any():
        result = measured_with(motion, masked, result)
    return _Shown(motion, masked, result)


def _read(name: str, what: object) -> object:
    """What a path leads to; anything else as it is."""
    from core.files.motions.load_motion import load_motion
    from core.outputs.results import is_result, load_result
    from core.outputs.sessions import is_session

    if not isinstance(what, str | os.PathLike):
        return what
    path = path_of(name, what)
    if os.path.isdir(path):
        return load_motion(path)
    if is_session(path):
        raise RefitError(f"{name} is a session, which is shown alone: {path.name} says bodies, fit and mask.")
    return load_result(path) if is_result(path) else load_motion(path)


def _motion_of(fit: FitResult) -> Motion:
    """The motion that a fit was made from, from its file."""
    from core.session.fit_origin import SourceMissing, find_motion

    name = fit.source_name or "a motion without a name"
    try:
        return find_motion(Path(name), fit)
    except SourceMissing:
        raise RefitError(f"The fit was made from {name}, which is not found: give the motion, too.") from None


def _masked(pair: BodyPair, mask: object) -> BodyPair:
    """The pair with a mask of its target, None for its own."""
    from core.correspond.given_files import with_given

    if mask is None:
        return pair
    if isinstance(mask, str | os.PathLike):
        return with_given(pair, mask=path_of("mask", mask))
    vertices = pair.target.num_vertices
    given = np.asarray(mask)
    if given.dtype == np.bool_ and given.ndim == 1:
        return pair.with_valid(given)
    if not np.issubdtype(given.dtype, np.integer) or given.ndim != 1:
        raise RefitError(f"mask is {_words(given)}, expected ({vertices},) booleans, ids, or a file.")
    if given.size and not (given.min() >= 0 and given.max() < vertices):
        raise RefitError(f"mask holds ids from {given.min()} to {given.max()}, expected 0 to {vertices - 1}.")
    valid = np.zeros(vertices, dtype=bool)
    valid[given] = True
    return pair.with_valid(valid)


def _words(array: np.ndarray) -> str:
    return f"an array {array.shape} of {array.dtype}" if array.ndim else repr(array.item())


def _frame_of(frame: object, frames: int | None) -> int | None:
    if frame is None:
        return None
    if isinstance(frame, bool) or not isinstance(frame, int | np.integer) or frame < 0:
        raise RefitError(f"frame is {frame!r}, expected a number, 0 or more.")
    if frames is not None and frame >= frames:
        raise RefitError(f"frame is {frame}, expected 0 to {frames - 1}.")
    return int(frame)


def _joint_of(joint: object, pair: BodyPair) -> str | None:
    from core.model.body_joints import body_joints

    if joint is None:
        return None
    known = {one.name for body in (pair.target, pair.source) for one in body_joints(body)}
    if not isinstance(joint, str) or joint not in known:
        raise RefitError(f"joint is {joint!r}, expected the name of a joint, as 'left_elbow'.")
    return joint


def _models_of(pair: BodyPair) -> str:
    """What the window is told of where the bodies are."""
    from core.environment import BUILTIN
    from core.files.builtin_files import builtin_folder

    own = pair.folder == builtin_folder() / "bodies"
    return BUILTIN if own else str(pair.folder.absolute())
