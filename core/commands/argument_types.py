"""Arguments of the commands that are more than a word: ranges of frames, counts of threads, rates, and how
motions are read."""

from __future__ import annotations

import argparse
import os
from typing import Any

from core.batch.shards import shard
from core.batch.worker_count import job_count
from core.commands.telling.sentences import named
from core.correspond.build_settings import BuildSettings
from core.environment import THREADS_VARIABLE
from core.errors import RefitError
from core.exporting.picture_size import picture_size
from core.fitting.recipe.setting_rules import SETTINGS, checked
from core.model.joints import GENDERS
from core.model.motion import CHOICES, FILES, MOST_RATE, Reading

_WINS = "wins over what the file says"


def frame_range(text: str) -> tuple[int | None, int | None]:
    """``'A:B'`` with Python's slice rules, either side empty, to (A, B)."""
    first, colon, last = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"'{text}' is no range; write A:B, for example 100:200 or :50")
    try:
        return (int(first) if first else None, int(last) if last else None)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no range; A and B are whole numbers") from None


def thread_count(text: str) -> int:
    """A whole number of threads, at least one."""
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of threads; use 1 or more")
    return count


def default_threads() -> int | None:
    """``REFIT_THREADS``, or None where it is not set.

    Raises:
        RefitError: it is set to something that is no number of threads.
    """
    text = os.environ.get(THREADS_VARIABLE, "").strip()
    if not text:
        return None
    try:
        return thread_count(text)
    except argparse.ArgumentTypeError as error:
        raise RefitError(f"{THREADS_VARIABLE}: {error}") from None


def betas_count(text: str) -> int:
    """A whole number of shape coefficients that a stage may solve."""
    try:
        return int(checked("num_betas", int(text)))
    except ValueError:
        low, high = SETTINGS["num_betas"].metadata["range"]
        raise argparse.ArgumentTypeError(f"'{text}' is no number of betas; use {low} to {high}") from None


def rate(text: str) -> float:
    """A positive number of frames a second."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < MOST_RATE:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of frames a second, as 30 or 59.94")
    return value


def add_reading(command: Any, *, several: bool = True) -> None:
    """Adds the options that say how motions are read, but for ``--gender``, which is of the bodies, too.

    Args:
        command: the parser of a command.
        several: ``--person all`` makes sense.
    """
    how = command.add_argument_group("how motions are read")
    how.add_argument(
        "--person",
        metavar="ID",
        help="who of several people in a file, as `refit info` lists them" + ", or all" * several,
    )
    how.add_argument(
        "--coordinates", choices=CHOICES["coordinates"], help="where a file has both; default: world"
    )
    how.add_argument("--family", choices=CHOICES["family"], help=f"whose poses they are; {_WINS}")
    how.add_argument("--frame-rate", type=rate, metavar="FPS", help=f"frames a second; {_WINS}")
    how.add_argument(
        "--up-axis",
        choices=CHOICES["up_axis"],
        help=f"of the file's world; {_WINS}; those below zero as --up-axis=-y",
    )
    how.add_argument("--unit", choices=CHOICES["unit"], help="of lengths in the file; default: m")
    how.add_argument("--angles", choices=CHOICES["angles"], help="of the poses; default: radians")
    how.add_argument(
        "--hands",
        choices=CHOICES["hands"],
        help="flat: the file's hands are whole; mean: the body's mean hand is to be added to them, as the "
        "smplx package does unless told flat_hand_mean; default: what is known of the tool, else flat",
    )
    how.add_argument(
        "--sides",
        choices=CHOICES["sides"],
        help="swapped: what the file calls left is right; default: as-is",
    )
    how.add_argument(
        "--strict", action="store_true", help="refuse a file of which anything would have to be guessed"
    )
    how.add_argument("--fps", type=rate, metavar="FPS", help="resample to so many frames a second")


def reading_of(options: argparse.Namespace, person: str | None = None) -> Reading:
    """What the options say, of one person."""
    names = (*CHOICES, "frame_rate", "fps")
    said: dict[str, Any] = {name: getattr(options, name, None) for name in names}
    files = {name: getattr(options, name, None) for name in FILES}
    said |= {name: None if path is None else str(path) for name, path in files.items()}
    return Reading(person=person, **said)


def doubts_of(options: argparse.Namespace) -> str:
    """What becomes of what is doubtful in a file, as `core.files.motions.load_motion` takes it."""
    return "strict" if options.strict else "refuse"


def add_batch(convert: Any) -> None:
    """Adds the options of ``refit convert`` that spread many clips over processes and machines."""
    many = convert.add_argument_group("many clips")
    where = many.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs",
        type=job_count,
        default=1,
        metavar="N",
        help="clips at once, each in a process of its own with one thread; auto: one a GPU, else as "
        "processors and memory allow; default: 1",
    )
    where.add_argument(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="use the workers of this Dask cluster, which see the same files under the same names",
    )
    many.add_argument(
        "--shard",
        type=shard,
        metavar="I/N",
        help="only this part of the clips, from 1/N to N/N; default: by SLURM_ARRAY_TASK_ID, else all",
    )


def add_inspect(commands: Any) -> None:
    """Adds ``refit inspect`` to the commands."""
    inspect = commands.add_parser(
        "inspect",
        help="look into bodies: joints, regressors, valid vertices, correspondences",
        description="Tells what joints are made of, which vertices count and what they correspond to; of the "
        "bodies alone, of a motion, or of a fit. Exit codes: 0 done, 1 failed, 2 bad usage.",
    )
    inspect.add_argument(
        "file", nargs="?", type=named, metavar="MOTION_OR_FIT", help="default: the bodies alone"
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
        type=named,
        metavar="FILE",
        help="another J_regressor for that body: .npy, .npz or pickle",
    )
    inspect.add_argument(
        "--joint-set", type=named, metavar="FILE", help="a joint set (.json) to follow through the motion"
    )
    inspect.add_argument("--out", type=named, metavar="FILE", help="where its joints go: .npz or .csv")
    inspect.add_argument("--force", action="store_true", help="write over an existing --out")
    inspect.add_argument(
        "--from",
        dest="source",
        choices=("smpl", "smplh", "smplx"),
        help="source body, without a motion; default: smplh",
    )
    inspect.add_argument("--to", choices=("smpl", "smplh", "smplx"), help="target body; default: smplx")
    inspect.add_argument("--models", type=named, metavar="DIR", help="folder with the licensed models")
    inspect.add_argument("--gender", choices=("neutral", "female", "male"), help="of the bodies")
    add_reading(inspect, several=False)
    inspect.add_argument(
        "--compare", type=named, metavar="FILE", help="compare the correspondence with another file's"
    )
    inspect.add_argument("--json", action="store_true", help="print json instead of tables")


def add_cache(commands: Any) -> None:
    """Adds ``refit cache`` to the commands."""
    cache = commands.add_parser(
        "cache",
        help="say what is kept on the disk to be quicker the next time",
        description="Correspondences that were built, and matrices of bodies that fits need, are kept on the "
        "disk. All of it is made again where it is missing. Exit codes: 0 done, 1 failed, 2 bad usage.",
    )
    cache.add_argument("--clear", action="store_true", help="delete it")
    cache.add_argument("--json", action="store_true", help="print json")


def add_correspond(commands: Any) -> None:
    """Adds ``refit correspond`` to the commands."""
    correspond = commands.add_parser(
        "correspond",
        help="build the correspondence between two bodies",
        description="Lays the target's rest shape onto the source's, and gives each target vertex the "
        "nearest point of the source's surface. Exit codes: 0 done, 1 failed, 2 bad usage.",
    )
    correspond.add_argument(
        "source", type=named, metavar="SOURCE_MODEL", help="model file of the source body"
    )
    correspond.add_argument(
        "target", type=named, metavar="TARGET_MODEL", help="model file of the target body"
    )
    correspond.add_argument(
        "-o",
        "--out",
        action="append",
        default=[],
        type=named,
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
        "--compare", type=named, metavar="FILE", help="compare with another correspondence"
    )
    correspond.add_argument("--force", action="store_true", help="write over an existing --out")
    correspond.add_argument("--json", action="store_true", help="print json instead of a report")


def pixels(text: str) -> tuple[int, int]:
    """``'1280x720'`` to (1280, 720), even numbers."""
    width, _, height = text.lower().replace("×", "x").partition("x")
    size = picture_size(int(width), int(height)) if width.isdecimal() and height.isdecimal() else None
    if size is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no size; write WIDTHxHEIGHT in pixels, as 1280x720")
    return size


def whole_step(text: str) -> int:
    """A whole number of frames, at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no step; use 1 or more")
    return int(text)


def add_export(commands: Any) -> None:
    """Adds ``refit export``."""
    export = commands.add_parser(
        "export",
        help="write a fit or a motion for another program",
        description="Writes one file for another program: .glb (skinned and animated, for Blender, Unity, "
        "three.js), .bvh, .obj, .ply, .csv, .pkl, .npz, .png, .mp4, .gif. Exit codes: 0 done, 1 failed, 2 "
        "bad usage.",
    )
    export.add_argument("file", type=named, metavar="FIT", help="a fit, a session, or a motion without a fit")
    export.add_argument(
        "-o",
        "--output",
        required=True,
        type=named,
        metavar="OUT",
        help="the file, whose ending says what is written; or a folder of meshes or pickles, with --format",
    )
    export.add_argument(
        "--format",
        choices=("obj", "ply", "pkl", "tool"),
        help="of a folder with a file for each frame; tool: pickles as the published tool's merge_output.py "
        "takes them",
    )
    which = export.add_mutually_exclusive_group()
    which.add_argument("--frame", type=int, metavar="N", help="this frame alone; -1 is the last")
    which.add_argument(
        "--frames", type=frame_range, metavar="A:B", help="only these frames, as in Python slices"
    )
    export.add_argument(
        "--step", type=whole_step, default=1, metavar="N", help="every how manieth frame; default: 1"
    )
    export.add_argument(
        "--body",
        choices=("fit", "source", "both", "points"),
        help="both: fit and source, of a .glb or a picture; points: the target points of the source, M·v, of "
        "meshes; default: the fit, or the motion where there is none",
    )
    export.add_argument(
        "--source",
        action="store_const",
        const="both",
        dest="body",
        help="the source beside the fit: --body both",
    )
    export.add_argument(
        "--joints",
        metavar="WHICH",
        help="where joints are, as .npz or .csv: chain (those of the skeleton), all, smpl (SMPL's 24, also "
        "of SMPL-X), or a joint set (.json)",
    )
    export.add_argument(
        "--up", choices=CHOICES["up_axis"], help="axis that points up in meshes and .bvh; a .glb is y up"
    )
    export.add_argument("--bvh-unit", choices=("m", "cm"), help="of lengths in a .bvh; default: m")
    export.add_argument("--size", type=pixels, metavar="WxH", help="of pictures and films, pixels")
    export.add_argument("--models", type=named, metavar="DIR", help="folder with the licensed models")
    export.add_argument("--gender", choices=GENDERS, help="of a motion's body")
    add_reading(export, several=False)
    export.add_argument("--force", action="store_true", help="write over what is there")
