"""Where results of a conversion go: names, and what may be written over or need not be made again."""

from __future__ import annotations

import errno
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import Cancelled, FileError, RefitError
from core.files.containers.atomic import check_place
from core.files.containers.opening import still_wanted
from core.files.motions.folder_walk import (
    OUTPUT_ENDING,
    is_other_meshes,
    left_out_words,
    walk_folder,
)
from core.files.motions.load_motion import is_motion_folder, people_in
from core.files.motions.mesh_motions import is_mesh_folder
from core.files.motions.registry import is_frame_folder
from core.fitting.run import FitRun
from core.fitting.stage.provenance import provenance
from core.model.fit_result import FitResult
from core.model.motion import FILES, Motion
from core.outputs.results import is_result, load_result
from core.session.reading_of_fit import other_reading

EVERYBODY = "all"
SURELY_SHORT = 100
"""Bytes of a name that any disk takes."""
_NOT_PLAIN = re.compile(r"[^\w.-]+")


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


@dataclass(frozen=True)
class Plan:
    """What is to be done with the inputs.

    Attributes:
        jobs: motions and their outputs.
        refused: what cannot be converted, and why, in a sentence.
        left_out: files below folders that are no motions, and what each is.
    """

    jobs: tuple[Job, ...]
    refused: tuple[tuple[Job, str], ...] = ()
    left_out: tuple[tuple[Path, str], ...] = ()


def plan(inputs: list[Path], output: Path, family: str = "smplx") -> Plan:
    """Which file is written for which input.

    Args:
        inputs: files, folders of meshes or of frames, and folders to walk.
        output: a folder, or the name of a .npz file for a single input.
        family: of the results.

    Returns:
        The jobs; what lies below a folder keeps its place below ``output``. Of two files in folders that
        would have one output the first is taken, and the other one refused.

    Raises:
        RefitError: a .npz output for several inputs, two named inputs with one output, a folder without
            motions, an output that no file or folder can be called.
    """
    if _is_too_long(output):
        raise FileError(output, "is too long a name for the disk")
    single = output.suffix.lower() == ".npz"
    if single and (len(inputs) > 1 or (os.path.isdir(inputs[0]) and not is_motion_folder(inputs[0]))):
        raise RefitError(f"{output} is one file, but there are several inputs; give a folder after -o.")
    if os.path.isfile(output) and not single:
        raise RefitError(f"{output} is a file; give a folder or a .npz name after -o.")
    jobs: list[Job] = []
    refused: list[tuple[Job, str]] = []
    left_out: list[tuple[Path, str]] = []
    named = set[Path]()
    for entry in inputs:
        if single or not os.path.isdir(entry) or is_frame_folder(entry):
            jobs.append(
                Job(entry, output if single else output / _name_for(Path(os.path.realpath(entry)), family))
            )
            named.add(entry)
            continue
        found = walk_folder(entry, family)
        if is_mesh_folder(entry) and (not found.motions or is_other_meshes(entry, family)):
            jobs.append(Job(entry, output / _name_for(Path(os.path.realpath(entry)), family)))
        elif not (found.motions or found.refused):
            words = left_out_words(found.left_out)
            raise RefitError(
                "There is no motion (.npz, .pkl, .pt, .npy or meshes, .obj or .ply) in the folder "
                f"{entry}.{' ' if words else ''}{words}"
            )

        def below(path: Path, folder: Path = entry) -> Job:
            return Job(path, output / path.relative_to(folder).parent / _name_for(path, family))

        jobs += map(below, found.motions)
        refused += [(below(path), sentence) for path, sentence in found.refused]
        left_out += found.left_out
    jobs, unnamed = _with_names(jobs)
    refused += unnamed
    kept, met = _apart(jobs)
    for job, first in met:
        if {job.source, first.source} <= named:
            raise RefitError(f"{first.source} and {job.source} would both be written to {job.output}.")
        problem = f"would be written to {job.output}, as {first.source} is: it was left out"
        refused.append((job, str(FileError(job.source, problem))))
    return Plan(tuple(kept), tuple(refused), tuple(left_out))


def _with_names(jobs: list[Job]) -> tuple[list[Job], list[tuple[Job, str]]]:
    """The jobs whose outputs can have their names, and those whose cannot, with a sentence."""
    kept, refused = [], []
    for job in jobs:
        if _is_too_long(job.output):
            problem = f"would be written to {job.output.name}, a name too long for the disk: shorten it"
            refused.append((job, str(FileError(job.source, problem))))
        else:
            kept.append(job)
    return kept, refused


def _is_too_long(place: Path) -> bool:
    """The disk it lies on, or will, has no room for one of its names."""
    absolute = Path(os.path.abspath(place))
    names = [name for name in absolute.parts if len(os.fsencode(name)) > SURELY_SHORT]
    there = next((one for one in _upwards(absolute) if os.path.isdir(one)), absolute) if names else absolute
    for name in names:
        try:
            os.lstat(there / name)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return True
    return False


def _apart(jobs: list[Job]) -> tuple[list[Job], list[tuple[Job, Job]]]:
    """The jobs with outputs of their own, each input once; and those whose output is that of one before."""
    blind = bool(jobs) and is_case_blind(jobs[0].output)
    first: dict[str, Job] = {}
    met = []
    for job in jobs:
        other = first.setdefault(_meeting(job.output, blind=blind), job)
        if (other.source, other.person) != (job.source, job.person):
            met.append((job, other))
    return list(first.values()), met


def _meeting(output: Path, *, blind: bool) -> str:
    """Equal for two outputs that would be one file.

    Args:
        output: a path.
        blind: on a disk for which large and small letters are the same.
    """
    return unicodedata.normalize("NFC", str(output)).casefold() if blind else str(output)


def is_case_blind(path: Path) -> bool:
    """Large and small letters are the same where ``path`` is, or will be."""
    for place in _upwards(path):
        other = place.with_name(place.name.swapcase())
        if other.name != place.name and os.path.exists(place):
            try:
                return other.samefile(place)
            except OSError:
                return False
    return False


def _upwards(path: Path) -> Iterator[Path]:
    absolute = Path(os.path.abspath(path))
    yield from (place for place in (absolute, *absolute.parents) if place.name)


def for_people(planned: Plan, person: str | None, single: bool, family: str) -> Plan:
    """The same with a job for each of the people that are asked for; of two people whose names would give one
    output, as ``a/b`` and ``a-b``, the second is refused.

    Args:
        planned: a job for each input.
        person: a name, ``'all'``, or None where nobody is asked for: then reading the file says whether that
            is a question.
        single: the output is the name of a file.
        family: of the results.

    Raises:
        RefitError: one output for several people.
    """
    if person is None:
        return planned
    jobs: list[Job] = []
    for job in planned.jobs:
        for name, several in _people_meant(job.source, person):
            if single and several and person == EVERYBODY:
                raise RefitError(
                    f"{job.output} is one file, but {job.source} has several people; give a folder."
                )
            target = _of_person(job.output, str(name), family) if several and not single else job.output
            jobs.append(Job(job.source, target, name))
    jobs, unnamed = _with_names(jobs)
    kept, met = _apart(jobs)
    refused = [
        (job, f"{job.source}: person '{job.person}' would be written to {job.output}, as {_who(first)} is")
        for job, first in met
    ]
    return replace(planned, jobs=tuple(kept), refused=(*planned.refused, *unnamed, *refused))


def _who(job: Job) -> str:
    return str(job.source) if job.person is None else f"person '{job.person}' of {job.source.name}"


def _people_meant(source: Path, person: str) -> list[tuple[str | None, bool]]:
    """Names, and whether each is one of several."""
    try:
        people = people_in(source)
    except Cancelled:
        raise
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
    return output_name(source.with_name(f"{source.name}.npz") if os.path.isdir(source) else source, family)


def finished(
    output: Path, run: FitRun, shape: dict[str, Any] | None = None, *, however_made: bool = False
) -> FitResult:
    """The existing output, if it is the finished result that a run would make.

    Args:
        output: an existing file.
        run: of the motion.
        shape: where the shape that is held is from (`HeldShape.provenance`), None where none is.
        however_made: a finished fit of the motion will do, whatever bodies, shape and settings made it.

    Raises:
        FileError: it is not.
    """
    advice = "use --force to write over it"
    if not is_result(output):
        raise FileError(output, f"exists and is no result of Refit; {advice}")
    found = load_result(output)
    wanted = provenance(run.motion, run.bodies, run.recipe, "")
    same = _same(found.provenance, wanted, "source", ("sha256", "start", "frames"))
    if found.partial or not same or _read_as(found.provenance) != _read_as(wanted):
        raise FileError(
            output, f"exists and holds another fit ({found.source_name}, {len(found)} frames); {advice}"
        )
    if differs := other_reading(found, run.motion):
        raise FileError(output, f"exists, but is of another reading: {differs.rstrip('.')}; {advice}")
    if however_made:
        return found
    for what in ("source_body", "target_body", "correspondence"):
        if not _same(found.provenance, wanted, what, ("sha256", "mask_sha256", "painted_mask")):
            raise FileError(output, f"exists and was made with other bodies or another mask; {advice}")
    if found.provenance.get("held_shape") != shape:
        raise FileError(output, f"exists and was made with another shape; {advice}")
    if not run.recipe.is_told_by(found.provenance.get("recipe"), run.bodies.target.num_betas):
        raise FileError(output, f"exists and was made with other settings; {advice}")
    return found


def failed_before(output: Path, run: FitRun) -> bool:
    """An output is there, and it is a failed fit of the motion of the run, whatever settings made it.

    Raises:
        FileError: it is there, and no finished fit of this motion.
    """
    return os.path.exists(output) and finished(output, run, however_made=True).failed


def _same(found: dict[str, Any], wanted: dict[str, Any], what: str, keys: tuple[str, ...]) -> bool:
    there = found.get(what)
    return isinstance(there, dict) and all(there.get(key) == wanted[what].get(key) for key in keys)


def _read_as(told: dict[str, Any]) -> dict[str, Any]:
    """What was said of how the motion is read, but for gender and files: those are of the bodies, which are
    compared by themselves, and earlier versions kept it for files alone that have none.
    """
    reading = told["source"].get("reading")
    by_themselves = ("gender", *FILES)
    return {k: v for k, v in reading.items() if k not in by_themselves} if isinstance(reading, dict) else {}


def check_targets(jobs: Sequence[Job], report_file: Path | None) -> None:
    """Raises RefitError where an output is an input, or the report has no place to go."""
    # Unlike Path.resolve, it raises nothing where links lead in a circle; reading such an input tells it.
    sources = set[str]()
    for job in jobs:
        still_wanted()
        sources.add(os.path.realpath(job.source))
    for job in jobs:
        still_wanted()
        if os.path.realpath(job.output) in sources:
            raise RefitError(f"{job.output} is an input; choose another output.")
    if report_file is None:
        return
    if report_file.suffix.lower() != ".json":
        raise RefitError(f"{report_file} is no name for a report; it must end in .json.")
    if not os.path.isdir(report_file.parent):
        raise RefitError(f"{report_file}: there is no folder {report_file.parent} for the report.")
    check_place(report_file, overwrite=True)
