"""Options of the commands that look into bodies: ``refit inspect`` and ``refit correspond``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.commands.argument_types import add_reading
from core.correspond.build_settings import BuildSettings


def add_inspect(commands: Any) -> None:
    """Adds ``refit inspect`` to the commands."""
    inspect = commands.add_parser(
        "inspect",
        help="look into bodies: joints, regressors, valid vertices, correspondences",
        description="Tells what joints are made of, which vertices count and what they correspond to; of the "
        "bodies alone, of a motion, or of a fit. Exit codes: 0 done, 1 failed, 2 bad usage.",
    )
    inspect.add_argument(
        "file", nargs="?", type=Path, metavar="MOTION_OR_FIT", help="default: the bodies alone"
    )
    inspect.add_argument("--joint", metavar="NAME", help="one joint and the vertices it is made of")
    inspect.add_argument(
        "--vertex", type=int, metavar="ID", help="one vertex: what it feeds, what it corresponds to"
    )
    inspect.add_argument(
        "--frame",
        type=int,
        metavar="N",
        help="measure in this frame; default: supports in the rest pose, errors over the whole motion",
    )
    inspect.add_argument(
        "--body", choices=("source", "target"), help="default: the fit's body, the motion's without a fit"
    )
    inspect.add_argument(
        "--regressor",
        type=Path,
        metavar="FILE",
        help="another J_regressor for that body: .npy, .npz or pickle",
    )
    inspect.add_argument(
        "--joint-set", type=Path, metavar="FILE", help="a joint set (.json) to follow through the motion"
    )
    inspect.add_argument("--out", type=Path, metavar="FILE", help="where its joints go: .npz or .csv")
    inspect.add_argument("--force", action="store_true", help="write over an existing --out")
    inspect.add_argument(
        "--from",
        dest="source",
        choices=("smpl", "smplh", "smplx"),
        help="source body, without a motion; default: smplh",
    )
    inspect.add_argument("--to", choices=("smpl", "smplh", "smplx"), help="target body; default: smplx")
    inspect.add_argument("--models", type=Path, metavar="DIR", help="folder with the licensed models")
    inspect.add_argument("--gender", choices=("neutral", "female", "male"), help="of the bodies")
    add_reading(inspect, several=False)
    inspect.add_argument(
        "--compare", type=Path, metavar="FILE", help="compare the correspondence with another file's"
    )
    inspect.add_argument("--json", action="store_true", help="print json instead of tables")


def add_correspond(commands: Any) -> None:
    """Adds ``refit correspond`` to the commands."""
    correspond = commands.add_parser(
        "correspond",
        help="build the correspondence between two bodies",
        description="Lays the target's rest shape onto the source's, and gives each target vertex the "
        "nearest point of the source's surface. Exit codes: 0 done, 1 failed, 2 bad usage.",
    )
    correspond.add_argument("source", type=Path, metavar="SOURCE_MODEL", help="model file of the source body")
    correspond.add_argument("target", type=Path, metavar="TARGET_MODEL", help="model file of the target body")
    correspond.add_argument(
        "-o",
        "--out",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="where it goes: .pkl as the published tools read it, or .npz; can be repeated",
    )
    correspond.add_argument(
        "--max-distance",
        type=float,
        default=BuildSettings.max_distance_mm,
        metavar="MM",
        help="vertices further from the source's surface have no counterpart; default: %(default)g",
    )
    correspond.add_argument(
        "--max-angle",
        type=float,
        default=BuildSettings.max_angle_deg,
        metavar="DEG",
        help="vertices have no counterpart where the surfaces face apart by more; default: %(default)g",
    )
    correspond.add_argument(
        "--with-hidden", action="store_true", help="also look for counterparts of eyes and inner mouth"
    )
    correspond.add_argument(
        "--compare", type=Path, metavar="FILE", help="compare with another correspondence"
    )
    correspond.add_argument("--force", action="store_true", help="write over an existing --out")
    correspond.add_argument("--json", action="store_true", help="print json instead of a report")
