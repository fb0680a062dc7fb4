"""Building a correspondence from the two bodies: its settings, a button, and how far it is."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.correspond.build_settings import BUILD_SETTINGS, BuildSettings
from gui_app.document.preferences import Preferences
from gui_app.inspect.correspondence.model import Correspondences
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import tabular
from gui_app.widgets.drag_field import HOW, DragField
from gui_app.widgets.text import plain_tip

FIELD_WIDTH = 84
SHEET = """
BuildCard { border-top: 1px solid $LINE; }
QProgressBar { background: $LINE; border: none; border-radius: 2px; max-height: 4px; }
QProgressBar::chunk { background: $ACCENT; border-radius: 2px; }
"""
BUILD_TIP = (
    "Lays the fit's body onto the source's, shape and a little pose, and takes the nearest point of the "
    "surface for each vertex; some seconds. Fits keep the correspondence in use"
)


class BuildCard(QFrame):
    """Controls come from what the settings say of themselves; what was chosen last is kept."""

    def __init__(
        self, correspondences: Correspondences, preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._correspondences, self._preferences = correspondences, preferences
        set_sheet(self, SHEET)
        usual = BuildSettings()
        title = QLabel("BUILD FROM THE TWO BODIES", self)
        title.setProperty("role", "section")
        self.fields: dict[str, DragField] = {}
        numbers = QHBoxLayout()
        numbers.setSpacing(7)
        for name, setting in BUILD_SETTINGS.items():
            about = setting.metadata
            if isinstance(setting.default, bool):
                self.hidden = QCheckBox(about["label"], self)
                self.hidden.setChecked(preferences.flag(f"build_{name}", setting.default))
                self.hidden.setToolTip(plain_tip(about["help"]))
                continue
            low, high = about["range"]
            unit = about["unit"] if about["unit"] == "°" else f" {about['unit']}"
            field = DragField(unit, 1, 1.0, high, self)
            field.setRange(low, high)
            field.setFixedWidth(FIELD_WIDTH)
            field.setAccessibleName(about["label"])
            field.show_value(preferences.number(f"build_{name}", getattr(usual, name)))
            label = QLabel(about["label"], self)
            for widget in (label, field):
                widget.setToolTip(plain_tip(f"{about['help']}\n{HOW[:1].upper()}{HOW[1:]}"))
            numbers.addWidget(label)
            numbers.addWidget(field)
            numbers.addSpacing(10)
            self.fields[name] = field
        self.build = QPushButton("Build", self)
        self.build.setToolTip(plain_tip(BUILD_TIP))
        self.build.setFixedWidth(FIELD_WIDTH)
        self.build.clicked.connect(self._on_button)
        numbers.addStretch(1)
        below = QHBoxLayout()
        below.addWidget(self.hidden)
        below.addStretch(1)
        below.addWidget(self.build)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.words = QLabel("", self)
        self.words.setProperty("role", "secondary")
        tabular(self.words)
        self.words.setFixedWidth(self.words.fontMetrics().horizontalAdvance("100 %") + 4)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(title)
        line.addWidget(self.bar, 1)
        line.addWidget(self.words)
        line.addStretch(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 7, 0, 0)
        column.setSpacing(4)
        column.addLayout(line)
        column.addLayout(numbers)
        column.addLayout(below)
        correspondences.progressed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """How far it is."""
        busy, share = self._correspondences.building, self._correspondences.share
        self.bar.setVisible(busy)
        self.words.setVisible(busy)
        self.bar.setValue(round(100 * share))
        self.words.setText(f"{100 * share:.0f} %")
        self.build.setText("Cancel" if busy else "Build")
        for widget in (*self.fields.values(), self.hidden):
            widget.setEnabled(not busy)

    @Slot()
    def _on_button(self) -> None:
        if self._correspondences.building:
            self._correspondences.cancel()
            return
        values = {name: field.value() for name, field in self.fields.items()}
        for name, value in values.items():
            self._preferences.store(f"build_{name}", value)
        self._preferences.store("build_with_hidden", self.hidden.isChecked())
        self._correspondences.build(BuildSettings(with_hidden=self.hidden.isChecked(), **values))
