"""Correspondences of the two bodies: the one in use, those built here, those opened. For looking only."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui_app.document.state import AppState
from gui_app.inspect.correspondence.worker import BuildRequest, CorrespondenceWorker, SaveRequest
from gui_app.tasks.worker_thread import WAIT_MS, WorkerThread

if TYPE_CHECKING:
    from core.correspond.build import BuildReport
    from core.correspond.build_settings import BuildSettings
    from core.inspection.correspondence_report import CorrespondenceReport
    from core.inspection.correspondence_rows import CorrespondenceComparison
    from core.model.body_pair import BodyPair
    from core.model.correspondence import Correspondence

MOST_KEPT = 6


@dataclass(frozen=True, eq=False)
class KnownCorrespondence:
    """One that can be looked at; ``report`` tells how it was built, where it was built here."""

    name: str
    correspondence: Correspondence
    report: BuildReport | None = None
    tip: str = ""


class Correspondences(QObject):
    """``first`` is looked at, ``second`` it is compared with. ``changed``: these, or what is known of them.

    ``progressed``: how far the one is that is being built.
    """

    changed = Signal()
    progressed = Signal()
    _build = Signal(object)
    _open = Signal(object, object)
    _look = Signal(object, object)
    _compare = Signal(object, object, object)
    _save = Signal(object)

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._bodies: tuple[str, str] | None = None
        self._others: list[KnownCorrespondence] = []
        self._first: KnownCorrespondence | None = None
        self._second: KnownCorrespondence | None = None
        self._in_use: KnownCorrespondence | None = None
        self._built = 0
        self._request: BuildRequest | None = None
        self.share = 0.0
        self.on_skin = True
        self._rows: tuple[Correspondence, CorrespondenceReport | None] | None = None
        self._compared: tuple[Correspondence, Correspondence, CorrespondenceComparison | None] | None = None
        worker = self._worker = CorrespondenceWorker()
        self._build.connect(worker.build)
        self._open.connect(worker.open)
        self._look.connect(worker.look)
        self._compare.connect(worker.compare)
        self._save.connect(worker.save)
        replies = [
            (worker.progressed, self._on_progress),
            (worker.built, self._on_built),
            (worker.stopped, self._on_stopped),
            (worker.opened, self._on_opened),
            (worker.looked, self._on_looked),
            (worker.compared, self._on_compared),
            (worker.saved, self._on_saved),
            (worker.failed, self._on_failed),
        ]
        self._thread = WorkerThread("correspondence", worker, replies, self)
        state.document.motion_changed.connect(self._on_motion)
        state.document.mask_changed.connect(self.changed)
        self._on_motion()

    @property
    def building(self) -> bool:
        """One is being built."""
        return self._request is not None

    @property
    def in_use(self) -> KnownCorrespondence | None:
        """The one that fits are made with; None without a motion."""
        opened = self._state.document.opened
        if opened is None:
            return None
        now = opened.bodies.correspondence
        if self._in_use is None or self._in_use.correspondence is not now:
            name = now.path.name if now.path is not None else "every vertex its own"
            tip = "" if now.path is None else str(now.path)
            if now.path is not None and now.path.name.startswith("built_"):
                name = "built when opened"
            self._in_use = KnownCorrespondence(f"in use · {name}", now, None, tip)
        return self._in_use

    @property
    def entries(self) -> tuple[KnownCorrespondence, ...]:
        """All of them, the one in use first; none without a motion."""
        own = self.in_use
        return () if own is None else (own, *self._others)

    @property
    def first(self) -> KnownCorrespondence | None:
        """What is looked at."""
        return self._first if self._first in self._others else self.in_use

    @property
    def second(self) -> KnownCorrespondence | None:
        """What it is compared with; None where there is no other."""
        first, own = self.first, self.in_use
        if self._second in self._others and self._second is not first:
            return self._second
        if first is not own:
            return own
        return self._others[-1] if self._others else None

    def choose_first(self, entry: KnownCorrespondence | None) -> None:
        """Looks at one."""
        if entry is not self.first:
            if entry is self.second:
                self._second = self.first
            self._first = entry
            self.changed.emit()

    def choose_second(self, entry: KnownCorrespondence | None) -> None:
        """Compares what is looked at with another."""
        if entry is not self.second:
            self._second = entry
            self.changed.emit()

    def set_on_skin(self, on: bool) -> None:
        """Whether the skin of the fit shows the difference."""
        if on != self.on_skin:
            self.on_skin = on
            self.changed.emit()

    def rows(self) -> CorrespondenceReport | None:
        """The rows of what is looked at, looked through; None until that is done."""
        opened, first = self._state.document.opened, self.first
        if opened is None or first is None or self._thread.closed:
            return None
        one = first.correspondence
        if self._rows is None or self._rows[0].matrix is not one.matrix:
            self._rows = (one, None)
            self._look.emit(opened.bodies, one)
        return self._rows[1]

    def comparison(self) -> CorrespondenceComparison | None:
        """What is looked at against the other; None without one, and until it is known."""
        opened, first, second = self._state.document.opened, self.first, self.second
        if opened is None or first is None or second is None or self._thread.closed:
            return None
        one, other = first.correspondence, second.correspondence
        if self._compared is None or self._compared[0] is not one or self._compared[1] is not other:
            self._compared = (one, other, None)
            self._compare.emit(opened.bodies, one, other)
        return self._compared[2]

    def build(self, settings: BuildSettings) -> None:
        """Builds one from the two bodies; it is looked at once it is there."""
        opened = self._state.document.opened
        if opened is None or self.building or self._thread.closed:
            return
        self.share = 0.0
        self._request = BuildRequest(opened.bodies, settings, threading.Event())
        self._build.emit(self._request)
        self.progressed.emit()

    @Slot()
    def cancel(self) -> None:
        """Gives up what is being built."""
        if self._request is not None:
            self._request.cancelled.set()

    def open(self, path: Path) -> None:
        """Reads one from a file; it is looked at once it is there."""
        opened = self._state.document.opened
        if opened is not None and not self._thread.closed:
            self._open.emit(opened.bodies, path)

    def save(self, path: Path, replace: bool) -> None:
        """Writes what is looked at; a sentence says how it went."""
        first = self.first
        if first is not None and not self._thread.closed:
            self._save.emit(SaveRequest(path, first.correspondence, first.report, replace))

    def close(self, wait_ms: int = WAIT_MS) -> bool:
        """Ends the thread; False if it is still busy after ``wait_ms``."""
        self.cancel()
        return self._thread.close(wait_ms)

    def _add(self, entry: KnownCorrespondence) -> None:
        self._others = [*self._others, entry][-MOST_KEPT:]
        self._first, self._second = entry, None
        self.changed.emit()

    @Slot()
    def _on_motion(self) -> None:
        """Of other bodies they say nothing."""
        opened = self._state.document.opened
        bodies = None if opened is None else (opened.bodies.source.sha256, opened.bodies.target.sha256)
        if bodies != self._bodies:
            self.cancel()
            self._bodies, self._others, self._built = bodies, [], 0
        self._rows = self._compared = None
        self.changed.emit()

    def _belongs(self, bodies: BodyPair) -> bool:
        return (bodies.source.sha256, bodies.target.sha256) == self._bodies

    @Slot(object, float)
    def _on_progress(self, request: BuildRequest, share: float) -> None:
        if request is self._request:
            self.share = share
            self.progressed.emit()

    @Slot(object, object, object)
    def _on_built(self, request: BuildRequest, found: Correspondence, report: BuildReport) -> None:
        self._request = None
        if self._belongs(request.bodies):
            self._built += 1
            by = request.settings
            words = f"{by.max_distance_mm:g} mm, {by.max_angle_deg:g}°"
            hidden = ", eyes and mouth too" if by.with_hidden else ""
            self._add(KnownCorrespondence(f"built {self._built} · {words}{hidden}", found, report))
            self._state.activity.say(
                f"Built a correspondence: {report.valid:,} of {len(report.why):,} vertices"
            )
        self.progressed.emit()

    @Slot(object, str)
    def _on_stopped(self, _request: BuildRequest, sentence: str) -> None:
        self._request = None
        self.progressed.emit()
        if sentence:
            self._state.activity.fail(sentence)
        else:
            self._state.activity.say("Building the correspondence was cancelled")

    @Slot(object, object)
    def _on_opened(self, bodies: BodyPair, found: Correspondence) -> None:
        if self._belongs(bodies) and found.path is not None:
            notes = "\n".join((str(found.path), *found.notes))
            self._add(KnownCorrespondence(found.path.name, found, None, notes))

    @Slot(object, object)
    def _on_looked(self, correspondence: Correspondence, report: CorrespondenceReport) -> None:
        if self._rows is not None and self._rows[0] is correspondence:
            self._rows = (correspondence, report)
            self.changed.emit()

    @Slot(object, object, object)
    def _on_compared(
        self, first: Correspondence, second: Correspondence, found: CorrespondenceComparison
    ) -> None:
        if self._compared is not None and self._compared[0] is first and self._compared[1] is second:
            self._compared = (first, second, found)
            self.changed.emit()

    @Slot(object)
    def _on_saved(self, path: Path) -> None:
        self._state.activity.say(f"Saved {path.name}")

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._state.activity.fail(sentence)
