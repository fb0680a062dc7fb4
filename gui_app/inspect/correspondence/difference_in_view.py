"""How far two correspondences are apart, on the fit's skin and in words under the pointer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Slot

from gui_app.document.inspect_selection import Inspection
from gui_app.inspect.correspondence.model import Correspondences
from gui_app.scene.mask_colours import MaskLook, difference_colours
from gui_app.style.live_theme import on_theme_change
from gui_app.tasks.coalesce import Coalescer
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport


class DifferenceInView(QObject):
    """Colours the fit while the page of correspondences is open and two are compared."""

    def __init__(
        self,
        inspection: Inspection,
        correspondences: Correspondences,
        viewport: Viewport,
        probe: VertexProbe,
    ) -> None:
        super().__init__(viewport)
        self._inspection, self._correspondences = inspection, correspondences
        self._viewport, self._probe = viewport, probe
        self._shown: object = None
        self._distance = np.zeros(0)
        soon = Coalescer(self._show, self)
        for signal in (correspondences.changed, inspection.looks_changed, inspection.page_changed):
            signal.connect(soon.ask)
        on_theme_change(self._on_theme)
        self._soon = soon

    @Slot()
    def _on_theme(self) -> None:
        if self._shown is not None:
            self._shown = None
            self._show()

    @Slot()
    def _show(self) -> None:
        wanted = self._inspection.active and self._inspection.page == "map" and self._correspondences.on_skin
        found = self._correspondences.comparison() if wanted else None
        if found is self._shown:
            return
        self._shown = found
        look = None
        if found is not None:
            alone = np.concatenate((found.only_first, found.only_second))
            look = MaskLook(difference_colours(found.distance_mm, alone), "difference")
            self._distance = found.distance_mm
        self._probe.tells_difference = self._words if found is not None else None
        self._viewport.scene.set_difference_look(look)
        self._viewport.refresh()

    def _words(self, vertex: int) -> str:
        distance = self._distance[vertex] if vertex < len(self._distance) else np.nan
        return f"{distance:.2f} mm apart in the two" if np.isfinite(distance) else "not in both of the two"
