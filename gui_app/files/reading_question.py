"""What a motion file was taken to mean, and the dialog in which it is said otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.files.assumption import (
    COORDINATES,
    DEFAULT,
    FAMILY,
    FIT,
    FRAME_RATE,
    GENDER,
    HOW_WORDS,
    QUANTITIES,
    USER,
    Assumption,
    Doubt,
)
from core.model.joints import FAMILY_LABEL
from core.model.motion import CHOICES, FIELD_OF_QUANTITY, Motion, Reading
from core.shown_text import shown
from gui_app.widgets.wrapped_label import WrappedLabel

WIDTH = 640
FIELD_WIDTH = 150
MOST_RATE = 10_000.0
NOT_KNOWN = "not known"
CHANGED = "What you change here wins over the file, which is then read again."
CLOSES_FIT = "The fit, which was made of the file as it was read, is then closed."


@dataclass(frozen=True)
class Taken:
    """What a motion file was taken to mean.

    Attributes:
        path: the file.
        assumed: what was taken, and why.
        doubts: what its numbers say against it.
        unused: which keys were not used, for people; empty where all were.
        reading: what was said when it was read.
        fixed: the quantities about which nothing else can be said.
    """

    path: Path
    assumed: tuple[Assumption, ...]
    doubts: tuple[Doubt, ...]
    unused: str
    reading: Reading
    fixed: tuple[str, ...] = ()

    @classmethod
    def of(cls, motion: Motion) -> Taken | None:
        """What is known of a motion; None where it came from no file, or nobody noted it."""
        from core.outputs.reading_words import unused_words

        if motion.path is None or not motion.assumed:
            return None
        fixed = () if motion.has_poses else (FAMILY,)
        return cls(motion.path, motion.assumed, motion.doubts, unused_words(motion), motion.reading, fixed)

    @property
    def lacks_rate(self) -> bool:
        """Nobody says the frame rate."""
        return any(one.quantity == FRAME_RATE and not one.value for one in self.assumed)

    @property
    def lacks_gender(self) -> bool:
        """Nobody says the gender."""
        return any(one.quantity == GENDER and not one.value for one in self.assumed)


class ReadingQuestion(QDialog):
    """Shows what was taken, and why, with all that can be said instead.

    Args:
        taken: of the file.
        rate: frames a second that were said of a file that does not say them.
        before: it is not open yet: its grave doubts are to be answered, with what is likely chosen already.
        fit: there is a fit of it, which reading it again closes.
    """

    def __init__(
        self,
        taken: Taken,
        rate: float | None,
        before: bool,
        parent: QWidget | None = None,
        *,
        fit: bool = False,
    ) -> None:
        super().__init__(parent)
        self._taken, self._rate = taken, rate
        self._asked = {one.quantity: one for one in taken.doubts if one.grave and before}
        self.setWindowTitle("Open" if before else "How the file is read")
        self.choices: dict[str, QComboBox] = {}
        self.rate = rate_field(self)
        changed = f"{CHANGED} {CLOSES_FIT}" if fit else CHANGED
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(12)
        column.addWidget(words_label(taken.path.name, "title"))
        for doubt in self._asked.values():
            column.addWidget(words_label(self._doubt_words(doubt), "warning"))
        column.addWidget(words_label("How is the file to be read?" if before else changed, "secondary"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(2, 1)
        self._fill(grid)
        column.addLayout(grid)
        if taken.unused:
            column.addWidget(words_label(f"Not used: {shown(taken.unused)}", "secondary"))
        row, self.open_button = buttons(self, "Open" if before else "Read again")
        column.addLayout(row)
        self.setFixedWidth(WIDTH)
        doubted = [self.choices[one] for one in self._asked if one in self.choices]
        (doubted[0] if doubted else self.open_button).setFocus()
        self._first = self.reading(), self.given_rate()

    def showEvent(self, event: QShowEvent) -> None:
        """As high as its sentences need it: a dialog's own first size is held within a part of the screen."""
        super().showEvent(event)
        self.resize(WIDTH, self._column.totalHeightForWidth(WIDTH))

    def _doubt_words(self, doubt: Doubt) -> str:
        value = next((one.value for one in self._taken.assumed if one.quantity == doubt.quantity), "")
        sentence = f"{doubt.sentence[0].upper()}{doubt.sentence[1:]}"
        rather = f": {doubt.likely} is likelier than {value or 'what the file says'}" if doubt.likely else ""
        return f"{sentence}{rather}."

    def _fill(self, grid: QGridLayout) -> None:
        for one in sorted(self._taken.assumed, key=lambda one: QUANTITIES.index(one.quantity)):
            # Files that have one kind of coordinates alone say so, or their tool does.
            if one.quantity == COORDINATES and one.how not in (DEFAULT, USER):
                continue
            field = self._rate_field(one) if one.quantity == FRAME_RATE else self._choice(one)
            field.setFixedWidth(FIELD_WIDTH)
            field.setAccessibleName(one.quantity)
            field.setEnabled(one.quantity not in self._taken.fixed)
            label, row = QLabel(one.quantity.capitalize()), grid.rowCount()
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
            why = f"{self._named(one.quantity, one.value)} · {HOW_WORDS[one.how]}: {one.why}"
            doubted = any(doubt.quantity == one.quantity for doubt in self._taken.doubts)
            grid.addWidget(words_label(why, "warning" if doubted else "secondary"), row, 2)

    def _rate_field(self, one: Assumption) -> QDoubleSpinBox:
        self.rate.setValue(float(one.value) if one.value else self._rate or 0.0)
        self._first_rate = self.rate.value()
        return self.rate

    def _choice(self, one: Assumption) -> QComboBox:
        field = QComboBox(self)
        if not one.value:
            field.addItem(NOT_KNOWN, "")
        for value in CHOICES[FIELD_OF_QUANTITY[one.quantity]]:
            field.addItem(self._named(one.quantity, value), value)
        doubt = self._asked.get(one.quantity)
        found = field.findData(doubt.likely) if doubt is not None and doubt.likely else -1
        field.setCurrentIndex(found if found >= 0 else max(field.findData(one.value), 0))
        self.choices[one.quantity] = field
        return field

    def _named(self, quantity: str, value: str) -> str:
        return FAMILY_LABEL.get(value, value) if quantity == FAMILY else value or NOT_KNOWN

    def reading(self) -> Reading:
        """What the file is to be read with: all that was said of it, before or now."""
        said: dict[str, Any] = {}
        for one in self._taken.assumed:
            field = self.choices.get(one.quantity)
            if field is not None:
                name, value = FIELD_OF_QUANTITY[one.quantity], field.currentData() or None
                was = getattr(self._taken.reading, name)
                # What is left as it was stays the file's own to say, unless it was taken because of a fit.
                firm = one.quantity in self._asked or one.how == FIT or (value or "") != one.value
                said[name] = value if firm else was
            elif one.quantity == FRAME_RATE and one.value and self._changes_rate:
                said["frame_rate"] = self.rate.value() or None
            elif one.quantity == FRAME_RATE and one.value and one.how == FIT:
                said["frame_rate"] = float(one.value)
        return replace(self._taken.reading, **said)

    def given_rate(self) -> float | None:
        """Frames a second of a file that does not say them; None where it does, or nobody knows."""
        if not self._taken.lacks_rate:
            return None
        return (self.rate.value() if self._changes_rate else self._rate) or None

    @property
    def changed(self) -> bool:
        """Anything is said otherwise than at first."""
        return (self.reading(), self.given_rate()) != self._first

    @property
    def _changes_rate(self) -> bool:
        # What has more digits than are shown stays.
        return self.rate.value() != self._first_rate


def rate_field(dialog: QDialog) -> QDoubleSpinBox:
    """For frames a second; 0 where nobody knows."""
    field = QDoubleSpinBox(dialog)
    field.setRange(0.0, MOST_RATE)
    field.setDecimals(2)
    field.setSpecialValueText(NOT_KNOWN)
    field.setSuffix(" fps")
    field.lineEdit().setTextMargins(6, 0, 0, 0)
    return field


def buttons(dialog: QDialog, accept: str) -> tuple[QHBoxLayout, QPushButton]:
    """Cancel and the one that accepts, which is given as well."""
    row = QHBoxLayout()
    row.addStretch(1)
    cancel = QPushButton("Cancel", dialog)
    cancel.setAutoDefault(False)
    cancel.clicked.connect(dialog.reject)
    does = QPushButton(accept, dialog)
    does.setDefault(True)
    does.clicked.connect(dialog.accept)
    row.addWidget(cancel)
    row.addWidget(does)
    return row, does


def words_label(text: str, role: str) -> QLabel:
    """A sentence of a dialog, or the name of a file at its top, as it may be shown."""
    label = WrappedLabel()
    label.setText(shown(text))
    label.setProperty("role", role)
    return label
