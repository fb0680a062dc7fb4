"""Saving the fit, and the question that is asked before one is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtWidgets import QMessageBox, QWidget

from core.errors import RefitError
from core.model.joints import FAMILY_LABEL
from core.session.inputs import check_output
from gui_app.document.actions import Actions
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.preferences import Preferences
from gui_app.widgets.buttons import NO_FIT, allow
from gui_app.widgets.message_box import message_box
from gui_app.widgets.save_dialog import FIT, Place, ask_where
from gui_app.widgets.text import together


def save_fit(document: Document, activity: Activity, place: Place, preferences: Preferences) -> bool:
    """Saves ``document.result``; a sentence says how it went. True if it is saved."""
    from core.outputs.results import save_result

    if document.result is None:
        return False
    try:
        check_output(place.path, document.inputs)
        save_result(place.path, document.result, overwrite=place.replace)
    except RefitError as error:
        activity.fail(str(error))
        return False
    preferences.folder = str(place.path.parent)
    document.set_saved(place.path)
    activity.say(f"Saved {place.path.name}")
    return True


class SaveActions(QObject):
    """Does what Save fit says, and keeps it true to what there is to save."""

    def __init__(
        self,
        document: Document,
        activity: Activity,
        actions: Actions,
        preferences: Preferences,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._document, self._activity = document, activity
        self._actions, self._preferences, self._window = actions, preferences, window
        self._save_session: Callable[[Callable[[], object]], object] | None = None
        actions.save.triggered.connect(self.ask_save)
        document.motion_changed.connect(self._on_change)
        document.result_changed.connect(self._on_change)
        window.installEventFilter(self)
        self._on_change()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Whoever comes back to the window may have deleted files meanwhile."""
        if event.type() == QEvent.Type.WindowActivate:
            self._document.saved_changed.emit()
        return super().eventFilter(watched, event)

    @Slot()
    def ask_save(self) -> bool:
        """Asks where to save the fit, and saves it; True if it is saved."""
        document, activity = self._document, self._activity
        document.settle()
        if document.opened is None or document.result is None:
            return False
        from core.commands.output_paths import result_name

        name = result_name(document.opened.motion, document.result.family)
        start = Path(self._preferences.folder or Path.home()) / name
        label = FAMILY_LABEL[document.result.family]
        place = ask_where(self._window, start, replace(FIT, words=f"AMASS {label}"))
        return place is not None and save_fit(document, activity, place, self._preferences)

    def offer_session(self, save: Callable[[Callable[[], object]], object]) -> None:
        """The question offers a session as well; ``save`` writes it, and then calls what it is given."""
        self._save_session = save

    def may_lose_work(self, question: str, again: Callable[[], object]) -> bool:
        """Asks whether the user's work may be lost, where it is worth asking.

        Args:
            question: to be answered.
            again: does what was asked about once more, as soon as a session that is saved first is written.

        Returns:
            It may be done now.
        """
        document = self._document
        document.settle()
        if not document.loses_work or document.opened is None:
            return True
        lost = document.lost
        more = f"The work on {together(lost)} is not in a file yet."
        box = message_box(self._window, "Unsaved work", question, more)
        session = box.addButton("Save session", QMessageBox.ButtonRole.AcceptRole)
        # A fit is of the one who is shown alone.
        offered = document.has_fit and lost == (document.opened.name,)
        fit = box.addButton("Save fit…", QMessageBox.ButtonRole.AcceptRole) if offered else None
        discard = box.addButton("Don't save", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(session)
        box.exec()
        if box.clickedButton() is session and self._save_session is not None:
            self._save_session(again)
            return False
        if fit is not None and box.clickedButton() is fit:
            return self.ask_save()
        return box.clickedButton() is discard

    @Slot()
    def _on_change(self, *_: object) -> None:
        allow(self._actions.save, "" if self._document.has_fit else NO_FIT)
