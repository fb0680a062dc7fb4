"""The panel of the mask: brush, tools, counts, and what it does to the frame on show."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui_app.action_button import action_button
from gui_app.actions import Actions
from gui_app.drag_field import DragField
from gui_app.mask_card import MaskCard
from gui_app.mask_counts import MaskCounts
from gui_app.mask_figures import MaskFigures
from gui_app.mask_painting import LEAST_RADIUS_MM, MOST_RADIUS_MM, MaskPainting
from gui_app.mask_preview import MaskPreview
from gui_app.mask_sets import MaskSets
from gui_app.preferences import Preferences
from gui_app.scrolled import scrolled
from gui_app.side_panel import REFRESH_SECONDS, WIDTH, SidePanel, choice_button
from gui_app.soon import Paced
from gui_app.state import AppState
from gui_app.theme import tabular

LEAST_HEIGHT = 262
NO_MOTION = "Which vertices of the fit count appears here, to be seen and painted.\n\nOpen a motion: Ctrl+O"
BRUSH_TIP = (
    "Left button: paint along the surface; with Shift the other way round. Right button: turn. "
    "Ctrl and wheel: size"
)
BRUSH_BUTTON_TIP = f"Brush: {BRUSH_TIP[:1].lower()}{BRUSH_TIP[1:]}  (N)"
LASSO_TIP = (
    "Lasso: draw a line around vertices of the fit that can be seen; with Shift the other way round. Right "
    "button: turn. Esc: drop the line  (Shift+N)"
)
RADIUS_TIP = "Radius of the brush along the surface, millimetres; or Ctrl and the wheel over the view"
MODES = (
    ("Take out", "Brush and sets take vertices out of fits and errors"),
    ("Put back", "Brush and sets make vertices valid again"),
    ("Weigh", "Brush and sets give vertices a weight of their own in fits; with Shift, 1 again"),
)

WEIGH = len(MODES) - 1


class MaskPanel(SidePanel):
    """Looks at the mask only while it can be seen."""

    def __init__(
        self,
        state: AppState,
        painting: MaskPainting,
        preview: MaskPreview,
        figures: MaskFigures,
        preferences: Preferences,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(NO_MOTION, LEAST_HEIGHT, parent)
        self._state, self._painting = state, painting
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.head = QLabel(self)
        self.head.setProperty("role", "secondary")
        self.head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        tabular(self.head)
        self.counts = MaskCounts(self)
        self.sets = MaskSets(state, painting, preferences, self)
        self.card = MaskCard(state, painting, preview, figures, actions, self)
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 2, 12, 8)
        column.setSpacing(10)
        column.addWidget(self.sets)
        column.addWidget(self.counts)
        column.addStretch(1)
        full = QWidget(self)
        whole = QVBoxLayout(full)
        whole.setContentsMargins(0, 2, 0, 0)
        whole.setSpacing(6)
        whole.addLayout(self._brush_row(actions))
        whole.addWidget(scrolled(inside, self), 1)
        whole.addWidget(self.card)
        self.fill(full)
        self._soon = Paced(self.refresh, self, round(1000 * REFRESH_SECONDS))
        for signal in (
            painting.mask_changed, painting.settings_changed, painting.tools_changed, painting.rest.changed,
            preview.changed, state.motion_changed, state.run_changed, state.result_changed,
            state.frame_changed,
        ):  # fmt: skip
            signal.connect(self._look)

    def _brush_row(self, actions: Actions) -> QHBoxLayout:
        painting = self._painting
        actions.mask_brush.setIconText("Brush")
        self.brush = action_button(actions.mask_brush, self)
        self.brush.setToolTip(BRUSH_BUTTON_TIP)
        self.brush.setStyleSheet("padding: 5px 4px;")
        self.lasso = action_button(actions.mask_lasso, self)
        self.lasso.setStyleSheet("padding: 5px 4px;")
        self.lasso.setToolTip(LASSO_TIP)
        self.radius = DragField(" mm", 0, 1.0, MOST_RADIUS_MM, self)
        self.radius.setRange(LEAST_RADIUS_MM, MOST_RADIUS_MM)
        self.radius.setFixedWidth(62)
        self.radius.setToolTip(RADIUS_TIP)
        self.radius.edited.connect(painting.set_radius)
        self.modes = QButtonGroup(self)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(3)
        row.addWidget(self.brush)
        row.addWidget(self.lasso)
        row.addWidget(self.radius)
        row.addStretch(1)
        for number, (words, tip) in enumerate(MODES):
            row.addWidget(choice_button(self.modes, number, words, tip, self, "5px 2px"))
        self.modes.idClicked.connect(self._on_mode)
        return row

    def sizeHint(self) -> QSize:
        """Wide enough for all columns."""
        return QSize(WIDTH, 460)

    def showEvent(self, event: QShowEvent) -> None:
        """What went by while the panel was hidden is looked up now."""
        self._painting.rest.want()
        super().showEvent(event)

    @Slot()
    def _look(self, *_: object) -> None:
        if self.isVisible():
            self._soon.ask()

    @Slot()
    def refresh(self) -> None:
        """Shows everything as it is now."""
        from core.inspection.mask_report import mask_report

        opened, painting = self._state.opened, self._painting
        self._soon.done()
        self.show_content(opened is not None)
        self.head.setText("")
        if opened is None or painting.valid is None or not self.isVisible():
            return
        painting.rest.want()
        with QSignalBlocker(self.radius):
            self.radius.show_value(painting.radius_mm)
        self.modes.button(WEIGH if painting.weighs else int(painting.puts_back)).setChecked(True)
        valid = painting.valid
        count = int(valid.sum())
        weights = painting.weights
        weighed = 0 if weights is None else int((weights != 1).sum())
        words = f"{count:,} valid · {len(valid) - count:,} not"
        self.head.setText(f"{weighed:,} weighed · {count:,} valid" if weighed else words)
        if painting.tools is not None:
            report = mask_report(opened.bodies.target, valid, painting.tools.graph)
            self.counts.show_report(report, opened.bodies.target.joint_names)
        self.sets.refresh()
        self.card.refresh()

    @Slot(int)
    def _on_mode(self, number: int) -> None:
        self._painting.set_weighs(number == WEIGH)
        if number != WEIGH:
            self._painting.set_puts_back(bool(number))
