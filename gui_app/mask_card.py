"""What the mask does to the frame on show, and the way to the other frames."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui_app.actions import Actions
from gui_app.live_theme import dress
from gui_app.mask_figures import MaskFigures
from gui_app.mask_painting import MaskPainting
from gui_app.mask_preview import MaskPreview
from gui_app.state import AppState
from gui_app.theme import tabular

FIGURE_TIP = (
    "Mean error of this frame over the vertices that are valid now: as it was fitted, and fitted again with "
    "this mask, in millimetres; and over those that weigh more"
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
        dress(self, "MaskCard { border-top: 1px solid $LINE; }")
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
        self.fit.setFocusPolicy(Qt.FocusPolicy.NoFocus)
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
            self.where.setText(f"on frame {state.frame}")
        else:
            result, frame = state.result, state.frame
            fitted = result is not None and bool(result.fitted[frame])
            mean = float(result.mean_mm[frame]) if result is not None and fitted else float("nan")
            self.figure.setText(f"{mean:.2f} mm" if mean == mean else "–")
            self.where.setText(f"mean on frame {state.frame}")
        self.words.setText(self._sentence(made))
        self.fit.setText(ALL if self._painting.weights is None else ALL_WEIGHED)
        self.fit.setVisible(not made and not state.run.active)
        self.fit.setEnabled(self._actions.fit.isEnabled() and not self._painting.stroking)

    def _sentence(self, made: bool) -> str:
        state = self._state
        if self._painting.blocked:
            return self._painting.blocked
        if state.result is None:
            return "Fit this motion to paint on the body and see what the mask does: Ctrl+Return"
        if not state.result.fitted[state.frame]:
            return f"Frame {state.frame} is not fitted: fit it to paint on it (Ctrl+Shift+Return)"
        weighs = self._painting.weights is not None
        if made:
            return f"All frames are fitted with {'these weights' if weighs else 'this mask'}"
        other = "other weights or another mask" if weighs else "another mask"
        if state.result.edited[state.frame]:
            return f"This frame was edited by hand and stays as it is; the fit was made with {other}"
        if self._preview.figures is None:
            return f"The fit was made with {other}"
        heavier = self._preview.heavier
        if heavier is not None:
            figures = f"{heavier[0]:.2f} → {heavier[1]:.2f} mm"
            return f"{figures} where vertices weigh more; the fit itself was made with other weights"
        return f"This frame is shown fitted again; the fit itself was made with {other}"
