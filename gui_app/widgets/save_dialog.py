"""Asking where the fit is to be saved, and writing it there."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from core.shown_text import shown
from gui_app.widgets.message_box import message_box

SUFFIX = ".npz"


@dataclass(frozen=True)
class FileKind:
    """What is saved: the title of the question, the kind of file in words, and its suffix; ``others`` are
    further kinds, each in words with its suffix. A suffix may be the end of a name, ``_sparse.npz``."""

    title: str
    words: str
    suffix: str
    others: tuple[tuple[str, str], ...] = ()

    @property
    def filters(self) -> dict[str, str]:
        """Suffixes by what a dialog shows for them."""
        return {f"{words} (*{suffix})": suffix for words, suffix in ((self.words, self.suffix), *self.others)}

    def named(self, path: Path, chosen: str) -> Path:
        """The path with a suffix: its own where it has one of this kind's, else that of the filter chosen."""
        if any(path.name.lower().endswith(suffix) for suffix in self.filters.values()):
            return path
        return path.with_name(path.name + self.filters.get(chosen, self.suffix))


FIT = FileKind("Save fit", "AMASS", SUFFIX)


@dataclass(frozen=True)
class Place:
    """A file to write; ``replace`` where there is one already and the user agreed to lose it."""

    path: Path
    replace: bool = False


def ask_where(parent: QWidget, start: Path, kind: FileKind = FIT) -> Place | None:
    """Asks for a file name, and about replacing exactly the file that would be written; None if cancelled."""
    dialog = QFileDialog(parent, kind.title, str(start.parent), ";;".join(kind.filters))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    if not kind.others:
        dialog.setDefaultSuffix(kind.suffix.removeprefix("."))
    # Some systems' dialogs ask before the suffix is there; the one of macOS cannot be kept from asking.
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.selectFile(start.name)
    if not dialog.exec() or not dialog.selectedFiles():
        return None
    chosen = Path(dialog.selectedFiles()[0])
    path = kind.named(chosen, dialog.selectedNameFilter())
    if not path.exists():
        return Place(path)
    asked = sys.platform == "darwin" and path == chosen
    return Place(path, replace=True) if asked or may_replace(parent, path) else None


def may_replace(parent: QWidget, path: Path) -> bool:
    """Asks whether what is at ``path`` may be lost."""
    more = f"It exists in {path.parent}; what it holds would be lost."
    box = message_box(parent, "Replace", f"Replace {shown(path.name)}?", more)
    replace = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is replace
