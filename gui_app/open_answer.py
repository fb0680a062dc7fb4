"""What a file does not say, or leaves open: asked before it is opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.environment import BUILTIN
from core.errors import FileError
from core.motion import AS_IT_IS, Motion, Reading

if TYPE_CHECKING:
    from core.files.motions import Survey


@dataclass(frozen=True)
class Answer:
    """What is known beside the file.

    Attributes:
        reading: who of several people, in which coordinates, and the gender.
        rate: frames a second, None where nobody knows.
        final: it was asked for; what it leaves open stays open.
    """

    reading: Reading = AS_IT_IS
    rate: float | None = None
    final: bool = False


NOTHING_SAID = Answer()


class Unanswered(FileError):
    """A file cannot be opened before somebody has said something about it.

    Attributes:
        survey: what can be chosen, and what is missing.
        asks_gender: the gender is missing and makes a difference.
    """

    def __init__(self, path: Path, survey: Survey, asks_gender: bool) -> None:
        super().__init__(path, "was not opened, because a question about it was not answered")
        self.survey, self.asks_gender = survey, asks_gender


def read_motion(path: Path, models: str | Path | None, answer: Answer) -> Motion:
    """The motion in a file, as far as it is clear what is meant.

    Raises:
        Unanswered: something has to be asked.
        FileError: as `core.files.motions.load_motion`.
    """
    from core.files.mesh_motions import is_mesh_folder
    from core.files.motions import SeveralPeople, load_motion, survey

    licensed = models is not None and models != BUILTIN
    if not answer.final and is_mesh_folder(path):
        # Thousands of files are read but once, after the questions.
        asks_gender = licensed and answer.reading.gender is None
        if answer.rate is None or asks_gender:
            raise Unanswered(path, survey(path), asks_gender)
    try:
        motion = load_motion(path, answer.reading)
    except SeveralPeople:
        if answer.final:
            raise
        found = survey(path)
        raise Unanswered(path, found, licensed and found.lacks_gender) from None
    lacks_rate = motion.frame_rate is None and answer.rate is None
    lacks_gender = licensed and motion.gender is None
    if not answer.final and (lacks_rate or lacks_gender):
        found = replace(survey(path), lacks_rate=motion.frame_rate is None)
        raise Unanswered(path, found, lacks_gender)
    return motion
