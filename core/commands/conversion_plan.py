"""What a conversion is to do, before any motion is fitted: options settled, clips, their shapes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.batch.shards import Shard, slurm_shard
from core.commands.body_cache import Shelf
from core.commands.one_clip import read_motion
from core.commands.output_paths import Job, Plan
from core.commands.shapes.held_shape import HeldShape, held, read_shape, shape_frames
from core.commands.shapes.subjects import Clip, Subject, everything, grouped
from core.correspond.load_bodies import of_bodies_there
from core.errors import Cancelled, RefitError
from core.files.containers.opening import watched
from core.fitting.recipe.draft import Draft
from core.fitting.recipe.overrides import assigned, with_betas_count
from core.fitting.recipe.recipe import PRESETS, Recipe
from core.model.motion import AS_IT_IS, Reading
from core.outputs.transfer_config import is_transfer_config, read_transfer_config


def take_transfer_config(options: argparse.Namespace) -> tuple[str, ...]:
    """Where the recipe is a configuration of the published transfer tool, what it says becomes the options
    that were not given; the usual ones are taken for the rest.

    Returns:
        Sentences on what of it has no counterpart.

    Raises:
        RefitError: it cannot be read, or inputs or output are named nowhere.
    """
    notes: tuple[str, ...] = ()
    options.otherwise = AS_IT_IS
    if is_transfer_config(options.recipe):
        said = read_transfer_config(options.recipe)
        options.inputs = options.inputs or ([] if said.inputs is None else [said.inputs])
        for name in ("output", "transfer", "mask", "models"):
            setattr(options, name, getattr(options, name) or getattr(said, name))
        # The tool's inputs are meshes, which have no gender of their own; what a motion says is the motion's.
        options.otherwise = Reading(gender=said.gender)
        options.to = options.to or said.family
        options.device = said.device or options.device if options.device == "auto" else options.device
        options.recipe, notes = said.recipe, said.notes
    options.to = options.to or "smplx"
    if not options.inputs:
        raise RefitError("There is nothing to convert: give MOTION, files or folders.")
    if options.output is None:
        raise RefitError("There is no place for results: give -o OUT.")
    return notes


def chosen_recipe(options: argparse.Namespace) -> Recipe:
    """The recipe that the options ask for.

    Raises:
        RefitError: the file or an assignment is wrong, or the recipe is of no use without a fit.
    """
    if options.recipe is None:
        draft, what = Draft.of(PRESETS[options.preset]), f"--preset {options.preset}"
    elif isinstance(options.recipe, Recipe):
        draft, what = Draft.of(options.recipe), f"recipe '{options.recipe.name}'"
    else:
        from core.outputs.recipes import read_recipe

        draft, what = read_recipe(options.recipe), str(options.recipe)
    draft = assigned(draft, options.assignments)
    if options.betas_count is not None:
        if options.betas is not None:
            raise RefitError("--betas-count: the shape is held as --betas has it, and not solved.")
        draft = with_betas_count(draft, options.betas_count)
    if not draft.runs:
        raise RefitError(f"{what}: every stage is off, expected one that is on.")
    if draft.start == "current":
        raise RefitError(f"{what}: 'start' is 'current', expected source or parts: there is no fit yet.")
    return draft.recipe()


def part_of(planned: Plan, options: argparse.Namespace) -> tuple[Plan, str]:
    """The part of the inputs that this process is to do, and a sentence on it, empty where it is all.

    Subjects that share a shape stay together: they lie in one folder.

    Raises:
        RefitError: the environment says no part.
    """
    part: Shard | None = options.shard or slurm_shard(os.environ)
    if part is None or part.count == 1:
        return planned, ""
    kinds = [job.source.parent if options.share_shape else job.output for job in planned.jobs]
    jobs = part.of(planned.jobs, kinds)
    refused = part.of(planned.refused, range(len(planned.refused)))
    left_out = planned.left_out if part.index == 1 else ()
    words = f"Part {part}: {len(jobs):,} of {len(planned.jobs):,} clips."
    return replace(planned, jobs=tuple(jobs), refused=tuple(refused), left_out=left_out), words


def clip_of(job: Job, options: argparse.Namespace, recipe: Recipe, shelf: Shelf) -> Clip | None:
    """What a subject's shape is solved from, of one motion; None where none of its frames is finite.

    Raises:
        RefitError: it cannot be read, or there are no bodies for it.
    """
    motion = of_bodies_there(read_motion(job, options), options.models, options.gender)
    pair = shelf.take_for(motion)
    gender = options.gender or motion.gender or "neutral"
    return Clip.of(job.source, job.person, motion, gender, pair, recipe)


def shapes_of(
    options: argparse.Namespace,
    jobs: Sequence[Job],
    recipe: Recipe,
    shelf: Shelf,
    reading: Callable[[int], object],
) -> tuple[dict[Path, HeldShape | Subject], tuple[str, ...]]:
    """The shape that each output's fit is to hold, or whose; those left out find their own.

    Args:
        options: of ``refit convert``.
        jobs: the clips.
        recipe: how to fit.
        shelf: where the bodies are from.
        reading: told, again and again, how many clips have been read for it; what it raises ends it.

    Returns:
        By output; and what is to be said of whose clips are whose.

    Raises:
        RefitError: it cannot be read, or the recipe has no use for it.
    """
    if options.betas is not None:
        held(recipe)
        shape = read_shape(options.betas)
        return {job.output: shape for job in jobs}, ()
    if not (options.share_shape or options.one_shape):
        return {}, ()
    shape_frames(recipe)
    clips, outputs = [], []
    for count, job in enumerate(jobs):
        reading(count)
        try:
            with watched(partial(reading, count)):
                clip = clip_of(job, options, recipe, shelf)
        except Cancelled:
            raise
        except Exception:
            continue  # told with the others, when it is this one's turn to be read
        if clip is not None:
            clips.append(clip)
            outputs.append(job.output)
    found = (everything if options.one_shape else grouped)(clips, recipe, options.device, options.threads)
    return {outputs[place]: subject for subject, places in found.subjects for place in places}, found.notes
