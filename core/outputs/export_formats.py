"""The formats that motions and fits are exported in, in the order in which they are offered.

Each is described where it is written; another one is a module with its writer and its `ExportFormat`, and its
name here.
"""

from __future__ import annotations

from pathlib import Path

from core.outputs.bvh import BVH
from core.outputs.export_format import ExportFormat
from core.outputs.gltf import GLTF
from core.outputs.joint_sets import JOINTS
from core.outputs.meshes import OBJ, PLY
from core.outputs.published_pickle import PUBLISHED_PICKLE
from core.outputs.results import RESULT
from core.outputs.tables import TABLE

EXPORT_FORMATS: tuple[ExportFormat, ...] = (RESULT, GLTF, BVH, PUBLISHED_PICKLE, OBJ, PLY, TABLE, JOINTS)
DRAWN = (".png", ".mp4", ".gif")
"""What is drawn, by parts of the window."""
FILE_ENDINGS = tuple(dict.fromkeys((*(one.suffix for one in EXPORT_FORMATS), *DRAWN)))


def no_folder_name(path: Path) -> str:
    """A sentence where a folder would be called as files are, or nothing."""
    ending = path.suffix.lower()
    if ending not in (*FILE_ENDINGS, ".refit", ".json", ".npy"):
        return ""
    return f"{path.name} is the name of a file, and this makes a folder: leave the {ending} out."
