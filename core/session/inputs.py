"""The files that a fit or motion was made from, and whether writing somewhere would lose one of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RefitError
from core.session.fit_origin import path_on_this_machine, told_of

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion

# Endings of what a folder that is a motion holds.
_READ = (".obj", ".ply", ".pkl", ".npz")


def inputs_of(
    bodies: BodyPair | None = None,
    motion: Motion | None = None,
    result: FitResult | None = None,
    file: Path | None = None,
) -> tuple[Path, ...]:
    """Files and folders that are not to be written over.

    Args:
        bodies: of source and fit.
        motion: the source.
        result: the fit; it says where its motion lay.
        file: what was opened; the motion may also lie beside it.

    Returns:
        Paths; there need be nothing at them.
    """
    found = [file, motion.path if motion is not None else None]
    if bodies is not None:
        used = bodies.correspondence
        found += [bodies.source.path, bodies.target.path, used.path, used.mask_path]
    if result is not None:
        stored, name = told_of(result, "source").get("path"), Path(result.source_name).name
        found.append(path_on_this_machine(stored) if isinstance(stored, str) else None)
        found.append(file.parent / name if file is not None and name else None)
    return tuple(dict.fromkeys(path for path in found if path is not None))


def lost_by(path: Path, inputs: Iterable[Path]) -> str:
    """A sentence where writing a file or folder at ``path`` would lose one of the inputs, or nothing."""
    for one in inputs:
        try:
            if not (os.path.exists(path) and os.path.exists(one)):
                continue
            place, real = path.resolve(), one.resolve()
            if path.samefile(one):
                return f"{path} is an input; choose another output."
            inside = os.path.isdir(one) and place.is_relative_to(real) and place.suffix.lower() in _READ
            if inside and os.path.isfile(path):
                return f"{path} is a part of the input {one}; choose another output."
            if os.path.isdir(path) and real.is_relative_to(place):
                return f"{path} holds the input {one.name}; choose another output."
        except (OSError, ValueError, RuntimeError):
            continue
    return ""


def check_output(path: Path, inputs: Iterable[Path]) -> None:
    """Raises RefitError where writing at ``path`` would lose one of the inputs."""
    if sentence := lost_by(path, inputs):
        raise RefitError(sentence)
