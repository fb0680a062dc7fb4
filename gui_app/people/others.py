"""The other people of the file, shown where they are while one of them is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPoint, Slot

from core.errors import RefitError
from core.shown_text import shown
from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.files.models_choice import ModelsChoice
from gui_app.people.desk import PeopleDesk
from gui_app.scene.subject import upright
from gui_app.tasks.job_thread import JobThread
from gui_app.viewport.crowd import CrowdBody, coarse
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.text import person_name

if TYPE_CHECKING:
    from pathlib import Path

    from core.files.motions.load_motion import Company, Person
    from core.fitting.posed_frames import PosedFrames
    from core.model.motion import Motion

FAILED = "The other people of the file could not be shown; details are in the log"
SETTING = "show_other_people"
KEPT_FRAMES = 64


@dataclass(frozen=True, eq=False)
class Other:
    """Somebody beside the one who is shown.

    Attributes:
        person: who.
        posed: frames in their own body.
        off: (3,) metres, how far the origin of their motion is from that of the one.
        kept: (v,) ids of the vertices that are drawn, and ``faces`` (f, 3) between these.
    """

    person: Person
    posed: PosedFrames
    off: np.ndarray
    kept: np.ndarray
    faces: np.ndarray


def pose_company(
    company: Company, beside: Motion, models: str | Path | None, target: str
) -> tuple[Other, ...]:
    """Those who are together with the one of a motion; who has no body is left out."""
    from core.correspond.load_bodies import bodies_for, of_bodies_there
    from core.fitting.posed_frames import PosedFrames
    from core.model.body_pair import in_body

    found = []
    skins: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for person, motion in company.beside:
        try:
            motion = of_bodies_there(motion, models)
            bodies = bodies_for(motion, models, None, target=target)
            motion = in_body(motion, bodies.source)
        except RefitError:
            continue
        off = np.subtract(motion.origin or np.zeros(3), beside.origin or np.zeros(3))
        posed = PosedFrames(motion, bodies, cache_frames=KEPT_FRAMES)
        body = bodies.source
        if body.num_vertices not in skins:
            skins[body.num_vertices] = coarse(body.v_template, body.faces)
        found.append(Other(person, posed, off.astype(np.float32), *skins[body.num_vertices]))
    return tuple(found)


class Others(QObject):
    """Gives the view their bodies, frame by frame, and takes clicks on them."""

    def __init__(
        self,
        desk: PeopleDesk,
        state: AppState,
        actions: Actions,
        models: ModelsChoice,
        preferences: Preferences,
        viewport: Viewport,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._desk, self._state, self._models = desk, state, models
        self._preferences, self._viewport, self._actions = preferences, viewport, actions
        self._others: tuple[Other, ...] = ()
        self._thread = JobThread(
            "others", self, state.activity.fail, unexpected=FAILED, reads=True, one_torch_thread=True
        )
        viewport.others = self.beside
        actions.other_people.setChecked(preferences.flag(SETTING, True))
        actions.other_people.toggled.connect(self._on_toggled)
        state.document.motion_changed.connect(self._on_motion)
        desk.found.connect(self._on_found)
        desk.changed.connect(self._enable)
        self._enable()

    def bodies(self, frame: int) -> list[CrowdBody]:
        """Those who are there in a frame of the one who is shown."""
        return self.beside()(frame)

    def beside(self) -> Callable[[int], list[CrowdBody]]:
        """Those who are there in each frame, as they are now, whoever is shown later."""
        opened, one = self._state.document.opened, self._desk.shown
        if opened is None or one is None or not self._actions.other_people.isChecked():
            return lambda _frame: []
        up_axis, others = opened.subject.up_axis, self._others

        def here(frame: int) -> list[CrowdBody]:
            found = []
            for other in others:
                own = other.person.frame_beside(one, frame)
                vertices = None if own is None else other.posed.frame(own).source_vertices
                if vertices is not None and np.isfinite(vertices).all():
                    placed = upright(vertices[other.kept] + other.off, up_axis)
                    found.append(CrowdBody(other.person.name or "", other.faces, placed))
            return found

        return here

    def words_at(self, at: QPoint) -> str:
        """Who is under the pointer."""
        name = self._viewport.person_at(at.x(), at.y())
        return "" if name is None else f"{shown(person_name(name))} · click to choose"

    def click_at(self, at: QPoint) -> bool:
        """Whoever is clicked is chosen."""
        name = self._viewport.person_at(at.x(), at.y())
        if name is not None:
            self._desk.go_to(name)
        return name is not None

    @Slot()
    def _on_motion(self) -> None:
        self._others = ()
        self._thread.drop_jobs()

    @Slot(object)
    def _on_found(self, company: Company) -> None:
        opened = self._state.document.opened
        if opened is not None and company.beside:
            job = self._thread.job(self._on_posed, latest=True)
            target = opened.bodies.target.family
            job.start(pose_company, company, opened.motion, self._models.models, target)

    def _on_posed(self, others: tuple[Other, ...]) -> None:
        self._others = others
        self._viewport.refresh()

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        self._preferences.store(SETTING, on)
        self._viewport.refresh()

    @Slot()
    def _enable(self) -> None:
        self._actions.other_people.setEnabled(self._desk.shown is not None)
        self._actions.other_people.setVisible(self._desk.shown is not None)
