"""Correspondences of the two bodies: the one in use, those built here, those opened. For looking only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.shown_text import shown
from gui_app.document.state import AppState
from gui_app.tasks.background_job import BackgroundJob
from gui_app.tasks.job_thread import JobThread

if TYPE_CHECKING:
    from core.correspond.build import BuildReport
    from core.correspond.build_settings import BuildSettings
    from core.inspection.correspondence_report import CorrespondenceReport
    from core.inspection.correspondence_rows import CorrespondenceComparison
    from core.model.body_pair import BodyPair
    from core.model.correspondence import Correspondence

MOST_KEPT = 6
UNEXPECTED = "because of an unexpected error; details are in the log"
NOT_BUILT = "The correspondence could not be built"
NOT_LOOKED = "The correspondence could not be looked through"
NOT_COMPARED = "The correspondences could not be compared"


@dataclass(frozen=True, eq=False)
class KnownCorrespondence:
    """One that can be looked at; ``report`` tells how it was built, where it was built here."""

    name: str
    correspondence: Correspondence
    report: BuildReport | None = None
    tip: str = ""


# What its thread does.


def build(
    bodies: BodyPair, settings: BuildSettings, progress: Callable[[float], None]
) -> tuple[Correspondence, BuildReport]:
    """One built from the two bodies; ``progress`` hears how much of that is done, 0 to 1."""
    from core.correspond.build import build_correspondence

    return build_correspondence(bodies.source, bodies.target, settings, progress)


def read_and_check(bodies: BodyPair, path: Path) -> tuple[Correspondence, str]:
    """One read from a file for two bodies, and why no fit could be made with it, '' where one can."""
    from core.files.bodies.correspondence_check import looked_at
    from core.files.bodies.correspondences import read_correspondence

    vertices = bodies.source.num_vertices, bodies.target.num_vertices
    found = read_correspondence(
        path, source_vertices=vertices[0], target_vertices=vertices[1], mask_expected=False
    )
    return looked_at(found, bodies.source, bodies.target)


def look_through(bodies: BodyPair, correspondence: Correspondence) -> CorrespondenceReport:
    """What there is to say of its rows."""
    from core.inspection.correspondence_report import correspondence_report

    return correspondence_report(replace(bodies, correspondence=correspondence))


def compare(bodies: BodyPair, first: Correspondence, second: Correspondence) -> CorrespondenceComparison:
    """How far two are apart."""
    from core.inspection.correspondence_rows import compare_correspondences

    return compare_correspondences(bodies.source, first, second)


def write(path: Path, correspondence: Correspondence, report: BuildReport | None, overwrite: bool) -> Path:
    """Writes a file of its own; a body model, or anything else that is none, stays as it is."""
    from core.files.bodies.correspondences import check_replaceable, write_correspondence

    check_replaceable(path)
    distance = None if report is None else report.distance_mm
    write_correspondence(path, correspondence, distance, overwrite=overwrite)
    return path


class Correspondences(QObject):
    """``first`` is looked at, ``second`` it is compared with. ``changed``: these, or what is known of them.

    ``progressed``: how far the one is that is being built.
    """

    changed = Signal()
    progressed = Signal()

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._bodies: tuple[str, str] | None = None
        self._others: list[KnownCorrespondence] = []
        self._first: KnownCorrespondence | None = None
        self._second: KnownCorrespondence | None = None
        self._in_use: KnownCorrespondence | None = None
        self._built = 0
        self.share = 0.0
        self.on_skin = True
        self._rows: tuple[Correspondence, CorrespondenceReport | None] | None = None
        self._compared: tuple[Correspondence, Correspondence, CorrespondenceComparison | None] | None = None
        self._building: BackgroundJob[tuple[Correspondence, BuildReport]] | None = None
        self._thread = JobThread("correspondence", self, state.activity.fail, one_torch_thread=True)
        state.document.motion_changed.connect(self._on_motion)
        state.document.mask_changed.connect(self.changed)
        self._on_motion()

    @property
    def building(self) -> bool:
        """One is being built."""
        return self._building is not None and self._building.under_way

    @property
    def in_use(self) -> KnownCorrespondence | None:
        """The one that fits are made with; None without a motion."""
        opened = self._state.document.opened
        if opened is None:
            return None
        now = opened.bodies.correspondence
        if self._in_use is None or self._in_use.correspondence is not now:
            name = now.path.name if now.path is not None else "every vertex its own"
            tip = "" if now.path is None else shown(str(now.path))
            if now.path is not None and now.path.name.startswith("built_"):
                name = "built when opened"
            self._in_use = KnownCorrespondence(f"in use · {shown(name)}", now, None, tip)
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
            job = self._thread.job(partial(self._keep_rows, one), unexpected=f"{NOT_LOOKED} {UNEXPECTED}")
            job.start(look_through, opened.bodies, one)
        return self._rows[1]

    def comparison(self) -> CorrespondenceComparison | None:
        """What is looked at against the other; None without one, and until it is known."""
        opened, first, second = self._state.document.opened, self.first, self.second
        if opened is None or first is None or second is None or self._thread.closed:
            return None
        one, other = first.correspondence, second.correspondence
        if self._compared is None or self._compared[0] is not one or self._compared[1] is not other:
            self._compared = (one, other, None)
            keep = partial(self._keep_comparison, one, other)
            job = self._thread.job(keep, unexpected=f"{NOT_COMPARED} {UNEXPECTED}")
            job.start(compare, opened.bodies, one, other)
        return self._compared[2]

    def build(self, settings: BuildSettings) -> None:
        """Builds one from the two bodies; it is looked at once it is there."""
        opened = self._state.document.opened
        if opened is None or self.building or self._thread.closed:
            return
        self.share = 0.0
        self._building = self._thread.job(
            partial(self._add_built, opened.bodies, settings),
            failed=self._on_build_failed,
            cancelled=self._on_build_cancelled,
            unexpected=f"{NOT_BUILT} {UNEXPECTED}",
        )
        self._building.start(build, opened.bodies, settings, self._building.progress(self._set_share))
        self.progressed.emit()

    @Slot()
    def cancel(self) -> None:
        """Gives up what is being built."""
        if self._building is not None:
            self._building.cancel()

    def open(self, path: Path) -> None:
        """Reads one from a file; it is looked at once it is there."""
        opened = self._state.document.opened
        if opened is not None and not self._thread.closed:
            add = partial(self._add_opened, opened.bodies)
            job = self._thread.job(add, unexpected=f"{path}: cannot be read {UNEXPECTED}")
            job.start(read_and_check, opened.bodies, path)

    def save(self, path: Path, overwrite: bool) -> None:
        """Writes what is looked at; a sentence says how it went."""
        first = self.first
        if first is not None and not self._thread.closed:
            job = self._thread.job(self._on_saved, unexpected=f"{path}: cannot be written {UNEXPECTED}")
            job.start(write, path, first.correspondence, first.report, overwrite)

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

    def _set_share(self, share: float) -> None:
        self.share = share
        self.progressed.emit()

    def _add_built(
        self, bodies: BodyPair, by: BuildSettings, built: tuple[Correspondence, BuildReport]
    ) -> None:
        if self._belongs(bodies):
            found, report = built
            self._built += 1
            words = f"{by.max_distance_mm:g} mm, {by.max_angle_deg:g}°"
            hidden = ", eyes and mouth too" if by.with_hidden else ""
            self._add(KnownCorrespondence(f"built {self._built} · {words}{hidden}", found, report))
            self._state.activity.say(
                f"Built a correspondence: {report.valid:,} of {len(report.why):,} vertices"
            )
        self.progressed.emit()

    def _on_build_failed(self, sentence: str) -> None:
        self.progressed.emit()
        self._state.activity.fail(sentence)

    def _on_build_cancelled(self) -> None:
        self.progressed.emit()
        self._state.activity.say("Building the correspondence was cancelled")

    def _add_opened(self, bodies: BodyPair, read: tuple[Correspondence, str]) -> None:
        found, sentence = read
        if self._belongs(bodies) and found.path is not None:
            notes = "\n".join(map(shown, (str(found.path), *found.notes)))
            self._add(KnownCorrespondence(shown(found.path.name), found, None, notes))
        if sentence:
            self._state.activity.fail(f"{sentence[:-1]}; no fit can be made with it.")

    def _keep_rows(self, correspondence: Correspondence, report: CorrespondenceReport) -> None:
        if self._rows is not None and self._rows[0] is correspondence:
            self._rows = (correspondence, report)
            self.changed.emit()

    def _keep_comparison(
        self, first: Correspondence, second: Correspondence, found: CorrespondenceComparison
    ) -> None:
        if self._compared is not None and self._compared[0] is first and self._compared[1] is second:
            self._compared = (first, second, found)
            self.changed.emit()

    def _on_saved(self, path: Path) -> None:
        self._state.activity.say(f"Saved {path.name}")
