"""What a window has for files of several people, put together."""

from __future__ import annotations

from dataclasses import dataclass

from gui_app.document.actions import Actions
from gui_app.document.preferences import Preferences
from gui_app.document.recipe_editor import RecipeDesk
from gui_app.document.state import AppState
from gui_app.files.models_choice import ModelsChoice
from gui_app.files.open_actions import OpenActions
from gui_app.fit.device_choice import DeviceChoice
from gui_app.fit.fit_controller import FitController
from gui_app.people.chooser import PeopleMenu, PeopleRow
from gui_app.people.desk import PeopleDesk
from gui_app.people.fit_all import FitAllPeople
from gui_app.people.others import Others
from gui_app.session.save import SessionActions
from gui_app.session.snapshot import SessionNow
from gui_app.viewport.vertex_probe import VertexProbe
from gui_app.viewport.viewport import Viewport


@dataclass(frozen=True, eq=False)
class PeopleParts:
    """Of one window."""

    desk: PeopleDesk
    row: PeopleRow
    menu: PeopleMenu
    others: Others
    fits: FitAllPeople


def people_parts(
    state: AppState,
    now: SessionNow,
    sessions: SessionActions,
    files: OpenActions,
    models: ModelsChoice,
    fitting: FitController,
    recipes: RecipeDesk,
    devices: DeviceChoice,
    actions: Actions,
    preferences: Preferences,
    viewport: Viewport,
    probe: VertexProbe,
) -> PeopleParts:
    """Made for a window."""
    window = viewport.window()
    desk = PeopleDesk(state, now, files, actions, window)
    sessions.saved.connect(desk.file)
    fits = FitAllPeople(desk, state, files, fitting, recipes, devices, actions, window)
    row, menu = PeopleRow(state, desk, fits, actions, viewport), PeopleMenu(desk, actions, window)
    others = probe.crowd = Others(desk, state, actions, models, preferences, viewport, window)
    return PeopleParts(desk, row, menu, others, fits)
