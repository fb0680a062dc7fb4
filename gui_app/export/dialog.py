"""One dialog for everything that can be written: what, how, where."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl, Slot
from PySide6.QtGui import QColor, QDesktopServices, QFontMetrics, QIcon, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.files.containers.numbered import only_numbered
from core.outputs.export_formats import no_folder_name
from core.session.inputs import lost_by
from core.shown_text import size_words
from gui_app.document.opened import file_stem
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.export.controller import ExportController
from gui_app.export.form import ExportForm
from gui_app.export.kinds import KIND, KINDS, Choice, default_place
from gui_app.export.text import progress_words
from gui_app.style import colours
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import icon, refresh_style, tabular
from gui_app.widgets.buttons import allow
from gui_app.widgets.save_dialog import may_replace
from gui_app.widgets.wrapped_label import WrappedLabel

LIST_WIDTH = 236
ROW_HEIGHT = 48
WORDS_ROLE = Qt.ItemDataRole.UserRole + 1
STYLE = """
QListWidget { background: $BACKGROUND; border: none; border-right: 1px solid $LINE; border-radius: 0;
    padding: 8px; }
QProgressBar { background: $LINE; border: none; border-radius: 2px; max-height: 4px; }
QProgressBar::chunk { background: $ACCENT; border-radius: 2px; }
QLabel[role="problem"] { color: $ERROR; }
"""


class ExportDialog(QDialog):
    """Stays open beside the window; closing it does not stop an export."""

    def __init__(
        self,
        state: AppState,
        exporting: ExportController,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._exporting, self._preferences = state, exporting, preferences
        self._typed = self._told = False
        self.setWindowTitle("Export")
        set_sheet(self, STYLE)
        self.resize(780, 550)
        self.kinds = QListWidget(self)
        self.kinds.setFixedWidth(LIST_WIDTH)
        self.kinds.setItemDelegate(_TwoLines(self.kinds))
        self.kinds.setIconSize(QSize(20, 20))
        self.kinds.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.about = QLabel(self)
        self.about.setProperty("role", "secondary")
        self.about.setWordWrap(True)
        self.form = ExportForm(state, self)
        self.place = QLineEdit(self)
        self.place.setToolTip("Where it is written")
        browse = QPushButton("Browse…", self)
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        self.words = WrappedLabel(self)
        tabular(self.words)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.show_folder = QPushButton("Show in folder", self)
        self.show_folder.setAutoDefault(False)
        self.show_folder.clicked.connect(self._show_folder)
        self.cancel = QPushButton("Cancel", self)
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self._cancel)
        self.export = QPushButton("Export", self)
        self.export.setDefault(True)
        self.export.clicked.connect(self._export)
        self._lay_out(browse)
        for kind in KINDS:
            item = QListWidgetItem(icon(kind.icon), kind.title, self.kinds)
            item.setData(Qt.ItemDataRole.UserRole, kind.name)
            item.setData(WORDS_ROLE, kind.words)
            item.setToolTip("Needs a fit" if kind.needs_fit is True else "")
        self.kinds.currentRowChanged.connect(self._on_kind)
        self.form.changed.connect(self._on_choice)
        self.place.textEdited.connect(self._on_typed)
        self.place.editingFinished.connect(self._show_whole_path)
        exporting.changed.connect(self._on_status)
        for signal in (
            state.document.motion_changed, state.playback.selection_changed, state.playback.frame_changed,
            state.document.result_changed,
        ):  # fmt: skip
            signal.connect(self._on_motion)
        names = tuple(kind.name for kind in KINDS)
        self.kinds.setCurrentRow(names.index(preferences.choice("export_kind", names, names[0])))

    def _lay_out(self, browse: QPushButton) -> None:
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(self.place, 1)
        where.addWidget(browse)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.show_folder)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.export)
        right = QVBoxLayout()
        right.setContentsMargins(24, 20, 24, 18)
        right.setSpacing(14)
        right.addWidget(self.title)
        right.addWidget(self.about)
        right.addWidget(self.form)
        right.addStretch(1)
        right.addLayout(where)
        right.addWidget(self.words)
        right.addWidget(self.bar)
        right.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.kinds)
        row.addLayout(right, 1)

    def open_for(self, kind: str | None = None) -> None:
        """Shows the dialog, with a kind chosen where one is given."""
        if kind is not None:
            self.kinds.setCurrentRow([one.name for one in KINDS].index(kind))
        self._typed = False
        self._on_status()
        self._count_people()
        self.form.set_view(self._exporting.view_size())
        self.form.refill()
        self.show()
        self.raise_()
        self.activateWindow()

    @property
    def kind(self) -> str:
        """What is to be written."""
        item = self.kinds.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item else KINDS[0].name

    @property
    def path(self) -> Path:
        """Where to; what is typed without a folder is beside what was opened or saved last."""
        path = Path(self.place.text().strip()).expanduser()
        return path if path.is_absolute() or not path.name else self._folder / path

    @property
    def _folder(self) -> Path:
        folder = Path(self._preferences.folder or Path.home())
        return Path(os.path.abspath(folder)) if folder.is_dir() else Path.home()

    @Slot(int)
    def _on_kind(self, _row: int) -> None:
        self.title.setText(KIND[self.kind].title)
        self.about.setText(KIND[self.kind].about)
        self._typed = False
        self.form.set_kind(self.kind)

    @Slot()
    def _on_motion(self, *_: object) -> None:
        # What came of the last export stays until something is set or asked for anew.
        if self.isVisible() and not self._exporting.status.active and not self._told:
            self._count_people()
            self.form.refill()

    @Slot()
    def look_again(self) -> None:
        """More is known of the people of the file, or somebody was fitted."""
        self._on_motion()

    def _count_people(self) -> None:
        everyone = self._exporting.everyone()
        self.form.set_people(1 if everyone is None else len(everyone.fitted) + len(everyone.without))

    @Slot(str)
    def _on_typed(self, _text: str) -> None:
        self._typed = True
        self._on_choice()

    @Slot()
    def _show_whole_path(self) -> None:
        if self.path.name:
            self.place.setText(str(self.path))

    @Slot()
    def _on_choice(self, *_: object) -> None:
        opened = self._state.document.opened
        if opened is None or self._exporting.status.active:
            return
        self._told = False
        self.cancel.setText("Cancel")
        choice = self.form.choice()
        if not self._typed:
            family = opened.bodies.target.family
            stem = file_stem(opened.motion.name, None) if choice.everyone else opened.stem
            self.place.setText(str(default_place(self._folder, stem, choice, family)))
        problem = self._problem(choice)
        self._say(problem or self._estimate(choice), bool(problem))
        allow(self.export, problem)
        self.show_folder.hide()

    def _problem(self, choice: Choice) -> str:
        """Why this cannot be exported, or ''."""
        state, path = self._state, self.path
        everyone = self._exporting.everyone() if choice.everyone else None
        if everyone is not None and not everyone.fitted:
            return "Nobody is fitted yet: press Fit in the window first."
        if everyone is None and choice.needs_fit and not state.document.has_fit:
            return "There is no fit yet: press Fit in the window first."
        if everyone is None and choice.needs_fit and not len(self._exporting.ids(choice)):
            return "None of these frames is fitted yet."
        if not self.place.text().strip() or not path.name:
            return "Say where to write it."
        if not path.parent.is_dir():
            return f"There is no folder {path.parent}."
        if sentence := lost_by(path, state.document.inputs):
            return sentence
        if choice.is_folder:
            if sentence := no_folder_name(path):
                return sentence
            if path.is_file():
                return f"{path.name} is a file; this export makes a folder."
            if path.is_dir() and not (_is_empty(path) if choice.everyone else only_numbered(path)):
                return f"{path.name} holds other files; choose a folder that does not exist yet."
        elif path.is_dir():
            return f"{path.name} is a folder; this export makes a file."
        return self._exporting.too_little_space(choice, path)

    def _estimate(self, choice: Choice) -> str:
        count = len(self._exporting.ids(choice))
        size, files = self._exporting.estimate(choice)
        parts = [f"{files:,} file{'' if files == 1 else 's'}", f"about {size_words(size)}"]
        if choice.is_film:
            seconds = len(choice.pictures(self._state.document.rate)) / choice.rate
            parts.insert(0, f"{seconds:.1f} s")
        everyone = self._exporting.everyone() if choice.everyone else None
        if everyone is not None:
            return "\n".join(line for line in (" · ".join(parts), everyone.left_out) if line)
        left_out = len(choice.ids) - count
        if left_out:
            parts.append(f"{left_out:,} not fitted left out")
        return " · ".join(parts)

    def _say(self, text: str, problem: bool = False) -> None:
        self.words.setText(text)
        role = "problem" if problem else "secondary"
        if self.words.property("role") != role:
            self.words.setProperty("role", role)
            refresh_style(self.words)

    @Slot()
    def _browse(self) -> None:
        choice, path = self.form.choice(), self.path
        if choice.is_folder:
            folder = QFileDialog.getExistingDirectory(self, "Folder to make it in", str(path.parent))
            chosen = str(Path(folder) / path.name) if folder else ""
        else:
            suffix = choice.format.suffix
            # Replacing is asked about when Export is pressed.
            chosen, _ = QFileDialog.getSaveFileName(
                self,
                "Export",
                str(path),
                f"{choice.format.title} (*{suffix})",
                options=QFileDialog.Option.DontConfirmOverwrite,
            )
        if chosen:
            self.place.setText(chosen)
            self._typed = True
            self._on_choice()

    @Slot()
    def _export(self) -> None:
        if self._told:
            self.form.refill()
        if self._exporting.status.active or not self.export.isEnabled():
            return
        choice, path = self.form.choice(), self.path
        suffix = choice.format.suffix
        if not choice.is_folder and path.suffix.lower() != suffix:
            path = path.with_name(path.name + suffix)
            self.place.setText(str(path))
        there = path.exists() and not (path.is_dir() and not any(path.iterdir()))
        if there and not may_replace(self, path):
            return
        self._preferences.folder = str(path.parent)
        self._preferences.store("export_kind", choice.kind)
        self._exporting.start(choice, path, overwrite=there)

    @Slot()
    def _cancel(self) -> None:
        if self._exporting.status.active:
            self._exporting.cancel()
        else:
            self.hide()

    @Slot()
    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.path.parent)))

    @Slot()
    def _on_status(self) -> None:
        status = self._exporting.status
        active = status.active
        for widget in (self.kinds, self.form, self.place):
            widget.setEnabled(not active)
        self.bar.setVisible(active)
        self.cancel.setText("Stop" if active else "Cancel")
        self.cancel.setEnabled(status.phase != "stopping")
        if active:
            allow(self.export, "An export is being written")
            self.show_folder.hide()
            self.bar.setRange(0, status.total)
            self.bar.setValue(status.done)
            self._say(progress_words(status))
            return
        self._on_choice()
        if status.words:
            self._told = True
            self._say(status.words, status.failed)
            self.show_folder.setVisible(status.path is not None)
            self.cancel.setText("Close" if status.path is not None else "Cancel")


def _is_empty(folder: Path) -> bool:
    try:
        return next(folder.iterdir(), None) is None
    except OSError:
        return False


class _TwoLines(QStyledItemDelegate):
    """A title, and in smaller words under it what it is."""

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:  # type: ignore[override]
        """Every row is as high."""
        return QSize(LIST_WIDTH - 24, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:  # type: ignore[no-untyped-def, override]
        """Icon, two lines, and a rounded ground where it is chosen or under the pointer."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect.adjusted(0, 1, 0, -1)  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.CHOSEN if chosen else colours.RAISED))
            painter.drawRoundedRect(rect, 6, 6)
        picture: QIcon = index.data(Qt.ItemDataRole.DecorationRole)
        picture.paint(painter, rect.left() + 10, rect.center().y() - 10, 20, 20)
        left, width = rect.left() + 42, rect.width() - 46
        font = option.font  # type: ignore[attr-defined]
        painter.setPen(QColor(colours.ACCENT if chosen else colours.TEXT))
        painter.setFont(font)
        line = QFontMetrics(font).height()
        top = rect.top() + (rect.height() - 2 * line) // 2
        painter.drawText(left, top, width, line, Qt.AlignmentFlag.AlignVCenter, index.data())
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(QColor(colours.TEXT_SECONDARY))
        painter.drawText(left, top + line, width, line, Qt.AlignmentFlag.AlignVCenter, index.data(WORDS_ROLE))
        painter.restore()
