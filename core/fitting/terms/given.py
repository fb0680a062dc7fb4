"""What terms are made of, and all terms that the settings of a stage ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module

import numpy as np
import torch
from torch import Tensor

from core.fitting.objective.term import Term, Terms
from core.fitting.recipe.setting_rules import term_modules
from core.fitting.recipe.settings import FitSettings


@dataclass(frozen=True, eq=False)
class StageFacts:
    """What is the same for all frames of a stage.

    Attributes:
        settings: of the stage.
        joint_names: J of the target.
        free: (J,) bool, joints that turn against their parent; of the others a pull would be a constant.
        moves: the root position is free.
        unseen: (J,) bool, joints that the source does not have although the target's skin there may be seen:
            jaw and eyes.
        like: of the type and on the device that terms are to be of.
        is_beta: (Z,) bool, coefficients of the shape; the others are of the expression.
        fps: of the motion.
        knows_rotations: the source has rotations, and they are where the fit starts.
        has_poses: the source has rotations, whether or not the fit starts from them.
    """

    settings: FitSettings
    joint_names: tuple[str, ...]
    free: np.ndarray
    moves: bool
    unseen: np.ndarray
    like: Tensor
    is_beta: np.ndarray
    fps: float = 30.0
    knows_rotations: bool = True
    has_poses: bool = True

    def tensor(self, values: np.ndarray) -> Tensor:
        """Values of the type and on the device of `like`."""
        return torch.as_tensor(values, device=self.like.device).to(self.like.dtype)

    def weights(self, weight: float | np.ndarray) -> Tensor:
        """(J,) a weight on the relative rotation of each joint that turns, none on the others."""
        return self.tensor(np.where(self.free, weight, 0.0))


class Given:
    """n frames of a motion, as terms need to know them.

    Args:
        facts: of the stage.
        frames: (n,) ascending ids.
        coefficients: (Z,) bool, those that are solved here: of each frame for itself, or, without frames, of
            all of them together.
        source: gives (n, J, 3, 3) the source's relative rotations, relaxed where it has none.
        roots: gives (n, 3) the source's root positions, its trans taken off, metres.
        trans: (n, 3) the source's trans, metres.
        together: the frames are solved together, and may pull on each other.
    """

    def __init__(
        self,
        facts: StageFacts,
        frames: np.ndarray,
        coefficients: np.ndarray,
        *,
        source: Callable[[], Tensor],
        roots: Callable[[], Tensor],
        trans: np.ndarray,
        together: bool = False,
    ) -> None:
        self.facts, self.settings, self.frames = facts, facts.settings, frames
        self.coefficients, self.trans, self.together = coefficients, trans, together
        self._source, self._roots = source, roots

    @cached_property
    def source(self) -> Tensor:
        """(n, J, 3, 3) the source's relative rotations, relaxed where it has none."""
        return self._source()

    @cached_property
    def roots(self) -> Tensor:
        """(n, 3) the source's root positions, its trans taken off, metres."""
        return self._roots()

    @property
    def still(self) -> Tensor:
        """(n, J, 3, 3) no rotation."""
        like = self.facts.like
        identity = torch.eye(3, dtype=like.dtype, device=like.device)
        return identity.expand(len(self.frames), len(self.facts.free), 3, 3)

    def joined(self, apart: int) -> Tensor:
        """(n - apart,) 1 where a frame and those up to ``apart`` after it follow each other, else 0."""
        frames = self.frames
        return self.facts.tensor(frames[apart:] - frames[: max(len(frames) - apart, 0)] == apart)


Maker = Callable[[Given], Iterable[Term]]


@lru_cache
def _maker(name: str) -> Maker:
    made: Maker = import_module(f"core.fitting.terms.{name}").terms_of
    return made


def terms_of(given: Given, *concerned: str) -> Terms:
    """The terms of some frames that their settings ask for, beside the data term.

    Args:
        given: the frames.
        concerned: only those that concern this: ``shape``, ``expression``, ``joints``; none for all.
    """
    return Terms(tuple(term for name in term_modules(*concerned) for term in _maker(name)(given)))
