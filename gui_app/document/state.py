"""What the window knows, in four parts. Everything else listens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject

from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.document.playback import Playback
from gui_app.document.view import View

if TYPE_CHECKING:
    from gui_app.document.actions import Actions
    from gui_app.document.history import History
    from gui_app.document.preferences import Preferences


class AppState(QObject):
    """Holds the four parts; what needs one or two of them takes those alone.

    Attributes:
        document: what is open.
        view: how it is shown.
        playback: the frame shown, and the frames selected.
        activity: what is going on, and what is said about it.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = Document(self)
        # Before the playback: another fit shown for a while is gone before the frame is another.
        self.view = View(self.document, self)
        self.playback = Playback(self.document, self)
        self.activity = Activity(self)


class PanelContext(Protocol):
    """What every panel beside the bodies may count on (`gui_app.widgets.panels`)."""

    @property
    def state(self) -> AppState: ...
    @property
    def actions(self) -> Actions: ...
    @property
    def preferences(self) -> Preferences: ...
    @property
    def history(self) -> History: ...
