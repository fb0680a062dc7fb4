"""What the built-in motions are called."""

from __future__ import annotations

from pathlib import Path

TITLES = {"range_of_motion": "Range of motion"}


def motion_title(path: Path) -> str:
    """``walk_poses.npz`` as ``Walk``."""
    stem = path.stem.removesuffix("_poses")
    return TITLES.get(stem, stem.replace("_", " ").capitalize())


def builtin_by_title() -> dict[str, Path]:
    """The built-in motions, none where they cannot be found."""
    from core.builtin_files import builtin_motions
    from core.errors import RefitError

    try:
        return {motion_title(path): path for path in builtin_motions()}
    except RefitError:
        return {}
