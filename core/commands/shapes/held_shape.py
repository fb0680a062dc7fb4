"""A shape that is known before a fit, and held in it: from a file, or solved over all clips of a subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import FileError, RefitError
from core.files.containers.opening import checksum
from core.files.motions.load_motion import load_motion
from core.files.motions.settle import TELL
from core.fitting.recipe.recipe import Recipe
from core.fitting.run import FitRun, spread
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.joints import FAMILY_LABEL, GENDERS
from core.model.motion import Motion
from core.outputs.results import is_result, load_result
from core.session.fit_origin import told_of


@dataclass(frozen=True, eq=False)
class HeldShape:
    """Betas for a fit.

    Attributes:
        betas: (B,) float32.
        family: of the body that they are of.
        gender: of that body, None where it is not known.
        provenance: where they are from, in plain json values.
        path: the file they are from, None where they were solved.
    """

    betas: np.ndarray
    family: str
    gender: str | None
    provenance: dict[str, Any]
    path: Path | None = None

    def of_body(self, body: BodyModel) -> np.ndarray:
        """The betas for this body.

        Raises:
            RefitError: they are of another body, or more than it has.
        """
        where = self.path or "The shape"
        if self.family != body.family:
            raise RefitError(
                f"{where}: 'betas' are of {FAMILY_LABEL[self.family]}, expected {FAMILY_LABEL[body.family]}: "
                "the betas of one body say nothing about another"
            )
        if self.gender is not None and self.gender != body.gender:
            raise RefitError(
                f"{where}: 'betas' are of the {self.gender} body, expected the {body.gender} one: "
                "choose it with --gender"
            )
        if np.abs(self.betas[body.num_betas :]).max(initial=0) > 0:
            raise RefitError(
                f"{where}: 'betas' are {len(self.betas)}, expected at most the body's {body.num_betas}"
            )
        return self.betas[: body.num_betas]


def read_shape(path: Path) -> HeldShape:
    """The shape in a fit, or in a motion of the body that is to be fitted.

    Raises:
        FileError: the file is neither, or every frame has a shape of its own.
    """
    if is_result(path):
        result = load_result(path)
        betas, own, family, sha256 = result.betas, result.frame_betas, result.family, checksum(path)
        # The built-in bodies are neutral, whatever the source's gender.
        said = told_of(result, "target_body").get("gender")
        gender: str | None = said if said in GENDERS else result.gender
    else:
        # What may be doubtful of poses, places and times says nothing of a shape.
        motion = load_motion(path, doubts=TELL)
        betas, own, family, sha256 = motion.betas, motion.frame_betas, motion.family, motion.sha256
        gender = motion.gender
    if own is not None:
        raise FileError(path, "differ between frames, expected one shape to hold", key="betas")
    if not len(betas):
        raise FileError(path, "are none", key="betas")
    return HeldShape(betas, family, gender, {"file": path.name, "sha256": sha256}, path)


def shape_of_all(
    motions: Sequence[Motion], bodies: BodyPair, recipe: Recipe, device: str, threads: int | None
) -> HeldShape:
    """One shape for several motions of a subject, solved over frames of all of them.

    Args:
        motions: at least one, all in the family of ``bodies.source``; each with a frame that can be fitted.
        bodies: to fit with.
        recipe: of the fit that it is for; it must solve a shape.
        device: as in `FitRun`.
        threads: as in `FitRun`.

    Raises:
        RefitError: the recipe solves no shape that frames share.
    """
    each = max(1, shape_frames(recipe) // len(motions))
    together = _joined([some_frames(motion, each) for motion in motions])
    run = FitRun(together, bodies, recipe, device=device, threads=threads)
    for _ in run:
        pass
    found = run.result()
    provenance = {"clips": sorted(motion.sha256 for motion in motions), "frames": len(together)}
    return HeldShape(found.betas, found.family, bodies.target.gender, provenance)


def shape_frames(recipe: Recipe) -> int:
    """From how many frames at most the recipe solves a shape.

    Raises:
        RefitError: it solves no shape that frames share.
    """
    stages = [stage for stage in recipe.stages if stage.shape == "shared" and stage.stage != "translation"]
    if recipe.method != "gauss-newton" or not stages:
        raise RefitError(f"The recipe '{recipe.name}' solves no shape that frames share.")
    return max(stage.shape_frames for stage in stages)


def held(recipe: Recipe) -> Recipe:
    """The recipe with the shape that there is, in all its stages.

    Raises:
        RefitError: its method has a shape of its own for each frame.
    """
    if recipe.method != "gauss-newton":
        raise RefitError(
            f"The recipe '{recipe.name}' finds a shape for each frame; choose another to hold one."
        )
    return replace(recipe, stages=tuple(replace(stage, shape="fixed") for stage in recipe.stages))


def some_frames(motion: Motion, count: int) -> Motion:
    """At most so many of the finite frames, spread evenly, each with betas of its own."""
    some = motion.some(spread(np.flatnonzero(motion.finite_frames()), count))
    if some.frame_betas is not None:
        return some
    return replace(some, frame_betas=np.tile(motion.betas, (len(some), 1)))


def _joined(parts: list[Motion]) -> Motion:
    """The frames of all, each with its own betas and expression; where those are fewer the rest are zero."""

    def rows(arrays: list[np.ndarray]) -> np.ndarray:
        width = max(array.shape[1] for array in arrays)
        return np.concatenate([np.pad(array, ((0, 0), (0, width - array.shape[1]))) for array in arrays])

    own = rows([part.frame_betas for part in parts if part.frame_betas is not None])
    expression = None
    if any(part.expression is not None for part in parts):
        expression = rows(
            [np.zeros((len(p), 0), np.float32) if p.expression is None else p.expression for p in parts]
        )
    same = np.ptp(own, axis=0).max(initial=0) == 0
    meshes = [part.vertices for part in parts if part.vertices is not None]
    return replace(
        parts[0],
        poses=np.concatenate([part.poses for part in parts]),
        trans=np.concatenate([part.trans for part in parts]),
        betas=own.mean(0),
        frame_betas=None if same else own,
        expression=expression,
        vertices=np.concatenate(meshes) if meshes else None,
    )
