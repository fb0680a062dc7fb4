"""The panel of the mask: brush, tools, counts, and what it does to the frame on show."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.mask.brush import MaskBrush
from gui_app.mask.counts import MaskCounts
from gui_app.mask.in_view import MaskInView
from gui_app.mask.lasso import MaskLasso
from gui_app.mask.painting import LEAST_RADIUS_MM, MOST_RADIUS_MM, MaskPainting
from gui_app.mask.preview import MaskPreview
from gui_app.mask.remeasure import MaskFigures
from gui_app.mask.sets import MaskSets
from gui_app.parameters.editing import Editing
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import tabular
from gui_app.tasks.coalesce import Paced
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import action_button
from gui_app.widgets.docks import (
    HEIGHT,
    REFRESH_SECONDS,
    WIDTH,
    PanelDock,
    SidePanel,
    choice_button,
    scrolled,
)
from gui_app.widgets.drag_field import DragField
from gui_app.widgets.panels import PANEL

# What the mask does to the frame on show, and the way to the other frames.

FIGURE_TIP = (
    "Mean v2v error of this frame over the vertices that are valid now: as it was fitted, and fitted again "
    "with this mask, in millimetres; and over those that weigh more"
)
ALL, ALL_WEIGHED = "Fit all frames with this mask", "Fit all frames with these weights"


class MaskCard(QFrame):
    """A line of figures, a sentence, and a button."""

    def __init__(
        self,
        state: AppState,
        painting: MaskPainting,
        preview: MaskPreview,
        figures: MaskFigures,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._painting, self._preview = state, painting, preview
        self._measured, self._actions = figures, actions
        set_sheet(self, "MaskCard { border-top: 1px solid $LINE; }")
        self.figure = QLabel(self)
        self.figure.setStyleSheet("font-weight: 600;")
        self.figure.setToolTip(FIGURE_TIP)
        tabular(self.figure)
        self.where = QLabel(self)
        self.where.setProperty("role", "secondary")
        line = QHBoxLayout()
        line.setSpacing(7)
        line.addWidget(self.figure)
        line.addWidget(self.where)
        line.addStretch(1)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setProperty("role", "secondary")
        # Two lines always, so that nothing moves while one paints.
        self.words.setFixedHeight(2 * self.words.fontMetrics().lineSpacing() + 2)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.fit = QPushButton(ALL, self)
        self.fit.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.fit.clicked.connect(actions.fit.trigger)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(5)
        column.addLayout(line)
        column.addWidget(self.words)
        column.addWidget(self.fit)

    @Slot()
    def refresh(self) -> None:
        """As things are now."""
        state, found = self._state, self._preview.figures
        made = self._preview.made_with_mask()
        if found is not None:
            before, after = found
            self.figure.setText(f"{before:.2f} → {after:.2f} mm")
            self.where.setText(f"on frame {state.playback.frame}")
        else:
            result, frame = state.document.result, state.playback.frame
            fitted = result is not None and bool(result.fitted[frame])
            mean = float(result.mean_mm[frame]) if result is not None and fitted else float("nan")
            self.figure.setText(f"{mean:.2f} mm" if mean == mean else "–")
            self.where.setText(f"mean on frame {state.playback.frame}")
        self.words.setText(self._sentence(made))
        self.fit.setText(ALL if self._painting.weights is None else ALL_WEIGHED)
        self.fit.setVisible(not made and not state.activity.run.active)
        self.fit.setEnabled(self._actions.fit.isEnabled() and not self._painting.stroking)

    def _sentence(self, made: bool) -> str:
        state = self._state
        if self._painting.blocked:
            return self._painting.blocked
        if state.document.result is None:
            return "Fit this motion to paint on the body and see what the mask does: Ctrl+Return"
        if not state.document.result.fitted[state.playback.frame]:
            return f"Frame {state.playback.frame} is not fitted: fit it to paint on it (Ctrl+Shift+Return)"
        weighs = self._painting.weights is not None
        if made:
            return f"All frames are fitted with {'these weights' if weighs else 'this mask'}"
        other = "other weights or another mask" if weighs else "another mask"
        if state.document.result.edited[state.playback.frame]:
            return f"This frame was edited by hand and stays as it is; the fit was made with {other}"
        if self._preview.figures is None:
            return f"The fit was made with {other}"
        heavier = self._preview.heavier
        if heavier is not None:
            figures = f"{heavier[0]:.2f} → {heavier[1]:.2f} mm"
            return f"{figures} where vertices weigh more; the fit itself was made with other weights"
        return f"This frame is shown fitted again; the fit itself was made with {other}"


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
    ("Exclude", "Brush and sets take vertices out of fits and errors"),
    ("Include", "Brush and sets make vertices valid again"),
    ("Weight", "Brush and sets give vertices a weight of their own in fits; with Shift, 1 again"),
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
        super().__init__(NO_MOTION, LEAST_HEIGHT, parent, WIDTH, HEIGHT)
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
            preview.changed, state.document.motion_changed, state.activity.run_changed,
            state.document.result_changed, state.playback.frame_changed,
        ):  # fmt: skip
            signal.connect(self._refresh_if_seen)

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
        self.radius.setAccessibleName("Radius of the brush")
        self.radius.setRange(LEAST_RADIUS_MM, MOST_RADIUS_MM)
        self.radius.setFixedWidth(62)
        self.radius.setToolTip(RADIUS_TIP)
        self.radius.edited.connect(painting.set_radius)
        self.modes = QButtonGroup(self)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(2)
        row.addWidget(self.brush)
        row.addWidget(self.lasso)
        row.addWidget(self.radius)
        row.addStretch(1)
        for number, (words, tip) in enumerate(MODES):
            row.addWidget(choice_button(self.modes, number, words, tip, self, "5px 2px"))
        self.modes.idClicked.connect(self._on_mode)
        return row

    def showEvent(self, event: QShowEvent) -> None:
        """What went by while the panel was hidden is looked up now."""
        self._painting.rest.want()
        super().showEvent(event)

    @Slot()
    def _refresh_if_seen(self, *_: object) -> None:
        if self.isVisible():
            self._soon.ask()

    @Slot()
    def refresh(self) -> None:
        """Shows everything as it is now."""
        from core.inspection.mask_report import mask_report

        opened, painting = self._state.document.opened, self._painting
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
        words = f"{count:,} valid · {len(valid) - count:,} invalid"
        self.head.setText(f"{weighed:,} with weights · {count:,} valid" if weighed else words)
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


# The panel of the mask beside the bodies, with what paints the mask on the fit.


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
        super().__init__(PANEL["masks"], actions.mask, parent)
        self._painting = painting
        self.preview = MaskPreview(state, painting, editing, self)
        MaskInView(state.document, state.view, painting, viewport, probe)
        MaskBrush(painting, viewport, actions.mask_brush)
        self.lasso = MaskLasso(state, painting, viewport, actions.mask_lasso)
        self.panel = MaskPanel(state, painting, self.preview, figures, preferences, actions, self)
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
