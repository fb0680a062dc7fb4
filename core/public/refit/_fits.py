"""Fitting, and fitting some frames again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import numpy as np

from core.errors import RefitError
from core.fitting.recipe.recipe import ACCURATE
from core.fitting.run import FitRun
from core.fitting.stage.progress import Progress
from core.model.fit_result import FitResult
from core.model.frame_choice import frame_ids
from core.model.motion import Motion
from core.problems.refit_frames import recipe_of
from core.problems.refit_frames import refit_frames as fitted_again
from core.session.bodies_of_fit import bodies_of, remember
from refit._arguments import (
    DEVICES,
    AnyBodies,
    AnyRecipe,
    bodies_in,
    chosen_recipe,
    expect,
    motion_and_bodies,
    motion_of,
    one_of,
    thread_count,
)
from refit._progress import followed


def fit(
    motion: Motion,
    bodies: AnyBodies | None = None,
    *,
    preset: str | None = None,
    recipe: AnyRecipe | None = None,
    settings: Mapping[str, Any] | None = None,
    frames: Any = None,
    device: str = "auto",
    threads: int | None = None,
    progress: bool | Callable[[Progress], None] = True,
) -> FitResult:
    """Fits a motion: one body shape and every pose, to the converged optimum.

    Ctrl+C, or the notebook's stop button, ends it: the workers stop at their next step, and KeyboardInterrupt
    goes on to the caller.

    Args:
        motion: the source, T frames.
        bodies: from `load_bodies`, or the folder of licensed models; None for the folder that
            ``REFIT_MODELS`` names, or else the built-in bodies, whose errors are not those of SMPL models.
        preset: ``'fast'``, ``'accurate'`` (None), ``'three-stages'`` (edge, translation, vertex), or
            ``'published'`` and ``'published-l-bfgs'`` (a minute or more a frame).
        recipe: in place of a preset: a `Recipe`, the `FitSettings` of a single stage, plain values as
            ``{"stages": [{"stage": "vertex", "iterations": 20}]}``, or a TOML file.
        settings: what is changed of it, as ``--set`` of the command line takes it: ``{"vertex.weights.hands":
            3}``.
        frames: ids, (T,) booleans or a slice of those to fit; None for all. Others stay without a fit.
        device: ``'auto'``, ``'cpu'`` or ``'cuda'``.
        threads: workers; None for ``REFIT_THREADS``, or else one a processor.
        progress: True for a bar in a terminal or notebook; False; or a function that is told each step
            (``stage``, ``frames_done``, ``frames_total``, ``mean_mm``) and ends the fit by what it raises.

    Returns:
        The fit in the source's own world: ``global_orient``, ``body_pose``, …, ``transl``, ``betas``, and by
        frame ``mean_mm``, ``median_mm``, ``p95_mm``, ``max_mm`` (T,), ``part_mm`` (T, 6).

    Raises:
        RefitError: the bodies or the recipe cannot be read; an argument is none of what it may be, the bodies
            do not suit the motion, or no frame has finite numbers.
    """
    expect("motion", motion, Motion)
    one_of("device", device, DEVICES)
    chosen, workers = chosen_recipe(preset, recipe, settings, ACCURATE), thread_count(threads)
    ids = None if frames is None else _some(frames, len(motion))
    motion, pair = motion_and_bodies(motion, bodies)
    remember(pair)
    run = FitRun(motion, pair, chosen, frames=ids, device=device, threads=workers)
    with followed(progress) as follow, closing(iter(run)) as steps:  # type: ignore[type-var]
        for step in steps:
            follow(run, step)
    return run.result()


def refit_frames(
    fit: FitResult,
    motion: Motion,
    frames: Any,
    bodies: AnyBodies | None = None,
    *,
    preset: str | None = None,
    recipe: AnyRecipe | None = None,
    settings: Mapping[str, Any] | None = None,
    suspects: Any = (),
    device: str = "auto",
    threads: int | None = None,
    progress: bool | Callable[[Progress], None] = True,
) -> FitResult:
    """Fits some frames again, and joins them to the others as the window does.

    The shape is held. The new frames fade into those within six frames on either side, so that nothing pops;
    all others stay as they are, to the bit. Ctrl+C ends it as it does `fit`; the fit that there is stays.

    Args:
        fit: T frames; it is not changed.
        motion: that it was made from.
        frames: ids, (T,) booleans, a slice, or what `find_problems` found. None of them: the fit comes back
            as it is. All of them: that is a new fit, with a shape of its own.
        bodies: that it was fitted with, or their folder; None for those that were used last, or else as in
            `fit`.
        preset: as in `fit`.
        recipe: as in `fit`; None, without a preset, for what made the fit. Where ``start`` is ``'current'``
            the frames start from where they are.
        settings: as in `fit`.
        suspects: frames that are not good either, into which nothing is to fade; ``frames`` always are.
        device: as in `fit`.
        threads: as in `fit`.
        progress: as in `fit`.

    Returns:
        A new fit, which is measured anew where it differs.

    Raises:
        RefitError: the bodies or the recipe cannot be read; an argument is none of what it may be, the fit
            belongs to another motion or other bodies, or none of the frames has finite numbers.
    """
    expect("fit", fit, FitResult)
    expect("motion", motion, Motion)
    one_of("device", device, DEVICES)
    if len(fit) != len(motion):
        raise RefitError(f"The fit has {len(fit)} frames, but {motion.name} has {len(motion)}.")
    chosen, workers = chosen_recipe(preset, recipe, settings, recipe_of(fit)), thread_count(threads)
    ids, wrong = _some(frames, len(motion)), _some(suspects, len(motion))
    if not len(ids):
        return fit
    pair = bodies_of(fit, bodies_in(bodies))
    with followed(progress) as follow:
        return fitted_again(
            motion_of(fit, motion, pair),
            pair,
            fit,
            ids,
            chosen,
            wrong,
            follow=follow,
            device=device,
            threads=workers,
        )


def _some(frames: Any, count: int) -> np.ndarray:
    if frames is None:
        raise RefitError("frames is None, expected ids, booleans, a slice or problems.")
    return frame_ids(frames, count)
