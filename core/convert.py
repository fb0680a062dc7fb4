"""Many motions in, one file each out, in another family: what ``refit convert`` does."""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from core import report
from core.bodies import BodyPair, left_out, load_bodies, within
from core.cli import DONE, SOME_FAILED
from core.errors import FileError, RefitError
from core.files.motions import load_motion
from core.files.results import is_result, load_result, save_result
from core.fitting.provenance import provenance
from core.fitting.result import FitResult
from core.fitting.run import FitRun, pick_device
from core.inverse import InverseCheck, check_inverse
from core.joints import FAMILY_LABEL
from core.motion import Motion

# A folder of motions also holds marker fits, in AMASS, and our own outputs; these names are never inputs.
_MARKER_FITS = "_stagei.npz"
_OUTPUT_ENDING = {"smplx": "_stageii.npz", "smplh": "_smplh.npz", "smpl": "_smpl.npz"}


@dataclass
class Outcome:
    """What became of one input.

    Attributes:
        source: the input file.
        output: the file it was, or would have been, written to.
        status: ``'done'``, ``'skipped'`` or ``'failed'``.
        result: where it was fitted now.
        check: where it was asked for, of what was fitted now or before.
        seconds: of reading, fitting and writing.
        error: the sentence, where it failed.
        notes: sentences on what was assumed.
    """

    source: Path
    output: Path
    status: str = "failed"
    result: FitResult | None = None
    check: InverseCheck | None = None
    seconds: float = 0.0
    error: str = ""
    notes: tuple[str, ...] = field(default=())


def convert(options: argparse.Namespace) -> int:
    """Runs ``refit convert`` with its parsed options.

    Returns:
        0 if everything is done, 1 if some inputs failed.

    Raises:
        RefitError: the options make no sense together, or the models folder cannot serve.
    """
    console = Console(highlight=False, markup=False)
    jobs = plan(options.inputs, options.output, options.to)
    _check_targets(jobs, options.report)
    device = pick_device(options.device)
    shelf = _Shelf(options)
    pair = shelf.check()
    if options.check:
        pair.reverse()
    label = FAMILY_LABEL[options.to]
    console.print(f"Refit · to {label} · {pair.label} · {device.type.upper()}", style="bold")
    if pair.builtin:
        console.print(
            f"The built-in bodies stand in for SMPL models: use the results to try Refit, not as {label} "
            "data. Point --models at your folder of licensed models for those.",
            style="yellow",
        )
    outcomes = []
    for source, output in jobs:
        outcome = _convert_one(source, output, options, shelf, console)
        outcomes.append(outcome)
        report.print_outcome(console, outcome)
    report.print_table(console, outcomes)
    if options.report:
        try:
            report.write_json(options.report, outcomes, pair, device.type, options)
        except FileError as error:
            console.print(str(error), style="red")
            return SOME_FAILED
        console.print(f"Wrote {options.report}")
    return SOME_FAILED if any(outcome.status == "failed" for outcome in outcomes) else DONE


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
        found = [path for path in sorted(entry.rglob("*.npz")) if _may_be_motion(path, family)]
        if not found:
            raise RefitError(f"There is no motion (.npz) in the folder {entry}.")
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
    return source.stem.removesuffix("_poses").removesuffix("_stageii") + _OUTPUT_ENDING[family]


def _may_be_motion(path: Path, family: str) -> bool:
    endings = (_MARKER_FITS, _OUTPUT_ENDING[family])
    return path.is_file() and not path.name.endswith(endings) and path.name != "shape.npz"


class _Shelf:
    """Bodies, each pair read once."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.models, self.gender, self.target = options.models, options.gender, options.to
        self.pairs: dict[tuple[str, str], BodyPair] = {}

    def check(self) -> BodyPair:
        """A pair that the folder has, so that a useless folder is told once and at the start.

        Raises:
            FileError: the folder has no pair of bodies at all.
        """
        first: FileError | None = None
        for family in ("smplh", "smplx", "smpl"):
            for gender in (self.gender,) if self.gender else ("neutral", "male", "female"):
                if family == self.target:
                    continue
                try:
                    return self.take(family, gender)
                except FileError as error:
                    first = first or error
        assert first is not None
        raise first

    def take(self, family: str, gender: str) -> BodyPair:
        if (family, gender) not in self.pairs:
            self.pairs[family, gender] = load_bodies(
                self.models, source=family, target=self.target, gender=gender
            )
        return self.pairs[family, gender]

    def take_for(self, motion: Motion) -> BodyPair:
        if motion.family == self.target:
            others = " or ".join(f"--to {other}" for other in _OUTPUT_ENDING if other != self.target)
            raise FileError(
                motion.path or "",
                f"is in {FAMILY_LABEL[self.target]} already, there is nothing to convert; use {others} for "
                "another body",
            )
        return self.take(motion.family, self.gender or motion.gender or "neutral")


def _convert_one(
    source: Path, output: Path, options: argparse.Namespace, shelf: _Shelf, console: Console
) -> Outcome:
    outcome = Outcome(source, output)
    started = time.perf_counter()
    try:
        motion = load_motion(source)
        if options.frames:
            motion = motion.cut(*options.frames)
            if not len(motion):
                raise FileError(source, f"has no frames in {_range_text(options.frames)}")
        bodies = shelf.take_for(motion)
        if options.check:
            bodies.reverse()  # so that what a check lacks is told before the fit
        outcome.notes = (*motion.notes, *bodies.notes, *left_out(motion, bodies.source))
        motion = within(motion, bodies.source)
        if motion.gender is None and not options.gender:
            outcome.notes += ("The neutral bodies are used; choose others with --gender.",)
        run = FitRun(motion, bodies, device=options.device, threads=options.threads)
        if output.exists() and not options.force:
            finished = _finished(output, run)
            if options.check:
                outcome.check = check_inverse(motion, bodies, finished)
            outcome.status = "skipped"
            return outcome
        outcome.result = _watched(run, source.name, console)
        output.parent.mkdir(parents=True, exist_ok=True)
        save_result(output, outcome.result, overwrite=options.force)
        if options.check:
            outcome.check = check_inverse(motion, bodies, outcome.result)
        outcome.status = "done"
    except RefitError as error:
        outcome.error = str(error)
    except OSError as error:
        outcome.error = f"{output}: cannot be written ({error.strerror})"
    except Exception as error:  # one input's trouble must not stop the others
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        outcome.error = f"{source}: the fit failed in a way that was not foreseen ({error!r})"
    outcome.seconds = time.perf_counter() - started
    return outcome


def _finished(output: Path, run: FitRun) -> FitResult:
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
        if not _same(found.provenance, wanted, what, ("sha256", "mask_sha256")):
            raise FileError(output, f"exists and was made with other bodies or another mask; {advice}")
    if found.provenance.get("recipe") != wanted["recipe"]:
        raise FileError(output, f"exists and was made with other settings; {advice}")
    return found


def _same(found: dict[str, Any], wanted: dict[str, Any], what: str, keys: tuple[str, ...]) -> bool:
    there = found.get(what)
    return isinstance(there, dict) and all(there.get(key) == wanted[what].get(key) for key in keys)


def _check_targets(jobs: list[tuple[Path, Path]], report_file: Path | None) -> None:
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


def _watched(run: FitRun, name: str, console: Console) -> FitResult:
    """Iterates the run with a progress bar; an interrupt ends it cleanly."""
    columns: list[Any] = [
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        TextColumn("{task.completed}/{task.total} frames"),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"{name} · shape", total=len(run.frames), figures="")
        started = time.perf_counter()
        for step in run:
            if step.stage == "shape":
                started = time.perf_counter()
                bar.update(task, figures=f"{step.mean_mm:.2f} mm")
                continue
            rate = step.frames_done / (time.perf_counter() - started)
            bar.update(
                task,
                description=f"{name} · pose",
                completed=step.frames_done,
                figures=f"{rate:.0f} frames/s · {step.mean_mm:.2f} mm",
            )
    return run.result()


def _range_text(frames: tuple[int | None, int | None]) -> str:
    return ":".join("" if end is None else str(end) for end in frames)
