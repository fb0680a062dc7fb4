"""What the mask leaves: vertices by body part, edges that drop out, joints that are touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui_app.scene.picking import joint_words
from gui_app.style import colours
from gui_app.style.theme import tabular
from gui_app.widgets.text import plain_tip

if TYPE_CHECKING:
    from core.inspection.mask_report import MaskReport

MOST_NAMES = 12


class MaskCounts(QWidget):
    """A row for each body part, and two lines below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        for column, (words, tip) in enumerate(
            (
                ("part", ""),
                ("", ""),
                ("valid", "Vertices that count"),
                ("invalid", "Vertices that do not count"),
            )
        ):
            self._put(0, column, words, tip, quiet=True)
        self.parts: dict[str, tuple[_Share, QLabel, QLabel]] = {}
        self.edges, self.joints = QLabel(self), QLabel(self)
        for label in (self.edges, self.joints):
            label.setProperty("role", "secondary")
            tabular(label)
        self.edges.setToolTip("Edges with an invalid end have no part in stages that fit edges")
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(0, 0, 0, 0)
        column_box.setSpacing(3)
        column_box.addLayout(self._grid)
        column_box.addSpacing(3)
        column_box.addWidget(self.edges)
        column_box.addWidget(self.joints)

    def _put(self, row: int, column: int, words: str, tip: str = "", quiet: bool = False) -> QLabel:
        label = QLabel(words, self)
        if quiet:
            label.setProperty("role", "secondary")
        if column > 1:
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance("0,000") + 2)
            tabular(label)
        label.setToolTip(tip)
        self._grid.addWidget(label, row, column)
        return label

    def show_report(self, report: MaskReport, joint_names: tuple[str, ...]) -> None:
        """Shows the figures of a mask."""
        from core.model.joints import PARTS

        for row, part in enumerate(PARTS):
            if part not in self.parts:
                self._put(row + 1, 0, part)
                share = _Share(self)
                self._grid.addWidget(share, row + 1, 1)
                self.parts[part] = (share, self._put(row + 1, 2, ""), self._put(row + 1, 3, ""))
            share, valid, invalid = self.parts[part]
            total, kept = int(report.part_total[row]), int(report.part_valid[row])
            share.set_share(kept / total if total else 1.0)
            valid.setText(f"{kept:,}")
            invalid.setText(f"{total - kept:,}")
        dropped = int(report.edge_dropped.sum())
        self.edges.setText(f"{dropped:,} of {len(report.edges):,} edges drop out")
        touched = sorted(report.joints_touched, key=lambda joint: -report.joint_share[joint])
        count = len(touched)
        self.joints.setText(f"{count} joint{'' if count == 1 else 's'} touched")
        lines = [
            f"{joint_words(joint_names[joint])}: {100 * report.joint_share[joint]:.0f} %"
            for joint in touched[:MOST_NAMES]
        ]
        if count > MOST_NAMES:
            lines.append(f"and {count - MOST_NAMES} more")
        tip = "Share of a joint's J_regressor weight on invalid vertices"
        self.joints.setToolTip(plain_tip("\n".join((tip, *lines))))


class _Share(QWidget):
    """A thin bar: how much of a part is valid."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._share = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        """A bar."""
        return QSize(40, 12)

    def set_share(self, share: float) -> None:
        """0..1."""
        if share != self._share:
            self._share = share
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints what is valid over what is not."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top, height = self.height() / 2 - 2.5, 5.0
        painter.setBrush(QColor(colours.INVALID_SKIN))
        painter.drawRoundedRect(QRectF(0, top, self.width(), height), 2, 2)
        if self._share > 0:
            painter.setBrush(QColor(colours.FIT_SKIN))
            painter.drawRoundedRect(QRectF(0, top, self._share * self.width(), height), 2, 2)
