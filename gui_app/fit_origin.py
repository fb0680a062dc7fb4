"""Whether a fit was made with the bodies in use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FileError
from core.fit_origin import other_bodies

if TYPE_CHECKING:
    from core.bodies import BodyPair
    from core.fitting.result import FitResult


def check_bodies(path: Path, result: FitResult, bodies: BodyPair) -> None:
    """Raises FileError unless ``bodies`` are those that the fit in ``path`` was made with."""
    made_with = other_bodies(result, bodies)
    if not made_with:
        return
    if result.provenance.get("bodies") == "built-in":
        advice = "choose Use built-in bodies in the Bodies menu to open it"
    else:
        advice = "choose the folder of these models in the Bodies menu to open it"
    raise FileError(path, f"was made with {made_with}, not with the {bodies.label} in use: {advice}")
