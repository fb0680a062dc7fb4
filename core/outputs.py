"""Where results of a conversion go: names, and what may be written over or need not be made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import FileError, RefitError
from core.files.aist import looks_like_aist
from core.files.pickles import is_pickle, read_pickle
from core.files.results import is_result, load_result
from core.fitting.provenance import provenance
from core.fitting.result import FitResult
from core.fitting.run import FitRun

# A folder of motions also holds marker fits, in AMASS, and our own outputs; these names are never inputs.
_MARKER_FITS = "_stagei.npz"
OUTPUT_ENDING = {"smplx": "_stageii.npz", "smplh": "_smplh.npz", "smpl": "_smpl.npz"}


def plan(inputs: list[Path], output: Path, family: str = "smplx") -> list[tuple[Path, Path]]:
    """Which file is written for which input.

    Args:
        inputs: files, and folders to walk.
        output: a folder, or the name of a .npz file for a single input file.
        family: of the results.

    Returns:
        (source, output) pairs; what lies below a folder keeps its place below ``output``.

    Raises:
        RefitError: a .npz output for several inputs, two inputs with one output, a folder without motions.
    """
    single = output.suffix.lower() == ".npz"
    if single and (len(inputs) > 1 or inputs[0].is_dir()):
        raise RefitError(f"{output} is one file, but there are several inputs; give a folder after -o.")
    if output.is_file() and not single:
        raise RefitError(f"{output} is a file; give a folder or a .npz name after -o.")
    jobs: list[tuple[Path, Path]] = []
    for entry in inputs:
        if not entry.is_dir():
            jobs.append((entry, output if single else output / output_name(entry, family)))
            continue
        found = [path for path in sorted(entry.rglob("*")) if _may_be_motion(path, family)]
        if not found:
            raise RefitError(f"There is no motion (.npz, or .pkl of AIST++) in the folder {entry}.")
        jobs += [
            (path, output / path.relative_to(entry).parent / output_name(path, family)) for path in found
        ]
    taken: dict[Path, Path] = {}
    for source, target in jobs:
        if target in taken and taken[target] != source:
            raise RefitError(f"{taken[target]} and {source} would both be written to {target}.")
        taken[target] = source
    return [(source, target) for target, source in taken.items()]


def stageii_name(source: Path) -> str:
    """``walk_poses.npz`` to ``walk_stageii.npz``, AMASS's name for a motion in SMPL-X."""
    return source.stem.removesuffix("_poses") + "_stageii.npz"


def output_name(source: Path, family: str) -> str:
    """``walk_poses.npz`` to the name of its result in SMPL-X, SMPL-H or SMPL.

    Returns:
        ``walk_stageii.npz``, ``walk_smplh.npz`` or ``walk_smpl.npz``.
    """
    if family == "smplx":
        return stageii_name(source)
    return source.stem.removesuffix("_poses").removesuffix("_stageii") + OUTPUT_ENDING[family]


def _may_be_motion(path: Path, family: str) -> bool:
    endings = (_MARKER_FITS, OUTPUT_ENDING[family])
    if not path.is_file() or path.name.endswith(endings) or path.name == "shape.npz":
        return False
    return path.suffix.lower() == ".npz" or (path.suffix.lower() == ".pkl" and _is_motion(path))


def _is_motion(path: Path) -> bool:
    """Pickles are many things; only those of motions are inputs."""
    try:
        return is_pickle(path) and looks_like_aist(read_pickle(path))
    except FileError:
        return False


def finished(output: Path, run: FitRun) -> FitResult:
    """The existing output; raises FileError unless it is the finished result that this run would make."""
    advice = "use --force to write over it"
    if not is_result(output):
        raise FileError(output, f"exists and is no result of Refit; {advice}")
    found = load_result(output)
    wanted = provenance(run.motion, run.bodies, run.recipe, "")
    if found.partial or not _same(found.provenance, wanted, "source", ("sha256", "start", "frames")):
        raise FileError(
            output, f"exists and holds another fit ({found.source_name}, {len(found)} frames); {advice}"
        )
    for what in ("source_body", "target_body", "correspondence"):
        if not _same(found.provenance, wanted, what, ("sha256", "mask_sha256", "painted_mask")):
            raise FileError(output, f"exists and was made with other bodies or another mask; {advice}")
    if found.provenance.get("recipe") != wanted["recipe"]:
        raise FileError(output, f"exists and was made with other settings; {advice}")
    return found


def _same(found: dict[str, Any], wanted: dict[str, Any], what: str, keys: tuple[str, ...]) -> bool:
    there = found.get(what)
    return isinstance(there, dict) and all(there.get(key) == wanted[what].get(key) for key in keys)


def check_targets(jobs: list[tuple[Path, Path]], report_file: Path | None) -> None:
    """Raises RefitError where an output is an input, or the report has no place to go."""
    sources = {source.resolve(): source for source, _ in jobs}
    for _, output in jobs:
        if output.resolve() in sources:
            raise RefitError(f"{output} is an input; choose another output.")
    if report_file is None:
        return
    if report_file.suffix.lower() != ".json":
        raise RefitError(f"{report_file} is no name for a report; it must end in .json.")
    if not report_file.resolve().parent.is_dir():
        raise RefitError(f"{report_file}: there is no folder {report_file.parent} for the report.")
