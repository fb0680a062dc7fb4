"""What a run does: stages in their order, the presets, and the stages of the published conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.fitting.recipe.settings import FitSettings

# The stages of the published conversion, with its settings.

# `transfer_model` of the `smplx` repository, config_files/smplh2smplx.yaml: trust-ncg, at most 100 steps, no
# prior, no weight, every pose parameter free, ten betas and ten expression coefficients a frame.
PUBLISHED_STAGES = (
    FitSettings(
        stage="edge", iterations=100, shape="fixed", expression="off", pose_prior=0.0,
        free_jaw=True, free_eyes=True, jaw_prior=0.0, eyes_prior=0.0,
    ),
    FitSettings(stage="translation", iterations=100, shape="fixed", pose_prior=0.0),
    FitSettings(
        stage="vertex", iterations=100, shape="per-frame", expression="per-frame", pose_prior=0.0,
        free_jaw=True, free_eyes=True, jaw_prior=0.0, eyes_prior=0.0, shape_prior=0.0,
        expression_prior=0.0, num_betas=10,
    ),
)  # fmt: skip


METHODS = ("gauss-newton", "trust-ncg", "l-bfgs")
STARTS = ("source", "parts", "current")


@dataclass(frozen=True)
class Recipe:
    """Stages, one after another, each from where the last one ended.

    Attributes:
        stages: at least one.
        start: where the first stage starts: ``'source'`` (the source's rotations by joint name), ``'parts'``
            (body parts aligned one by one to the target points, as for a source that is meshes alone) or
            ``'current'`` (a result that is there already).
        name: of the preset, or what a user calls it.
        method: ``'gauss-newton'``, or the published tool's way, ``'trust-ncg'`` or ``'l-bfgs'``: autograd on
            the `smplx` package's layers, frame by frame. A yardstick; it takes a minute or more a frame.

    Raises:
        ValueError: no stage, or an unknown start.
    """

    stages: tuple[FitSettings, ...] = (FitSettings(),)
    start: str = "source"
    name: str = "accurate"
    method: str = "gauss-newton"

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("a recipe needs at least one stage")
        if self.start not in STARTS:
            raise ValueError(f"start is {self.start!r}, expected one of {', '.join(STARTS)}")
        if self.method not in METHODS:
            raise ValueError(f"method is {self.method!r}, expected one of {', '.join(METHODS)}")

    def as_dict(self) -> dict[str, Any]:
        """Plain json values."""
        return {
            "name": self.name,
            "start": self.start,
            "method": self.method,
            "stages": [stage.as_dict() for stage in self.stages],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """The inverse of `as_dict`.

        Raises:
            ValueError: as `Recipe` and `FitSettings`.
        """
        stages = tuple(FitSettings.from_dict(stage) for stage in values.get("stages", ({},)))
        rest = {name: str(values[name]) for name in ("name", "start", "method") if name in values}
        return cls(stages, **rest)

    def of_body(self, num_betas: int) -> Recipe:
        """The same for a body with so many betas: no stage solves more than there are."""
        stages = (replace(stage, num_betas=min(stage.num_betas, num_betas)) for stage in self.stages)
        return replace(self, stages=tuple(stages))

    def is_told_by(self, values: object, num_betas: int) -> bool:
        """It is what the ``values`` of `as_dict` say, of any version, for a body with so many betas: a
        setting they lack has its default."""
        try:
            if not isinstance(values, Mapping):
                return False
            return self.of_body(num_betas) == self.from_dict(values).of_body(num_betas)
        except (ValueError, TypeError, AttributeError):
            return False


def for_meshes(recipe: Recipe) -> Recipe:
    """The recipe for a source that is meshes alone: without rotations to start from, it starts from parts."""
    return replace(recipe, start="parts") if recipe.start == "source" else recipe


FAST = Recipe((FitSettings(iterations=2, shape_frames=32),), name="fast")
ACCURATE = Recipe()
# The stages of the published conversion, solved as every other fit, one shape for the motion. Like it they
# ask nothing of the source's rotations, so that stages run one by one end where they end in one run; what the
# skin says nothing of is held by a faint pull.
_FAINTLY: dict[str, Any] = {"pose_prior": 1e-4, "pose_prior_to": "zero"}
THREE_STAGES = Recipe(
    (
        FitSettings(stage="edge", shape="fixed", **_FAINTLY),
        FitSettings(stage="translation", shape="fixed", **_FAINTLY),
        FitSettings(stage="vertex", **_FAINTLY),
    ),
    start="parts",
    name="three-stages",
)
PUBLISHED = Recipe(PUBLISHED_STAGES, start="parts", name="published", method="trust-ncg")
PUBLISHED_LBFGS = replace(PUBLISHED, name="published-l-bfgs", method="l-bfgs")
PRESETS = {recipe.name: recipe for recipe in (FAST, ACCURATE, THREE_STAGES, PUBLISHED, PUBLISHED_LBFGS)}
