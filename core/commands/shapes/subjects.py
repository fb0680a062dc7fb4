"""Whose clips the inputs are, and one shape for each subject: what ``refit convert --share-shape`` holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.commands.shapes.held_shape import HeldShape, shape_frames, shape_of_all, some_frames
from core.errors import RefitError
from core.fitting.recipe.recipe import Recipe
from core.model.body_pair import BodyPair, within
from core.model.joints import FAMILY_LABEL
from core.model.motion import Motion

# Betas that differ by less move no vertex by a hundredth of a millimetre: they were only rounded.
SAME_BETAS = 1e-4
MOST_NAMES = 3


@dataclass(frozen=True, eq=False)
class Clip:
    """What is needed of a motion to know whose it is, and to solve a shape from.

    Attributes:
        source: its file, or folder of meshes.
        person: who of several people in the file; None where it has but one.
        betas: (B,) those of the file.
        gender: of the bodies it is fitted with.
        motion: some of its frames, all finite.
        bodies: that it is fitted with.
    """

    source: Path
    person: str | None
    betas: np.ndarray
    gender: str
    motion: Motion
    bodies: BodyPair

    @classmethod
    def of(
        cls, source: Path, person: str | None, motion: Motion, gender: str, bodies: BodyPair, recipe: Recipe
    ) -> Clip | None:
        """That of a motion, with as many frames as the recipe solves a shape from; None where none is
        finite."""
        if not motion.finite_frames().any():
            return None
        some = some_frames(within(motion, bodies.source), shape_frames(recipe))
        return cls(source, person, motion.betas, gender, some, bodies)

    @property
    def same_bodies(self) -> tuple[str, str, str]:
        """Equal for clips that are fitted with the same bodies: the built-in ones serve every gender."""
        return self.bodies.source.family, self.bodies.source.sha256, self.bodies.target.sha256

    @property
    def says_shape(self) -> bool:
        """Its file has betas; meshes have none, and zeros are what is written where nobody knows."""
        return bool(np.abs(self.betas).max(initial=0) > SAME_BETAS)


@dataclass(eq=False)
class Subject:
    """Clips of one subject; their shape is solved when it is first asked for, and once.

    Attributes:
        name: what to call it to people.
        clips: at least one.
        recipe: of the fits that the shape is for.
        device: as in `FitRun`.
        threads: as in `FitRun`.
    """

    name: str
    clips: tuple[Clip, ...]
    recipe: Recipe
    device: str = "auto"
    threads: int | None = None
    _found: HeldShape | None = field(default=None, repr=False)
    _error: Exception | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        # Of many clips a few frames each: no more of them need stay in memory.
        each = max(1, shape_frames(self.recipe) // len(self.clips))
        self.clips = tuple(replace(clip, motion=some_frames(clip.motion, each)) for clip in self.clips)

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the shape is from, as `HeldShape.provenance` has it; known before it is solved."""
        motions = [clip.motion for clip in self.clips]
        return {"clips": sorted(m.sha256 for m in motions), "frames": sum(len(m) for m in motions)}

    @property
    def words(self) -> str:
        """What its shape is solved from, for people."""
        clips = "1 clip" if len(self.clips) == 1 else f"{len(self.clips)} clips"
        return f"One shape for {self.name}: {self.provenance['frames']} frames of {clips}"

    @property
    def solved(self) -> bool:
        """The shape has been asked for."""
        return self._found is not None or self._error is not None

    def shape(self) -> HeldShape:
        """The shape of all clips.

        Raises:
            RefitError: it cannot be solved; this error, or an unforeseen one, each time again.
        """
        if self._found is None and self._error is None:
            motions = [clip.motion for clip in self.clips]
            try:
                bodies = self.clips[0].bodies
                found = shape_of_all(motions, bodies, self.recipe, self.device, self.threads)
                # One body may go by the names of several genders.
                several = len({clip.bodies.target.gender for clip in self.clips}) > 1
                self._found = replace(found, gender=None) if several else found
            except Exception as error:
                self._error = error
        if self._found is None:
            assert self._error is not None
            raise self._error
        return self._found


@dataclass(frozen=True)
class SolvedSubject:
    """A subject whose shape was solved elsewhere, or is not needed; as `Subject`, in plain values.

    Attributes:
        name: as of the subject.
        words: as there.
        provenance: as there.
        found: the shape, or None.
        error: why there is none, a sentence.
    """

    name: str
    words: str
    provenance: dict[str, Any]
    found: HeldShape | None = None
    error: str = "The shape was not solved."
    solved: bool = field(default=True, init=False)

    @classmethod
    def of(cls, subject: Subject) -> SolvedSubject:
        """Solves it; what goes wrong is in there."""
        told = (subject.name, subject.words, subject.provenance)
        try:
            return cls(*told, subject.shape(), "")
        except RefitError as error:
            return cls(*told, error=str(error))
        except Exception as error:
            return cls(*told, error=f"The shape of {subject.name} cannot be solved ({error!r})")

    def shape(self) -> HeldShape:
        """The shape of all clips.

        Raises:
            RefitError: there is none.
        """
        if self.found is None:
            raise RefitError(self.error)
        return self.found


@dataclass(frozen=True)
class Grouping:
    """Subjects with the places of their clips, in the order of their first clips, and what is to be said."""

    subjects: tuple[tuple[Subject, tuple[int, ...]], ...]
    notes: tuple[str, ...] = ()


def everything(clips: Sequence[Clip], recipe: Recipe, device: str, threads: int | None) -> Grouping:
    """All clips as those of one subject, whatever folders and betas say.

    Raises:
        RefitError: they are fitted with different bodies, whose betas say nothing about each other.
    """
    for clip in clips:
        if clip.same_bodies != clips[0].same_bodies:
            raise RefitError(
                f"{clip.source}: --one-shape is for clips of one body, but this one is of another than those "
                "before it; --share-shape solves a shape for each subject."
            )
    if not clips:
        return Grouping(())
    subject = Subject("all clips", tuple(clips), recipe, device, threads)
    return Grouping(((subject, tuple(range(len(clips)))),))


def grouped(clips: Sequence[Clip], recipe: Recipe, device: str, threads: int | None) -> Grouping:
    """The clips by subject.

    Clips of one subject lie in one folder, are fitted with the same bodies, and have the same betas; each of
    several people in a file is a subject of its own. Clips without betas are of the subject whose betas are
    the only ones in the folder, or of one subject where none has any; beside several, nobody knows whose they
    are, and each stands for itself.
    """
    folders = [Path(os.path.abspath(clip.source)).parent for clip in clips]
    labels = _labels(set(folders))
    rooms: dict[tuple[Any, ...], list[int]] = {}
    for place, (clip, folder) in enumerate(zip(clips, folders, strict=True)):
        who = None if clip.person is None else (clip.source, clip.person)
        rooms.setdefault((folder, clip.bodies.source.family, clip.gender, who), []).append(place)
    subjects, notes = [], []
    for (folder, family, gender, who), places in rooms.items():
        kinds = {key[1:3] for key in rooms if key[0] == folder}
        words = [labels[folder]]
        words += [FAMILY_LABEL[family]] if len({kind[0] for kind in kinds}) > 1 else []
        words += [gender] if len({kind[1] for kind in kinds}) > 1 else []
        words += [f"{who[0].name} · person {who[1]}"] if who is not None else []
        label = " · ".join(words)
        parts = _by_betas(clips, places)
        for part in parts:
            more = f" · {_names(clips, part, 1)}" if len(parts) > 1 else ""
            of_it = tuple(clips[place] for place in part)
            subject = Subject(f"subject {label}{more}", of_it, recipe, device, threads)
            subjects.append((subject, tuple(part)))
        if len(parts) > 1:
            notes.append(_split_words(label, clips, parts))
    return Grouping(tuple(sorted(subjects, key=lambda one: one[1])), tuple(notes))


def _by_betas(clips: Sequence[Clip], places: list[int]) -> list[list[int]]:
    """The places of clips that may be of one subject by their betas, in order."""
    parts: list[list[int]] = []
    for place in places:
        if not clips[place].says_shape:
            continue
        for part in parts:
            if _same(clips[part[0]].betas, clips[place].betas):
                part.append(place)
                break
        else:
            parts.append([place])
    silent = [place for place in places if not clips[place].says_shape]
    if len(parts) < 2:
        return [places]
    return sorted([*parts, *([place] for place in silent)])


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    width = max(len(one), len(other))
    ends = [np.pad(betas, (0, width - len(betas))) for betas in (one, other)]
    return bool(np.abs(ends[0] - ends[1]).max(initial=0) <= SAME_BETAS)


def _split_words(label: str, clips: Sequence[Clip], parts: list[list[int]]) -> str:
    shown = "; ".join(_names(clips, part, MOST_NAMES) for part in parts[: 2 * MOST_NAMES])
    more = f"; and {len(parts) - 2 * MOST_NAMES} more" if len(parts) > 2 * MOST_NAMES else ""
    silent = [part[0] for part in parts if not clips[part[0]].says_shape]
    nobodys = ""
    if silent:
        have = "has" if len(silent) == 1 else "have"
        nobodys = f" {_names(clips, silent, MOST_NAMES)} {have} no betas to tell whose."
    return (
        f"{label}: clips whose betas differ are separate subjects, each with a shape of its own: "
        f"{shown}{more}.{nobodys} --one-shape holds one for all inputs."
    )


def _names(clips: Sequence[Clip], places: list[int], most: int) -> str:
    """``walk_poses.npz, run_poses.npz and 3 more``."""
    shown = ", ".join(clips[place].source.name for place in places[:most])
    return shown if len(places) <= most else f"{shown} and {len(places) - most} more"


def _labels(folders: set[Path]) -> dict[Path, str]:
    """As many last parts of each path as tell them apart: ``02``, or ``CMU/02`` beside ``KIT/02``."""
    labels = {}
    for folder in folders:
        parts = folder.parts
        for count in range(1, len(parts) + 1):
            end = parts[-count:]
            if sum(other.parts[-count:] == end for other in folders) == 1:
                break
        labels[folder] = "/".join(end) if parts else str(folder)
    return labels
