"""Where results of a conversion go: names, and what may be written over or need not be made again."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import FileError, RefitError
from core.files.motions.load_motion import motion_source, people_in
from core.files.motions.mesh_motions import FAMILY_OF_COUNT, is_mesh_folder, mesh_count
from core.fitting.run import FitRun
from core.fitting.stage.provenance import provenance
from core.model.fit_result import FitResult
from core.model.motion import Motion
from core.outputs.results import is_result, load_result

# A folder of motions also holds marker fits, in AMASS, and our own outputs; these names are never inputs.
_MARKER_FITS = "_stagei.npz"
EVERYBODY = "all"
_NOT_PLAIN = re.compile(r"[^\w.-]+")
_OTHER_SUFFIXES = (".pkl", ".pt", ".npy")
OUTPUT_ENDING = {"smplx": "_stageii.npz", "smplh": "_smplh.npz", "smpl": "_smpl.npz"}


def plan(inputs: list[Path], output: Path, family: str = "smplx") -> list[tuple[Path, Path]]:
    """Which file is written for which input.

    Args:
        inputs: files, folders of meshes, and folders to walk.
        output: a folder, or the name of a .npz file for a single input.
        family: of the results.

    Returns:
        (source, output) pairs; what lies below a folder keeps its place below ``output``.

    Raises:
        RefitError: a .npz output for several inputs, two inputs with one output, a folder without motions.
    """
    single = output.suffix.lower() == ".npz"
    if single and (len(inputs) > 1 or (inputs[0].is_dir() and not is_mesh_folder(inputs[0]))):
        raise RefitError(f"{output} is one file, but there are several inputs; give a folder after -o.")
    if output.is_file() and not single:
        raise RefitError(f"{output} is a file; give a folder or a .npz name after -o.")
    jobs: list[tuple[Path, Path]] = []
    for entry in inputs:
        if not entry.is_dir():
            jobs.append((entry, output if single else output / output_name(entry, family)))
            continue
        if single:
            jobs.append((entry, output))
            continue
        found = [path for path in sorted(entry.rglob("*")) if _may_be_motion(path, family)]
        if is_mesh_folder(entry) and (not found or _may_be_motion(entry, family)):
            jobs.append((entry, output / _name_for(entry.resolve(), family)))
        elif not found:
            raise RefitError(
                f"There is no motion (.npz, .pkl, .pt, .npy or meshes, .obj or .ply) in the folder {entry}."
            )
        jobs += [(path, output / path.relative_to(entry).parent / _name_for(path, family)) for path in found]
    taken: dict[Path, Path] = {}
    for source, target in jobs:
        if target in taken and taken[target] != source:
            raise RefitError(f"{taken[target]} and {source} would both be written to {target}.")
        taken[target] = source
    return [(source, target) for target, source in taken.items()]


@dataclass(frozen=True)
class Job:
    """One motion to convert: its file, what is written, and who of several people in the file is meant."""

    source: Path
    output: Path
    person: str | None = None

    @property
    def label(self) -> str:
        """What to call it to people."""
        return self.source.name if self.person is None else f"{self.source.name} · person {self.person}"


def for_people(pairs: list[tuple[Path, Path]], person: str | None, single: bool, family: str) -> list[Job]:
    """A job for each of the people that are asked for.

    Args:
        pairs: source and output.
        person: a name, ``'all'``, or None where nobody is asked for: then reading the file says whether that
            is a question.
        single: the output is the name of a file.
        family: of the results.

    Raises:
        RefitError: one output for several people, or for two of the same name.
    """
    if person is None:
        return [Job(source, output) for source, output in pairs]
    jobs: dict[Path, Job] = {}
    for source, output in pairs:
        for name, several in _people_meant(source, person):
            if single and several and person == EVERYBODY:
                raise RefitError(f"{output} is one file, but {source} has several people; give a folder.")
            target = _of_person(output, str(name), family) if several and not single else output
            if target in jobs:
                raise RefitError(f"{source}: two people would be written to {target}.")
            jobs[target] = Job(source, target, name)
    return list(jobs.values())


def _people_meant(source: Path, person: str) -> list[tuple[str | None, bool]]:
    """Names, and whether each is one of several."""
    try:
        people = people_in(source)
    except Exception:
        return [(None, False)]  # told with the others, when it is this one's turn to be read
    several = len(people) > 1
    if person != EVERYBODY:
        return [(person, several)]
    return [(one.name if several else None, several) for one in people]


def _of_person(output: Path, person: str, family: str) -> Path:
    plain = _NOT_PLAIN.sub("-", person)[:80]
    ending = f"_person{plain}" if plain.isdigit() else f"_{plain}"
    return output.with_name(output.name.removesuffix(OUTPUT_ENDING[family]) + ending + OUTPUT_ENDING[family])


def result_name(motion: Motion, family: str) -> str:
    """What a result of the motion is called, with the person where the file has several."""
    plain = Path(_name_for(motion.path or Path(motion.name), family))
    return (
        plain.name if motion.reading.person is None else _of_person(plain, motion.reading.person, family).name
    )


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


def _name_for(source: Path, family: str) -> str:
    """As `output_name`; what follows a dot in the name of a folder is no ending."""
    return output_name(source.with_name(f"{source.name}.npz") if source.is_dir() else source, family)


def _may_be_motion(path: Path, family: str) -> bool:
    if path.is_dir():
        # A body's template or an exported fit is none.
        return is_mesh_folder(path) and FAMILY_OF_COUNT.get(mesh_count(path) or 0, family) != family
    endings = (_MARKER_FITS, OUTPUT_ENDING[family])
    if not path.is_file() or path.name.endswith(endings) or path.name == "shape.npz":
        return False
    suffix = path.suffix.lower()
    return suffix == ".npz" or (suffix in _OTHER_SUFFIXES and _is_motion(path))


def _is_motion(path: Path) -> bool:
    """Pickles, torch files and arrays are many things; only those of motions are inputs."""
    try:
        return motion_source(path) is not None
    except FileError:
        return False
    except Exception:
        return True  # told with the others, when it is this one's turn to be read


def finished(
    output: Path, run: FitRun, shape: dict[str, Any] | None = None, *, however_made: bool = False
) -> FitResult:
    """The existing output, if it is the finished result that a run would make.

    Args:
        output: an existing file.
        run: of the motion.
        shape: where the shape that the run holds is from (`HeldShape.told`), None where it solves its own.
        however_made: a finished fit of the motion will do, whatever bodies, shape and settings made it.

    Raises:
        FileError: it is not.
    """
    advice = "use --force to write over it"
    if not is_result(output):
        raise FileError(output, f"exists and is no result of Refit; {advice}")
    found = load_result(output)
    wanted = provenance(run.motion, run.bodies, run.recipe, "")
    if found.partial or not _same(
        found.provenance, wanted, "source", ("sha256", "start", "frames", "reading")
    ):
        raise FileError(
            output, f"exists and holds another fit ({found.source_name}, {len(found)} frames); {advice}"
        )
    if however_made:
        return found
    for what in ("source_body", "target_body", "correspondence"):
        if not _same(found.provenance, wanted, what, ("sha256", "mask_sha256", "painted_mask")):
            raise FileError(output, f"exists and was made with other bodies or another mask; {advice}")
    if found.provenance.get("held_shape") != shape:
        raise FileError(output, f"exists and was made with another shape; {advice}")
    if found.provenance.get("recipe") != wanted["recipe"]:
        raise FileError(output, f"exists and was made with other settings; {advice}")
    return found


def failed_before(output: Path, run: FitRun) -> bool:
    """An output is there, and it is a failed fit of the motion of the run, whatever settings made it.

    Raises:
        FileError: it is there, and no finished fit of this motion.
    """
    return output.exists() and finished(output, run, however_made=True).failed


def _same(found: dict[str, Any], wanted: dict[str, Any], what: str, keys: tuple[str, ...]) -> bool:
    there = found.get(what)
    return isinstance(there, dict) and all(there.get(key) == wanted[what].get(key) for key in keys)


def check_targets(jobs: list[Job], report_file: Path | None) -> None:
    """Raises RefitError where an output is an input, or the report has no place to go."""
    # Unlike Path.resolve, it raises nothing where links lead in a circle; reading such an input tells it.
    sources = {os.path.realpath(job.source) for job in jobs}
    for job in jobs:
        if os.path.realpath(job.output) in sources:
            raise RefitError(f"{job.output} is an input; choose another output.")
    if report_file is None:
        return
    if report_file.suffix.lower() != ".json":
        raise RefitError(f"{report_file} is no name for a report; it must end in .json.")
    if not Path(os.path.realpath(report_file)).parent.is_dir():
        raise RefitError(f"{report_file}: there is no folder {report_file.parent} for the report.")
