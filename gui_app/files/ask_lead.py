"""Asks what leads from meshes of a topology of their own to a body."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from core.files.own_mesh import NothingLeads
from core.model.motion import FILES, Reading
from gui_app.files.open_question import Answer
from gui_app.widgets.message_box import message_box

TRANSFER_FILTER = "Correspondences (*.npz *.pkl *.npy *.pt);;All files (*)"
REST_FILTER = "Meshes (*.obj *.ply)"


def ask_lead(asked: NothingLeads, folder: str, window: QWidget) -> Reading | None:
    """The file that leads to a body, as a reading names it; None where it was cancelled.

    Args:
        asked: says of which meshes.
        folder: to look in first.
        window: that the question belongs to.
    """
    question = f"{asked.path.name} is meshes of {asked.vertices:,} vertices, a topology of their own."
    more = (
        "What leads from them to a body? A correspondence, such as MHR's mapping, or one of these meshes "
        "that was registered to the body at rest."
    )
    box = message_box(window, "Open", question, more)
    transfer = box.addButton("Correspondence…", QMessageBox.ButtonRole.AcceptRole)
    rest = box.addButton("Rest mesh…", QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(transfer)
    box.exec()
    clicked = box.clickedButton()
    box.deleteLater()
    if clicked is transfer:
        chosen, _ = QFileDialog.getOpenFileName(window, "Correspondence", folder, TRANSFER_FILTER)
        return Reading(transfer=chosen) if chosen else None
    if clicked is rest:
        chosen, _ = QFileDialog.getOpenFileName(window, "Rest mesh", folder, REST_FILTER)
        return Reading(rest_mesh=chosen) if chosen else None
    return None


def led_by(answer: Answer, reading: Reading) -> Answer:
    """The answer with the files that a reading names, where it names some."""
    files = {name: getattr(reading, name) for name in FILES if getattr(reading, name) is not None}
    return replace(answer, reading=replace(answer.reading, **files)) if files else answer
