"""What a file leaves open, and the dialog that asks for it before it is opened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from core.environment import BUILTIN
from core.errors import FileError
from core.model.motion import AS_IT_IS, Motion, Reading
from gui_app.files.reading_question import (
    NOT_KNOWN,
    ReadingQuestion,
    Taken,
    buttons,
    rate_field,
    words_label,
)

if TYPE_CHECKING:
    from core.files.motions.load_motion import Survey

# What a file does not say, or leaves open: asked before it is opened.


@dataclass(frozen=True)
class Answer:
    """What is known beside the file.

    Attributes:
        reading: who of several people, in which coordinates, the gender, and all that wins over the file.
        rate: frames a second, None where nobody knows.
        final: it was asked for; what it leaves open stays open.
        trusts: what the numbers say against what is taken is told only, however grave.
        remembered: the gender for whom the file says none; in ``reading`` it would win over the file.
    """

    reading: Reading = AS_IT_IS
    rate: float | None = None
    final: bool = False
    trusts: bool = False
    remembered: str | None = None


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


class Doubted(FileError):
    """A file cannot be opened before somebody has said what it means: its numbers speak against what it says.

    Attributes:
        taken: what it would be taken to mean.
    """

    def __init__(self, path: Path, taken: Taken) -> None:
        super().__init__(path, "was not opened, because it is doubtful what it means")
        self.taken = taken


def read_motion(path: Path, models: str | Path | None, answer: Answer) -> Motion:
    """The motion in a file, as far as it is clear what is meant.

    Raises:
        Unanswered: something has to be asked.
        Doubted: its numbers speak against what would be taken.
        FileError: as `core.files.motions.load_motion.load_motion`.
    """
    from core.files.motions.load_motion import SeveralPeople, load_motion, survey
    from core.files.motions.mesh_motions import is_mesh_folder

    licensed = models is not None and models != BUILTIN
    if not answer.final and is_mesh_folder(path):
        # Thousands of files are read but once, after the questions.
        asks_gender = licensed and answer.reading.gender is None
        if answer.rate is None or asks_gender:
            raise Unanswered(path, survey(path), asks_gender)
    try:
        # What is remembered of the folder is for files that do not say it themselves.
        said = answer.reading if answer.final else replace(answer.reading, gender=None)
        motion = load_motion(
            path, said, otherwise=Reading(gender=answer.remembered or answer.reading.gender), doubts="tell"
        )
    except SeveralPeople as several:
        if answer.final or answer.reading.person is not None:
            raise
        # Whom to look at is chosen in the window, where all else that the file leaves open can be said too.
        longest = max(several.people, key=lambda person: person.seen)
        reading, remembered = answer.reading, answer.remembered or answer.reading.gender
        reading = replace(reading, person=longest.name, gender=None)
        return read_motion(path, models, replace(answer, reading=reading, final=True, remembered=remembered))
    taken = Taken.of(motion)
    if taken is not None and not answer.trusts and any(doubt.grave for doubt in taken.doubts):
        raise Doubted(path, taken)
    lacks_rate = motion.frame_rate is None and answer.rate is None
    lacks_gender = licensed and motion.gender is None
    if not answer.final and (lacks_rate or lacks_gender):
        found = replace(survey(path), lacks_rate=motion.frame_rate is None)
        raise Unanswered(path, found, lacks_gender)
    return motion


WIDTH = 440
GENDERS = ("neutral", "female", "male")


class OpenQuestion(QDialog):
    """Asks in which coordinates, at which frame rate and of which gender, as far as each is open."""

    def __init__(self, asked: Unanswered, known: Answer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open")
        self._survey = asked.survey
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(14)
        column.addWidget(words_label(asked.path.name, "title"))
        self.coordinates, self.gender = QComboBox(self), QComboBox(self)
        self.rate = rate_field(self)
        lacks = ["the frame rate"] * self._survey.lacks_rate + ["the gender"] * asked.asks_gender
        who = "The folder does" if asked.path.is_dir() else "The file does"
        column.addWidget(words_label(f"{who} not say {' or '.join(lacks)}." if lacks else "", "secondary"))
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(10)
        self._fill(form, asked, known)
        column.addLayout(form)
        row, self.open_button = buttons(self, "Open")
        column.addLayout(row)
        self.setFixedWidth(WIDTH)
        self.rate.setFocus()

    def _fill(self, form: QFormLayout, asked: Unanswered, known: Answer) -> None:
        self.rate.setValue(known.rate or 0.0)
        self.rate.setToolTip("Frames a second (fps); empty or 0 where you do not know")
        self.rate.selectAll()
        for name in self._survey.coordinates:
            self.coordinates.addItem(f"of the {name}", name)
        self.gender.addItem(NOT_KNOWN, None)
        for gender in GENDERS:
            self.gender.addItem(gender, gender)
        self.gender.setCurrentIndex(max(self.gender.findData(known.reading.gender or known.remembered), 0))
        self._first_gender = self.gender.currentData()
        self.gender.setToolTip("Of the person, which says which body is shown; not known: the neutral one")
        rows = (
            ("Coordinates", self.coordinates, len(self._survey.coordinates) > 1),
            ("Frame rate", self.rate, self._survey.lacks_rate),
            ("Gender", self.gender, asked.asks_gender),
        )
        for label, field, asks in rows:
            field.setVisible(asks)
            if asks:
                form.addRow(label, field)

    def answer(self) -> Answer:
        """What was said. What was remembered and stays as it was is not said now: of whom the file says a
        gender, that is taken.
        """
        gender = self.gender.currentData()
        reading = Reading(
            coordinates=self.coordinates.currentData() if self.coordinates.count() > 1 else None,
            gender=gender if gender != self._first_gender else None,
        )
        return Answer(reading, self.rate.value() or None, final=True, remembered=gender)


def ask(asked: Unanswered | Doubted, known: Answer, parent: QWidget) -> Answer | None:
    """Asks; None where it was cancelled."""
    if isinstance(asked, Doubted):
        return ask_reading(asked.taken, known.rate, parent, before=True)
    dialog = OpenQuestion(asked, known, parent)
    answer = dialog.answer() if dialog.exec() == QDialog.DialogCode.Accepted else None
    dialog.deleteLater()
    return answer


def ask_reading(
    taken: Taken, rate: float | None, parent: QWidget, *, before: bool = False, fit: bool = False
) -> Answer | None:
    """Shows how a file is read, and asks how it is to be read; None where it stays as it is.

    Args as those of `ReadingQuestion`.
    """
    dialog = ReadingQuestion(taken, rate, before, parent, fit=fit)
    answer = None
    if dialog.exec() == QDialog.DialogCode.Accepted and (before or dialog.changed):
        answer = Answer(dialog.reading(), dialog.given_rate(), final=True)
    dialog.deleteLater()
    return answer
