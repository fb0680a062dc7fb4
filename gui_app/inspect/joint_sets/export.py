"""Writes where the joints of a set are over the whole motion, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.shown_text import shown
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.style.live_theme import set_sheet
from gui_app.style.theme import icon, tabular
from gui_app.tasks.background_job import BackgroundJob, tell_nobody
from gui_app.tasks.job_thread import JobThread
from gui_app.widgets.save_dialog import FileKind, Place, ask_where
from gui_app.widgets.text import frames_words, plain_tip

if TYPE_CHECKING:
    from core.inspection.joint_series import JointSeries, JointsSpeed
    from core.model.body import BodyModel
    from core.model.body_joints import BodyJoint
    from core.model.motion import Motion

UNEXPECTED = "The joints could not be written because of an unexpected error; details are in the log"


@dataclass(frozen=True, eq=False)
class SetExportRequest:
    """What is to be written, and where."""

    body: BodyModel
    joints: tuple[BodyJoint, ...]
    motion: Motion
    path: Path
    replace: bool


def write_places(
    request: SetExportRequest, progress: Callable[[int, int], None], stop: threading.Event
) -> JointSeries:
    """Writes where the joints are, and gives what found that."""
    from core.inspection.joint_series import JointSeries
    from core.outputs.joint_sets import export_joint_places

    series = JointSeries(request.body, request.joints)
    export_joint_places(
        request.path, series, request.motion, overwrite=request.replace, progress=progress, stop=stop
    )
    return series


class SetExport(QObject):
    """One file at a time; ``changed`` tells of progress, ``failed`` and ``said`` carry sentences."""

    changed = Signal()
    failed = Signal(str)
    said = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job: BackgroundJob[JointSeries] | None = None
        self.total = self.done = 0
        self.words = ""
        self._thread = JobThread("set export", self, self.failed.emit, one_torch_thread=True)

    @property
    def active(self) -> bool:
        """A file is being written."""
        return self._job is not None and self._job.under_way

    @property
    def stopping(self) -> bool:
        """It is about to stop."""
        return self._job is not None and self._job.under_way and self._job.stop.is_set()

    def start(
        self, body: BodyModel, joints: tuple[BodyJoint, ...], motion: Motion, path: Path, replace: bool
    ) -> None:
        """Begins to write, unless a file is being written."""
        if self.active or self._thread.closed:
            return
        request = SetExportRequest(body, joints, motion, path, replace)
        self.total, self.done, self.words = len(motion), 0, f"Writing {path.name}"
        self._job = self._thread.job(
            partial(self._on_written, request),
            failed=self._on_failed,
            cancelled=self._on_stopped,
            unexpected=UNEXPECTED,
            latest=True,
        )
        self._job.start(write_places, request, self._job.progress(self._set_done), self._job.stop)
        self.changed.emit()

    @Slot()
    def cancel(self) -> None:
        """Stops; nothing of the file is left."""
        if self._job is not None and self.active:
            self._job.cancel()
            self.words = "Stopping…"
            self.changed.emit()

    def _set_done(self, done: int, _total: int) -> None:
        self.done = done
        self.changed.emit()

    def _on_written(self, request: SetExportRequest, series: JointSeries) -> None:
        count = len(request.joints)
        size = f"{frames_words(len(request.motion))} × {count} joint{'' if count == 1 else 's'}"
        self._set_words(f"{shown(request.path.name)}\n{size}")
        self.said.emit(f"Exported {request.path.name} · {size}")
        # How fast that was is told if it can be had.
        job = self._thread.job(partial(self._on_measured, request), failed=tell_nobody)
        job.start(series.speed, request.motion)

    def _on_measured(self, request: SetExportRequest, speed: JointsSpeed) -> None:
        digits = 0 if speed.factor >= 10 else 1
        factor = f"{speed.factor:.{digits}f}× as fast as the skin"
        self._set_words(f"{shown(request.path.name)}\n{len(request.joints)} joints, {factor}")

    def _on_stopped(self) -> None:
        self._set_words("Stopped; no file was written")

    def _on_failed(self, sentence: str) -> None:
        self._set_words("")
        self.failed.emit(sentence)

    def _set_words(self, words: str) -> None:
        self.words = words
        self.changed.emit()


# The last line of the page of joint sets: writes their places over the motion, and says how that goes.

FILES = {
    ".npz": ("NumPy arrays (.npz)…", "joints (frames × joints × 3) in metres and their names"),
    ".csv": ("Table (.csv)…", "a line a frame and joint, metres"),
}
TIP = "Write where these joints are in every frame of the motion; only the vertices they need are posed"
NO_MOTION = "There is nothing to follow: add joints, or fit this motion"


class SetExportRow(QWidget):
    """``wanted`` tells the ending of the file that is asked for."""

    wanted = Signal(str)

    def __init__(
        self, state: AppState, export: SetExport, preferences: Preferences, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._export, self._preferences = export, preferences
        self._possible = False
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        for suffix, (words, tip) in FILES.items():
            action = self.menu.addAction(words)
            action.setToolTip(tip)
            action.triggered.connect(partial(self._want, suffix))
        self.button = QToolButton(self)
        self.button.setText("Export motion ▾")
        self.button.setIcon(icon("export", "TEXT_SECONDARY"))
        self.button.setIconSize(QSize(16, 16))
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setMenu(self.menu)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.button.setStyleSheet(
            "QToolButton { padding: 4px 6px; } QToolButton::menu-indicator { image: none; }"
        )
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_sheet(self.words, "color: $TEXT_SECONDARY; font-size: 11px;")
        tabular(self.words)
        self.cancel = QToolButton(self)
        self.cancel.setIcon(icon("x", "TEXT_SECONDARY"))
        self.cancel.setIconSize(QSize(14, 14))
        self.cancel.setFixedSize(24, 24)
        self.cancel.setStyleSheet("padding: 2px;")
        self.cancel.setToolTip("Stop writing; nothing of the file is left")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel.clicked.connect(export.cancel)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(3)
        set_sheet(
            self.bar,
            "QProgressBar { background: $LINE; border: none; border-radius: 1px; }"
            "QProgressBar::chunk { background: $ACCENT; border-radius: 1px; }",
        )
        policy = self.bar.sizePolicy()
        # The list above keeps its place when a file is written.
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.button)
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.bar)
        column.addLayout(row)
        export.changed.connect(self._on_change)
        export.failed.connect(state.activity.fail)
        export.said.connect(state.activity.say)
        self._on_change()

    def refresh(self, possible: bool) -> None:
        """``possible``: there are joints, and a motion that they go along with."""
        self._possible = possible
        self._on_change()

    def ask(self, name: str, suffix: str) -> Place | None:
        """Where a file is to be written."""
        kind = FileKind("Export the joints over the motion", FILES[suffix][0].split(" (")[0], suffix)
        folder = Path(self._preferences.text("set_folder", self._preferences.folder) or Path.home())
        place = ask_where(self.window(), folder / name, kind)
        if place is not None:
            self._preferences.store("set_folder", str(place.path.parent))
        return place

    def _want(self, suffix: str, *_: object) -> None:
        self.wanted.emit(suffix)

    @Slot()
    def _on_change(self) -> None:
        export = self._export
        self.button.setVisible(not export.active)
        self.button.setEnabled(self._possible)
        self.button.setToolTip(TIP if self._possible else NO_MOTION)
        self.cancel.setVisible(export.active)
        self.cancel.setEnabled(not export.stopping)
        self.bar.setVisible(export.active)
        words = export.words
        if export.active:
            self.bar.setRange(0, export.total)
            self.bar.setValue(export.done)
            if not export.stopping:
                words += f"\n{export.done:,} of {frames_words(export.total)}"
        self.words.setText(words)
        self.words.setToolTip(plain_tip(words))
