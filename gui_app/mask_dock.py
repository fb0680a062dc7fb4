"""The panel of the mask beside the bodies, with what paints the mask on the fit."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from gui_app.actions import Actions
from gui_app.editing import Editing
from gui_app.mask_brush import MaskBrush
from gui_app.mask_figures import MaskFigures
from gui_app.mask_in_view import MaskInView
from gui_app.mask_lasso import MaskLasso
from gui_app.mask_painting import MaskPainting
from gui_app.mask_panel import MaskPanel
from gui_app.mask_preview import MaskPreview
from gui_app.panel_dock import MOST_WIDTH, PanelDock
from gui_app.preferences import Preferences
from gui_app.state import AppState
from gui_app.vertex_probe import VertexProbe
from gui_app.viewport import Viewport


class MaskDock(PanelDock):
    """Stands on the right. While it is in front, the fit's skin shows the mask."""

    def __init__(
        self,
        state: AppState,
        painting: MaskPainting,
        figures: MaskFigures,
        editing: Editing,
        viewport: Viewport,
        probe: VertexProbe,
        preferences: Preferences,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Mask", actions.mask, parent=parent)
        self._painting = painting
        self.preview = MaskPreview(state, painting, editing, self)
        MaskInView(state, painting, viewport, probe)
        MaskBrush(painting, viewport, actions.mask_brush)
        self.lasso = MaskLasso(state, painting, viewport, actions.mask_lasso)
        self.panel = MaskPanel(state, painting, self.preview, figures, preferences, actions, self)
        self.setMaximumWidth(MOST_WIDTH)
        self.hold(self.panel, [self.panel.head])

    @Slot(bool)
    def _on_action(self, shown: bool) -> None:
        super()._on_action(shown)
        self._painting.set_active(shown)

    @Slot(bool)
    def _on_visibility(self, visible: bool) -> None:
        super()._on_visibility(visible)
        # Behind another panel the skin has its own colours and the brush is down.
        self._painting.set_active(visible and not self.isHidden())
