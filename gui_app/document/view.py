"""How the bodies are shown: side by side or as one, coloured by what, and which fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.document import Document
from gui_app.scene.colour_maps import DEFAULT_RANGE_MM
from gui_app.scene.view_options import Colouring, Layers, LayoutName

if TYPE_CHECKING:
    from core.model.fit_result import FitResult


class View(QObject):
    """How the bodies are arranged, coloured and looked at, and which fit is shown.

    Attributes:
        colouring: what the colours of the skin say.
        range_mm: where the scale of the colours ends, millimetres.
        follow: the camera goes along with the bodies.
        layout: where the bodies stand to each other.
        parallel: parallel projection instead of perspective.
        layers: what is drawn.
        peeked: another fit than the document's, shown for a while; None for none.
        peek_words: what that fit is, ``'before'``.

    ``peek_changed`` tells of the last two, ``changed`` of everything else.
    """

    changed = Signal()
    peek_changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.colouring: Colouring = "error"
        self.range_mm = DEFAULT_RANGE_MM
        self.follow = True
        self.layout: LayoutName = "side"
        self.parallel = False
        self.layers = Layers()
        self.peeked: FitResult | None = None
        self.peek_words = ""
        document.motion_leaving.connect(self._on_leaving)
        document.result_leaving.connect(self._on_leaving)

    @property
    def shown(self) -> FitResult | None:
        """The fit whose bodies and figures are shown: another one for a while, or else the one there is."""
        return self._document.result if self.peeked is None else self.peeked

    def set_peek(self, result: FitResult | None, words: str = "before") -> None:
        """Shows the frame of another fit for a while, None to go back to the one there is."""
        opened = self._document.opened
        if result is not self.peeked and opened is not None:
            self.peeked, self.peek_words = result, words
            opened.posed.peek(result)
            self.peek_changed.emit()

    def change(
        self,
        *,
        colouring: Colouring | None = None,
        range_mm: float | None = None,
        follow: bool | None = None,
        layout: LayoutName | None = None,
        parallel: bool | None = None,
        layers: Layers | None = None,
    ) -> None:
        """Shows things otherwise; what is None stays as it is."""
        before = self._choices()
        self.colouring = colouring if colouring is not None else self.colouring
        self.range_mm = range_mm if range_mm is not None else self.range_mm
        self.follow = follow if follow is not None else self.follow
        self.layout = layout if layout is not None else self.layout
        self.parallel = parallel if parallel is not None else self.parallel
        self.layers = layers if layers is not None else self.layers
        if self._choices() != before:
            self.changed.emit()

    def _choices(self) -> tuple[object, ...]:
        return self.colouring, self.range_mm, self.follow, self.layout, self.parallel, self.layers

    @Slot()
    def _on_leaving(self) -> None:
        self.set_peek(None)
