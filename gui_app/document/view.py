"""How the bodies are shown: side by side or as one, coloured by what, and which fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.document import Document
from gui_app.scene.colour_maps import DEFAULT_RANGE_MM
from gui_app.scene.picking import BodyName
from gui_app.scene.skin_colours import COLOUR, DIFFERENCE
from gui_app.scene.view_options import Colouring, Layers, LayoutName

if TYPE_CHECKING:
    from core.model.fit_result import FitResult


@dataclass(frozen=True, eq=False)
class SecondFit:
    """A fit beside the document's.

    Attributes:
        result: of the same motion in the same body.
        name: what it is, in words: of its step, or of its file.
        file: that it was read from, None where it is of the history.
    """

    result: FitResult
    name: str
    file: Path | None = None


Titles = tuple[tuple[str, ...], tuple[str, ...]]
"""Of two fits side by side, piece by piece."""


MOST_RULERS = 8


@dataclass(frozen=True)
class Ruler:
    """Between two vertices, each told by its body and its id."""

    first: tuple[BodyName, int]
    second: tuple[BodyName, int]


class View(QObject):
    """How the bodies are arranged, coloured and looked at, and which fit is shown.

    Attributes:
        colouring: what the colours of the skin say.
        range_mm: where the scale of the error ends, millimetres.
        apart_mm: where that of the difference between two fits ends.
        follow: the camera goes along with the bodies.
        layout: where the bodies stand to each other.
        parallel: parallel projection instead of perspective.
        layers: what is drawn.
        peeked: another fit than the document's, shown for a while; None for none.
        peek_words: what that fit is, ``'before'``.
        second: the fit that is shown beside the document's, to compare the two; None for none.
        titles: words over both, piece by piece; None where there is but one.
        rulers: distances that are measured on the bodies, the newest last.

    ``peek_changed`` tells of the fit shown for a while, ``second_changed`` of the one beside,
    ``rulers_changed`` of what is measured, ``changed`` of everything else.
    """

    changed = Signal()
    peek_changed = Signal()
    second_changed = Signal()
    rulers_changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.colouring: Colouring = "error"
        self.range_mm = DEFAULT_RANGE_MM
        self.apart_mm = DIFFERENCE.usual_range
        self.follow = True
        self.layout: LayoutName = "side"
        self.parallel = False
        self.layers = Layers()
        self.peeked: FitResult | None = None
        self.peek_words = ""
        self.second: SecondFit | None = None
        self.titles: Titles | None = None
        self.rulers: tuple[Ruler, ...] = ()
        document.motion_leaving.connect(self._on_leaving)
        document.motion_leaving.connect(self._on_motion_leaving)
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

    def set_second(self, second: SecondFit | None, titles: Titles | None = None) -> None:
        """Shows another fit beside the document's, under these titles; None for that one alone."""
        opened, titles = self._document.opened, None if second is None else titles
        if opened is not None and (second is not self.second or titles != self.titles):
            self.second, self.titles = second, titles
            opened.posed.set_beside(None if second is None else second.result)
            self.second_changed.emit()

    def set_rulers(self, rulers: tuple[Ruler, ...]) -> None:
        """What is measured on the bodies."""
        if rulers != self.rulers:
            self.rulers = rulers
            self.rulers_changed.emit()

    @property
    def scale_end_mm(self) -> float | None:
        """Where the scale of the colour in use ends, if that can be set."""
        if not COLOUR[self.colouring].in_range:
            return None
        return self.apart_mm if self.colouring == DIFFERENCE.name else self.range_mm

    def set_scale_end(self, millimetres: float) -> None:
        """The scale of the difference between two fits ends there where it is in use, or else the error's."""
        if self.colouring == DIFFERENCE.name:
            self.change(apart_mm=millimetres)
        else:
            self.change(range_mm=millimetres)

    def change(
        self,
        *,
        colouring: Colouring | None = None,
        range_mm: float | None = None,
        apart_mm: float | None = None,
        follow: bool | None = None,
        layout: LayoutName | None = None,
        parallel: bool | None = None,
        layers: Layers | None = None,
    ) -> None:
        """Shows things otherwise; what is None stays as it is."""
        before = self._choices()
        self.colouring = colouring if colouring is not None else self.colouring
        self.range_mm = range_mm if range_mm is not None else self.range_mm
        self.apart_mm = apart_mm if apart_mm is not None else self.apart_mm
        self.follow = follow if follow is not None else self.follow
        self.layout = layout if layout is not None else self.layout
        self.parallel = parallel if parallel is not None else self.parallel
        self.layers = layers if layers is not None else self.layers
        if self._choices() != before:
            self.changed.emit()

    def _choices(self) -> tuple[object, ...]:
        ranges = self.range_mm, self.apart_mm
        return self.colouring, ranges, self.follow, self.layout, self.parallel, self.layers

    @Slot()
    def _on_leaving(self) -> None:
        self.set_peek(None)

    @Slot()
    def _on_motion_leaving(self) -> None:
        self.set_second(None)
        self.set_rulers(())
