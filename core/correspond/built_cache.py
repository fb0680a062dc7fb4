"""Correspondences that a folder of models lacks: built from its bodies once, and kept for the next time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

import numpy as np

from core.environment import kept_folder
from core.errors import RefitError
from core.files.bodies.correspondence_check import checked
from core.files.bodies.correspondences import read_correspondence, write_correspondence
from core.files.kept.array_store import MOST_BYTES, trim
from core.files.kept.kept_files import CORRESPONDENCES
from core.model.body import BodyModel
from core.model.correspondence import Correspondence
from core.model.joints import FAMILY_LABEL

_BUILDER = 2
"""Grows when the same bodies would give another correspondence."""

_MOST_BUILT = 4
_BUILT: dict[Path, Correspondence] = {}

# What asks for bodies may be many calls away from what builds, and wants to know how far it is all the same.
_TELL: ContextVar[Callable[[float], None]] = ContextVar("_TELL", default=lambda share: None)


@contextlib.contextmanager
def telling(tell: Callable[[float], None]) -> Iterator[None]:
    """Within it ``tell`` is called with the share done, 0 first, while a correspondence is built in this
    thread; what it raises ends the work."""
    token = _TELL.set(tell)
    try:
        yield
    finally:
        _TELL.reset(token)


def built_correspondence(source: BodyModel, target: BodyModel, *, build: bool) -> Correspondence | None:
    """The correspondence built from two bodies; the one kept from an earlier time if there is one.

    Args:
        source: of the motion.
        target: of the result.
        build: where none is kept, build it, which takes some seconds.

    Returns:
        None where none is kept and ``build`` is False.

    Raises:
        RefitError: the bodies do not lie on each other well enough for that.
    """
    path = _place(source, target)
    kept = _BUILT.get(path) or _read(path, source, target)
    if kept is not None or not build:
        return kept
    # What builds takes long to import, and every file that is opened comes by here.
    from core.correspond.build import build_correspondence

    correspondence, report = build_correspondence(source, target, tell=_TELL.get())
    if not report.trustworthy:
        raise RefitError(
            f"The two bodies lie {report.rms_mm:.1f} mm apart with {100 * report.matched:.0f} % of the skin "
            "matched, too far for one to be built unseen."
        )
    with contextlib.suppress(RefitError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_correspondence(path, correspondence, report.distance_mm, overwrite=True)
        correspondence = _read(path, source, target) or correspondence
        trim(path.parent, MOST_BYTES)
    _BUILT[path] = correspondence
    while len(_BUILT) > _MOST_BUILT:
        del _BUILT[next(iter(_BUILT))]
    return correspondence


def built_note(folder: Path, source: BodyModel, target: BodyModel, correspondence: Correspondence) -> str:
    """The sentence that says what is used."""
    way = f"{FAMILY_LABEL[source.family]} to {FAMILY_LABEL[target.family]}"
    return (
        f"{folder} has no correspondence from {way}: one built from the two bodies is used, "
        f"{int(correspondence.filled.sum())} of {len(correspondence.filled)} vertices."
    )


def _place(source: BodyModel, target: BodyModel) -> Path:
    # The text of a body's checksum may go on behind it, where only its skeleton was changed.
    names = f"built_{source.family}2{target.family}_{source.sha256[:16]}_{target.sha256[:16]}_{_BUILDER}.npz"
    return kept_folder() / CORRESPONDENCES / names


def _read(path: Path, source: BodyModel, target: BodyModel) -> Correspondence | None:
    try:
        found = read_correspondence(
            path, source_vertices=source.num_vertices, target_vertices=target.num_vertices
        )
        found = checked(found, source, target, path.parent)
    except RefitError:
        return None
    return found if np.array_equal(found.valid, found.filled) else None
