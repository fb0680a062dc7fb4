"""The bodies that a conversion of many motions needs."""

from __future__ import annotations

import argparse

from core.correspond.load_bodies import load_bodies
from core.correspond.mesh_bodies import own_of
from core.errors import FileError, RefitError
from core.files.motions.folder_walk import OUTPUT_ENDING
from core.model.body_pair import BodyPair
from core.model.joints import FAMILY_LABEL
from core.model.motion import Motion


class Shelf:
    """Bodies, each pair read once."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.models, self.gender, self.target = options.models, options.gender, options.to
        self.transfer, self.mask, self.exclude = options.transfer, options.mask, options.exclude
        self.betas_count: int | None = options.betas_count
        self.pairs: dict[tuple[str, str], BodyPair] = {}

    def check(self, of_meshes: bool = False) -> BodyPair:
        """A pair that the folder has, so that a useless folder is told once and at the start.

        Args:
            of_meshes: the motions are meshes of a topology of their own, which brings along what leads to the
                body.

        Raises:
            FileError: the folder has no pair of bodies at all.
            RefitError: as in `take`.
        """
        if of_meshes:
            gender = self.gender or "neutral"
            return load_bodies(self.models, source=self.target, target=self.target, gender=gender)
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
        """The bodies for motions of a family and gender.

        Raises:
            FileError: the folder lacks a file.
            RefitError: more betas are to be solved than the target has.
        """
        if (family, gender) not in self.pairs:
            self.pairs[family, gender] = load_bodies(
                self.models,
                source=family,
                target=self.target,
                gender=gender,
                transfer=self.transfer,
                mask=self.mask,
                exclude=self.exclude,
            )
        return self._with_betas(self.pairs[family, gender])

    def _with_betas(self, pair: BodyPair) -> BodyPair:
        if self.betas_count is not None and self.betas_count > pair.target.num_betas:
            raise RefitError(
                f"--betas-count {self.betas_count}: the {pair.target.name} has {pair.target.num_betas} shape "
                f"coefficients, expected 1 to {pair.target.num_betas}"
            )
        return pair

    def take_for(self, motion: Motion) -> BodyPair:
        """The bodies for a motion.

        Raises:
            FileError: it is in the target's family already, or the folder lacks a file.
            RefitError: as in `take`.
        """
        if motion.own is not None:
            pair = load_bodies(
                self.models,
                target=self.target,
                gender=self.gender or motion.gender,
                mask=self.mask,
                exclude=self.exclude,
                own=own_of(motion),
            )
            return self._with_betas(pair)
        if motion.family == self.target and motion.has_poses:
            others = " or ".join(f"--to {other}" for other in OUTPUT_ENDING if other != self.target)
            raise FileError(
                motion.path or "",
                f"is in {FAMILY_LABEL[self.target]} already, there is nothing to convert; use {others} for "
                "another body",
            )
        return self.take(motion.family, self.gender or motion.gender or "neutral")
