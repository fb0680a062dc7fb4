"""The mask on the fit's skin, and the words about a vertex under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Slot

from gui_app.document.document import Document
from gui_app.document.view import View
from gui_app.mask.painting import MaskPainting
from gui_app.scene.mask_colours import (
    MaskLook,
    distance_colours,
    validity_colours,
    weight_colours,
    with_patch,
)
from gui_app.style import colours
from gui_app.style.live_theme import on_theme_change
from gui_app.tasks.coalesce import Coalescer
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport

if TYPE_CHECKING:
    from gui_app.document.opened import Opened


class MaskInView(QObject):
    """Colours the fit while the panel is open."""

    def __init__(
        self, document: Document, view: View, painting: MaskPainting, viewport: Viewport, probe: VertexProbe
    ) -> None:
        super().__init__(viewport)
        self._document, self._view = document, view
        self._painting, self._viewport, self._probe = painting, viewport, probe
        self._base: np.ndarray | None = None
        self._shown = False
        self._colours = Coalescer(self._show, self)
        self._patch = Coalescer(self._show_patch, self)
        for signal in (
            painting.mask_changed, painting.settings_changed, painting.tools_changed, painting.rest.changed,
            document.motion_changed, view.changed,
        ):  # fmt: skip
            signal.connect(self._colours.ask)
        painting.patch_changed.connect(self._patch.ask)
        on_theme_change(self._colours.ask)

    @Slot()
    def _show(self) -> None:
        painting, opened = self._painting, self._document.opened
        self._probe.tells_mask = self._words if painting.active else None
        if not painting.active or opened is None or painting.valid is None:
            self._base = None
            if self._shown:
                self._shown = False
                self._viewport.scene.set_mask_look(None)
                self._viewport.refresh()
            return
        self._base = self._base_colours(opened, painting.valid)
        self._show_patch()

    def _base_colours(self, opened: Opened, valid: np.ndarray) -> np.ndarray:
        from core.inspection.mask_report import invalid_reasons

        if self._painting.shows == "distance":
            self._painting.rest.want()
            found = self._painting.rest.found
            if found is not None:
                return distance_colours(found.distance_mm, self._view.range_mm, valid)
        if self._painting.shows == "weight":
            weights = self._painting.weights
            return weight_colours(np.ones(len(valid)) if weights is None else weights, valid)
        return validity_colours(invalid_reasons(opened.bodies.correspondence, valid))

    @Slot()
    def _show_patch(self) -> None:
        painting, base = self._painting, self._base
        if base is None or not painting.active:
            return
        colour = colours.BRUSH_BACK if painting.patch_puts_back else colours.BRUSH_OUT
        unknown = painting.shows == "distance" and painting.rest.found is None
        shows = "validity" if unknown else painting.shows
        self._viewport.scene.set_mask_look(MaskLook(with_patch(base, painting.patch, colour), shows))
        if self._shown:
            self._viewport.repaint_skin()
        else:
            self._shown = True
            self._viewport.refresh()

    def _words(self, vertex: int) -> str:
        from core.inspection.mask_report import invalid_reasons, why_invalid

        opened, painting = self._document.opened, self._painting
        if opened is None or painting.valid is None:
            return ""
        reason = int(invalid_reasons(opened.bodies.correspondence, painting.valid)[vertex])
        tools = painting.tools
        regions, source = ({}, {}) if tools is None else (tools.regions, tools.source_regions)
        words = why_invalid(opened.bodies, vertex, reason, regions, source).rstrip(".")
        if painting.shows == "distance" and painting.rest.found is not None:
            words += f" · {painting.rest.found.distance_mm[vertex]:.1f} mm from the source in the rest pose"
        if painting.weights is not None:
            words += f" · weighs ×{painting.weights[vertex]:.3g}"
        return words
