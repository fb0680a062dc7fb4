"""Writes where the joints of a set are over the whole motion, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
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

from core.errors import Cancelled, RefitError
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.style.live_theme import dress
from gui_app.style.theme import icon, tabular
from gui_app.tasks.worker_thread import WAIT_MS, WorkerThread, pose_on_one_thread
from gui_app.widgets.save_dialog import FileKind, Place, ask_where
from gui_app.widgets.text import frames_words, plain_tip

if TYPE_CHECKING:
    from core.inspection.joint_series import JointsSpeed
    from core.model.body import BodyModel
    from core.model.body_joints import BodyJoint
    from core.model.motion import Motion

log = logging.getLogger(__name__)

UNEXPECTED = "The joints could not be written because of an unexpected error; details are in the log"
PROGRESS_SECONDS = 0.1


@dataclass(frozen=True, eq=False)
class SetExportRequest:
    """What is to be written, and where; ``stop`` is set to stop."""

    body: BodyModel
    joints: tuple[BodyJoint, ...]
    motion: Motion
    path: Path
    replace: bool
    stop: threading.Event = field(default_factory=threading.Event, init=False)


class SetExportWorker(QObject):
    """Lives in the writing thread. Says of each request once how it ended, and then how fast it was."""

    progressed = Signal(object, int)
    written = Signal(object)
    measured = Signal(object, object)
    stopped = Signal(object)
    failed = Signal(object, str)

    @Slot(object)
    def write(self, request: SetExportRequest) -> None:
        """Writes until done, stopped or failed."""
        from core.inspection.joint_series import JointSeries
        from core.outputs.joint_sets import export_joint_places

        last = 0.0

        def tell(done: int, _total: int) -> None:
            nonlocal last
            if time.monotonic() - last >= PROGRESS_SECONDS:
                last = time.monotonic()
                self.progressed.emit(request, done)

        try:
            pose_on_one_thread()
            series = JointSeries(request.body, request.joints)
            export_joint_places(
                request.path,
                series,
                request.motion,
                overwrite=request.replace,
                progress=tell,
                stop=request.stop,
            )
        except Cancelled:
            self.stopped.emit(request)
            return
        except RefitError as error:
            self.failed.emit(request, str(error))
            return
        except Exception:
            log.exception("Writing %s stopped", request.path)
            self.failed.emit(request, UNEXPECTED)
            return
        self.written.emit(request)
        try:
            if not request.stop.is_set():
                self.measured.emit(request, series.speed(request.motion))
        except Exception:
            log.exception("The speed of the joints alone could not be measured")


class SetExport(QObject):
    """One file at a time; ``changed`` tells of progress, ``failed`` and ``said`` carry sentences."""

    changed = Signal()
    failed = Signal(str)
    said = Signal(str)
    _start = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._request: SetExportRequest | None = None
        self._last: SetExportRequest | None = None
        self.done = 0
        self.words = ""
        self._worker = SetExportWorker()
        self._start.connect(self._worker.write)
        replies = [
            (self._worker.progressed, self._on_progress),
            (self._worker.written, self._on_written),
            (self._worker.measured, self._on_measured),
            (self._worker.stopped, self._on_stopped),
            (self._worker.failed, self._on_failed),
        ]
        self._thread = WorkerThread("set export", self._worker, replies, self)

    @property
    def active(self) -> bool:
        """A file is being written."""
        return self._request is not None

    @property
    def stopping(self) -> bool:
        """It is about to stop."""
        return self._request is not None and self._request.stop.is_set()

    @property
    def total(self) -> int:
        """Frames of the file that is being written."""
        return 0 if self._request is None else len(self._request.motion)

    def start(
        self, body: BodyModel, joints: tuple[BodyJoint, ...], motion: Motion, path: Path, replace: bool
    ) -> None:
        """Begins to write, unless a file is being written."""
        if self._request is not None or self._thread.closed:
            return
        self._request = self._last = SetExportRequest(body, joints, motion, path, replace)
        self.done, self.words = 0, f"Writing {path.name}"
        self.changed.emit()
        self._start.emit(self._request)

    @Slot()
    def cancel(self) -> None:
        """Stops; nothing of the file is left."""
        if self._request is not None:
            self._request.stop.set()
            self.words = "Stopping…"
            self.changed.emit()

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        if self._last is not None:
            self._last.stop.set()
        return self._thread.close(wait_ms)

    @Slot(object, int)
    def _on_progress(self, request: SetExportRequest, done: int) -> None:
        if request is self._request:
            self.done = done
            self.changed.emit()

    @Slot(object)
    def _on_written(self, request: SetExportRequest) -> None:
        count = len(request.joints)
        size = f"{frames_words(len(request.motion))} × {count} joint{'' if count == 1 else 's'}"
        if self._end(request, f"{request.path.name}\n{size}"):
            self.said.emit(f"Exported {request.path.name} · {size}")

    @Slot(object, object)
    def _on_measured(self, request: SetExportRequest, speed: JointsSpeed) -> None:
        if request is self._last and not self.active:
            digits = 0 if speed.factor >= 10 else 1
            factor = f"{speed.factor:.{digits}f}× as fast as the skin"
            self.words = f"{request.path.name}\n{len(request.joints)} joints, {factor}"
            self.changed.emit()

    @Slot(object)
    def _on_stopped(self, request: SetExportRequest) -> None:
        self._end(request, "Stopped; no file was written")

    @Slot(object, str)
    def _on_failed(self, request: SetExportRequest, sentence: str) -> None:
        if self._end(request, ""):
            self.failed.emit(sentence)

    def _end(self, request: SetExportRequest, words: str) -> bool:
        if request is not self._request:
            return False
        self._request, self.words = None, words
        self.changed.emit()
        return True


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
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        dress(self.words, "color: $TEXT_SECONDARY; font-size: 11px;")
        tabular(self.words)
        self.cancel = QToolButton(self)
        self.cancel.setIcon(icon("x", "TEXT_SECONDARY"))
        self.cancel.setIconSize(QSize(14, 14))
        self.cancel.setFixedSize(24, 24)
        self.cancel.setStyleSheet("padding: 2px;")
        self.cancel.setToolTip("Stop writing; nothing of the file is left")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.cancel.clicked.connect(export.cancel)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(3)
        dress(
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
        export.failed.connect(state.activity.failed)
        export.said.connect(state.activity.said)
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
