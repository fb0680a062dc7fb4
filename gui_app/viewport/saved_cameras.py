"""Cameras with names, told from the body: a few, kept for every motion and every start."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Slot

from core.session.marker import plain_name
from core.shown_text import shown
from gui_app.document.actions import MOST_CAMERAS, SPECS, Actions, tip_with_keys
from gui_app.document.preferences import Preferences
from gui_app.document.state import AppState
from gui_app.scene.cameras import CameraPose
from gui_app.viewport.viewport import Viewport
from gui_app.widgets.buttons import NO_MOTION, allow
from gui_app.widgets.name_field import WIDTH, NameField
from gui_app.widgets.text import menu_words

KEPT = "saved_cameras"
NO_CAMERA = "No camera is saved: Alt+0 saves this one"
TOP = 14
"""Pixels between the field and the upper edge of the view."""
MOST_METRES = 1e3


@dataclass(frozen=True, eq=False)
class SavedCamera:
    """One of them."""

    name: str
    view: CameraPose

    def to_json(self) -> dict[str, object]:
        """In plain values."""
        return {"name": self.name, **self.view.to_json()}

    @classmethod
    def of_json(cls, stored: object) -> SavedCamera | None:
        """None of what makes no sense."""
        if not isinstance(stored, dict) or not isinstance(stored.get("name"), str):
            return None
        name, view = plain_name(stored["name"]), CameraPose.of_json(stored, MOST_METRES)
        return cls(name, view) if name and view is not None else None


class SavedCameras(QObject):
    """Does what the actions for saved cameras say."""

    def __init__(
        self, state: AppState, viewport: Viewport, actions: Actions, preferences: Preferences
    ) -> None:
        super().__init__(viewport)
        self._state, self._viewport, self._actions = state, viewport, actions
        self._preferences = preferences
        self.cameras = _kept(preferences.text(KEPT, ""))
        self.field = NameField("Name of the camera", viewport)
        self.field.typed.connect(self.save)
        actions.save_camera.triggered.connect(self._ask)
        actions.forget_cameras.triggered.connect(self._forget)
        for number, action in enumerate(actions.cameras):
            action.triggered.connect(partial(self._look, number))
        state.document.motion_changed.connect(self._on_change)
        self._on_change()

    @Slot()
    def _ask(self) -> None:
        taken = {camera.name for camera in self.cameras}
        free = (f"camera {number}" for number in range(1, MOST_CAMERAS + 1))
        name = next((one for one in free if one not in taken), self.cameras[-1].name if self.cameras else "")
        self.field.ask(name, max((self._viewport.width() - WIDTH) // 2, 0), TOP)

    @Slot(str)
    def save(self, typed: str) -> None:
        """Keeps the camera as it is now under a name, in the place of one of that name."""
        name, view = plain_name(typed), self._viewport.own_view()
        if not name or view is None:
            return
        others = [camera for camera in self.cameras if camera.name != name]
        if len(others) == MOST_CAMERAS:
            names = ", ".join(shown(camera.name) for camera in others)
            self._state.activity.say(
                f"{MOST_CAMERAS} cameras are kept: save it under one of their names, {names}"
            )
            return
        place = next((n for n, camera in enumerate(self.cameras) if camera.name == name), len(others))
        self._keep([*others[:place], SavedCamera(name, view), *others[place:]])
        self._state.activity.say(f"Saved the camera {name}: Alt+{place + 1}")

    @Slot()
    def _forget(self) -> None:
        self._keep([])

    def _keep(self, cameras: list[SavedCamera]) -> None:
        self.cameras = cameras
        self._preferences.store(KEPT, json.dumps([camera.to_json() for camera in cameras]))
        self._on_change()

    def _look(self, number: int, *_: object) -> None:
        if number < len(self.cameras):
            self._viewport.show_own_view(self.cameras[number].view)

    @Slot()
    def _on_change(self) -> None:
        there, actions = self._state.document.opened is not None, self._actions
        allow(actions.save_camera, "" if there else NO_MOTION)
        allow(actions.forget_cameras, "" if self.cameras else NO_CAMERA)
        for number, action in enumerate(actions.cameras):
            known = self.cameras[number] if number < len(self.cameras) else None
            action.setVisible(known is not None)
            allow(action, NO_CAMERA if known is None else "" if there else NO_MOTION)
            if there and known is not None:
                action.setText(menu_words(known.name))
                spec = SPECS[f"camera_{number + 1}"]
                action.setToolTip(tip_with_keys(spec, f"Look from {shown(known.name)}"))


def _kept(text: str) -> list[SavedCamera]:
    """What is left of them in the settings."""
    try:
        stored = json.loads(text or "[]")
    except ValueError:
        return []
    found = [SavedCamera.of_json(one) for one in stored] if isinstance(stored, list) else []
    return [one for one in found if one is not None][:MOST_CAMERAS]
