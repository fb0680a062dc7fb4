"""Many motions in, one file each out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from core.batch.worker_count import AUTO
from core.commands.conversion_events import Event
from core.commands.from_program import convert_files, options_of
from core.commands.outcome import Outcome
from core.commands.telling.terminal import Terminal
from core.errors import RefitError
from core.fitting.recipe.recipe import ACCURATE
from core.outputs.transfer_config import is_transfer_config
from refit._arguments import (
    AnyRecipe,
    assignments,
    chosen_recipe,
    path_of,
    paths_of,
    recipe_for_command,
    thread_count,
)
from refit._progress import in_notebook


def convert(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    to: str = "smplx",
    models: str | os.PathLike[str] | None = None,
    gender: str | None = None,
    transfer: str | os.PathLike[str] | None = None,
    rest_mesh: str | os.PathLike[str] | None = None,
    mask: str | os.PathLike[str] | None = None,
    exclude: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    preset: str | None = None,
    recipe: AnyRecipe | None = None,
    settings: Mapping[str, Any] | None = None,
    betas: str | os.PathLike[str] | None = None,
    share_shape: bool = False,
    one_shape: bool = False,
    betas_count: int | None = None,
    person: str | int | None = None,
    coordinates: str | None = None,
    frame_rate: float | None = None,
    up_axis: str | None = None,
    fps: float | None = None,
    family: str | None = None,
    unit: str | None = None,
    angles: str | None = None,
    hands: str | None = None,
    sides: str | None = None,
    strict: bool = False,
    device: str = "auto",
    frames: slice | tuple[int | None, int | None] | None = None,
    threads: int | None = None,
    jobs: int | str = 1,
    scheduler: str | None = None,
    shard: str | tuple[int, int] | None = None,
    check: bool = False,
    problems: bool = False,
    session: bool = False,
    private: bool = False,
    report: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    retry_failed: bool = False,
    progress: bool | Callable[[Event], None] = True,
) -> tuple[Outcome, ...]:
    """Fits motions and writes a file for each: what ``refit convert`` does.

    One that fails does not stop the others; those that are done already are left as they are. Ctrl+C ends it,
    finished files are kept.

    Args:
        inputs: motion files and folders to walk, one or several.
        output: a folder, or the name of an ``.npz`` for one input.
        to: family of the results, ``'smplx'``, ``'smplh'`` or ``'smpl'``.
        models: as in `load_bodies`.
        gender: of the bodies; None for what each file says.
        transfer: as in `load_bodies`; of meshes of a topology of their own as in `load_motion`.
        rest_mesh: as in `load_motion`.
        mask: as there.
        exclude: as there.
        preset: as in `fit`.
        recipe: as in `fit`, or a ``.yaml`` of the published transfer tool.
        settings: as in `fit`.
        betas: a fit, or a motion of the target body, whose shape is held.
        share_shape: one shape for each subject: clips in one folder, of one gender and family, whose betas do
            not differ.
        one_shape: one shape for all inputs, whatever their folders and betas say; all must be fitted with the
            same bodies (see ``gender``).
        betas_count: shape coefficients to solve, at most those of the model; None for what it has, up to 100.
        person: who of several people in a file, or ``'all'``.
        coordinates: as in `load_motion`.
        frame_rate: as there.
        up_axis: as there.
        fps: as there.
        family: as there.
        unit: as there.
        angles: as there.
        hands: as there.
        sides: as there.
        strict: as there.
        device: as in `fit`.
        frames: only these of each motion, ``slice(100, 200)`` or ``(100, 200)``.
        threads: as in `fit`.
        jobs: clips at once, each in a process of its own with one thread, or ``'auto'``: one a GPU, else as
            processors and memory allow. These processes import Refit and nothing of the script that asks, so
            that it needs no ``if __name__ == "__main__":``.
        scheduler: address of a Dask cluster, ``'tcp://host:8786'``, whose workers see the same files under
            the same names; in place of ``jobs``.
        shard: ``(2, 8)`` or ``'2/8'`` for the second of eight parts of the clips; None for what
            ``SLURM_ARRAY_TASK_ID`` says, else all.
        check: also map each fit back to its source, and measure there.
        problems: also find what stands out, and whether bodies or fit are to blame.
        session: also write a session beside each output, to go on with in the window.
        private: name files with their checksums in results and sessions, and no folder.
        report: ``.json`` file for the figures.
        overwrite: replace outputs that are there (``--force``).
        retry_failed: replace outputs whose fit failed as a whole, and no others.
        progress: tell in a terminal or notebook what the command line tells; or a function that is told
            events (`core.commands.conversion_events`: ``Planned``, ``Began``, ``UnderWay``, ``Ended``,
            ``Going``). What it raises ends the conversion, and finished files are kept.

    Returns:
        What became of each input: ``name``, ``job.source``, ``job.output``, ``status`` (``'done'``,
        ``'skipped'``, ``'failed'``), ``failed``, ``error`` (a sentence), ``fit`` (``'found'``,
        ``'made'``, ``'written'`` or ``''`` for none), ``failure`` (why the fit, made now or before, failed as
        a whole), ``result`` (the fit that was made now, read from its file), ``check``, ``findings``,
        ``seconds``, ``notes``.

    Raises:
        RefitError: the report cannot be written, or the models cannot be read; the arguments make no sense,
            alone or together.
    """
    # Told in Python's words before the command line's.
    of_the_tool = isinstance(recipe, str | os.PathLike) and is_transfer_config(path_of("recipe", recipe))
    chosen_recipe(preset, None if of_the_tool else recipe, settings, ACCURATE)
    if of_the_tool and preset is not None:
        raise RefitError("preset and recipe are both given, expected one of them.")
    several = list(inputs) if isinstance(inputs, Iterable) and not isinstance(inputs, str) else [inputs]
    if not several:
        raise RefitError("inputs are none, expected motion files or folders.")
    given: dict[str, Any] = {
        "to": to,
        "models": None if models is None else path_of("models", models),
        "gender": gender,
        "transfer": None if transfer is None else path_of("transfer", transfer),
        "rest_mesh": None if rest_mesh is None else path_of("rest_mesh", rest_mesh),
        "mask": None if mask is None else path_of("mask", mask),
        "preset": preset,
        "betas": None if betas is None else path_of("betas", betas),
        "share_shape": share_shape,
        "one_shape": one_shape,
        "betas_count": betas_count,
        "person": person,
        "coordinates": coordinates,
        "frame_rate": frame_rate,
        "up_axis": up_axis,
        "fps": fps,
        "family": family,
        "unit": unit,
        "angles": angles,
        "hands": hands,
        "sides": sides,
        "strict": strict,
        "device": device,
        "frames": _range(frames),
        "threads": thread_count(threads),
        # Of two that exclude each other one that changes nothing is not given.
        "jobs": None if jobs == 1 and not isinstance(jobs, bool) else _jobs(jobs),
        "scheduler": scheduler,
        "shard": _part(shard),
        "check": check,
        "problems": problems,
        "session": session,
        "private": private,
        "report": None if report is None else path_of("report", report),
        "force": overwrite,
        "retry_failed": retry_failed,
    }
    given["exclude"] = paths_of("exclude", exclude)
    given["set"] = assignments(settings or {})
    paths = [path_of("inputs", item) for item in several]
    options = options_of(paths, path_of("output", output), given)
    if recipe is not None:
        options.recipe = recipe_for_command(recipe)
    if callable(progress):
        return convert_files(options, progress)
    return convert_files(options, console=_console(progress))


def _console(progress: object) -> Terminal:
    """Where it is told; in a notebook in plain lines, as its displays need more libraries."""
    if progress and in_notebook():
        return Terminal(force_jupyter=False, force_terminal=False)
    console = Terminal(stderr=True)
    console.quiet = not (progress and console.is_terminal)
    return console


def _range(frames: object) -> str | None:
    if frames is None:
        return None
    if isinstance(frames, slice) and frames.step in (None, 1):
        frames = (frames.start, frames.stop)
    if (
        not isinstance(frames, tuple | list)
        or len(frames) != 2
        or not all(end is None or (isinstance(end, int) and not isinstance(end, bool)) for end in frames)
    ):
        raise RefitError(f"frames is {frames!r}, expected a slice or (first, end) without steps.")
    return ":".join("" if end is None else str(end) for end in frames)


def _jobs(jobs: object) -> str:
    if jobs == AUTO or (isinstance(jobs, int) and not isinstance(jobs, bool) and jobs > 0):
        return str(jobs)
    raise RefitError(f"jobs is {jobs!r}, expected 1 or more, or 'auto'.")


def _part(part: object) -> str | None:
    if part is None or isinstance(part, str):
        return part
    if isinstance(part, tuple | list) and len(part) == 2:
        return "/".join(map(str, part))
    raise RefitError(f"shard is {part!r}, expected (i, n), part i of n.")
